"""Lists may be read from a copy of the database that is a moment behind; nothing else is.

Whoever has just changed something reads the primary, until the copies have followed. Roles,
sessions and stays are always read there, since nobody but lists and exports asks this module.
"""

import logging
import secrets
import time

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

logger = logging.getLogger(__name__)

_LEFT_ALONE_SECONDS = 10
_left_alone_until: dict[str, float] = {}


def alias_for(request: HttpRequest) -> str:
    """Where this list may be read: a replica that answers, or the primary."""
    if settings.CHANGED_COOKIE in request.COOKIES or connection.in_atomic_block:
        return DEFAULT_DB_ALIAS
    now = time.monotonic()
    usable = [one for one in settings.REPLICAS if _left_alone_until.get(one, 0) <= now]
    while usable:
        alias = secrets.choice(usable)
        if _answers(alias):
            return alias
        usable.remove(alias)
    return DEFAULT_DB_ALIAS


def note_change(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let whoever has sent a form see what became of it."""
    if settings.REPLICAS and request.method == "POST":
        response.set_cookie(
            settings.CHANGED_COOKIE,
            "1",
            max_age=settings.REPLICA_LAG,
            secure=settings.IS_HTTPS,
            httponly=True,
            samesite="Lax",
        )


def _answers(alias: str) -> bool:
    try:
        connections[alias].close_if_health_check_failed()
        connections[alias].ensure_connection()
        return True
    except (OperationalError, InterfaceError) as away:
        _left_alone_until[alias] = time.monotonic() + _LEFT_ALONE_SECONDS
        logger.warning("%s is away, lists are read elsewhere: %s", alias, away)
        return False
