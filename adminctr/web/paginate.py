"""Pages by key: the cost of a page does not grow with the list or with how deep it is.

The cursor is the public identifier of the row at the edge of the page, never a number of ours.
A cursor that is not known (any more) shows the first page.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from adminctr.core.sids import SID_PATTERN

_SID = re.compile(SID_PATTERN)
_NUMBER = re.compile(r"[0-9]{1,17}")


# How many rows of another list stand on a page that is about one thing.
MOST_BESIDE = 200


@dataclass(frozen=True, slots=True)
class Cut[T]:
    """The first rows of a list, and whether it goes on."""

    rows: list[T]
    has_more: bool


def cut[T: Model](rows: QuerySet[T], most: int = MOST_BESIDE) -> Cut[T]:
    found = list(rows[: most + 1])
    return Cut(found[:most], has_more=len(found) > most)


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page and where its neighbours are."""

    rows: list[Any]
    previous_url: str = ""
    next_url: str = ""


def slice_of(
    rows: QuerySet[Any],
    address: Mapping[str, str],
    *,
    cursor: str,
    positions: QuerySet[Any],
    kept: Mapping[str, str],
) -> Slice:
    """The page that the address asks for.

    `rows` are ordered by one column and the key, in one direction. `cursor` is the column of the
    public identifier; `positions` are the rows that may still be asked for after leaving the list;
    `kept` is what the links to the neighbours carry beside their cursor.
    """
    order = [str(column) for column in rows.query.order_by]
    size = settings.PAGE_SIZE
    after, before = address.get("after", ""), address.get("before", "")
    backward = bool(before)
    place = _place(positions, cursor, before or after, order)
    if place is None:
        found = list(rows[: size + 1])
        return _slice(kept, found[:size], cursor, before=False, after=len(found) > size)

    descending = order[0].startswith("-") != backward
    beyond = rows.filter(_beyond(_columns(order), place, descending))
    found = list((beyond.reverse() if backward else beyond)[: size + 1])
    has_more = len(found) > size
    page = found[:size]
    if backward:
        page.reverse()
        return _slice(kept, page, cursor, before=has_more, after=True)
    return _slice(kept, page, cursor, before=True, after=has_more)


def in_chunks(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """The whole of a list ordered as above, one query a chunk and nothing held open between."""
    order = [str(column) for column in rows.query.order_by]
    columns, descending = _columns(order), order[0].startswith("-")
    chunk = list(rows[:size])
    while chunk:
        yield chunk
        place = [getattr(chunk[-1], column) for column in columns]
        chunk = list(rows.filter(_beyond(columns, place, descending))[:size])


def _columns(order: Sequence[str]) -> list[str]:
    return [column.lstrip("-") for column in order]


def _place(
    positions: QuerySet[Any], cursor: str, value: str, order: Sequence[str]
) -> tuple[Any, ...] | None:
    pattern = _SID if cursor.endswith("sid") else _NUMBER
    if not pattern.fullmatch(value):
        return None
    at = positions.filter(**{cursor: value}).order_by("-pk").values_list(*_columns(order))
    return at.first()


def _beyond(columns: Sequence[str], place: Sequence[Any], descending: bool) -> Q:
    """Strictly past a place, written so that one index range serves it."""
    sign = "lt" if descending else "gt"
    first, at = columns[0], place[0]
    if len(columns) == 1:
        return Q(**{f"{first}__{sign}": at})
    key, key_at = columns[1], place[1]
    return Q(**{f"{first}__{sign}e": at}) & (
        Q(**{f"{first}__{sign}": at}) | Q(**{f"{key}__{sign}": key_at})
    )


def _slice(
    kept: Mapping[str, str], rows: list[Any], cursor: str, *, before: bool, after: bool
) -> Slice:
    if not rows:
        return Slice(rows=rows)
    return Slice(
        rows=rows,
        previous_url=_url(kept, "before", rows[0], cursor) if before else "",
        next_url=_url(kept, "after", rows[-1], cursor) if after else "",
    )


def _url(kept: Mapping[str, str], parameter: str, row: Model, cursor: str) -> str:
    value: Any = row
    for step in cursor.split("__"):
        value = getattr(value, step)
    return f"?{urlencode({**kept, parameter: str(value)})}"
