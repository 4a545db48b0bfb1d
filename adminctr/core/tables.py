"""Reading a table that somebody uploads or pastes from a spreadsheet, at once or row by row.

Whatever cannot be read is refused with its line and what to do. Nothing is guessed: a file in
another encoding, or a cell without its quotation mark, would put wrong words into somebody's row.
"""

import codecs
import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO, TextIO

from adminctr.core.errors import RuleViolation

FIELD = "file"
MOST_BYTES = 5_000_000
LONGEST_LINE = 10_000

SAVE_AS_CSV = (
    "In the spreadsheet, choose Save as or Download, then CSV in UTF-8, and upload that file."
)

_PIECE = 65_536
_SEPARATORS = (",", ";", "\t")
_OTHER_FORMATS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")
_OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LONGEST_MARK = 5
_LONGEST_NAME_TOLD = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line on which it begins, and what stands in each column, "" for nothing."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: the columns that it names, by the names asked for, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(
    content: bytes,
    *,
    columns: Sequence[str],
    required: Sequence[str],
    most_rows: int,
    synonyms: Mapping[str, str] = MappingProxyType({}),
    lone_column: str = "",
    listed: Callable[[str], Sequence[tuple[int, str]] | None] | None = None,
    most_bytes: int = MOST_BYTES,
) -> Table:
    """The rows below a line of column names, separated by commas, semicolons or tabs.

    `synonyms` are other words for the names of columns. With `lone_column`, lines of one cell each
    need no line of names: they are that column, as are the cells, with their lines, that `listed`
    finds in a text which is no table at all. Raises RuleViolation: file_too_large, file_empty,
    file_not_csv, file_not_utf8, file_unreadable, line_too_long, header_unknown, header_twice,
    header_missing, too_many_cells, too_many_rows.
    """
    text = _decoded(content, most_bytes)
    named: list[str]
    found: Iterable[Row]
    if listed and (cells := listed(text)):
        named, found = [lone_column], (Row(line, {lone_column: cell}) for line, cell in cells)
    else:
        known = {_folded(name): name for name in columns}
        known |= {_folded(word): name for word, name in synonyms.items()}
        named, found = _below_names(text, columns, required, known, lone_column)
    rows: list[Row] = []
    for row in found:
        if len(rows) >= most_rows:
            raise _refused(
                "too_many_rows",
                f"Line {row.line} is one row too many. A table has {most_rows:,} rows at most; "
                "split it into several.",
            )
        rows.append(Row(row.line, {name: row.cells.get(name, "") for name in columns}))
    if not rows:
        raise _refused("file_empty", "There is no row in it. Fill in at least one.")
    return Table(tuple(named), tuple(rows))


def require_text(file: BinaryIO) -> str:
    """The SHA-256 of a file that is text in UTF-8, read piece by piece.

    Raises RuleViolation: file_not_csv, file_not_utf8.
    """
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    _require_no_other_format(file.read(_LONGEST_MARK))
    for line, piece in _pieces(file):
        if (place := piece.find(b"\0")) >= 0:
            at = line + _lines_in(piece[:place])
            raise _refused("file_not_csv", f"Line {at} is no text. {SAVE_AS_CSV}")
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as wrong:
            at = line + _lines_in(wrong.object[: wrong.start])
            problem = f"Line {at} is not in UTF-8. {SAVE_AS_CSV}"
            raise _refused("file_not_utf8", problem) from wrong
        digest.update(piece)
    return digest.hexdigest()


def separator_of(line: str, names: Sequence[str]) -> str | None:
    """What stands between exactly these names; None where a line has other ones."""
    for separator in _SEPARATORS:
        if next(csv.reader([line], delimiter=separator), []) == list(names):
            return separator
    return None


