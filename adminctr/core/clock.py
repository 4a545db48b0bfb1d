"""The one place that reads the clock."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current moment, in UTC."""
    return timezone.now()  # noqa: TID251
