"""The list as a file: rows may be taken out of it, and nothing else may be done to it.

Every row carries a proof over all its cells, which only this installation can make, for one
organization and one download. So nothing of a list is kept here before it comes back. A file is
read from the disk, line by line.
"""

import hmac
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import BinaryIO, Self

from django.conf import settings
from django.utils.crypto import salted_hmac

from adminctr.core.addresses import domain_of
from adminctr.core.errors import RuleViolation
from adminctr.core.tables import FIELD, LONGEST_LINE, records, require_text, separator_of
from imports.candidates import Candidate
from imports.causes import Cause

COLUMNS = (
    "SID", "Email address", "Name", "Accounts", "Organization", "What would happen", "Proof",
)  # fmt: skip

_PROOF_LENGTH = 20
_BETWEEN_CELLS = "\0"  # stands in no cell: what holds one is no text
_MOST_LINES_NAMED = 10

ONLY_DELETE = (
    "Rows may be deleted, and nothing else may be changed. Download the list again, delete the "
    "rows of those who are not to be imported, and upload it."
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a file says: who is meant, in its order, of which domains; and its own SHA-256."""

    sids: list[str]
    domains: list[str]
    digest: str


def make_list_key() -> str:
    """What tells one download from another."""
    return secrets.token_hex(4)


class Prover:
    """Makes and checks the proofs of the rows of one organization and one download."""

    def __init__(self, organization_sid: str, list_key: str) -> None:
        self.list_key = list_key
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        value = f"{organization_sid}:{list_key}"
        self._keys = [
            salted_hmac("import-list", value, secret=key, algorithm="sha256").digest()
            for key in keys
        ]

    def proof_of(self, cells: Sequence[str]) -> str:
        """It begins with a letter, so that no spreadsheet takes it for a number."""
        return self._proof(self._keys[0], cells)

    def is_right(self, cells: Sequence[str], proof: str) -> bool:
        given = proof.encode()
        return any(
            hmac.compare_digest(self._proof(key, cells).encode(), given) for key in self._keys
        )

    def _proof(self, key: bytes, cells: Sequence[str]) -> str:
        content = _BETWEEN_CELLS.join(cells).encode()
        return f"L{self.list_key}-{hmac.digest(key, content, 'sha256').hex()[:_PROOF_LENGTH]}"


@dataclass(frozen=True, slots=True)
class Line:
    """One person as the list has them."""

    sid: str
    email: str
    name: str
    accounts: int
    has_own: bool
    cause: Cause | None

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        user = candidate.user
        return cls(
            user.sid,
            user.email,
            user.get_full_name(),
            candidate.accounts,
            candidate.absorbs is not None,
            candidate.cause,
        )


def cells_of(line: Line, prover: Prover, harmless: Callable[[str], str]) -> tuple[str, ...]:
    """One row of the list, as `harmless` writes each cell."""
    cells = (
        line.sid,
        line.email,
        line.name,
        str(line.accounts),
        _organization(line),
        _what_would_happen(line),
    )
    return (*cells, prover.proof_of([harmless(cell) for cell in cells]))


def read(file: BinaryIO, organization_sid: str) -> Reviewed:
    """A list that came back.

    Raises RuleViolation, with the lines where there are any: file_empty, file_not_csv,
    file_not_utf8, file_unreadable, line_too_long, header_foreign, too_many_rows, rows_altered,
    rows_repeated.
    """
    digest = require_text(file)
    if not file.tell():
        raise _refused("file_empty", "This file is empty.")
    file.seek(0)
    text = TextIOWrapper(file, "utf-8-sig", newline="")
    reading = _Reading(organization_sid)
    try:
        reading.take(_rows(text))
    finally:
        text.detach()  # the file is closed by whoever has opened it
    reading.require_whole()
    return Reviewed(reading.sids, sorted(reading.domains), digest)


@dataclass
class _Reading:
    """What stands in a file, and which of its lines are wrong."""

    organization_sid: str
    sids: list[str] = field(default_factory=list)
    domains: set[str] = field(default_factory=set)
    altered: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _prover: Prover | None = None

    def take(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        most: int = settings.IMPORT_PEOPLE_AT_A_TIME
        for read, (number, row) in enumerate(_filled(rows, 2 * most)):
            if read >= most:
                raise _refused("too_many_rows", f"Upload {most:,} people at most at a time.")
            if not self._is_ours(row):
                self.altered.append(number)
            elif row[0] in self._seen:
                self.repeated.append(number)
            else:
                self._seen.add(row[0])
                self.sids.append(row[0])
                self.domains.add(domain_of(row[1]))

    def require_whole(self) -> None:
        if self.altered:
            lines = _lines(self.altered)
            raise _refused("rows_altered", f"{lines} changed or added. {ONLY_DELETE}")
        if self.repeated:
            lines = _lines(self.repeated)
            raise _refused("rows_repeated", f"{lines} there twice. {ONLY_DELETE}")
        if not self.sids:
            raise _refused("file_empty", "Nobody is on this list. Leave at least one row in it.")

    def _is_ours(self, row: list[str]) -> bool:
        """Whether a row is of the same download as the first one, and as it was."""
        if len(row) != len(COLUMNS):
            return False
        *cells, proof = row
        if self._prover is None:
            self._prover = Prover(self.organization_sid, proof.partition("-")[0][1:])
        return self._prover.is_right(cells, proof)


def _rows(text: TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header, which must be ours, each with its line."""
    separator = separator_of(text.readline(LONGEST_LINE).rstrip("\r\n"), COLUMNS)
    if separator is None:
        raise _refused(
            "header_foreign",
            f"Line 1 must name the columns of the list: {', '.join(COLUMNS)}. {ONLY_DELETE}",
        )
    return records(text, separator, first_line=2)


def _filled(
    rows: Iterator[tuple[int, list[str]]], most_empty: int
) -> Iterator[tuple[int, list[str]]]:
    """Those that have cells. Some programs put an empty line after each, and nobody needs more."""
    empty = 0
    for number, row in rows:
        if row:
            yield number, row
            continue
        empty += 1
        if empty > most_empty:
            problem = f"Line {number} is one empty line too many. Delete the empty lines."
            raise _refused("too_many_rows", problem)


def _organization(line: Line) -> str:
    """Whether they have one; never which."""
    if line.has_own or line.cause is Cause.MERGE_NEEDED:
        return "Their own"
    return "Another" if line.cause is Cause.ELSEWHERE else "None"


def _what_would_happen(line: Line) -> str:
    if line.cause is not None:
        return f"Not imported: {line.cause.label}"
    ends = "; their own organization ends" if line.has_own else ""
    return f"Becomes a managed user{ends}"


def _lines(numbers: Sequence[int]) -> str:
    """Which lines, in words; the first of them where there are many."""
    named = [str(number) for number in numbers[:_MOST_LINES_NAMED]]
    if len(numbers) == 1:
        return f"Line {named[0]} was"
    if len(numbers) > _MOST_LINES_NAMED:
        return f"Lines {', '.join(named)} and {len(numbers) - _MOST_LINES_NAMED:,} more were"
    return f"Lines {', '.join(named[:-1])} and {named[-1]} were"


def _refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field=FIELD)
