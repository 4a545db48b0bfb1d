"""Lists cost the same however long they are, and paging visits every row exactly once."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain, product

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountRole, AccountType, RoleAssignment, SecondFactor
from accounts.operations import configure_account, create_account, create_subaccount
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from domains.operations import add_domain
from invitations.models import Invitation
from invitations.operations import (
    accept_access_as_newcomer,
    accept_invitation_as_newcomer,
    add_existing_account,
    invite_to_account,
    revoke_invitation,
)
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.addresses import account_of, path_to
from tests.users.people import founder, invited, newcomer, prove
from users.models import User

LISTS = {
    "account:users": "email",
    "accounts:access": "sid",
    "accounts:activity": "sequence",
    "accounts:independent": "sid",
    "accounts:list": "sid",
    "accounts:pending": "url",
    "accounts:pending-users": "email",
    "accounts:subaccounts": "sid",
    "accounts:users": "email",
    "audit:list": "sequence",
    "domains:list": "url",
    "users:independent": "email",
    "users:list": "email",
    "users:pending": "email",
}
NOT_SEARCHED = {"accounts:activity", "accounts:independent", "audit:list", "domains:list"}
MORE = 30
MOST_QUERIES_OF_A_LIST = 6
MOST_QUERIES_OF_A_SEARCH = 8
# What stands around a list of one account: the account, and what is told beside its list.
MORE_AROUND = {
    "account:users": 4,
    "accounts:activity": 1,
    "accounts:pending-users": 1,
    "accounts:subaccounts": 3,
    "accounts:users": 2,
}


@pytest.fixture
def addresses(sids: dict[str, str]) -> dict[str, str]:
    """Where each list stands; those of an account are those of Ana's."""
    return {name: path_to(name, sids) for name in LISTS}


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


