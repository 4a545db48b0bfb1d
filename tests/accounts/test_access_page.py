"""Who has which role where: the list, its filters, who had access on a day, and the export."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.forms import RoleAssignmentFilter
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from accounts.views.lists import RoleAssignmentExport
from adminctr.core import clock
from adminctr.core.errors import NotAllowed
from adminctr.core.periods import Source
from adminctr.core.tenancy import current_scope, tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import rename, stay_of
from users.models import Session, User

URL = "/admin-center/access/"
EXPORT = f"{URL}export/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

Show = Callable[..., list[tuple[str, str, str]]]


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def show(admin: Client) -> Show:
    """Person, role and place of every row on the page."""

    def find(query: str = "") -> list[tuple[str, str, str]]:
        rows = admin.get(f"{URL}?{query}").context["rows"]
        return [(row["email"].partition("@")[0], row["role"], row["where"]) for row in rows]

    return find


@pytest.fixture
def warehouse(acme: Organization, ben: User) -> Account:
    """An account of Ben's on which nobody else has a role yet."""
    return create_account(acme, name="Warehouse", owner=ben, actor=acting(ben))


def give(user: User, account: Account, role: str = AccountRole.DEVELOPER) -> RoleAssignment:
    """A role on an account, as an operation to come will give it."""
    with tenant(account.organization):
        return RoleAssignment.begin(
            user,
            home=stay_of(user).organization,
            role=role,
            account=account,
            source=Source.DIRECT,
            by_id=account.owner_id,
        )


def past(user: User, account: Account, began: datetime, ended: datetime) -> RoleAssignment:
    given = give(user, account)
    RoleAssignment.unscoped.filter(pk=given.pk).update(began_at=began, ended_at=ended)
    return given


def only_row(client: Client, query: str) -> dict[str, Any]:
    (row,) = client.get(f"{URL}?{query}").context["rows"]
    return row


# What a row says


def test_every_role_in_force_is_listed_by_name(show: Show) -> None:
    rows = show()
    assert rows[:4] == [
        ("ana", "Owner", "Organization"),
        ("ana", "Owner", "First account"),
        ("ben", "Administrator", "Organization"),
        ("ben", "Owner", "Billing"),
    ]
    assert [name for name, *_ in rows] == sorted(name for name, *_ in rows)
    assert len(rows) == 21


def test_a_row_says_who_where_since_when_by_whom_and_from_what_source(
    admin: Client, cy: User, warehouse: Account
) -> None:
    given = give(cy, warehouse)
    row = only_row(admin, f"search={warehouse.sid}&role=account-developer")
    assert (row["name"], row["url"]) == ("Cy Lindqvist", f"/admin-center/users/{cy.sid}/")
    assert (row["where"], row["where_url"]) == ("Warehouse", warehouse.get_absolute_url())
    assert row["since"].iso == given.began_at.isoformat(timespec="seconds")
    assert (row["by"], row["source"], row["end"].text) == ("Ben Okafor", "Direct", "No end")
    assert not row["independent"]


@pytest.mark.parametrize(
    ("search", "role", "by"),
    [
        ("ana", "organization-owner", "Themselves"),  # signed up
        ("ben", "organization-administrator", "Ana Silva"),  # was invited
        ("cy", "account-owner", "Themselves"),  # made the account
    ],
)
def test_it_says_by_whom(admin: Client, search: str, role: str, by: str) -> None:
    assert only_row(admin, f"search={search}&role={role}")["by"] == by


def test_what_nobody_gave_is_the_systems(admin: Client, cy: User, warehouse: Account) -> None:
    RoleAssignment.unscoped.filter(pk=give(cy, warehouse).pk).update(by=None)
    query = f"search={warehouse.sid}&role=account-developer"
    assert only_row(admin, query)["by"] == "System"


def test_somebody_from_elsewhere_is_independent_and_has_another_page(
    admin: Client, ida: User, warehouse: Account
) -> None:
    give(ida, warehouse)
    row = only_row(admin, f"search={warehouse.sid}&role=account-developer")
    page = reverse("users:independent-detail", args=[ida.sid])
    assert (row["independent"], row["url"]) == (True, page)
    assert "Independent</span>" in admin.get(f"{URL}?search=ida@").content.decode()


