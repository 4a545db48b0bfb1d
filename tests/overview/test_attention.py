"""What needs attention: one sentence with a number for each thing, and none on a calm day."""

from dataclasses import replace

import pytest

from overview import attention
from overview.figures import MOST, Named, shown
from tests.overview.figures import BARE

CALM = replace(BARE, administrators=2)


def domains(*names: str) -> tuple[Named, ...]:
    return tuple(Named(name, f"/admin-center/domains/{name}/") for name in names)


def test_on_a_calm_day_there_is_nothing() -> None:
    assert attention.notices(CALM) == []


@pytest.mark.parametrize(
    ("figures", "text", "url"),
    [
        (
            {"uncertain_domains": domains("a.example")},
            "The verification of 1 domain (a.example) is uncertain",
            "/admin-center/domains/a.example/",
        ),
        (
            {"missing_domains": domains("a.example")},
            "The verification record of 1 domain (a.example) was not found at the last check",
            "/admin-center/domains/a.example/",
        ),
        (
            {"failing_domains": domains("a.example", "b.example")},
            "The last check of 2 domains (a.example, b.example) failed",
            "/admin-center/domains/",
        ),
        (
            {"waiting_domains": domains("a.example")},
            "1 domain (a.example) waits to be checked for the first time",
            "/admin-center/domains/a.example/",
        ),
        (
            {"waiting_domains": domains("a.x", "b.x", "c.x", "d.x")},
            "4 domains (a.x, b.x, c.x, …) wait to be checked for the first time",
            "/admin-center/domains/",
        ),
        (
            {"kept_from_leaving": 1},
            "1 person cannot leave as planned",
            "/admin-center/users/leaving/",
        ),
        ({"leaving": 2}, "2 people are planned to leave", "/admin-center/users/leaving/"),
        ({"expired": 1}, "1 invitation has expired", "/admin-center/users/pending/"),
        ({"expired": 3}, "3 invitations have expired", "/admin-center/users/pending/"),
        (
            {"undelivered": MOST + 1},
            "1,000+ invitations could not be delivered yet",
            "/admin-center/users/pending/",
        ),
        ({"accounts": 9}, "9 of 10 accounts are used", "/admin-center/accounts/"),
        (
            {"accounts": 10},
            "10 of 10 accounts are used; ask support to raise the limit",
            "/admin-center/accounts/",
        ),
        (
            {"suspended_accounts": 1},
            "1 account is suspended",
            "/admin-center/accounts/?status=suspended",
        ),
        (
            {"never_signed_in": 2},
            "2 Administrators have never signed in",
            "/admin-center/users/?role=administrator&status=active&signed_in=never",
        ),
        (
            {"without_factor": 1},
            "1 Administrator has no second factor",
            "/admin-center/users/?role=administrator&status=active&factor=no",
        ),
        (
            {"administrators": 1},
            "Only 1 person can administer this organization",
            "/admin-center/users/",
        ),
    ],
)
def test_each_thing_has_its_sentence_and_leads_to_where_it_stands(figures, text, url) -> None:
    assert attention.notices(replace(CALM, **figures)) == [attention.Notice(text, url)]


@pytest.mark.parametrize(("accounts", "limit"), [(8, 10), (98, 110), (0, 1)])
def test_far_from_the_limit_nothing_is_said(accounts, limit) -> None:
    assert attention.notices(replace(CALM, accounts=accounts, account_limit=limit)) == []


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, "1,000"), (1001, "1,000+")]
)
def test_a_number_is_exact_up_to_the_bound(number, text) -> None:
    assert shown(number) == text
