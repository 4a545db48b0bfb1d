"""How values are written on pages; lists call these once a row, in Python."""

from datetime import datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """A point in time for a person and for a machine; both empty for never."""

    text: str
    iso: str


def moment(at: datetime | None, *, never: str = "Never") -> Moment:
    if at is None:
        return Moment(never, "")
    return Moment(f"{at:%-d %b %Y, %H:%M} UTC", at.isoformat(timespec="seconds"))
