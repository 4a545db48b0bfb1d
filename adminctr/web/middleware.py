"""What every request passes through, from the outside in."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from adminctr.core.actor import Origin
from adminctr.core.tenancy import person, tenant
from organizations import policy
from organizations.models import Membership

Next = Callable[[HttpRequest], HttpResponse]

_USER_AGENT_LENGTH = 300
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class HeadersMiddleware:
    """A request id on the way in; on the way out what Django's own middleware leaves open."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        request.origin = Origin(request_id=request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers["X-Request-ID"] = request_id
        return response


class ActorMiddleware:
    """Puts the actor and the organization onto the request and opens the scope, once.

    Read from the database with every request, so a removal or a demotion holds at once.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.origin = _origin_of(request)  # type: ignore[attr-defined]
        with self._scope_of(request):
            return self.get_response(request)

    def _scope_of(self, request: HttpRequest) -> AbstractContextManager[None]:
        user = request.user
        if not user.is_authenticated:
            return nullcontext()
        with person(user):
            stay = Membership.objects.open().select_related("organization").first()
        request.organization = stay.organization if stay else None  # type: ignore[attr-defined]
        request.actor = policy.actor_for(  # type: ignore[attr-defined]
            user,
            stay,
            origin=request.origin,  # type: ignore[attr-defined]
        )
        return tenant(stay.organization) if stay else person(user)


def _origin_of(request: HttpRequest) -> Origin:
    try:
        ip = get_adapter().get_client_ip(request)
    except PermissionDenied:  # a proxy that is not configured, or no address at all
        ip = ""
    agent = request.headers.get("User-Agent", "")
    return Origin(
        ip=ip,
        user_agent="".join(filter(str.isprintable, agent))[:_USER_AGENT_LENGTH],
        request_id=request.origin.request_id,  # type: ignore[attr-defined]
    )
