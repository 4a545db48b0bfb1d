"""Browsers in which somebody is not asked for a second factor at every log-in.

The cookie holds one random token for each person who uses the browser; only their hashes are kept
(users.models.RememberedBrowser).
"""

import secrets
from contextlib import suppress
from typing import cast

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.outages import write_if_possible
from adminctr.core.tokens import hash_token
from adminctr.web.http import ConsoleRequest
from organizations import policy
from users import operations
from users.models import RememberedBrowser, User

_PEOPLE_PER_BROWSER = 5
_BETWEEN = "."
_LONGEST_COOKIE = 500


def is_remembered(request: HttpRequest, user: User) -> bool:
    """Whether this browser was remembered for this person; notes that it was used."""
    browser = browser_of(request, user)
    if browser is None:
        return False
    origin = cast(ConsoleRequest, request).origin
    row = RememberedBrowser.objects.filter(pk=browser.pk)
    used = {"ip": origin.ip, "user_agent": origin.user_agent, "last_used_at": clock.now()}
    write_if_possible(lambda: row.update(**used))
    return True


def browser_of(request: HttpRequest, user: User) -> RememberedBrowser | None:
    """This browser, as it is remembered for this person."""
    return _known(request).filter(user=user).first()


def remember(response: HttpResponse, request: HttpRequest, user: User) -> None:
    """Ask this person no more in this browser for a while, whoever else uses it.

    Where something says meanwhile that they are asked every time, that holds.
    """
    token = secrets.token_urlsafe(32)
    actor = policy.actor_for(user, origin=cast(ConsoleRequest, request).origin)
    with suppress(RuleViolation):
        operations.remember_browser(
            user, token_hash=hash_token(token), instead_of=browser_of(request, user), actor=actor
        )
        _set_cookie(response, [token, *_tokens_of_others(request, user)])


def _set_cookie(response: HttpResponse, tokens: list[str]) -> None:
    response.set_cookie(
        settings.REMEMBERED_BROWSER_COOKIE,
        _BETWEEN.join(tokens),
        max_age=settings.REMEMBERED_BROWSER_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _known(request: HttpRequest) -> QuerySet[RememberedBrowser]:
    """The people whom this browser is remembered for."""
    hashes = [hash_token(token) for token in _tokens(request)]
    return RememberedBrowser.objects.live().filter(token_hash__in=hashes)


def _tokens_of_others(request: HttpRequest, user: User) -> list[str]:
    others = set(_known(request).exclude(user=user).values_list("token_hash", flat=True))
    kept = [token for token in _tokens(request) if hash_token(token) in others]
    return kept[: _PEOPLE_PER_BROWSER - 1]


def _tokens(request: HttpRequest) -> list[str]:
    value = request.COOKIES.get(settings.REMEMBERED_BROWSER_COOKIE, "")[:_LONGEST_COOKIE]
    return list(filter(None, value.split(_BETWEEN)))[:_PEOPLE_PER_BROWSER]
