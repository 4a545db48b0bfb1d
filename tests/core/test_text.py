"""Names are one line of visible text, sort alike everywhere, and leave mails as no link."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from adminctr.core.text import name_in_mail, plain_line, sort_key

quick = settings(max_examples=100)
anything = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Acme  ", "Acme"),
        ("Cafe\u0301", "Café"),
        ("O'Connor & Söhne <Ltd>", "O'Connor & Söhne <Ltd>"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("", ""),
    ],
)
def test_a_name_is_kept_as_people_wrote_it(text: str, kept: str) -> None:
    assert plain_line(text) == kept


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "a\nb", "a\rb", "a\tb", "a\x1b[31mb", "a\x7fb", "a\x85b", "a\ud800b", "a\ue000b"],
)
def test_a_control_character_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        plain_line(text)
    assert refused.value.code == "control_characters"


@pytest.mark.parametrize(
    "mark",
    "\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff"
    "\u00ad\u061c\u180e\u206f\ufff9\U000e0041\u3164\uffa0\u2800\u115f",
)
def test_an_invisible_or_turning_mark_is_refused(mark: str) -> None:
    with pytest.raises(ValidationError) as refused:
        plain_line(f"Acme{mark}gpj.exe")
    assert refused.value.code == "invisible_characters"


@pytest.mark.parametrize("text", ["\u200d", "\u200c\u200d", "\u034f", "\u0301"])
def test_a_name_of_nothing_to_see_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        plain_line(text)
    assert refused.value.code == "invisible_characters"


def test_a_pile_of_accents_is_refused() -> None:
    assert plain_line("x\u0302\u0323\u0324") == "x\u0323\u0324\u0302"
    with pytest.raises(ValidationError) as refused:
        plain_line("Z" + "\u0334" * 98)
    assert refused.value.code == "too_many_marks"


@quick
@given(anything)
def test_a_plain_line_stays_as_it_is_and_nothing_else_is_raised(text: str) -> None:
    try:
        line = plain_line(text)
    except ValidationError:
        return
    assert plain_line(line) == line
    assert line.splitlines() in ([], [line])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME", "acme"),
        ("Straße", "STRASSE"),
        ("\uff37ide", "wide"),
        (" Ana ", "ana"),
        ("ﬁn", "FIN"),
    ],
)
def test_names_that_read_alike_sort_alike(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other)


def test_a_sort_key_fits_its_column() -> None:
    assert len(sort_key("\ufdfa" * 255)) == 255


@quick
@given(anything)
def test_a_name_in_a_mail_cannot_become_a_link(name: str) -> None:
    written = name_in_mail(name)
    assert len(written) <= 64
    assert not set(written) & set(":/\\<>@\n\r")
    assert all(not after or after.startswith(" ") for after in written.split(".")[1:])


def test_a_link_in_a_name_is_taken_apart() -> None:
    assert name_in_mail("Win at https://evil.example/x") == "Win at https evil. example x"
    assert name_in_mail("a@evil.example") == "a evil. example"
