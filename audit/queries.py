"""Which events a page shows."""

from typing import Any

from django.db.models import QuerySet

from audit.models import AuditEvent

_SIGN_INS = (
    "user.log_in_failed",
    "user.log_in_refused",
    "user.logged_in",
    "user.logged_out",
    "user.second_factor_wrong",
)


def newest_first() -> QuerySet[Any]:
    """The events of the organization in scope."""
    return AuditEvent.objects.select_related("details").order_by("-sequence")


def about(sid: str) -> QuerySet[Any]:
    """The same about one thing."""
    return newest_first().filter(subject_sid=sid)


def by(sid: str) -> QuerySet[Any]:
    """What somebody did."""
    return newest_first().filter(actor_sid=sid)


def sign_ins_of(sid: str) -> QuerySet[Any]:
    """How somebody logged in, and how they or others tried to."""
    return about(sid).filter(action__in=_SIGN_INS)
