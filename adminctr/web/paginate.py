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

# How many rows of a list are looked at together for those that a filter leaves.
_WINDOW = 500

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
    """Rows ordered by one column and the key, in one direction, as far as a page needs them.

    `is_cut` says that there are more rows than can be listed.
    """

    is_cut = False

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
        """The whole list, with nothing held open between two chunks."""

    @abstractmethod
    def count(self) -> Counted: ...

    def _at(self, places: Iterable[Place]) -> list[Any]:
        """The rows at these places, as far as they still fit."""
        keys = [key for _, key in places]
        rows = {row.pk: row for row in search.by_keys(self._rows.order_by(), keys)} if keys else {}
        return [rows[key] for key in keys if key in rows]


class Indexed(Listing):
    """Rows that an index has in this order."""

    def first(self, most: int) -> list[Any]:
        return list(self._rows[:most])

    def beyond(self, place: Place, most: int, *, backward: bool) -> list[Any]:
        return list(self._beyond(place, backward)[:most])

    def chunks(self, size: int) -> Iterator[list[Any]]:
        chunk = self.first(size)
        while chunk:
            yield chunk
            place = tuple(getattr(chunk[-1], column) for column in self.columns)
            chunk = self.beyond(place, size, backward=False)

    def count(self) -> Counted:
        number = self._rows.order_by()[: search.MOST + 1].count()
        return Counted(min(number, search.MOST), has_more=number > search.MOST)

    def windows(self, place: Place | None, size: int, *, backward: bool) -> Iterator[list[Place]]:
        """The places of all rows from one place on, so many at a time."""
        while True:
            rows = self._beyond(place, backward) if place else self._rows
            window = list(rows.values_list(*self.columns)[:size])
            if not window:
                return
            yield window
            place = window[-1]

    def _beyond(self, place: Place, backward: bool) -> QuerySet[Any]:
        rows = self._rows.filter(_beyond(self.columns, place, self._descending != backward))
        return rows.reverse() if backward else rows


class Few(Listing):
    """So few rows that they are put in order here."""

    def __init__(self, rows: QuerySet[Any], places: Iterable[Place], *, is_cut: bool) -> None:
        super().__init__(rows)
        self._places = sorted(places, reverse=self._descending)
        self.is_cut = is_cut

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

    def count(self) -> Counted:
        return Counted(len(self._places), has_more=self.is_cut)


class Common(Listing):
    """What filters leave of a list where they leave much: the whole list is looked through for it.

    So the filters have no say in which index is read, and none must hold every order.
    """

    def __init__(self, rows: QuerySet[Any], everything: QuerySet[Any]) -> None:
        super().__init__(rows)
        self._everything = Indexed(everything)

    def first(self, most: int) -> list[Any]:
        return self._gather(None, most, backward=False)

    def beyond(self, place: Place, most: int, *, backward: bool) -> list[Any]:
        return self._gather(place, most, backward=backward)

    def chunks(self, size: int) -> Iterator[list[Any]]:
        for window in self._everything.windows(None, size, backward=False):
            if chunk := self._at(window):
                yield chunk

    def count(self) -> Counted:
        return Counted(search.MOST, has_more=True)

    def _gather(self, place: Place | None, most: int, *, backward: bool) -> list[Any]:
        found: list[Any] = []
        for window in self._everything.windows(place, _WINDOW, backward=backward):
            found += self._at(window)
            if len(found) >= most:
                break
        return found[:most]


def sought(rows: QuerySet[Any], what: str) -> Listing:
    """The rows that a search finds."""
    found = search.find(rows, what, order=Indexed(rows).columns[0])
    return Few(rows, found.places, is_cut=found.has_more)


def narrowed(rows: QuerySet[Any], everything: QuerySet[Any]) -> Listing:
    """The rows that filters leave of everything, whether they are few or many."""
    columns = Indexed(rows).columns
    places = list(rows.order_by().values_list(*columns)[: search.MOST + 1])
    if len(places) > search.MOST:
        return Common(rows, everything)
    return Few(rows, places, is_cut=False)


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
