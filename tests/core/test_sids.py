"""SIDs are random, have the original's form, and nothing else passes for one."""

import pytest
from django.db.migrations.writer import MigrationWriter

from adminctr.core.sids import SidConverter, SidField, is_sid, make_sid

A_SID = "AC" + "0f" * 16


@pytest.mark.parametrize("prefix", ["OR", "AC", "US", "DN", "NF", "IY"])
def test_a_new_sid_has_its_prefix_and_is_never_the_same(prefix: str) -> None:
    made = {make_sid(prefix) for _ in range(200)}
    assert len(made) == 200
    assert all(is_sid(sid, prefix) and len(sid) == 34 for sid in made)


@pytest.mark.parametrize(
    "text",
    ["", "AC", A_SID[:-1], A_SID + "0", A_SID + "\n", " " + A_SID, A_SID.lower(), A_SID.upper()],
)
def test_what_only_looks_like_a_sid_is_none(text: str) -> None:
    assert not is_sid(text)


@pytest.mark.parametrize("text", ["A1" + "0" * 32, "AC" + "g" * 32, "AC" + "\u0660" * 32])
def test_other_digits_and_letters_make_no_sid(text: str) -> None:
    assert not is_sid(text)


def test_a_sid_of_another_kind_is_told_apart() -> None:
    assert is_sid(A_SID)
    assert is_sid(A_SID, "AC")
    assert not is_sid(A_SID, "US")


def test_a_path_takes_a_sid_as_it_is() -> None:
    assert SidConverter().to_url(SidConverter().to_python(A_SID)) == A_SID


def test_a_migration_writes_the_field_with_its_prefix_alone() -> None:
    field = SidField("OR")
    written, _ = MigrationWriter.serialize(field)
    assert written == "adminctr.core.sids.SidField('OR')"
    assert field.unique
    assert is_sid(field.get_default(), "OR")
