"""Who must prove a second factor first, and is led to where it is proven or enrolled.

The organization and administrators ask for one everywhere (SecondFactorMiddleware), an account at
its own door, the staff site at its (decision 0025).
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from organizations.models import SecondFactor
from users import sessions

TURNED_AWAY = (
    "Nothing was done yet, since a second factor comes first. Prove yours, then do it once more."
)
# What is there for a session that lacks a factor: the pages about it, the way out, and what knows
# nobody. The mailbox of a demo holds the codes themselves.
_PAGES = "users:second-factor"
REACHABLE = frozenset({"account_logout", "healthz", "mailbox", "metrics", "readyz"})


class SecondFactorRequired(Exception):
    """A page asks for more than this session has proven; the middleware leads on."""


def is_reachable(path: str, view_name: str) -> bool:
    """Whether a page may be opened by a session that must prove a second factor first."""
    return view_name in REACHABLE or path.startswith(reverse(_PAGES))


def require(request: HttpRequest, level: SecondFactor) -> None:
    """Raises SecondFactorRequired."""
    if not sessions.meets(request.session, level):
        raise SecondFactorRequired(level)


def lead(request: HttpRequest) -> HttpResponse:
    """To where a factor is proven or enrolled, and from there back to what was asked for."""
    if request.method not in {"GET", "HEAD"}:
        messages.warning(request, TURNED_AWAY)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponse(status=303, headers={"Location": f"{reverse(_PAGES)}?{query}"})
