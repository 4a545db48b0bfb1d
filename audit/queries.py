"""Which events a page shows."""

from typing import Any

from django.db.models import QuerySet

from audit.models import AuditEvent


def newest_first() -> QuerySet[Any]:
    """The events of the organization in scope."""
    return AuditEvent.objects.select_related("details").order_by("-sequence")


def about(sid: str) -> QuerySet[Any]:
    """The same about one thing."""
    return newest_first().filter(subject_sid=sid)
