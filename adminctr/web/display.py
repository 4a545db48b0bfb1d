"""How values are written on pages; lists call these once a row, in Python."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from adminctr.core.clock import day as day


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


def until(at: datetime | None) -> Moment:
    """When something ends: the last day alone where it ends with it, for the person who looks."""
    if at is None:
        return moment(at, never="No end")
    just_before = timezone.localtime(at - timedelta(microseconds=1))
    if just_before.date() == timezone.localtime(at).date():
        return moment(at)
    return Moment(day(just_before.date()), at.isoformat(timespec="seconds"))


def _zone_name(local: datetime) -> str:
    """Such as CET; many zones have no such name, only a distance to UTC."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local:%:z}"
