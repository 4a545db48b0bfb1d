"""The lists of users: searched, narrowed, ordered, counted and taken out as a file."""

import csv
import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import RoleAssignment
from adminctr.core import search
from audit.models import AuditEvent
from organizations.models import Membership, Organization
from tests.users.people import invited
from users.models import User, UserStatus

USERS, PENDING, ACCOUNTS = (
    reverse(name) for name in ("users:list", "users:pending", "accounts:list")
)
EVERYBODY = ["ana", "ben", "cy", "dora", "emil", "fay", "goro"]


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


def listed(client: Client, address: str, key: str = "email") -> list[str]:
    response = client.get(address)
    assert response.status_code == 200
    return [row[key].partition("@")[0] for row in response.context["rows"]]


def exported(client: Client, address: str) -> list[list[str]]:
    response = client.post(address)
    assert response.status_code == 200
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(StringIO(content)))


@pytest.mark.parametrize(
    ("asked", "people"),
    [
        ("", EVERYBODY),
        ("search=okaf", ["ben"]),
        ("search=acme.ex", EVERYBODY),
        ("search=zzz", []),
        ("role=owner", ["ana"]),
        ("role=administrator", ["ben", "fay"]),
        ("role=administrator&sort=-name", ["fay", "ben"]),
        ("role=administrator&search=con", ["fay"]),
        ("status=suspended", ["emil"]),
        ("status=active&role=owner", ["ana"]),
        ("status=suspended&role=owner", []),
        ("source=sign_up", ["ana"]),
        ("source=import", []),
        ("sort=since", EVERYBODY),
        ("sort=-since", EVERYBODY[::-1]),
        ("search=acme&sort=-since", EVERYBODY[::-1]),
        ("role=nonsense", []),
        ("sort=nonsense", EVERYBODY),
    ],
)
def test_users_are_searched_narrowed_and_ordered(asked, people, admin) -> None:
    emil = User.objects.filter(email="emil@acme.example")
    emil.update(status=UserStatus.SUSPENDED)
    Membership.unscoped.filter(user=emil.get()).update(status=UserStatus.SUSPENDED)
    assert listed(admin, f"{USERS}?{asked}") == people


def test_a_sid_finds_its_user_and_nobody_of_another_organization(admin, cy, eve) -> None:
    assert listed(admin, f"{USERS}?search={cy.sid}") == ["cy"]
    assert listed(admin, f"{USERS}?search={eve.sid}") == []
    assert listed(admin, f"{USERS}?search=eve@globex") == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (USERS, "7 users"),
        (f"{USERS}?role=owner", "1 user"),
        (f"{USERS}?search=zzz", "0 users"),
        (PENDING, "3 pending users"),
        (f"{PENDING}?search=hana", "1 pending user"),
        (ACCOUNTS, "{accounts} accounts"),
        (f"{ACCOUNTS}?search=bill", "1 account"),
        (reverse("accounts:access"), "{roles} role assignments"),
        (reverse("domains:list"), "3 domains"),
    ],
)
def test_a_list_says_how_many_there_are(address, words, admin, acme) -> None:
    roles = RoleAssignment.unscoped.in_force().filter(organization=acme).count()
    words = words.format(accounts=acme.managed_accounts, roles=roles)
    page = admin.get(address)
    assert page.context["counted"] == words
    assert f">{words}</p>" in page.content.decode()


def test_many_are_not_counted_to_the_end(admin, monkeypatch) -> None:
    monkeypatch.setattr("adminctr.core.search.MOST", 2)
    narrowed = admin.get(f"{USERS}?role=standard").context["counted"]
    assert narrowed == "More than 2 users."
    sought = admin.get(f"{USERS}?search=acme")
    assert len(sought.context["rows"]) == 2
    assert sought.context["counted"] == (
        "More than 2 users. Any 2 of them are listed: type more to find the others."
    )


def test_a_count_stops_at_its_bound(admin) -> None:
    with CaptureQueriesContext(connection) as captured:
        admin.get(reverse("accounts:access"))
    counts = [query["sql"] for query in captured if query["sql"].startswith("SELECT COUNT(")]
    assert counts
    assert [sql for sql in counts if f"LIMIT {search.MOST + 1}" not in sql] == []


@pytest.mark.parametrize("sort", ["name", "-name", "since", "-since"])
@pytest.mark.parametrize("window", [1, 3, 100])
def test_what_a_filter_leaves_is_listed_whole_where_it_is_much(
    window, sort, admin, settings, monkeypatch
) -> None:
    standard = ["cy", "dora", "emil", "goro"]
    expected = standard[::-1] if sort.startswith("-") else standard
    asked = f"{USERS}?role=standard&sort={sort}"
    monkeypatch.setattr("adminctr.core.search.MOST", 2)
    monkeypatch.setattr("adminctr.web.paginate._WINDOW", window)
    assert listed(admin, asked) == expected

    settings.PAGE_SIZE = 3
    first = admin.get(asked).context
    second = admin.get(USERS + first["next_url"]).context
    back = admin.get(USERS + second["previous_url"]).context
    pages = [[row["email"].partition("@")[0] for row in page["rows"]] for page in (first, second)]
    assert pages == [expected[:3], expected[3:]]
    assert (second["next_url"], back["rows"], back["previous_url"]) == ("", first["rows"], "")

    monkeypatch.setattr("users.views.managed.UserExport.chunk", window)
    _, *body = exported(admin, f"{reverse('users:export')}?role=standard&sort={sort}")
    assert [line[2].partition("@")[0] for line in body] == expected


