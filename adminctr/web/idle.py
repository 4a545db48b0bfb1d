"""What pages need to warn in time before a guarded session ends for not being used."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from adminctr.core import lifetimes
from users import sessions

_LEAD = timedelta(minutes=2)


def unnoticed[ViewT: Callable[..., Any]](view: ViewT) -> ViewT:
    """Marks a view that a browser asks by itself: no session lives on by it."""
    view.is_unnoticed = True  # type: ignore[attr-defined]
    return view


def is_unnoticed(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_unnoticed", False)


def warning(request: HttpRequest) -> dict[str, Any] | None:
    """For the frame of a page; None where the session lives as long as any other.

    `lead` is how many seconds before the end the page warns: none, if nothing puts the end off.
    """
    session = getattr(request, "session", None)
    if session is None or not sessions.is_guarded(session):
        return None
    left, lead = sessions.seconds_left(session), _lead() if sessions.may_live_on(session) else 0
    return {
        "left": left,
        "lead": lead,
        "refresh": max(left - lead, 1),
        "left_url": reverse("profile:idle-left"),
        "idle_url": _leading_back("profile:idle", request.get_full_path()),
        "stay_url": _leading_back("profile:stay", request.get_full_path()),
    }


def reason() -> str:
    """Why a session ends sooner than others, in words."""
    lifetime = lifetimes.in_words()["idle_lifetime"]
    return f"A session that has opened a HIPAA account ends after {lifetime} without use."


def way_back(request: HttpRequest) -> str:
    """The page of this site that the address names, or the console."""
    target = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else reverse("console:home")


def stay_url(request: HttpRequest) -> str:
    return _leading_back("profile:stay", way_back(request))


def log_in_url(request: HttpRequest) -> str:
    """The log-in, which says why it is asked for."""
    return _leading_back("account_login", way_back(request), idle="1")


def _leading_back(name: str, path: str, **more: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': path, **more})}"


def _lead() -> int:
    return int(min(_LEAD, settings.HIPAA_IDLE_TIMEOUT / 2).total_seconds())
