"""Lists cost the same however long they are, and paging visits every row exactly once."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain, product

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountRole, AccountType, RoleAssignment
from accounts.operations import configure_account, create_account, create_subaccount
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from domains.operations import add_domain, settle_check
from domains.probes import Finding, Outcome
from invitations.models import Invitation
from invitations.operations import (
    accept_access_as_newcomer,
    accept_invitation_as_newcomer,
    add_existing_account,
    invite_to_account,
    revoke_invitation,
)
from organizations.models import Membership, Organization, SecondFactor
from tests.bulk.runs import more_bulk_runs_of
from tests.conftest import acting
from tests.imports.runs import more_rows, more_runs
from tests.invitations.tables import more_rows_of
from tests.pages.addresses import account_of, newest_domain_of, path_to
from tests.users.departures import departure_of
from tests.users.people import founder, invited, member, newcomer, prove
from users.jobs import drive_departure
from users.models import Offboarding, User, WayOut
from users.operations import change_name, rename_user

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
    "bulk:runs": "sid",
    "bulk-users:runs": "sid",
    "domains:checks": "sid",
    "domains:list": "url",
    "users:activity": "sequence",
    "users:activity-by": "sequence",
    "invitations:batch": "line",
    "imports:list": "url",
    "imports:run": "position",
    "users:departed": "sid",
    "users:imported": "email",
    "users:independent": "email",
    "users:leaving": "url",
    "users:list": "email",
    "users:pending": "email",
}
NOT_SEARCHED = {
    "invitations:batch",
    "imports:list",
    "imports:run",
    "accounts:activity",
    "accounts:independent",
    "audit:list",
    "bulk:runs",
    "bulk-users:runs",
    "domains:checks",
    "domains:list",
    "users:activity",
    "users:activity-by",
    "users:departed",
    "users:leaving",
}
# What reads the roles, or the accounts, of all that stand on a page.
READ_MORE_AT_ONCE = {"account:users", "accounts:users", "users:imported", "users:list"}
MORE = 30
MOST_QUERIES_OF_A_LIST = 6
MOST_QUERIES_OF_A_SEARCH = 8
# What stands around a list of one account: the account, and what is told beside its list.
MORE_AROUND = {
    "invitations:batch": 3,
    "imports:list": 5,
    "imports:run": 1,
    "account:users": 4,
    "accounts:activity": 1,
    "accounts:pending-users": 1,
    "accounts:subaccounts": 3,
    "accounts:users": 2,
    "users:activity": 1,
    "users:activity-by": 1,
    "users:departed": 4,
    "users:imported": 2,
    "users:independent": 1,
    "users:list": 2,
    "users:pending": 1,
}


@pytest.fixture
def addresses(sids: dict[str, str], acme: Organization, ana: User) -> dict[str, str]:
    """Where each list stands; those of an account are those of Ana's. One user was imported."""
    more_imported_users(acme, ana, address="first{}@acme.example", number=1)
    return {name: path_to(name, sids) for name in LISTS}


def more_users(acme: Organization, ana: User) -> None:
    for number in range(MORE):
        address = f"more{number}@acme.example"
        accept_invitation_as_newcomer(
            invited(acme, address), newcomer=newcomer("Same"), actor=Actor.stranger(address)
        )


def more_imported_users(
    acme: Organization, ana: User, address: str = "more{}@acme.example", number: int = MORE
) -> None:
    for one in range(number):
        user = member(acme, address.format(one))
        Membership.unscoped.open().filter(user=user).update(source=Source.IMPORT)


def more_activity_of_a_user(acme: Organization, ana: User, number: int = MORE) -> None:
    stay = named_by_the_addresses(acme)
    for one in range(number):
        rename_user(stay, first_name=f"Maximiliana {one}", last_name="Quist", actor=acting(ana))


def more_activity_by_a_user(acme: Organization, ana: User, number: int = MORE) -> None:
    user = named_by_the_addresses(acme).user
    for one in range(number):
        change_name(user, first_name=f"Maximiliana {one}", last_name="Quist", actor=acting(user))


def more_offboardings(acme: Organization, ana: User, number: int = MORE) -> None:
    """Planned over and over; each calls the one before off."""
    user = named_by_the_addresses(acme).user
    made = [
        Offboarding(
            organization=acme,
            user=user,
            how=WayOut.REMOVE,
            by=ana,
            due_at=clock.now(),
            cancelled_at=clock.now(),
        )
        for _ in range(number)
    ]
    Offboarding.unscoped.bulk_create(made)


def named_by_the_addresses(acme: Organization) -> Membership:
    """Who came last, but for those who are imported."""
    stays = Membership.unscoped.open().filter(organization=acme).exclude(source=Source.IMPORT)
    return stays.select_related("user", "organization").latest("pk")


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


def more_checks(acme: Organization, ana: User, number: int = MORE) -> None:
    """Of the domain that the addresses name."""
    domain = newest_domain_of(acme)
    with time_machine.travel(clock.now(), tick=False):
        for one in range(number):
            texts = (f"not the value {one}".encode(),)
            settle_check(domain, finding=Finding(Outcome.FOUND, texts), actor=acting(ana))


def more_departed(acme: Organization, ana: User, number: int = MORE) -> None:
    """With the domain that the addresses name."""
    name = newest_domain_of(acme).name
    prove(acme, name)
    for one in range(number):
        member(acme, f"somebody.with.a.long.address.{one}@{name}")
    drive_departure.func(departure_of(acme, name).pk)


def more_rows_of_a_batch(acme: Organization, ana: User, number: int = MORE) -> None:
    more_rows_of(acme, number)


def more_imports(acme: Organization, ana: User, number: int = MORE) -> None:
    more_runs(acme, number)


def more_bulk_runs(acme: Organization, ana: User, number: int = MORE) -> None:
    more_bulk_runs_of(acme, "suspend", number)


def more_bulk_runs_of_users(acme: Organization, ana: User, number: int = MORE) -> None:
    more_bulk_runs_of(acme, "deactivate", number)


def more_rows_of_an_import(acme: Organization, ana: User, number: int = MORE) -> None:
    more_rows(acme, number)


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
    "bulk:runs": more_bulk_runs,
    "bulk-users:runs": more_bulk_runs_of_users,
    "domains:checks": more_checks,
    "domains:list": more_domains,
    "users:activity": more_activity_of_a_user,
    "users:activity-by": more_activity_by_a_user,
    "invitations:batch": more_rows_of_a_batch,
    "imports:list": more_imports,
    "imports:run": more_rows_of_an_import,
    "users:departed": more_departed,
    "users:leaving": more_offboardings,
    "users:imported": more_imported_users,
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
    at_once = 1 if name in READ_MORE_AT_ONCE else 0
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
