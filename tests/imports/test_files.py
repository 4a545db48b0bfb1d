"""The list as a file: rows may go, and nothing else may be done to it (security test 85)."""

import csv
import io
import tracemalloc

import pytest

from adminctr.core.errors import RuleViolation
from adminctr.core.sids import make_sid
from adminctr.web import spreadsheets
from imports import files
from imports.causes import Cause
from imports.files import COLUMNS, Line, Prover

ACME = "OR" + "a" * 32
GLOBEX = "OR" + "b" * 32
MOST_MEMORY = 40 * 1024 * 1024


def line(number: int, name: str = "Ada Quist") -> Line:
    return Line(make_sid("US"), f"ada{number}@acme.example", name, number, number % 2 == 0, None)


def written(lines: list[Line], *, organization: str = ACME, key: str = "0a1b2c3d") -> bytes:
    """The file as it is downloaded."""
    prover = Prover(organization, key)
    rows = [files.cells_of(one, prover, spreadsheets.harmless) for one in lines]
    return spreadsheets.beginning(COLUMNS, rows)


def read(content: bytes) -> files.Reviewed:
    return files.read(io.BytesIO(content), ACME)


def refusal_of(content: bytes) -> RuleViolation:
    with pytest.raises(RuleViolation) as refused:
        read(content)
    assert refused.value.field == "file"
    return refused.value


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def again(rows: list[list[str]], separator: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode()


LINES = [line(number) for number in range(4)]
LIST = written(LINES)
SIDS = [one.sid for one in LINES]


def test_a_list_comes_back_as_it_went() -> None:
    reviewed = read(LIST)
    assert reviewed.sids == SIDS
    assert reviewed.domains == ["acme.example"]


def test_rows_may_be_deleted_and_put_into_another_order() -> None:
    header, *rows = rows_of(LIST)
    assert read(again([header, *reversed(rows[1:])])).sids == [*reversed(SIDS[1:])]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_it_may_be_saved_by_any_spreadsheet(separator) -> None:
    assert read(again(rows_of(LIST), separator)).sids == SIDS


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(ends) -> None:
    assert read(again(rows_of(LIST)).replace(b"\r\n", ends.encode())).sids == SIDS


def test_empty_lines_are_passed_over() -> None:
    assert read(LIST + b"\r\n\r\n").sids == SIDS


@pytest.mark.parametrize("empty", ["\n", "\r\n", "\r"])
def test_empty_lines_count_and_reading_stops_where_there_are_too_many(empty, settings) -> None:
    settings.IMPORT_PEOPLE_AT_A_TIME = 4
    double = LIST.replace(b"\r\n", 2 * empty.encode())  # as some programs write it
    assert read(double).sids == SIDS
    never_read = b'"' * 7
    refused = refusal_of(LIST + 9 * empty.encode() + never_read)
    assert (refused.code, "Line 14" in refused.message) == ("too_many_rows", True)


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_a_changed_cell_refuses_the_whole_file_with_its_line(column) -> None:
    rows = rows_of(LIST)
    rows[3][column] += "x"
    refused = refusal_of(again(rows))
    assert refused.code == "rows_altered"
    assert refused.message.startswith("Line 4 was changed or added.")


def test_an_added_row_refuses_the_whole_file() -> None:
    rows = rows_of(LIST)
    rows.append([make_sid("US"), "eve@acme.example", "Eve", "0", "None", rows[1][5], rows[1][6]])
    assert refusal_of(again(rows)).message.startswith("Line 6 was changed or added.")


def test_a_row_of_another_download_refuses_the_whole_file() -> None:
    other = rows_of(written([line(9)], key="99999999"))
    assert refusal_of(again([*rows_of(LIST), other[1]])).code == "rows_altered"


def test_a_list_of_another_organization_is_none_of_ours() -> None:
    assert refusal_of(written(LINES, organization=GLOBEX)).code == "rows_altered"


def test_the_same_person_twice_refuses_the_whole_file() -> None:
    rows = rows_of(LIST)
    refused = refusal_of(again([*rows, rows[2]]))
    assert (refused.code, refused.message[:22]) == ("rows_repeated", "Line 6 was there twice")


def test_an_address_in_other_case_is_a_changed_row() -> None:
    rows = rows_of(LIST)
    rows.append([*rows[1]])
    rows[-1][1] = rows[-1][1].upper()
    assert refusal_of(again(rows)).code == "rows_altered"


@pytest.mark.parametrize("kind", ["altered", "repeated", "altered_and_repeated", "good"])
def test_every_row_counts_towards_the_most_and_reading_stops_there(kind, settings) -> None:
    settings.IMPORT_PEOPLE_AT_A_TIME = 4
    header, *rows = rows_of(LIST)
    altered = [rows[0][0], "eve@acme.example", *rows[0][2:]]
    good = rows_of(written([line(number) for number in range(6)]))[1:]
    many = {
        "altered": [altered] * 6,
        "repeated": [rows[0]] * 6,
        "altered_and_repeated": [rows[0], altered] * 3,
        "good": good,
    }[kind]
    never_read = b'"' * 7
    refused = refusal_of(again([header, *many]) + never_read)
    assert refused.code == "too_many_rows"
    assert "Upload 4 people at most" in refused.message
    assert refusal_of(again([header, *many[:4]]) + never_read).code == "file_unreadable"


def test_many_wrong_lines_are_named_with_their_number() -> None:
    header, *rows = rows_of(written([line(number) for number in range(30)]))
    changed = [[*row[:2], "Somebody", *row[3:]] for row in rows]
    message = refusal_of(again([header, *changed])).message
    assert message.startswith("Lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 20 more were changed")


@pytest.mark.parametrize(
    "header",
    [
        COLUMNS[:-1],
        (*COLUMNS, "Role"),
        ("SID", "SID", *COLUMNS[2:]),
        (*COLUMNS[1:], COLUMNS[0]),
        ("Email address",),
        tuple(name.upper() for name in COLUMNS),
    ],
)
def test_a_foreign_header_refuses_the_whole_file(header) -> None:
    refused = refusal_of(again([list(header), *rows_of(LIST)[1:]]))
    assert refused.code == "header_foreign"
    assert "Line 1" in refused.message


WRONG = {
    "nothing": (b"", "file_empty"),
    "a header alone": (LIST.splitlines(keepends=True)[0], "file_empty"),
    "UTF-16": (LIST.decode("utf-8-sig").encode("utf-16"), "file_not_utf8"),
    "a spreadsheet's own file": (b"PK\x03\x04" + LIST, "file_not_csv"),
    "NUL": (LIST + b"\0", "file_not_csv"),
    "Latin-1": (LIST.replace(b"Ada", b"\xc5da"), "file_not_utf8"),
    "half a letter at its end": (LIST + b"\xc3", "file_not_utf8"),
    "an open quotation mark": (LIST[:-3], "file_unreadable"),
    "one very large cell": (LIST + b'"' + b"x" * 10_000_000 + b'"', "line_too_long"),
    "other text": (b"hello\nworld\n", "header_foreign"),
    "binary": (bytes(range(1, 256)) * 10, "file_not_utf8"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_list_is_refused_with_what_to_do(name) -> None:
    content, code = WRONG[name]
    assert refusal_of(content).code == code


def test_what_is_not_in_utf_8_is_told_with_its_line() -> None:
    lines = written([line(number) for number in range(5000)]).split(b"\r\n")
    lines[4000] = lines[4000].replace(b"Ada", b"\xc5da")
    assert refusal_of(b"\r\n".join(lines)).message.startswith("Line 4001 is not in UTF-8.")


def test_more_people_than_one_import_may_have_are_refused(settings) -> None:
    settings.IMPORT_PEOPLE_AT_A_TIME = 3
    assert refusal_of(LIST).code == "too_many_rows"


def test_formulas_are_harmless_in_the_file_and_come_back_as_they_were() -> None:
    names = ["=1+1", "+1", "-1", "@x", "\uff1d1", " =1"]
    lines = [line(number, name) for number, name in enumerate(names)]
    content = written(lines)
    assert all(row[2].startswith("'") for row in rows_of(content)[1:])
    assert read(content).sids == [one.sid for one in lines]


def test_no_proof_looks_like_a_number_or_a_formula() -> None:
    for row in rows_of(LIST)[1:]:
        assert row[-1].startswith("L0a1b2c3d-")


def test_a_list_from_before_the_key_was_changed_is_still_read(settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-tests-0123456789-0123456789"
    assert read(LIST).sids == SIDS


def test_it_says_whether_somebody_has_an_organization_and_never_which() -> None:
    told = [
        (Line("US", "a@b", "A", 0, False, None), "None", "Becomes a managed user"),
        (
            Line("US", "a@b", "A", 2, True, None),
            "Their own",
            "Becomes a managed user; their own organization ends",
        ),
        (
            Line("US", "a@b", "A", 0, False, Cause.ELSEWHERE),
            "Another",
            "Not imported: In another organization",
        ),
    ]
    prover = Prover(ACME, "0a1b2c3d")
    for one, organization, what in told:
        assert files.cells_of(one, prover, str)[4:6] == (organization, what)


def test_a_large_file_is_read_in_little_memory() -> None:
    header, *rows = rows_of(written([line(number) for number in range(20_000)]))
    content = again([header, *rows])
    tracemalloc.start()
    assert len(read(content).sids) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_MEMORY / 4