@pytest.mark.breaks_invariants
def test_whoever_has_left_is_neither_managed_nor_independent(
    admin: Client, cy: User, acme: Organization
) -> None:
    with tenant(acme):
        Membership.objects.filter(user=cy).end()
        RoleAssignment.objects.filter(holder=cy).end()
    for row in admin.get(f"{URL}?search=cy&state=ended").context["rows"]:
        assert (row["independent"], row["url"], row["over"]) == (False, "", True)


def test_a_planned_end_is_shown(admin: Client, cy: User, warehouse: Account) -> None:
    until = clock.now() + DAY
    RoleAssignment.unscoped.filter(pk=give(cy, warehouse).pk).update(ends_at=until)
    row = only_row(admin, f"search={warehouse.sid}&role=account-developer")
    assert row["end"].iso == until.isoformat(timespec="seconds")
    assert not row["over"]


# Filters


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("search=b", {"ben"}),
        ("search=BEN", {"ben"}),
        ("search=Gor%C5%8D", {"goro"}),
        ("search=goro@acme", {"goro"}),
        ("search=okafor", {"ben"}),
        ("search=kafo", {"ben"}),
        ("search=ka", set()),  # so few letters are where a name begins
        ("search=%25", set()),
        ("search=_en", set()),
        ("search=b&role=organization-owner", set()),
        ("where=organization&role=organization-administrator", {"ben", "fay"}),
        ("where=accounts", {"ana", "ben", "cy", "dora", "emil", "fay", "ida"}),
        ("where=accounts&role=organization-owner", set()),
        ("role=organization-owner", {"ana"}),
        ("role=account-owner", {"ana", "ben", "cy", "dora", "emil", "fay"}),
        ("role=account-support", {"dora"}),
        ("role=organization-standard", {"cy", "dora", "emil", "goro"}),
        ("source=sign_up", {"ana"}),
        ("source=invitation", {"ben", "cy", "dora", "emil", "fay", "goro", "ida"}),
        ("source=scim", set()),
        ("state=ended", {"fay"}),  # an account of hers is closed
    ],
)
def test_a_filter_shows_what_fits(query: str, people: set[str], show: Show) -> None:
    assert {name for name, *_ in show(query)} == people


def test_a_sid_finds_the_person_the_account_or_the_row(
    show: Show, ben: User, warehouse: Account
) -> None:
    here = ("ben", "Owner", "Warehouse")
    assert set(show(f"search={ben.sid}")) == {
        ("ben", "Administrator", "Organization"),
        ("ben", "Owner", "Billing"),
        here,
    }
    assert show(f"search={warehouse.sid}") == [here]
    row = RoleAssignment.unscoped.get(account=warehouse)
    assert show(f"search={row.sid}") == [here]
    assert show(f"search={row.organization.sid}") == []
    assert show(f"search={ben.sid[:-1]}") == []


def test_roles_that_share_a_name_say_which_they_are(admin: Client) -> None:
    body = admin.get(URL).content.decode()
    for words in ("Owner (organization)", "Owner (account)", "Administrator (account)"):
        assert words in body
    assert "Developer (account)" not in body


@pytest.mark.parametrize(
    "query",
    [
        *(f"{name}={value}"
          for name in ("search", "role", "state", "on", "where", "source", "sort", "after")
          for value in ("x" * 5000, "%00", "a%00b", "%ff%fe", "%E2%80%AE", "'%20OR%201=1--",
                        "%3Csvg%20onload=alert(1)%3E", "=1+1", "-1", "[]", "None")),
        "on=0001-01-01", "on=9999-12-31", "on=1969-12-31", "on=2026-13-01",
        "role=account-standard", "role=owner", "role=account-", "role=-owner",
        "role=account-owner&role=x", "state=in-force&state=", "search=a&search=%00",
        "search=" + "%F3%A0%80%81" * 50,
    ],
)  # fmt: skip
def test_by_bad_input_nobody_is_listed_and_nothing_exported(query: str, admin: Client) -> None:
    page = admin.get(f"{URL}?{query}")
    assert page.status_code == 200
    assert b"<svg onload" not in page.content
    is_understood = page.context["selection"].is_understood
    assert is_understood or page.context["rows"] == []
    assert admin.post(f"{EXPORT}?{query}").status_code == (200 if is_understood else 303)


