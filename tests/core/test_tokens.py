"""A mailed link's token can be made again by this installation alone, and is nowhere stored."""

import re

import pytest
from django.test import override_settings

from adminctr.core.sids import make_sid
from adminctr.core.tokens import TokenConverter, dead_link, hash_token, make_token
from invitations.models import Invitation
from users.models import SignUp

SID = make_sid("NF")


def test_the_same_row_gives_the_same_link() -> None:
    token = make_token("invitation", SID, 1)
    assert token == make_token("invitation", SID, 1)
    assert re.fullmatch(TokenConverter.regex, token)


@pytest.mark.parametrize(
    "other", [("sign-up", SID, 1), ("invitation", make_sid("NF"), 1), ("invitation", SID, 2)]
)
def test_another_purpose_row_or_generation_gives_another_link(other: tuple[str, str, int]) -> None:
    assert make_token(*other) != make_token("invitation", SID, 1)


def test_another_installation_gives_another_link() -> None:
    ours = make_token("invitation", SID, 1)
    with override_settings(SECRET_KEY="another-installation-0123456789-abcdefghijk"):
        assert make_token("invitation", SID, 1) != ours


def test_the_kept_hash_does_not_tell_the_token() -> None:
    token = make_token("invitation", SID, 1)
    assert hash_token(token) != token
    assert hash_token(hash_token(token)) != hash_token(token)
    assert len(hash_token(token)) == 64


@pytest.mark.parametrize("text", ["0" * 63, "0" * 65, "A" * 64, "g" * 64 + "."])
def test_a_path_takes_links_that_a_mail_program_has_spoilt(text: str) -> None:
    assert re.fullmatch(TokenConverter.regex, text)


@pytest.mark.parametrize("text", ["", "0" * 201, "0/0", "0\x00"])
def test_a_path_takes_nothing_that_was_never_a_link(text: str) -> None:
    assert not re.fullmatch(TokenConverter.regex, text)


def test_every_dead_link_has_one_wording() -> None:
    assert (dead_link().code, dead_link().message) == (dead_link().code, dead_link().message)
    assert dead_link().code == "link_dead"


@pytest.mark.parametrize("row", [Invitation(generation=3), SignUp()])
def test_no_column_holds_the_token(row: Invitation | SignUp) -> None:
    token = row.token()
    row.token_hash = hash_token(token)
    assert token not in {str(getattr(row, field.attname)) for field in row._meta.concrete_fields}
