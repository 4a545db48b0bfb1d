"""How much a page weighs: what is sent for a full list, all styles, all scripts."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings

from accounts.operations import create_account
from adminctr.core.actor import Actor
from domains.operations import add_domain
from invitations.operations import accept_invitation_as_newcomer
from organizations.models import Organization, Role
from tests.conftest import acting
from tests.pages import test_query_growth as growth
from tests.pages.addresses import path_to
from tests.pages.test_query_growth import LISTS
from tests.users.people import invited, newcomer
from users.models import User

ROWS = 50
MOST_OF_A_LIST = 40_000
MOST_OF_THE_USERS = 50_000  # six columns, and a box to choose each
LISTS_OF_USERS = {"users:imported", "users:list"}
MOST_OF_ALL_STYLES = 33_000
MOST_OF_ALL_SCRIPTS = 10_000
STATIC = settings.BASE_DIR / "static"


def bytes_of(files: list[Path]) -> int:
    assert files
    return sum(file.stat().st_size for file in files)


def address(number: int) -> str:
    return f"somebody.with.a.long.address.{number}@acme.example"


def many_users(acme: Organization, ana: User) -> None:
    for number in range(ROWS):
        accept_invitation_as_newcomer(
            invited(acme, address(number)),
            newcomer=newcomer("Maximiliana"),
            actor=Actor.stranger(address(number)),
        )


def many_invitations(acme: Organization, ana: User) -> None:
    for number in range(ROWS):
        invited(acme, address(number), Role.ADMINISTRATOR)


def many_accounts(acme: Organization, ana: User) -> None:
    Organization.objects.filter(pk=acme.pk).update(account_limit=100)
    for number in range(ROWS):
        create_account(
            acme, name=f"An account with a long name {number}", owner=ana, actor=acting(ana)
        )


LONG_NAME = "An account with a long name"
LONG_ADDRESS = "somebody.with.a.long.address.{}@contractor.example"


def many_domains(acme: Organization, ana: User) -> None:
    for number in range(ROWS):
        add_domain(acme, name=f"a-domain-with-a-long-name-{number}.example", actor=acting(ana))


GROW: dict[str, Callable[[Organization, User], object]] = {
    "account:users": partial(growth.more_independent_users, address=LONG_ADDRESS, number=ROWS),
    "accounts:access": many_accounts,
    "accounts:activity": partial(growth.more_activity_of_an_account, name=LONG_NAME, number=ROWS),
    "accounts:independent": partial(growth.more_independent_accounts, name=LONG_NAME, number=ROWS),
    "accounts:list": many_accounts,
    "accounts:pending": partial(
        growth.more_requests, address="somebody.with.a.long.address.{}@annex.example", number=ROWS
    ),
    "accounts:pending-users": partial(
        growth.more_invited_to_an_account, address=LONG_ADDRESS, number=ROWS
    ),
    "accounts:subaccounts": partial(growth.more_subaccounts, name=LONG_NAME, number=ROWS),
    "accounts:users": partial(growth.more_independent_users, address=LONG_ADDRESS, number=ROWS),
    "audit:list": many_domains,
    "bulk:runs": partial(growth.more_bulk_runs, number=ROWS),
    "bulk-users:runs": partial(growth.more_bulk_runs_of_users, number=ROWS),
    "domains:checks": partial(growth.more_checks, number=ROWS),
    "domains:list": many_domains,
    "users:activity": partial(growth.more_activity_of_a_user, number=ROWS),
    "users:activity-by": partial(growth.more_activity_by_a_user, number=ROWS),
    "invitations:batch": partial(growth.more_rows_of_a_batch, number=ROWS),
    "imports:list": partial(growth.more_imports, number=ROWS),
    "imports:run": partial(growth.more_rows_of_an_import, number=ROWS),
    "users:departed": partial(growth.more_departed, number=ROWS),
    "users:imported": partial(
        growth.more_imported_users,
        address="somebody.with.a.long.address.{}@acme.example",
        number=ROWS,
    ),
    "users:independent": partial(growth.more_independent_users, address=LONG_ADDRESS, number=ROWS),
    "users:leaving": partial(growth.more_offboardings, number=ROWS),
    "users:list": many_users,
    "users:pending": many_invitations,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_full_list_is_light(name, sids, acme, ana, sign_in) -> None:
    GROW[name](acme, ana)
    response = sign_in(ana).get(path_to(name, sids))
    assert len(response.context["rows"]) == ROWS == settings.PAGE_SIZE
    most = MOST_OF_THE_USERS if name in LISTS_OF_USERS else MOST_OF_A_LIST
    assert len(response.content) <= most


def test_all_styles_together_are_light() -> None:
    assert bytes_of(list((STATIC / "css").rglob("*.css"))) <= MOST_OF_ALL_STYLES


def test_all_scripts_together_are_light() -> None:
    assert bytes_of(list((STATIC / "js").rglob("*.js"))) <= MOST_OF_ALL_SCRIPTS