def test_a_cut_export_says_so_in_the_trail(admin, acme, monkeypatch) -> None:
    monkeypatch.setattr("adminctr.core.search.MOST", 2)
    _, *body = exported(admin, f"{reverse('users:export')}?search=acme")
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert len(body) == 2
    assert event.details.data["which"] == "Name, email or SID: acme, by name, 2 of more"


def test_the_tabs_say_how_many_each_has(admin, acme) -> None:
    invited(acme, "nell@acme.example")
    tabs = {tab["label"]: tab["count"] for tab in admin.get(USERS).context["tabs"]}
    unknown = dict.fromkeys(["Independent", "Imported", "Departures"])
    assert tabs == {"Managed": "7", "Pending": "4"} | unknown


@pytest.mark.parametrize("name", ["list", "independent", "pending", "imported", "leaving"])
def test_every_list_is_one_of_the_tabs(name, admin) -> None:
    address = reverse(f"users:{name}")
    tabs = admin.get(address).context["tabs"]
    assert [tab["url"] for tab in tabs if tab["current"]] == [address]


def test_a_name_and_its_address_share_a_column_that_orders_by_either(admin) -> None:
    page = admin.get(f"{USERS}?sort=-email").content.decode()
    head = re.findall(r'<th scope="col".*?</th>', page)
    assert len(head) == 6
    shared = r' aria-sort="descending"><a href="[^"]+">Name</a> / <a href="[^"]+" aria-current='
    assert re.search(shared, head[0])
    assert [one for one in head[1:] if "aria-" in one] == []
    assert '>Ben Okafor</a><span class="weak">ben@acme.example</span></th>' in page


@pytest.mark.parametrize("address", [USERS, PENDING])
def test_a_row_names_a_role_briefly(address, admin) -> None:
    page = admin.get(address).content.decode()
    assert '<td data-label="Organization role">Standard User</td>' in page


def test_pending_users_and_accounts_are_sought_too(admin) -> None:
    assert listed(admin, f"{PENDING}?search=HANA@") == ["hana"]
    assert listed(admin, f"{PENDING}?search=i") == ["ivo"]
    assert listed(admin, f"{ACCOUNTS}?search=support", key="name") == ["Support line"]
    assert listed(admin, f"{ACCOUNTS}?search=m", key="name") == ["Marketing"]
    newest = listed(admin, f"{ACCOUNTS}?sort=-created", key="name")
    assert newest == listed(admin, f"{ACCOUNTS}?sort=created", key="name")[::-1]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (USERS, "No users match. Name, email or SID: zzz"),
        (PENDING, "No pending users match. Email or SID: zzz"),
        (ACCOUNTS, "No accounts match. Name, SID or owner: zzz"),
    ],
)
def test_what_fits_nobody_says_what_was_asked(address, words, admin) -> None:
    body = admin.get(f"{address}?search=zzz").content.decode()
    assert words in body
    assert f'href="{address}?"' in body or 'href="?"' in body


def test_a_search_is_paged_like_its_list(admin, settings) -> None:
    settings.PAGE_SIZE = 2
    seen, address = [], f"{USERS}?search=acme&sort=-name"
    while address:
        page = admin.get(address).context
        seen += [row["email"].partition("@")[0] for row in page["rows"]]
        address = page["next_url"] and USERS + page["next_url"]
    assert seen == EVERYBODY[::-1]
    before = admin.get(USERS + page["previous_url"]).context
    assert [row["email"][:3] for row in before["rows"]] == ["cy@", "ben"]


@pytest.mark.parametrize(
    ("export", "asked", "rows", "listed_as", "which"),
    [
        ("users:export", "role=administrator&sort=-name", ["fay@", "ben@"], "managed users",
         "Organization role: Administrator, by name from the end"),
        ("users:export", "search=okaf", ["ben@"], "managed users",
         "Name, email or SID: okaf, by name"),
        ("users:pending-export", "search=hana", ["hana"], "pending users", "Email or SID: hana"),
        ("accounts:export", "search=ing&sort=-name", ["Mark", "Bill"], "managed accounts",
         "Name, SID or owner: ing, by name from the end"),
    ],
)  # fmt: skip
def test_an_export_holds_what_the_list_shows_and_is_in_the_trail(
    export, asked, rows, listed_as, which, admin, acme: Organization
) -> None:
    head, *body = exported(admin, f"{reverse(export)}?{asked}")
    column = head.index("Name" if export == "accounts:export" else "Email address")
    assert [line[column][:4] for line in body] == rows
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert event.action == "organization.list_exported"
    assert (event.details.data["listed"], event.details.data["which"]) == (listed_as, which)


@pytest.mark.parametrize("sought", ["", "search=acme"])
def test_an_export_in_chunks_holds_everybody_once(sought, admin, monkeypatch) -> None:
    monkeypatch.setattr("users.views.managed.UserExport.chunk", 2)
    _, *body = exported(admin, f"{reverse('users:export')}?{sought}")
    assert [line[2].partition("@")[0] for line in body] == EVERYBODY
