"""How much a page weighs: what is sent for a full list, all styles, all scripts."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from adminctr.core.actor import Actor
from domains.operations import add_domain
from invitations.operations import accept_invitation_as_newcomer
from tests.conftest import acting
from tests.users.people import invited, newcomer

ROWS = 50
MOST_OF_A_LIST = 40_000
MOST_OF_ALL_STYLES = 30_000
MOST_OF_ALL_SCRIPTS = 6_000
STATIC = settings.BASE_DIR / "static"


def bytes_of(files: list[Path]) -> int:
    assert files
    return sum(file.stat().st_size for file in files)


@pytest.fixture
def many_users(acme, ana) -> None:
    for number in range(ROWS):
        address = f"somebody.with.a.long.address.{number}@acme.example"
        accept_invitation_as_newcomer(
            invited(acme, address), newcomer=newcomer("Maximiliana"), actor=Actor.stranger(address)
        )


@pytest.fixture
def many_events(acme, ana) -> None:
    for number in range(ROWS):
        add_domain(acme, name=f"a-domain-with-a-long-name-{number}.example", actor=acting(ana))


@pytest.mark.parametrize(
    ("name", "grown"), [("users:list", "many_users"), ("audit:list", "many_events")]
)
def test_a_full_list_is_light(name, grown, ana, sign_in, request) -> None:
    request.getfixturevalue(grown)
    response = sign_in(ana).get(reverse(name))
    assert len(response.context["rows"]) == ROWS == settings.PAGE_SIZE
    assert len(response.content) <= MOST_OF_A_LIST


def test_all_styles_together_are_light() -> None:
    assert bytes_of(list((STATIC / "css").rglob("*.css"))) <= MOST_OF_ALL_STYLES


def test_all_scripts_together_are_light() -> None:
    assert bytes_of(list((STATIC / "js").rglob("*.js"))) <= MOST_OF_ALL_SCRIPTS
