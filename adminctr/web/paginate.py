"""Pages by key: the cost of a page does not grow with the list or with how deep it is.

The cursor is the public identifier of the row at the edge of the page, never a number of ours.
A cursor that is not known (any more) shows the first page.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

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
    rows: QuerySet[Any], request: HttpRequest, *, cursor: str, positions: QuerySet[Any]
) -> Slice:
    """The page that the query string asks for.

    `rows` are ordered by one column and the key, in one direction. `cursor` is the column of the
    public identifier; `positions` are the rows that may still be asked for after leaving the list.
    """
    order = [str(column) for column in rows.query.order_by]
    size = settings.PAGE_SIZE
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    backward = bool(before)
    place = _place(positions, cursor, before or after, order)
    if place is None:
        found = list(rows[: size + 1])
        return _slice(request, found[:size], cursor, before=False, after=len(found) > size)

    columns = [column.lstrip("-") for column in order]
    descending = order[0].startswith("-") != backward
    beyond = rows.filter(_beyond(columns, place, descending))
    found = list((beyond.reverse() if backward else beyond)[: size + 1])
    has_more = len(found) > size
    page = found[:size]
    if backward:
        page.reverse()
        return _slice(request, page, cursor, before=has_more, after=True)
    return _slice(request, page, cursor, before=True, after=has_more)


def _place(
    positions: QuerySet[Any], cursor: str, value: str, order: Sequence[str]
) -> tuple[Any, ...] | None:
    pattern = _SID if cursor.endswith("sid") else _NUMBER
    if not pattern.fullmatch(value):
        return None
    columns = [column.lstrip("-") for column in order]
    at = positions.filter(**{cursor: value}).order_by("-pk").values_list(*columns)
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
    request: HttpRequest, rows: list[Any], cursor: str, *, before: bool, after: bool
) -> Slice:
    if not rows:
        return Slice(rows=rows)
    return Slice(
        rows=rows,
        previous_url=_url(request, "before", rows[0], cursor) if before else "",
        next_url=_url(request, "after", rows[-1], cursor) if after else "",
    )


def _url(request: HttpRequest, parameter: str, row: Model, cursor: str) -> str:
    value: Any = row
    for step in cursor.split("__"):
        value = getattr(value, step)
    query = request.GET.copy()
    query.pop("after", None)
    query.pop("before", None)
    query[parameter] = str(value)
    return f"?{query.urlencode()}"