def test_what_is_not_understood_stands_beside_its_field(admin: Client) -> None:
    body = admin.get(f"{URL}?search=a%0ab&role=kaiser&source=pigeon").content.decode()
    for field in ("search", "role", "source"):
        assert f'id="id_{field}_error"' in body
    assert re.search(r'<details class="filters__more"\s+open>', body)
    assert "kaiser" not in body.replace("role=kaiser", "")
    assert "No match" in body
    assert "<table" not in body


def test_an_order_that_is_not_understood_is_left_out_and_named(admin: Client) -> None:
    body = admin.get(f"{URL}?sort=age&source=direct").content.decode()
    assert "Not understood and left out" in body
    assert "<table" in body
    assert "left out" not in admin.get(f"{URL}?source=direct").content.decode()


def test_nothing_is_exported_by_a_filter_that_is_not_understood(admin: Client) -> None:
    answer = admin.post(f"{EXPORT}?role=kaiser&state=ended")
    assert answer["Location"] == f"{URL}?role=kaiser&state=ended"
    assert "First fix the filter" in admin.get(answer["Location"]).content.decode()
    assert not AuditEvent.unscoped.filter(action="organization.list_exported").exists()


def test_of_a_day_to_come_nobody_knows(admin: Client) -> None:
    tomorrow = clock.now().date() + DAY
    page = admin.get(f"{URL}?on={tomorrow}")
    assert page.context["selection"].form.errors == {
        "on": ["Nobody knows yet who has access then."]
    }
    assert page.context["rows"] == []
    assert admin.get(f"{URL}?on={tomorrow - DAY}").context["selection"].is_understood


def test_no_match_repeats_the_filters_and_offers_to_clear_them(admin: Client) -> None:
    body = admin.get(f"{URL}?search=nobody&source=scim").content.decode()
    assert "No match" in body
    assert "No role assignments match. Name, email or SID: nobody, Source: SCIM" in body
    assert body.count("Clear filters") == 2
    assert "<table" not in body


def test_the_caption_repeats_filter_and_order(admin: Client) -> None:
    body = admin.get(f"{URL}?role=account-owner&sort=-began").content.decode()
    caption = "Role assignments. Role: Owner (account), State: In force, newest first"
    assert f'<caption class="visually-hidden">{caption}</caption>' in body
    assert body.count("aria-sort") == 1
    turned = escape("?role=account-owner&sort=began")
    assert f'<th scope="col" aria-sort="descending"><a href="{turned}">' in body


def test_orders_turn_round(show: Show, admin: Client) -> None:
    assert show("sort=-name") == show()[::-1]
    assert show("sort=began") == show("sort=-began")[::-1]
    began = [row["since"].iso for row in admin.get(f"{URL}?sort=-began").context["rows"]]
    assert began == sorted(began, reverse=True)


def test_other_pages_lead_here(admin: Client, ben: User, warehouse: Account) -> None:
    users = reverse("accounts:users", args=[warehouse.sid])
    for page, sid in ((f"/admin-center/users/{ben.sid}/access/", ben.sid), (users, warehouse.sid)):
        assert f'href="{URL}?search={sid}"' in admin.get(page).content.decode()
    assert "Role assignments</a>" in admin.get("/admin-center/").content.decode()


# Ended, and as of a day


def test_what_has_ended_is_listed_apart(show: Show, ana: User, cy: User) -> None:
    assert show("state=ended&search=cy") == []
    change_role(stay_of(cy), role=Role.ADMINISTRATOR, actor=acting(ana))
    assert show("state=ended&search=cy") == [
        ("cy", "Standard User (Account Creation)", "Organization")
    ]
    assert ("cy", "Administrator", "Organization") in show()
    assert ("cy", "Standard User (Account Creation)", "Organization") not in show()


def test_what_is_past_its_planned_end_is_over_though_nobody_has_ended_it(
    show: Show, admin: Client, cy: User, warehouse: Account
) -> None:
    given = give(cy, warehouse)
    until = given.began_at + timedelta(seconds=1)
    RoleAssignment.unscoped.filter(pk=given.pk).update(ends_at=until)
    with time_machine.travel(until, tick=False):
        assert ("cy", "Developer", "Warehouse") not in show()
        row = only_row(admin, "state=ended&search=cy")
        assert (row["over"], row["end"].iso) == (True, until.isoformat(timespec="seconds"))