def room_for_accounts(organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(account_limit=300)


def more_accounts(acme: Organization, ana: User) -> None:
    room_for_accounts(acme)
    for _ in range(MORE):
        create_account(acme, name="Same", owner=ana, actor=acting(ana))


def more_subaccounts(acme: Organization, ana: User, name: str = "more", number: int = MORE) -> None:
    account = account_of(ana)
    Account.unscoped.filter(pk=account.pk).update(
        type=AccountType.FULL, second_factor=SecondFactor.ONCE_PER_COMPUTER
    )
    for _ in range(number):
        create_subaccount(account, name=name, actor=acting(ana))


def more_activity_of_an_account(
    acme: Organization, ana: User, name: str = "more", number: int = MORE
) -> None:
    account = account_of(ana)
    for one in range(number):
        configure_account(
            account, name=f"{name} {one}", second_factor=account.second_factor, actor=acting(ana)
        )


def more_invited_to_an_account(
    acme: Organization, ana: User, address: str = "more{}@contractor.example", number: int = MORE
) -> list[Invitation]:
    account = account_of(ana)
    with time_machine.travel(clock.now(), tick=False):
        return [
            invite_to_account(
                account,
                email=address.format(one),
                roles=[AccountRole.SUPPORT, AccountRole.DEVELOPER],
                actor=acting(ana),
            )
            for one in range(number)
        ]


def more_independent_users(
    acme: Organization, ana: User, address: str = "more{}@contractor.example", number: int = MORE
) -> None:
    for invitation in more_invited_to_an_account(acme, ana, address, number):
        accept_access_as_newcomer(
            invitation, newcomer=newcomer("Same"), actor=Actor.stranger(invitation.email)
        )


def more_independent_accounts(
    acme: Organization, ana: User, name: str = "Same", number: int = MORE
) -> None:
    """As invitations give them, from before the domain of their holders was verified."""
    freelance = Organization.objects.get(name="Freelance")
    room_for_accounts(freelance)
    ida = freelance.owner
    for one in range(number):
        account = create_account(freelance, name=f"{name} {one}", owner=ida, actor=acting(ida))
        with tenant(freelance):
            RoleAssignment.begin(
                ana,
                role=AccountRole.SUPPORT,
                home=acme,
                account=account,
                source=Source.INVITATION,
                by_id=ida.pk,
            )


def more_requests(
    acme: Organization, ana: User, address: str = "more{}@annex.example", number: int = MORE
) -> None:
    room_for_accounts(acme)
    theirs = [account_of(founder(address.format(one))) for one in range(number)]
    prove(acme, "annex.example")
    with time_machine.travel(clock.now(), tick=False):
        for account in theirs:
            add_existing_account(acme, sid=account.sid, actor=acting(ana))


def more_domains(acme: Organization, ana: User) -> None:
    for number in range(MORE):
        add_domain(acme, name=f"more{number}.example", actor=acting(ana))


GROW: dict[str, Callable[[Organization, User], object]] = {
    "account:users": more_independent_users,
    "accounts:access": more_accounts,
    "accounts:activity": more_activity_of_an_account,
    "accounts:independent": more_independent_accounts,
    "accounts:list": more_accounts,
    "accounts:pending": more_requests,
    "accounts:pending-users": more_invited_to_an_account,
    "accounts:subaccounts": more_subaccounts,
    "accounts:users": more_independent_users,
    "audit:list": more_domains,
    "domains:list": more_domains,
    "users:independent": more_independent_users,
    "users:list": more_users,
    "users:pending": more_invitations,
}


def rows_of(client: Client, url: str, key: str) -> tuple[list[str], str, str]:
    context = client.get(url).context
    rows = [str(row[key]) for row in context["rows"]]
    return rows, context["previous_url"], context["next_url"]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_with_thirty_more(
    name, acme, ana, addresses, sign_in, count_queries
) -> None:
    client = sign_in(ana)
    url = addresses[name]
    few, before = count_queries(lambda: client.get(url)), len(rows_of(client, url, LISTS[name])[0])
    GROW[name](acme, ana)
    many, after = count_queries(lambda: client.get(url)), len(rows_of(client, url, LISTS[name])[0])
    assert after >= min(before + MORE, 50)
    assert many == few


@pytest.mark.parametrize("name", [name for name in LISTS if name not in NOT_SEARCHED])
def test_a_search_costs_the_same_however_many_are_found(
    name, acme, ana, addresses, sign_in, count_queries, monkeypatch
) -> None:
    client = sign_in(ana)
    invited(acme, "more@acme.example")

    def costs() -> dict[tuple[str, int], int]:
        """Of a word too short for an index and of a longer one, found among many rows and few."""
        found = {}
        for sought, few_rows in product(("m", "more"), (0, 10**6)):
            monkeypatch.setattr("adminctr.core.search._FEW_ROWS", few_rows)
            url = f"{addresses[name]}?search={sought}"
            found[sought, few_rows] = count_queries(partial(client.get, url))
        return found

    few = costs()
    GROW[name](acme, ana)
    many = costs()
    most = MOST_QUERIES_OF_A_SEARCH + MORE_AROUND.get(name, 0)
    assert max(*few.values(), *many.values()) <= most
    at_once = 1 if name.endswith("account:users") or name == "accounts:users" else 0  # their roles
    for search, cost in many.items():
        assert cost <= few[search] + 2 + at_once, "where nothing is found, nothing is looked up"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_with_few_queries(name, ana, addresses, sign_in, count_queries) -> None:
    client = sign_in(ana)
    most = MOST_QUERIES_OF_A_LIST + MORE_AROUND.get(name, 0)
    assert count_queries(lambda: client.get(addresses[name])) <= most


@pytest.mark.parametrize("name", LISTS)
def test_a_deep_page_costs_no_more_than_one_query_above_the_first(
    name, acme, ana, addresses, sign_in, count_queries, settings
) -> None:
    settings.PAGE_SIZE = 4
    GROW[name](acme, ana)
    client = sign_in(ana)
    url = addresses[name]
    first = count_queries(lambda: client.get(url))
    costs = set()
    following = rows_of(client, url, LISTS[name])[2]
    while following:
        costs.add(count_queries(lambda: client.get(url + following)))  # noqa: B023
        following = rows_of(client, url + following, LISTS[name])[2]
    assert costs == {first + 1}


@pytest.mark.parametrize("name", LISTS)
def test_paging_both_ways_visits_every_row_once(
    name, acme, ana, addresses, sign_in, settings
) -> None:
    GROW[name](acme, ana)
    client, key, url = sign_in(ana), LISTS[name], addresses[name]
    settings.PAGE_SIZE = 1000
    whole, *_ = rows_of(client, url, key)
    assert Counter(whole).most_common(1)[0][1] == 1
    for size in (1, 3, 7):
        settings.PAGE_SIZE = size
        forward, last = pages_onward(client, url, key)
        assert list(chain.from_iterable(forward)) == whole
        assert all(len(rows) == size for rows in forward[:-1])
        assert list(chain.from_iterable(pages_back(client, url, last, key))) == whole


def pages_onward(client: Client, url: str, key: str) -> tuple[list[list[str]], str]:
    """The rows of each page from the first on, and the address of the last."""
    rows, before, following = rows_of(client, url, key)
    assert before == ""
    pages, last = [rows], url
    while following:
        last = url + following
        rows, before, following = rows_of(client, last, key)
        assert before
        pages.append(rows)
    return pages, last


def pages_back(client: Client, url: str, last: str, key: str) -> list[list[str]]:
    """The rows of each page in their order, met on the way back from the last."""
    rows, before, _ = rows_of(client, last, key)
    pages = [rows]
    while before:
        rows, before, following = rows_of(client, url + before, key)
        assert following
        pages.insert(0, rows)
    return pages


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
