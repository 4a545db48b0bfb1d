"""The time zones that people choose from, and the one that a page is shown in."""

from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_REGIONS = frozenset(
    (
        "Africa",
        "America",
        "Antarctica",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
)


def choices() -> list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]:
    """UTC, then the zones of each region; technical and historical names are left out."""
    names = sorted(name for name in available_timezones() if _region(name) in _REGIONS)
    return [("UTC", "UTC")] + [
        (region, [(name, _place(name)) for name in zones])
        for region, zones in groupby(names, key=_region)
    ]


def zone(name: str) -> ZoneInfo:
    """The zone of this name; UTC when the installation does not know it (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return ZoneInfo("UTC")


def _region(name: str) -> str:
    return name.partition("/")[0]


def _place(name: str) -> str:
    return name.partition("/")[2].replace("_", " ").replace("/", ", ")
