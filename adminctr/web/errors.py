"""Error pages: what happened, that nothing was lost, and what to do next."""

import sys
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from adminctr.core import metrics, tokens
from adminctr.core.errors import NotAllowed
from adminctr.core.outages import outage_of
from adminctr.core.tenancy import tenant
from adminctr.web.http import ConsoleRequest
from organizations import contacts, policy
from organizations.policy import Action

_RETRY_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, SessionInterrupted):
        return _page(None, "session_over.html", 400)
    return _page(request, "400.html", 400)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was asked for, why not, and who can help; the reason alone where nobody can be asked."""
    if not isinstance(exception, NotAllowed):
        return _page(request, "403.html", 403, reason=policy.ASK_AN_ADMINISTRATOR)
    return _page(
        request,
        "403.html",
        403,
        reason=exception.reason,
        asked=policy.WORDS[Action(exception.action)] if exception.action else "",
        helpers=_helpers(cast(ConsoleRequest, request), exception.helpers),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or came from elsewhere."""
    if request.path == reverse("account_login") and request.user.is_authenticated:
        return redirect("console:home")  # logged in meanwhile in another tab
    return _page(request, "csrf.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same bytes for what does not exist and for what belongs to somebody else."""
    return _page(request, "404.html", 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or of what we stand on: 503 where trying again may help."""
    request_id = getattr(getattr(request, "origin", None), "request_id", "")
    fault = sys.exc_info()[1]
    if isinstance(fault, DatabaseFault):
        metrics.DATABASE_ERRORS.labels(type(fault).__name__).inc()
    if outage := outage_of(fault):
        response = _page(request, "503.html", 503, request_id=request_id, outage=outage)
        response["Retry-After"] = str(_RETRY_SECONDS)
        return response
    return _page(request, "500.html", 500, request_id=request_id)


def dead_link(request: HttpRequest) -> HttpResponse:
    """A mailed link that is unknown, used, replaced, withdrawn or expired: one page for all."""
    is_signed_in = bool(getattr(request, "user", None) and request.user.is_authenticated)
    return _page(
        request, "dead_link.html", 410, reason=tokens.dead_link().message, is_signed_in=is_signed_in
    )


def too_large() -> HttpResponse:
    """More than any form of ours sends; nothing of it was read."""
    return _page(None, "413.html", 413)


def _helpers(request: ConsoleRequest, roles: tuple[str, ...]) -> list[dict[str, str]]:
    """People of one's own organization; none rather than a second error, if that cannot be read."""
    if not roles or request.organization is None:
        return []
    try:
        with tenant(request.organization):
            helpers = contacts.who_can_help(roles, besides=request.user.pk)
    except DatabaseFault:
        return []
    return [
        {"name": one.user.get_full_name(), "email": one.email, "role": one.get_role_display()}
        for one in helpers
    ]


def _page(request: HttpRequest | None, template: str, status: int, **context: Any) -> HttpResponse:
    """Asks no database: what is shown was given or stands on the request already."""
    stay = getattr(request, "stay", None)
    context |= {
        "product_name": settings.PRODUCT_NAME,
        "theme": getattr(request, "theme", ""),
        "may_administer": policy.may_administer(stay.role if stay else ""),
    }
    return HttpResponse(render_to_string(template, context), status=status)
