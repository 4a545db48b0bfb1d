"""The one place that reads the clock, and that writes a day in words."""

from datetime import date, datetime

from django.utils import timezone


def now() -> datetime:
    """The current moment, in UTC."""
    return timezone.now()  # noqa: TID251


def day(on: date) -> str:
    """A day as pages, plans and the trail write it."""
    return f"{on:%-d %b %Y}"
