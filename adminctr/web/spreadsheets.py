"""The one place that writes CSV: for spreadsheets, and harmless in them."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO

Cell = str | int | datetime | None

# Spreadsheets take a file for UTF-8 only where it begins so.
_BEGINNING = "\ufeff".encode()

# What a spreadsheet may run instead of show, in its full width too and behind spaces.
_SIGN = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(f"\\s*[{_SIGN}\t\r\n\0]")
# The same within a cell, where another separator than our comma makes two of it.
_FORMULA_WITHIN = re.compile(f'(?<=[;,\t\r\n])(?=(?:[^\\S\t\r\n]|")*[{_SIGN}])')


def beginning(columns: Sequence[str], rows: Iterable[Sequence[Cell]] = ()) -> bytes:
    """How a file begins: the heading of each column, and the first rows or all."""
    return _BEGINNING + lines([columns, *rows])


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """These rows as lines of a file, every cell between quotation marks."""
    text = StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(map(_texts, rows))
    return text.getvalue().encode(errors="replace")


def headers(name: str) -> dict[str, str]:
    """Those of an answer that is a file of this name."""
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.csv"',
    }


def harmless(text: str) -> str:
    """The same text, marked as text wherever a spreadsheet might run it."""
    marked = _FORMULA_WITHIN.sub("'", text)
    return f"'{marked}" if _FORMULA.match(text) else marked


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [harmless(_text(cell)) for cell in cells]


def _text(cell: Cell) -> str:
    """Moments in UTC, in a form that spreadsheets know as moments."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return "" if cell is None else str(cell)
