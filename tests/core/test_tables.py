"""A table is read whole and as it stands, or refused with the line that is wrong and what to do."""

import csv
import gzip
import tracemalloc
import zipfile
from io import BytesIO, StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adminctr.core.addresses import listed_addresses
from adminctr.core.errors import RuleViolation
from adminctr.core.tables import LONGEST_LINE, MOST_BYTES, Table, read_table

COLUMNS = ("email", "role", "account roles")
ROLE_WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=20
)


def read(
    content: bytes | str, *, most_rows: int = 10, lone_column: str = "", **options: Any
) -> Table:
    raw = content.encode() if isinstance(content, str) else content
    return read_table(
        raw,
        columns=COLUMNS,
        required=["email"],
        most_rows=most_rows,
        lone_column=lone_column,
        **options,
    )


def refusal_of(content: bytes | str, **options: object) -> RuleViolation:
    with pytest.raises(RuleViolation) as refused:
        read(content, **options)  # type: ignore[arg-type]
    assert refused.value.field == "file"
    return refused.value


def cells_of(table: Table) -> list[tuple[int, str, str]]:
    return [(row.line, row.cells["email"], row.cells["role"]) for row in table.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_usual_kind_of_table_is_read_alike(separator, ending, mark) -> None:
    lines = [["email", "role"], ["a@x.example", "Owner"], ["b@x.example", ""]]
    table = read(mark + ending.join(separator.join(line) for line in lines))
    assert cells_of(table) == [(2, "a@x.example", "Owner"), (3, "b@x.example", "")]
    assert table.columns == ("email", "role")


def test_names_of_columns_are_compared_without_case_and_spaces_around() -> None:
    table = read(" Role ;EMAIL;Account  Roles\nx;a@x.example;Developer")
    assert table.columns == ("role", "email", "account roles")
    assert table.rows[0].cells == {
        "email": "a@x.example",
        "role": "x",
        "account roles": "Developer",
    }


def test_empty_rows_are_passed_over_and_lines_still_counted() -> None:
    table = read("\n\nemail,role\n\n , \n\na@x.example,\n,,\nb@x.example,x,,\n")
    assert cells_of(table) == [(7, "a@x.example", ""), (9, "b@x.example", "x")]


def test_a_row_counts_from_the_line_on_which_it_begins() -> None:
    table = read('email,role\na@x.example,"on\ntwo lines"\nb@x.example,x\n')
    assert cells_of(table) == [(2, "a@x.example", "on\ntwo lines"), (4, "b@x.example", "x")]


def test_a_list_of_addresses_alone_needs_no_names() -> None:
    table = read("a@x.example\n\nb@x.example\n", lone_column="email")
    assert cells_of(table) == [(1, "a@x.example", ""), (3, "b@x.example", "")]
    assert cells_of(read("Email\na@x.example", lone_column="email")) == [(2, "a@x.example", "")]
    assert refusal_of("a@x.example\nb@x.example").code == "header_missing"


def test_a_second_cell_in_a_list_of_addresses_is_refused() -> None:
    assert refusal_of("a@x.example,Owner", lone_column="email").code == "header_missing"
    refused = refusal_of("a@x.example\nb@x.example,Owner", lone_column="email")
    assert refused.code == "too_many_cells"
    assert "Line 2 has “Owner”" in refused.message


def test_a_column_may_be_called_by_another_word() -> None:
    synonyms = {"e-mail address": "email"}
    table = read("E-Mail  Address;Role\na@x.example;Owner", synonyms=synonyms)
    assert table.columns == ("email", "role")
    assert cells_of(table) == [(2, "a@x.example", "Owner")]
    alone = read("E-mail address\na@x.example", synonyms=synonyms, lone_column="email")
    assert cells_of(alone) == [(2, "a@x.example", "")]
    both = refusal_of("email,e-mail address\na,b", synonyms=synonyms)
    assert (both.code, "“email” twice" in both.message) == ("header_twice", True)


def test_what_is_no_table_may_be_a_list_of_one_column() -> None:
    options: dict[str, Any] = {"lone_column": "email", "listed": listed_addresses}
    table = read("a@x.example; Karl <k@x.example>\nb@x.example", **options)
    assert table.columns == ("email",)
    assert cells_of(table) == [
        (1, "a@x.example", ""), (1, "k@x.example", ""), (2, "b@x.example", ""),
    ]  # fmt: skip
    headed = read("role,email\nOwner,a@x.example", **options)
    assert cells_of(headed) == [(2, "a@x.example", "Owner")]
    assert refusal_of("a@x.example,Owner", **options).code == "header_missing"
    assert refusal_of("a@x.example," * 11, **options).code == "too_many_rows"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_cell_may_stand_between_quotation_marks(separator) -> None:
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("email", "role"), ("a@x.example", "Owner")])
    assert cells_of(read(text.getvalue())) == [(2, "a@x.example", "Owner")]


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
def test_a_line_is_counted_alike_wherever_the_file_is_cut_into_pieces(ending) -> None:
    """Of the long endings, the first piece of 65,536 bytes cuts one in two."""
    content = b"email" + b" " * 26 + ending + (b"x" * 30 + ending) * 3000 + b"\xff"
    refused = refusal_of(content, most_rows=4000)
    assert refused.message.startswith("Line 3002 is not in UTF-8.")


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"", "file_empty", "This is empty"),
        (b" \r\n\n ", "file_empty", "This is empty"),
        (b"\xef\xbb\xbf", "file_empty", "This is empty"),
        (b"email,role\n,\n", "file_empty", "no row"),
        (zipped(), "file_not_csv", "Save as"),
        (gzip.compress(b"email\na@x.example", mtime=0), "file_not_csv", "Save as"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_not_csv", "Save as"),
        (b"%PDF-1.7", "file_not_csv", "Save as"),
        (b"email\na@x.example\nb\0@x.example", "file_not_csv", "Line 3 is no text"),
        ("email\na@x.example".encode("utf-16"), "file_not_utf8", "UTF-16"),
        ("email\na@x.example".encode("utf-16-be"), "file_not_csv", "Line 1"),
        ("email,role\na@x.example,Größe".encode("latin-1"), "file_not_utf8", "Line 2 is not"),
        (b"\xef\xbb\xbfemail\r\na@x.example\r\n\xff", "file_not_utf8", "Line 3 is not"),
        (b'email\na@x.example\n"b@x.example\nc@x.example', "file_unreadable", "from line 3, a q"),
        (b'email\n"a" b@x.example', "file_unreadable", "from line 2, a quotation mark is"),
        (b"email,Email \na,b", "header_twice", "“email” twice"),
        (b"role\nOwner", "header_missing", "“email” is not there"),
        (b"email,name\na@x.example,Ana", "header_unknown", "“name”"),
        (b"email\na@x.example,b", "too_many_cells", "Line 2 has “b”"),
        (b"email,,role\na@x.example,b,c", "too_many_cells", "Line 2 has “b”"),
        (b"email\n" + b"a@x.example\n" * 11, "too_many_rows", "Line 12"),
        (b"email\n" + b"a" * (LONGEST_LINE + 1), "line_too_long", "Line 2 has more than 10,000"),
        (b"email\n" + b"x" * MOST_BYTES, "file_too_large", "5,000,006 bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_what_to_do(content, code, told) -> None:
    refused = refusal_of(content)
    assert refused.code == code
    assert told in refused.message
    assert refused.message.endswith(".")


def test_a_mark_that_is_never_closed_names_its_own_row_however_much_follows() -> None:
    refused = refusal_of('email\n"a@x.example\n' + "b@x.example\n" * 100_000)
    assert (refused.code, "from line 2," in refused.message) == ("file_unreadable", True)


def test_a_huge_cell_over_many_lines_is_refused() -> None:
    refused = refusal_of('email\n"' + "a\n" * 1_000_000 + '"')
    assert refused.code == "file_unreadable"


def test_reading_stops_at_the_first_row_too_many() -> None:
    content = b"email\n" + b"a@x.example\n" * 300_000
    tracemalloc.start()
    assert refusal_of(content).code == "too_many_rows"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(content)


@given(
    st.lists(st.tuples(ROLE_WORDS, ROLE_WORDS), min_size=1, max_size=10),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_a_spreadsheet_writes_is_read_as_it_was(rows, separator, ending) -> None:
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ending)
    writer.writerows([("email", "role"), *rows])
    found = [(row.cells["email"], row.cells["role"]) for row in read(text.getvalue()).rows]
    assert found == rows


@given(st.binary(max_size=400))
def test_no_bytes_are_ever_a_fault(content) -> None:
    for start in (b"", b"email,role\n", b"\xef\xbb\xbfemail;role\n"):
        try:
            table = read(
                start + content, most_rows=1000, lone_column="email", listed=listed_addresses
            )
        except RuleViolation:
            continue
        assert all(set(row.cells) == set(COLUMNS) for row in table.rows)


@given(st.text(st.sampled_from('a@",;\t\n\r \0ö'), max_size=60))
def test_no_arrangement_of_marks_is_a_fault(text) -> None:
    try:
        table = read("email,role\n" + text, most_rows=1000)
    except RuleViolation:
        return
    assert all(2 <= row.line <= len(text) + 2 for row in table.rows)
