"""What every request passes through, from the outside in."""

import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import cast
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import timezone

from adminctr.core.actor import Origin
from adminctr.core.tenancy import person, tenant
from adminctr.web import errors, logs, metrics, replicas, second_factor
from adminctr.web.http import ConsoleRequest
from adminctr.web.idle import is_unnoticed
from adminctr.web.time_zones import zone
from organizations import policy
from organizations.models import stay_of
from users import requirements, sessions
from users.models import Appearance, Session, User

Next = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponseBase]

_PROBES = ("/healthz", "/metrics", "/readyz")
_USER_AGENT_LENGTH = 300
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class HeadersMiddleware:
    """A request id on the way in; on the way out what Django's own middleware leaves open."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        cast(ConsoleRequest, request).origin = Origin(request_id=request_id)
        request.COOKIES = {
            name: value for name, value in request.COOKIES.items() if "\0" not in value
        }
        with logs.about(request_id):
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers["X-Request-ID"] = request_id
        return response


class ObservingMiddleware:
    """Counts and logs every request with how long it took."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        with metrics.IN_PROGRESS.labels(metrics.method_of(request)).track_inprogress():
            response = self.get_response(request)
        seconds = time.perf_counter() - begun
        metrics.note_answer(request, response.status_code, seconds)
        logs.note_answer(request, response, seconds)
        return response


class ProbesMiddleware:
    """Takes the cookies from probes: no session is looked up in a database that may be away."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in _PROBES:
            request.COOKIES = {}
        return self.get_response(request)


class BodySizeMiddleware:
    """Refuses what is larger than the form of its page before a byte of it is read or kept.

    A page that takes files says how large its body may be; the file goes to the disk as it comes.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = _length_of(request)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and length > _largest_body(request):
            return errors.too_large()
        return self.get_response(request)


class ActorMiddleware:
    """Puts the actor and the organization onto the request and opens the scope, once.

    The page is made in the person's own time zone, and their session lives on. Role and stay
    are read from the database with every request, so a removal or a demotion holds at once.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        console = cast(ConsoleRequest, request)
        console.origin = _origin_of(console)
        with self._scope_of(request, console), timezone.override(_zone_of(request)):
            response = self.get_response(request)
        replicas.note_change(request, response)
        return response

    def process_view(self, request: HttpRequest, view: View, *_: object) -> None:
        """A session lives on by every page but those that a browser asks for by itself."""
        if request.user.is_authenticated and not is_unnoticed(view):
            sessions.touch(request.session)

    def _scope_of(
        self, request: HttpRequest, console: ConsoleRequest
    ) -> AbstractContextManager[None]:
        user = request.user
        if not user.is_authenticated:
            return nullcontext()
        console.theme = "" if user.appearance == Appearance.AUTO else user.appearance
        stay = stay_of(user)
        console.stay = stay
        console.organization = stay.organization if stay else None
        console.actor = policy.actor_in(stay, user, origin=console.origin)
        return tenant(stay.organization) if stay else person(user)


class SecondFactorMiddleware:
    """Leads whoever needs a second factor to where it is proven, before anything else.

    What asks for one stands on the request, so a level that is raised holds at the next request.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        match = request.resolver_match
        if not request.user.is_authenticated or match is None:
            return None
        if not _lacks_factor(request):
            return None
        is_reachable = second_factor.is_reachable(request.path, match.view_name)
        return None if is_reachable else second_factor.lead(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        is_ours = isinstance(error, second_factor.SecondFactorRequired)
        return second_factor.lead(request) if is_ours else None


def _lacks_factor(request: HttpRequest) -> bool:
    console = cast(ConsoleRequest, request)
    level = requirements.level_of(console.stay)
    return console.user.is_factor_due or not sessions.meets(request.session, level)


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    user = request.user
    return zone(user.time_zone) if isinstance(user, User) else None


def _largest_body(request: HttpRequest) -> int:
    """What the page takes that is asked for, for somebody who is signed in.

    The session is looked for here, since the body is read before a page asks who somebody is.
    """
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return 0
    largest = int(getattr(getattr(view, "view_class", None), "largest_body", 0))
    return largest if largest and _is_signed_in(request) else 0


def _is_signed_in(request: HttpRequest) -> bool:
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return Session.objects.live().filter(pk=key, user__isnull=False).exists()


def _length_of(request: HttpRequest) -> int:
    length = request.headers.get("Content-Length", "0") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _origin_of(request: ConsoleRequest) -> Origin:
    try:
        ip = get_adapter().get_client_ip(request)
    except PermissionDenied:  # a proxy that is not configured, or no address at all
        ip = ""
    agent = request.headers.get("User-Agent", "")
    return Origin(
        ip=ip,
        user_agent="".join(filter(str.isprintable, agent))[:_USER_AGENT_LENGTH],
        request_id=request.origin.request_id,
    )
