"""Every question that a list asks of the database is answered by an index, in its order."""

import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.views.lists import IndependentListPage, ManagedListPage, RoleAssignmentListPage
from accounts.views.people import UserListPage as AccountUserListPage
from accounts.views.subaccounts import SubaccountListPage
from adminctr.core import search
from organizations.models import Organization
from tests.conftest import Once
from tests.pages import crowd
from tests.pages.addresses import path_to, sids_of
from tests.pages.test_query_growth import LISTS
from users.models import User
from users.views.independent import IndependentUserListPage
from users.views.managed import ImportedUserListPage, UserListPage

pytestmark = pytest.mark.breaks_invariants

_TABLES = (
    "organizations_membership|accounts_account|accounts_roleassignment|invitations_invitation"
    "|audit_auditevent|users_departed|users_offboarding|users_user"
    "|imports_importrun|imports_importrow|bulk_bulkrun"
    "|invitations_invitationbatch|invitations_invitationbatchrow"
)
READS_IT_ALL = {
    "postgresql": rf"Seq Scan on ({_TABLES})\b",
    "sqlite": rf"SCAN ({_TABLES})\b",
}
SORTS = {"postgresql": r"\bSort\b", "sqlite": r"TEMP B-TREE FOR (LAST TERM OF )?ORDER BY"}
WORDS = ("search=p", "search=p001", "search=0123", "search=zzz", "search={sid}")
YESTERDAY = "on=2026-01-01"
USERS = (
    "factor=yes",
    "factor=no",
    "account={account}",
    "account={account}&factor=yes",
    "signed_in=never",
    "signed_in=30-days",
    "signed_in=not-90-days",
    "signed_in=not-180-days",
)
FILTERS = {
    "users:list": (
        "",
        "source=import",
        "source=invitation",
        "source=merge",
        "role=administrator",
        "role=standard",
        "role=owner",
        "status=suspended",
        "status=inactive",
        "role=standard&status=suspended",
        *USERS,
        *WORDS,
    ),
    "accounts:list": (
        "",
        "status=suspended",
        "status=active",
        "status=closed",
        "type=full",
        "type=trial",
        "hipaa=yes",
        "hipaa=no",
        "owner={sid}",
        "activity=none",
        "status=active&type=full&hipaa=yes",
        *WORDS,
    ),
    "accounts:independent": ("", "named=p001", "named=zzz", "named={account_elsewhere}"),
    "accounts:pending": ("", "search=i", "search=p001", "search=zzz", "search={request}"),
    "accounts:pending-users": ("", "search=i", "search=p001", "search=zzz", "search={invited}"),
    "accounts:subaccounts": (
        "",
        "status=suspended",
        "status=active",
        "hipaa=yes",
        "hipaa=no",
        "search=p",
        "search=p001",
        "search=zzz",
    ),
    "accounts:users": ("", "role=developer", "role=owner", "role=support", *WORDS),
    "account:users": ("", "role=support"),
    "accounts:activity": ("",),
    "users:activity": ("",),
    "users:activity-by": ("",),
    "invitations:batch": ("", "state=waiting", "state=left_out", "cause=domain"),
    "imports:list": ("",),
    "imports:run": ("", "result=imported", "result=not_imported", "result=account_limit"),
    "users:departed": ("",),
    "users:leaving": ("",),
    "users:imported": ("", "role=administrator", "status=suspended", *USERS, *WORDS),
    "users:independent": ("", *WORDS),
    "users:pending": (
        "",
        "search=i",
        "search=p001",
        "search=zzz",
        "role=administrator",
        "link=expired",
        "link=open",
    ),
    "accounts:access": (
        "",
        "state=ended",
        YESTERDAY,
        f"{YESTERDAY}&state=ended",
        "role=account-developer",
        "role=account-billing_manager",
        "source=direct",
        "source=scim&state=ended",
        "where=accounts",
        "where=organization",
        *WORDS,
    ),
    "bulk:runs": ("",),
    "bulk-users:runs": ("",),
    "domains:checks": ("",),
    "domains:list": ("",),
    "audit:list": ("",),
}
TRIGRAMS = {
    "users:list": "organizations_membership_search",
    "accounts:list": "accounts_account_search",
    "accounts:access": "accounts_roleassignment_search",
    "users:pending": "invitations_invitation_search",
}
ORDERS = {
    "users:list": UserListPage.orders,
    "accounts:list": ManagedListPage.orders,
    "accounts:access": RoleAssignmentListPage.orders,
    "accounts:independent": IndependentListPage.orders,
    "accounts:subaccounts": SubaccountListPage.orders,
    "accounts:users": AccountUserListPage.orders,
    "users:imported": ImportedUserListPage.orders,
    "users:independent": IndependentUserListPage.orders,
}