def records(
    text: TextIO, separator: str, *, first_line: int = 1, skip_spaces: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row as they stand, none of an empty line, with the line where it begins.

    Raises RuleViolation: file_unreadable, line_too_long.
    """
    reader = csv.reader(
        _lines(text, first_line), delimiter=separator, strict=True, skipinitialspace=skip_spaces
    )
    while True:
        line = reader.line_num + first_line
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            raise _unreadable(line, wrong) from wrong
        if cells is None:
            return
        yield line, cells


def _decoded(content: bytes, most_bytes: int) -> str:
    if len(content) > most_bytes:
        raise _refused(
            "file_too_large",
            f"This has {len(content):,} bytes; {most_bytes:,} is the most. Split it into several.",
        )
    require_text(BytesIO(content))
    text = content.decode("utf-8-sig")
    if not text.strip():
        raise _refused("file_empty", "This is empty. Fill in at least one row.")
    return text


def _pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The file piece by piece, each with the line on which it begins; the last one is empty."""
    line, before = 1, b""
    file.seek(0)
    while True:
        piece = file.read(_PIECE)
        if before.endswith(b"\r") and piece.startswith(b"\n"):
            line -= 1  # one ending, cut in two
        yield line, piece
        if not piece:
            return
        line += _lines_in(piece)
        before = piece


def _require_no_other_format(beginning: bytes) -> None:
    if beginning.startswith(_OTHER_FORMATS):
        raise _refused("file_not_csv", f"This is not a CSV file. {SAVE_AS_CSV}")
    if beginning.startswith(_OTHER_ENCODINGS):
        raise _refused("file_not_utf8", f"This file is in UTF-16. {SAVE_AS_CSV}")


def _below_names(
    text: str,
    columns: Sequence[str],
    required: Sequence[str],
    known: Mapping[str, str],
    lone_column: str,
) -> tuple[list[str], Iterator[Row]]:
    """The columns that the first line names, and the rows below it."""
    names, separator = _header(text, known, lone_column)
    if names is None:
        return [lone_column], _rows(text, ",", [lone_column], 0)
    _require_names(names, columns, required)
    return [name for name in names if name], _rows(text, separator, names, 1)


def _header(text: str, known: Mapping[str, str], lone_column: str) -> tuple[list[str] | None, str]:
    """The names in the first row, and what separates them; None where it names no column.

    A name that is asked for, or known by another word, is given as it was asked for, any other as
    it stands. Names between quotation marks can be read with their own separator only.
    """
    columns = list(known.values())
    readings: dict[str, list[str]] = {}
    failures: list[RuleViolation] = []
    for separator in _SEPARATORS:
        try:
            _, cells = next(_filled(text, separator), (1, []))
        except RuleViolation as refused:
            failures.append(refused)
        else:
            readings[separator] = [known.get(_folded(cell), cell) for cell in cells]
    if not readings:
        raise failures[0]
    chosen = max(readings, key=lambda separator: _named(readings[separator], columns))
    names = readings[chosen]
    is_list = lone_column and not _named(names, columns)
    if is_list and not any(sign in _first_line(text) for sign in _SEPARATORS):
        return None, chosen
    return names, chosen


def _require_names(names: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> None:
    listed = ", ".join(columns)
    missing = [name for name in required if name not in names]
    if missing:
        raise _refused(
            "header_missing",
            f"Line 1 must name the columns, and {_quoted(missing[0])} is not there. The columns "
            f"are: {listed}.",
        )
    for name, times in Counter(name for name in names if name).items():
        if name not in columns:
            raise _refused(
                "header_unknown",
                f"Line 1 names {_quoted(name)}, which is none of the columns. Take that column "
                f"out, or call it one of these: {listed}.",
            )
        if times > 1:
            raise _refused(
                "header_twice", f"Line 1 names {_quoted(name)} twice. Take one of the two out."
            )


def _rows(text: str, separator: str, names: Sequence[str], skipped: int) -> Iterator[Row]:
    for line, cells in islice(_filled(text, separator), skipped, None):
        for place, cell in enumerate(cells):
            if cell and (place >= len(names) or not names[place]):
                raise _refused(
                    "too_many_cells",
                    f"Line {line} has {_quoted(cell)} where no column is named. Put quotation "
                    "marks around a cell that holds a separator, or name the column in line 1.",
                )
        yield Row(line, {name: cell for name, cell in zip(names, cells, strict=False) if name})


def _filled(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that holds anything, without the spaces around its cells."""
    for line, cells in records(StringIO(text, newline=""), separator, skip_spaces=True):
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield line, stripped


def _lines(text: TextIO, first_line: int) -> Iterator[str]:
    """No line is so long that one cell could fill the memory."""
    number = first_line
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise _refused(
                "line_too_long",
                f"Line {number} has more than {LONGEST_LINE:,} characters. Shorten it.",
            )
        yield line
        number += 1


def _unreadable(line: int, wrong: csv.Error) -> RuleViolation:
    """Many short lines in one cell are a mark that was never closed, as is the end inside one."""
    if "expected after" in str(wrong):
        return _refused(
            "file_unreadable",
            f"In the row from line {line}, a quotation mark is inside a cell. Write it twice, "
            "or take it out.",
        )
    return _refused(
        "file_unreadable",
        f"In the row from line {line}, a quotation mark is opened and never closed. Close it, or "
        "take it out.",
    )


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0]


def _named(names: Sequence[str], columns: Sequence[str]) -> int:
    return sum(name in columns for name in names)


def _lines_in(content: bytes) -> int:
    """Counted as the rows are: a line ends with a line feed, a carriage return or both."""
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _quoted(name: str) -> str:
    is_long = len(name) > _LONGEST_NAME_TOLD
    return f"“{name[:_LONGEST_NAME_TOLD]}{'…' if is_long else ''}”"


def _refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field=FIELD)
