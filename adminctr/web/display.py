"""How values are written on pages; lists call these once a row, in Python."""

from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone


class Moment(NamedTuple):
    """A point in time for a person and for a machine; both empty for never."""

    text: str
    iso: str


def moment(at: datetime | None, *, never: str = "Never") -> Moment:
    """A point in time as the clock of the person shows it who is looking."""
    if at is None:
        return Moment(never, "")
    local = timezone.localtime(at)
    return Moment(f"{local:%-d %b %Y, %H:%M} {_zone_name(local)}", at.isoformat(timespec="seconds"))


def _zone_name(local: datetime) -> str:
    """Such as CET; many zones have no such name, only a distance to UTC."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local:%:z}"


def day(on: date) -> str:
    return f"{on:%-d %b %Y}"