NOON = datetime(2020, 11, 10, 12, tzinfo=UTC)
MIDNIGHT = datetime(2020, 11, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("began", "ended", "held", "over"),
    [
        (NOON - DAY, None, True, False),
        (NOON, NOON + HOUR, True, False),  # began and ended that day
        (NOON - DAY, NOON + DAY, True, False),
        (NOON + DAY, None, False, False),
        (NOON - 2 * DAY, NOON - DAY, False, True),
        (MIDNIGHT, MIDNIGHT + HOUR, True, False),
        (MIDNIGHT - DAY, MIDNIGHT, False, True),  # ended as the day began
        (MIDNIGHT - DAY, MIDNIGHT + timedelta(microseconds=1), True, False),
        (MIDNIGHT + DAY - timedelta(microseconds=1), None, True, False),
        (MIDNIGHT + DAY, None, False, False),  # began as the day was over
    ],
)
@pytest.mark.parametrize("by_plan", [False, True])
def test_a_day_knows_who_had_access_then(
    began, ended, held, over, by_plan, show, cy, warehouse
) -> None:
    given = give(cy, warehouse)
    ending = {"ends_at": ended, "ended_at": ended and ended + 9 * DAY} if by_plan else {
        "ended_at": ended}  # fmt: skip
    RoleAssignment.unscoped.filter(pk=given.pk).update(began_at=began, **ending)
    row = ("cy", "Developer", "Warehouse")
    assert (row in show("on=2020-11-10")) == held
    assert (row in show("on=2020-11-10&state=ended")) == over


def test_a_role_of_one_day_is_seen_then_alone(show: Show, cy: User, warehouse: Account) -> None:
    past(cy, warehouse, NOON, NOON + HOUR)
    row = ("cy", "Developer", "Warehouse")
    seen = [day for day in range(8, 13) if row in show(f"on=2020-11-{day:02}")]
    assert seen == [10]


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", 10), ("Pacific/Kiritimati", 11), ("Pacific/Pago_Pago", 9)]
)
def test_a_day_is_the_viewers(zone: str, day: int, acme: Organization, cy: User, warehouse) -> None:
    """From 10:30 to 10:45 of the 10th in London it is another day in both far places."""
    began = MIDNIGHT + timedelta(hours=10, minutes=30)
    past(cy, warehouse, began, began + timedelta(minutes=15))
    with timezone.override(ZoneInfo(zone)), tenant(acme):
        seen = []
        for number in range(8, 13):
            form = RoleAssignmentFilter({"on": f"2020-11-{number:02}", "role": "account-developer"})
            assert not form.errors
            if form.narrow(RoleAssignment.objects.all()).exists():
                seen.append(number)
    assert seen == [day]


def test_today_is_the_viewers(acme: Organization) -> None:
    with time_machine.travel(datetime(2020, 11, 10, 11, tzinfo=UTC)):
        with timezone.override(ZoneInfo("Pacific/Kiritimati")):
            on = RoleAssignmentFilter({"on": "2020-11-11"}).cleaned_data["on"]
        assert "on" in RoleAssignmentFilter({"on": "2020-11-11"}).errors
    assert on == date(2020, 11, 11)


# Pages


