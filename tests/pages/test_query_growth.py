"""Lists cost the same however long they are, and paging visits every row exactly once."""

from collections import Counter
from collections.abc import Callable
from itertools import chain

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from domains.operations import add_domain
from invitations.models import Invitation
from invitations.operations import accept_invitation_as_newcomer, revoke_invitation
from organizations.models import Organization
from tests.conftest import acting
from tests.users.people import invited, newcomer
from users.models import User

LISTS = {
    "accounts:access": "sid",
    "users:list": "email",
    "users:pending": "email",
    "accounts:list": "sid",
    "domains:list": "url",
    "audit:list": "sequence",
}
NOT_SEARCHED = {"domains:list", "audit:list"}
MORE = 30
MOST_QUERIES_OF_A_LIST = 6
MOST_QUERIES_OF_A_SEARCH = 8


def more_users(acme: Organization, ana: User) -> None:
    for number in range(MORE):
        address = f"more{number}@acme.example"
        accept_invitation_as_newcomer(
            invited(acme, address), newcomer=newcomer("Same"), actor=Actor.stranger(address)
        )


def more_invitations(acme: Organization, ana: User) -> None:
    with time_machine.travel(clock.now(), tick=False):
        for number in range(MORE):
            invited(acme, f"more{number}@acme.example")


def more_accounts(acme: Organization, ana: User) -> None:
    Organization.objects.filter(pk=acme.pk).update(account_limit=100)
    for _ in range(MORE):
        create_account(acme, name="Same", owner=ana, actor=acting(ana))


def more_domains(acme: Organization, ana: User) -> None:
    for number in range(MORE):
        add_domain(acme, name=f"more{number}.example", actor=acting(ana))


GROW: dict[str, Callable[[Organization, User], None]] = {
    "accounts:access": more_accounts,
    "users:list": more_users,
    "users:pending": more_invitations,
    "accounts:list": more_accounts,
    "domains:list": more_domains,
    "audit:list": more_domains,
}


def rows_of(client: Client, url: str, key: str) -> tuple[list[str], str, str]:
    context = client.get(url).context
    rows = [str(row[key]) for row in context["rows"]]
    return rows, context["previous_url"], context["next_url"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_with_thirty_more(name, acme, ana, sign_in, count_queries) -> None:
    client = sign_in(ana)
    url = reverse(name)
    few, before = count_queries(lambda: client.get(url)), len(rows_of(client, url, LISTS[name])[0])
    GROW[name](acme, ana)
    many, after = count_queries(lambda: client.get(url)), len(rows_of(client, url, LISTS[name])[0])
    assert after >= min(before + MORE, 50)
    assert many == few


@pytest.mark.parametrize("few_rows", [0, 10**6], ids=["many rows", "few rows"])
@pytest.mark.parametrize("sought", ["m", "more"])
@pytest.mark.parametrize("name", [name for name in LISTS if name not in NOT_SEARCHED])
def test_a_search_costs_the_same_however_many_are_found(
    name, sought, few_rows, acme, ana, sign_in, count_queries, monkeypatch
) -> None:
    monkeypatch.setattr("adminctr.core.search._FEW_ROWS", few_rows)
    client = sign_in(ana)
    url = f"{reverse(name)}?search={sought}"
    invited(acme, "more@acme.example")
    few = count_queries(lambda: client.get(url))
    GROW[name](acme, ana)
    many = count_queries(lambda: client.get(url))
    assert max(few, many) <= MOST_QUERIES_OF_A_SEARCH
    assert many <= few + 2, "where nothing is found, nothing is looked up"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_with_few_queries(name, ana, sign_in, count_queries) -> None:
    client = sign_in(ana)
    assert count_queries(lambda: client.get(reverse(name))) <= MOST_QUERIES_OF_A_LIST


@pytest.mark.parametrize("name", LISTS)
def test_a_deep_page_costs_no_more_than_one_query_above_the_first(
    name, acme, ana, sign_in, count_queries, settings
) -> None:
    settings.PAGE_SIZE = 4
    GROW[name](acme, ana)
    client = sign_in(ana)
    url = reverse(name)
    first = count_queries(lambda: client.get(url))
    costs = set()
    following = rows_of(client, url, LISTS[name])[2]
    while following:
        costs.add(count_queries(lambda: client.get(url + following)))  # noqa: B023
        following = rows_of(client, url + following, LISTS[name])[2]
    assert costs == {first + 1}


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("name", LISTS)
def test_paging_both_ways_visits_every_row_once(name, size, acme, ana, sign_in, settings) -> None:
    GROW[name](acme, ana)
    client, key, url = sign_in(ana), LISTS[name], reverse(name)
    settings.PAGE_SIZE = 1000
    whole, *_ = rows_of(client, url, key)

    settings.PAGE_SIZE = size
    rows, before, following = rows_of(client, url, key)
    assert before == ""
    forward, last = [rows], url
    while following:
        last = url + following
        rows, before, following = rows_of(client, last, key)
        assert before
        forward.append(rows)
    assert list(chain.from_iterable(forward)) == whole
    assert all(len(rows) == size for rows in forward[:-1])

    rows, before, _ = rows_of(client, last, key)
    backward = [rows]
    while before:
        rows, before, following = rows_of(client, url + before, key)
        assert following
        backward.insert(0, rows)
    assert list(chain.from_iterable(backward)) == whole
    assert Counter(whole).most_common(1)[0][1] == 1


def test_a_row_that_left_the_list_keeps_its_place(acme, ana, sign_in, settings) -> None:
    settings.PAGE_SIZE = 2
    more_invitations(acme, ana)
    client, url = sign_in(ana), reverse("users:pending")
    first, _, following = rows_of(client, url, "email")
    second, *_ = rows_of(client, url + following, "email")
    edge = Invitation.unscoped.open().get(email=first[-1])
    revoke_invitation(edge, actor=acting(ana))
    assert rows_of(client, url + following, "email")[0] == second


def test_a_cursor_that_nobody_knows_shows_the_first_page(ana, sign_in, settings) -> None:
    settings.PAGE_SIZE = 2
    client, url = sign_in(ana), reverse("users:list")
    first, *_ = rows_of(client, url, "email")
    for query in ("after=US" + "0" * 32, "before=x", "after=", "before=1"):
        assert rows_of(client, f"{url}?{query}", "email")[0] == first
