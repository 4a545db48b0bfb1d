"""Pages by key: the cost of a page does not grow with the list or with how deep it is.

The cursor is the public identifier of the row at the edge of the page, never a number of ours.
A cursor that is not known (any more) shows the first page.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, islice
from operator import gt, lt
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from adminctr.core import search
from adminctr.core.sids import SID_PATTERN

_SID = re.compile(SID_PATTERN)
_NUMBER = re.compile(r"[0-9]{1,17}")

# The values that a list is ordered by, of one row.
Place = tuple[Any, ...]

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


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows a list has, counted no further than a bound."""

    number: int
    has_more: bool


class Listing(ABC):
    """Rows ordered by one column and the key, in one direction, as far as a page needs them."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        order = [str(column) for column in rows.query.order_by]
        self.columns = tuple(column.lstrip("-") for column in order)
        self._rows = rows
        self._descending = order[0].startswith("-")

    @abstractmethod
    def first(self, most: int) -> list[Any]: ...

    @abstractmethod
    def beyond(self, place: Place, most: int, *, backward: bool) -> list[Any]:
        """The rows next to a place, the nearest first."""

    @abstractmethod
    def chunks(self, size: int) -> Iterator[list[Any]]:
        """The whole list, one query a chunk and nothing held open between."""

    @abstractmethod
    def count(self, most: int) -> Counted: ...


class Indexed(Listing):
    """Rows that an index has in this order."""

    def first(self, most: int) -> list[Any]:
        return list(self._rows[:most])

    def beyond(self, place: Place, most: int, *, backward: bool) -> list[Any]:
        rows = self._rows.filter(_beyond(self.columns, place, self._descending != backward))
        return list((rows.reverse() if backward else rows)[:most])

    def chunks(self, size: int) -> Iterator[list[Any]]:
        chunk = self.first(size)
        while chunk:
            yield chunk
            place = tuple(getattr(chunk[-1], column) for column in self.columns)
            chunk = self.beyond(place, size, backward=False)

    def count(self, most: int) -> Counted:
        number = self._rows.order_by()[: most + 1].count()
        return Counted(min(number, most), has_more=number > most)


class Sought(Listing):
    """What a search has found: so few rows that they are put in order here."""

    def __init__(self, rows: QuerySet[Any], sought: str) -> None:
        super().__init__(rows)
        found = search.find(rows, sought, order=self.columns[0])
        self._places = sorted(found.places, reverse=self._descending)
        self._has_more = found.has_more

    def first(self, most: int) -> list[Any]:
        return self._at(self._places[:most])

    def beyond(self, place: Place, most: int, *, backward: bool) -> list[Any]:
        is_beyond = lt if self._descending != backward else gt
        ahead = reversed(self._places) if backward else iter(self._places)
        return self._at(islice((one for one in ahead if is_beyond(one, place)), most))

    def chunks(self, size: int) -> Iterator[list[Any]]:
        for places in batched(self._places, size):
            if chunk := self._at(places):
                yield chunk

    def count(self, most: int) -> Counted:
        return Counted(len(self._places), has_more=self._has_more)

    def _at(self, places: Iterable[Place]) -> list[Any]:
        """The rows at these places, as far as they still fit."""
        keys = [key for _, key in places]
        rows = {row.pk: row for row in search.by_keys(self._rows.order_by(), keys)} if keys else {}
        return [rows[key] for key in keys if key in rows]


def slice_of(
    listing: Listing,
    address: Mapping[str, str],
    *,
    cursor: str,
    positions: QuerySet[Any],
    kept: Mapping[str, str],
) -> Slice:
    """The page that the address asks for.

    `cursor` is the column of the public identifier; `positions` are the rows that may still be
    asked for after leaving the list; `kept` is what the links to the neighbours carry beside their
    cursor.
    """
    size = settings.PAGE_SIZE
    after, before = address.get("after", ""), address.get("before", "")
    backward = bool(before)
    place = _place(positions, cursor, before or after, listing.columns)
    if place is None:
        found = listing.first(size + 1)
        return _slice(kept, found[:size], cursor, before=False, after=len(found) > size)

    found = listing.beyond(place, size + 1, backward=backward)
    has_more = len(found) > size
    page = found[:size]
    if backward:
        page.reverse()
        return _slice(kept, page, cursor, before=has_more, after=True)
    return _slice(kept, page, cursor, before=True, after=has_more)


def _place(
    positions: QuerySet[Any], cursor: str, value: str, columns: Sequence[str]
) -> Place | None:
    pattern = _SID if cursor.endswith("sid") else _NUMBER
    if not pattern.fullmatch(value):
        return None
    at = positions.filter(**{cursor: value}).order_by("-pk").values_list(*columns)
    return at.first()


def _beyond(columns: Sequence[str], place: Place, descending: bool) -> Q:
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