def fill(cy: User, account: Account, count: int) -> None:
    """So many ended roles of one name, three to a moment."""
    now = clock.now() - 200 * DAY
    RoleAssignment.unscoped.bulk_create(
        RoleAssignment(
            organization=account.organization,
            holder=cy,
            account=account,
            role=AccountRole.SUPPORT,
            holder_organization=account.organization,
            email=cy.email,
            name_key="cy lindqvist",
            began_at=now + DAY * (number // 3),
            ended_at=now + DAY * (number // 3) + HOUR,
            source=Source.IMPORT if number % 2 else Source.SCIM,
        )
        for number in range(count)
    )


def walk(client: Client, url: str, direction: str) -> Iterator[list[str]]:
    while url:
        context = client.get(url).context
        assert context["selection"].query["state"] == "ended"
        yield [row["sid"] for row in context["rows"]]
        following = context[f"{direction}_url"]
        url = following and f"{URL}{following}"


@pytest.mark.parametrize("sort", ["name", "-name", "-began", "began"])
def test_filters_hold_from_page_to_page_both_ways(
    sort: str, admin: Client, cy: User, warehouse: Account, settings
) -> None:
    fill(cy, warehouse, 240)
    settings.PAGE_SIZE = 50
    start = f"{URL}?state=ended&source=import&sort={sort}&junk=1"
    pages = list(walk(admin, start, "next"))
    assert [len(page) for page in pages] == [50, 50, 20]
    imported = RoleAssignment.unscoped.filter(source=Source.IMPORT).values_list("sid", flat=True)
    assert sorted(chain.from_iterable(pages)) == sorted(imported)

    last = f"{start}&after={pages[1][-1]}"
    assert list(walk(admin, last, "previous")) == pages[::-1]


def test_changing_a_filter_or_the_order_begins_at_the_first_page(
    admin: Client, cy: User, warehouse: Account, settings
) -> None:
    settings.PAGE_SIZE = 3
    fill(cy, warehouse, 9)
    first = admin.get(f"{URL}?state=ended").context
    selection = admin.get(f"{URL}{first['next_url']}").context["selection"]
    links = [*(chip["url"] for chip in selection.chips()), selection.clear_url, selection.url,
             *(heading.url for heading in selection.headings().values())]  # fmt: skip
    assert not [link for link in links if "after" in link or "before" in link]
    body = admin.get(f"{URL}{first['next_url']}").content.decode()
    assert 'name="after"' not in body


# Tenancy


def test_filters_that_name_what_is_anothers_find_nothing(
    admin: Client, globex: Organization, eve: User
) -> None:
    theirs = create_account(globex, name="Secret plan", owner=eve, actor=acting(eve))
    role = RoleAssignment.unscoped.get(account=theirs)
    for search in (eve.sid, theirs.sid, role.sid, globex.sid, "eve", "eve@globex.example"):
        for when in ("", "&state=ended", "&on=2020-11-20"):
            query = f"search={search}{when}"
            response = admin.get(f"{URL}?{query}")
            assert response.context["rows"] == []
            assert b"Secret plan" not in response.content
            assert b"Haddad" not in response.content
            assert len(exported(admin, query)) == 1


def test_an_export_holds_no_row_of_another_organization(
    admin: Client, globex: Organization, eve: User
) -> None:
    queries = ("", f"after={eve.sid}", "state=ended", f"organization={globex.sid}")
    text = str([exported(admin, query) for query in queries])
    for secret in ("globex", "Haddad", eve.sid, globex.sid):
        assert secret not in text


# The export


def exported(client: Client, query: str) -> list[list[str]]:
    response = client.post(f"{EXPORT}?{query}")
    assert response.status_code == 200
    body = b"".join(response).decode()
    assert body.startswith("\ufeff")
    return list(csv.reader(io.StringIO(body[1:], newline=""), strict=True))


@pytest.mark.parametrize(
    "query",
    ["", "sort=-began", "role=account-owner", "state=ended", "state=ended&source=scim&sort=began",
     "search=cy&sort=-name", "search=nobody", "on=2020-11-01", "sort=y"],
)  # fmt: skip
def test_the_export_is_what_the_page_shows_in_its_order(
    query: str, admin: Client, cy: User, warehouse: Account, settings, monkeypatch
) -> None:
    fill(cy, warehouse, 40)
    monkeypatch.setattr(RoleAssignmentExport, "chunk", 7)
    settings.PAGE_SIZE = 1000
    rows = admin.get(f"{URL}?{query}").context["rows"]
    head, *body = exported(admin, query)
    assert len(head) == 14
    shown = [(row["sid"], row["name"], row["email"], row["role"], row["where"], row["by"],
              row["source"], "Ended" if row["over"] else "In force") for row in rows]  # fmt: skip
    names = ("SID", "Name", "Email address", "Role", "Where", "By", "Source", "State")
    assert [tuple(line[head.index(name)] for name in names) for line in body] == shown
    since = [datetime.fromisoformat(f"{line[head.index('Since (UTC)')]}Z") for line in body]
    assert [row["since"].iso for row in rows] == [one.isoformat() for one in since]


def test_a_file_is_named_after_the_organization_and_the_day(
    admin: Client, acme: Organization
) -> None:
    with time_machine.travel(clock.now(), tick=False):
        response = admin.post(EXPORT)
        day = clock.now().date().isoformat()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        f'attachment; filename="role-assignments-{acme.sid}-{day}.csv"'
    )
    assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_an_export_is_in_the_trail_before_its_first_byte(
    admin: Client, acme: Organization, ben: User
) -> None:
    events = AuditEvent.unscoped.filter(chain=acme.sid, action="organization.list_exported")
    with assert_no_effect():
        admin.post(f"{EXPORT}?role=account-owner&sort=-began")  # not a byte of it is read
    event = events.get()
    assert (event.actor_sid, event.subject_sid) == (ben.sid, acme.sid)
    assert event.details.data["which"] == ("Role: Owner (account), State: In force, newest first")
    newest = admin.get("/admin-center/activity/").context["rows"][0]
    assert newest["sentence"].startswith("exported the list of role assignments (“Role: Owner")


def test_looking_at_the_export_takes_nothing_and_leads_back(admin: Client, acme) -> None:
    response = admin.get(f"{EXPORT}?state=ended&junk=1&sort=-began")
    assert (response.status_code, response["Location"]) == (303, f"{URL}?state=ended&sort=-began")
    events = AuditEvent.unscoped.filter(chain=acme.sid)
    assert not events.filter(action="organization.list_exported").exists()


def test_the_button_exports_what_is_shown(admin: Client) -> None:
    body = admin.get(f"{URL}?state=ended&search=cy&junk=1").content.decode()
    assert f'action="{escape(f"{EXPORT}?search=cy&state=ended")}"' in body


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example","x")', "+1", "-1", "@SUM(A1)"])
def test_a_name_that_is_a_formula_leaves_as_text(name: str, admin: Client, cy: User) -> None:
    rename(cy, name)
    head, *body = exported(admin, f"search={cy.sid}")
    assert {line[head.index("Name")] for line in body} == {f"'{name}"}
    assert escape(name) in admin.get(f"{URL}?search={cy.sid}").content.decode()


def test_an_export_is_read_after_the_request_and_leaves_no_scope_open(
    admin: Client, cy: User, warehouse: Account, monkeypatch
) -> None:
    fill(cy, warehouse, 20)
    monkeypatch.setattr(RoleAssignmentExport, "chunk", 4)
    response = admin.post(f"{EXPORT}?state=ended&source=import")
    assert current_scope() is None
    pieces = 0
    for _ in response:
        pieces += 1
        assert current_scope() is None
    assert pieces == 4


def test_each_chunk_costs_three_queries(
    admin: Client, cy: User, warehouse: Account, monkeypatch, count_queries
) -> None:
    fill(cy, warehouse, 80)
    monkeypatch.setattr(RoleAssignmentExport, "chunk", 10)
    response = admin.post(f"{EXPORT}?state=ended&source=import")
    assert (
        count_queries(lambda: b"".join(response)) == 14
    )  # role, session, rows; at the end there is nothing left to read


@pytest.mark.parametrize("how", ["demoted", "logged out"])
def test_an_export_breaks_off_when_who_asked_may_no_longer(
    how: str, admin: Client, ana: User, ben: User, cy: User, warehouse: Account, monkeypatch
) -> None:
    fill(cy, warehouse, 40)
    monkeypatch.setattr(RoleAssignmentExport, "chunk", 10)
    body = iter(admin.post(EXPORT))
    next(body), next(body)
    if how == "demoted":
        change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    else:
        Session.objects.filter(user=ben).delete()
    with pytest.raises(NotAllowed):
        next(body)


def test_exports_are_bounded(admin: Client) -> None:
    for _ in range(20):
        assert admin.post(EXPORT).status_code == 200
    response = admin.post(EXPORT)
    assert response["Location"].startswith(URL)
    assert "Too many tries" in admin.get(URL).content.decode()


def test_who_gave_a_role_is_told_by_address_too(admin: Client, ben: User) -> None:
    emil = User.objects.get(email="emil@acme.example")
    rename(ben, "System")
    change_role(stay_of(emil), role=Role.ADMINISTRATOR, actor=acting(ben))
    head, *body = exported(admin, "search=emil")
    (given,) = [line for line in body if line[head.index("By")] == "System"]
    assert given[head.index("By email address")] == ben.email
