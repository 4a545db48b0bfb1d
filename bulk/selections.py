"""What somebody chose in a list, signed: rows by their SIDs, or all that fit its filters.

A filter travels instead of the rows that it finds, however many these are. Both are good for the
person and the organization that they were signed for, and for a day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.core import signing

from adminctr.core.errors import RuleViolation

LIFETIME = timedelta(hours=24)

# How many rows may be chosen one by one: an address must hold them.
MOST_CHOSEN = 100

CHOOSE_AGAIN = "You chose this too long ago, or the page was damaged on its way. Choose again."


@dataclass(frozen=True, slots=True)
class Filter:
    """All rows of a list that fit: what its address asks, and below which row the list stands."""

    query: Mapping[str, str]
    below: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The SIDs of the rows of a list, and whether there are more than may be read."""

    sids: tuple[str, ...]
    is_cut: bool = False


# Reads a list in the open scope, up to this many rows.
List = Callable[[Filter, int], Found]

_lists: dict[str, List] = {}


def use_list(kind: str, read: List) -> None:
    """Called once, by the app whose pages list this kind when it is ready."""
    _lists[kind] = read


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows one by one, or a filter where there is one."""

    sids: tuple[str, ...] = ()
    filter: Filter | None = None

    def sign(self, salt: str) -> str:
        asked = [dict(self.filter.query), self.filter.below] if self.filter else None
        return signing.dumps([self.sids, asked], salt=salt, compress=True)

    @classmethod
    def read(cls, token: str, salt: str) -> Self:
        """Raises RuleViolation: choice_unreadable, for what is damaged, too old or others'."""
        try:
            sids, asked = signing.loads(token, salt=salt, max_age=LIFETIME)
        except signing.BadSignature as bad:
            raise RuleViolation("choice_unreadable", CHOOSE_AGAIN) from bad
        return cls(tuple(sids), Filter(*asked) if asked else None)

    def rows_of(self, kind: str, most: int) -> Found:
        """What is chosen now; read in the scope of the organization."""
        if self.filter is None:
            return Found(self.sids)
        return _lists[kind](self.filter, most)


def salt_of(kind: str, organization_sid: str, person_sid: str) -> str:
    return f"bulk:{kind}:{organization_sid}:{person_sid}"


def sign_filter(query: Mapping[str, str], below: str = "", *, salt: str) -> str:
    """All that fit, for the button of a list."""
    return Selection(filter=Filter(query, below)).sign(salt)
