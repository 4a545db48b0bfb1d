"""What we write is read back as it was, and no spreadsheet runs any of it."""

import ast
import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adminctr.web.spreadsheets import beginning, harmless, lines
from tests.architecture import source

quick = settings(max_examples=300)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DANGEROUS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
dangerous = st.builds(
    "{}{}{}".format, st.sampled_from(["", " ", "\u00a0"]), st.sampled_from(DANGEROUS), anything
)


def without_marks(text: str) -> str:
    return text.replace("'", "")


def read_back(written: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(written.decode(), newline=""), strict=True))


@pytest.mark.parametrize("mark", DANGEROUS)
def test_a_formula_is_marked_as_text(mark: str) -> None:
    assert harmless(f"{mark}1+1") == f"'{mark}1+1"


@pytest.mark.parametrize("text", ["Ana", "", "a=b", "a@b.example", "'=1", "1-2", "Ünï, “x”", "0"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@quick
@given(st.lists(st.lists(anything | dangerous, min_size=1, max_size=4), max_size=4))
@example([['=HYPERLINK("http://evil.example","x")', 'a"b', "c,d\r\ne"]])
def test_every_cell_is_read_back_and_none_begins_a_formula(rows: list[list[str]]) -> None:
    cells = read_back(lines(rows))
    assert cells == [[harmless(cell) for cell in row] for row in rows]
    for written, given_ in zip(chain.from_iterable(cells), chain.from_iterable(rows), strict=True):
        assert without_marks(written) == without_marks(given_)
        assert written.lstrip(" \u00a0")[:1] not in set(DANGEROUS)


@quick
@given(dangerous)
def test_what_a_spreadsheet_might_run_is_always_marked(text: str) -> None:
    assert harmless(text)[0] == "'"
    assert without_marks(harmless(text)) == without_marks(text)


@pytest.mark.parametrize("separator", [";", ",", "\t", "\n", "\r\n"])
@pytest.mark.parametrize("between", ["", " ", '"', ' "', "\u00a0"])
@pytest.mark.parametrize("sign", "=+-@\uff1d")
def test_a_formula_behind_a_separator_is_marked_as_text(separator, between, sign) -> None:
    """Excel splits at a semicolon where that is the separator of lists."""
    text = f"x{separator}{between}{sign}HYPERLINK(A1);y"
    assert harmless(text) == f"x{separator}'{between}{sign}HYPERLINK(A1);y"
    assert harmless(harmless(text)) == harmless(text)


@pytest.mark.parametrize("text", ["Doe; Ana", "a, b", "x;y=1", "1;2-3", "a;'=1"])
def test_a_separator_alone_is_no_formula(text: str) -> None:
    assert harmless(text) == text


def test_every_cell_stands_between_quotation_marks() -> None:
    assert lines([["a", None, 'b"']]) == b'"a","","b"""\r\n'


def test_a_moment_is_written_in_utc() -> None:
    at = datetime(2026, 11, 1, 1, 30, 5, 999, tzinfo=timezone(timedelta(hours=9)))
    assert lines([[at]]) == b'"2026-10-31 16:30:05"\r\n'
    assert lines([[at.astimezone(UTC)]]) == lines([[at]])


def test_a_file_begins_with_the_mark_of_utf_8() -> None:
    assert beginning(["A", "B"], [("1", None)]) == b'\xef\xbb\xbf"A","B"\r\n"1",""\r\n'


def test_half_a_character_does_not_stop_a_file() -> None:
    assert lines([["a\ud800b"]]) == b'"a?b"\r\n'


def imports_csv(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return "csv" in {name.name for name in node.names}
    return isinstance(node, ast.ImportFrom) and node.module == "csv"


def test_csv_is_written_in_one_place_and_read_in_one() -> None:
    importing = {
        source.path_of(file) for file in source.files() if any(map(imports_csv, source.nodes(file)))
    }
    assert importing == {"adminctr/web/spreadsheets.py", "adminctr/core/tables.py"}