@pytest.fixture(scope="module")
def shared_sids(once: Once) -> dict[str, str]:
    """What the addresses name, beside a crowd; the account is the busy one."""

    def gathered() -> dict[str, str]:
        acme, globex = (Organization.objects.get(name=name) for name in ("Acme", "Globex"))
        found = sids_of(acme)
        crowd.gather(acme, beside=globex)
        return found

    return once(gathered)


@pytest.fixture
def reads(sids: dict[str, str]) -> Callable[[Callable[[], object]], list[str]]:
    """The plans of everything that is read while something runs, beside a crowd."""

    def plans(call: Callable[[], object]) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            call()
        asked = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
        # One row alone may be the newest of the few that a person has.
        about_lists = {
            sql for sql in asked if re.search(_TABLES, sql) and not sql.endswith("LIMIT 1")
        }
        return [_plan_of(sql) for sql in about_lists]

    return plans


def _plan_of(sql: str) -> str:
    """On PostgreSQL a whole table is read, or anything sorted, only where nothing else is left."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        else:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {sql}")
        return f"{sql}\n" + "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_every_list_has_its_line() -> None:
    assert set(FILTERS) == set(LISTS)


@pytest.mark.parametrize("name", FILTERS)
def test_no_page_reads_a_whole_table_or_sorts(
    name: str, reads, sids, ana: User, sign_in, monkeypatch
) -> None:
    """One test a list, since the crowd is dear."""
    client = sign_in(ana)
    wrong, asked = [], 0
    unwanted = READS_IT_ALL[connection.vendor], SORTS[connection.vendor]
    for address, few_rows in _addresses(name, sids | {"sid": ana.sid}):
        monkeypatch.setattr(search, "_FEW_ROWS", few_rows)
        plans = reads(lambda: _look_around(client, address))  # noqa: B023
        asked += len(plans)
        wrong += [
            (address, plan) for plan in plans if any(re.search(one, plan) for one in unwanted)
        ]
    assert wrong == []
    assert asked


def test_a_part_of_a_word_is_found_by_its_trigrams(reads, ana: User, sign_in, monkeypatch) -> None:
    monkeypatch.setattr(search, "_FEW_ROWS", 0)
    client = sign_in(ana)
    for name, index in TRIGRAMS.items():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_indexscan = off")
                cursor.execute("SELECT gin_clean_pending_list(%s)", [index])
        with CaptureQueriesContext(connection) as captured:
            plans = reads(lambda: client.get(f"{reverse(name)}?search=01234"))  # noqa: B023
        if connection.vendor == "sqlite":
            assert any(f"FROM {index} " in query["sql"] for query in captured)
        else:
            assert any(f"Bitmap Index Scan on {index}" in plan for plan in plans)


def test_ten_thousand_roles_of_one_person_are_not_read_for_a_page(
    reads, sids, acme, ana: User, sign_in
) -> None:
    """Those on one account are, and the newest in the order that an index has."""
    held = crowd.hold_everywhere(ana, acme)
    assert held >= 10_000
    client = sign_in(ana)
    for name in ("account:detail", "account:user", "accounts:detail", "accounts:user"):
        path = path_to(name, sids | {"user": ana.sid})
        ways = _ways_to_roles(reads(partial(client.get, path)))
        assert ways or name == "accounts:detail", "a role in the organization is enough"
        assert [way for way in ways if "account_id" not in way] == [], name
    plans = reads(partial(client.get, "/console/"))
    ways = _ways_to_roles(plans)
    assert ways
    assert [way for way in ways if "holder_id" not in way] == []
    assert [one for one in plans if re.search(SORTS[connection.vendor], one)] == []


def _ways_to_roles(plans: list[str]) -> list[str]:
    """By which conditions of an index these plans find role assignments; no table is read whole."""
    assert plans
    assert [one for one in plans if re.search(READS_IT_ALL[connection.vendor], one)] == []
    way = {
        "sqlite": r"SEARCH accounts_roleassignment .*?(\(.*\))",
        "postgresql": r"(?:on|on accounts_role\w*|using \w+ on) accounts_roleassignment.*\n(.*)",
    }
    return [one for plan in plans for one in re.findall(way[connection.vendor], plan)]


def _addresses(name: str, sids: dict[str, str]) -> Iterator[tuple[str, int]]:
    """What is asked, narrowed in two orders and else in every one, and what few rows are then."""
    for asked in FILTERS[name]:
        orders = list(ORDERS.get(name, [""]))
        for order in orders[::2] if asked else orders:
            for few_rows in (0, 10**6) if "search" in asked else (0,):
                yield f"{path_to(name, sids)}?{asked.format(**sids)}&sort={order}", few_rows


def _look_around(client: Client, address: str) -> None:
    """A page, the next one and back again."""
    page = client.get(address)
    assert page.status_code == 200
    base = address.partition("?")[0]
    if following := page.context["next_url"]:
        back = client.get(base + following).context["previous_url"]
        assert client.get(base + back).status_code == 200
