"""What account roles let people do: the table of the original, row by row."""

import pytest

from accounts.models import AccountRole
from accounts.policy import GRANTS, WORDS, Permission, granted, rule_book

TABLE = """
                               O  A  D  B  S
API credentials                x  x  x  -  -
Billing history and settings   x  x  -  x  -
Dev tools                      x  x  x  -  -
Phone numbers                  x  x  x  -  -
IoT console access             x  x  x  -  x
IoT management                 x  x  x  -  -
Product logs                   x  x  x  x  x
Usage                          x  x  x  x  x
Account settings               x  x  -  -  -
Trust Hub                      x  x  -  -  -
User management                x  x  -  -  -
Close account                  x  -  -  -  -
"""
ROWS = {
    " ".join(line.split()[:-5]): [mark == "x" for mark in line.split()[-5:]]
    for line in TABLE.strip().splitlines()[1:]
}


def test_the_rule_book_is_that_table() -> None:
    assert {row["words"]: list(row["granted"].values()) for row in rule_book()} == ROWS
    assert all(list(row["granted"]) == AccountRole.labels for row in rule_book())


def test_every_permission_has_its_words_and_they_stand_in_order() -> None:
    assert list(WORDS) == list(Permission) == sorted(Permission)
    assert set(GRANTS) == set(AccountRole)


@pytest.mark.parametrize("role", AccountRole)
def test_one_role_gives_what_the_table_says(role) -> None:
    assert granted([role.value]) == GRANTS[role]


def test_several_roles_give_what_any_of_them_gives() -> None:
    both = granted([AccountRole.BILLING_MANAGER, AccountRole.SUPPORT])
    assert both == GRANTS[AccountRole.BILLING_MANAGER] | GRANTS[AccountRole.SUPPORT]


def test_no_role_gives_nothing() -> None:
    assert granted([]) == frozenset()
