"""What is sought is found by any part of it, within the scope, and never more than is bearable."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import RoleAssignment
from adminctr.core import search, search_indexes
from adminctr.core.tenancy import TenantRequired, every_tenant, tenant
from invitations.models import Invitation
from organizations.models import Membership, Organization
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[0, 10**6], ids=["many rows", "few rows"], autouse=True)
def rows(request, monkeypatch) -> None:
    """SQLite asks its index in large organizations alone."""
    monkeypatch.setattr(search, "_FEW_ROWS", request.param)


@pytest.fixture(autouse=True)
def of_acme(acme: Organization) -> Iterator[None]:
    with tenant(acme):
        yield


def names(sought: str) -> set[str]:
    stays = Membership.objects.managed()
    keys = [key for _, key in search.find(stays, sought, order="name_key").places]
    return {stay.email.partition("@")[0] for stay in search.by_keys(stays, keys)}


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("okafor", {"ben"}),
        ("KAFO", {"ben"}),
        ("n oka", {"ben"}),
        ("okafor ben", {"ben"}),
        ("tanaka goro@", {"goro"}),
        ("okafor cy", set()),
        ("okafor zz", set()),
        ("marín", {"dora"}),
        ("o'con", {"fay"}),
        ("@acme.example", {"ana", "ben", "cy", "dora", "emil", "fay", "goro"}),
        ("cy@acme", {"cy"}),
        ("eve", set()),
        ("zzz", set()),
        ('"okafor"', set()),
        ('ben" OR "cy', set()),
        ("name_key:ben", set()),
        ("b*n", set()),
        ("%en", set()),
        ("_en", set()),
        ("\\en", set()),
    ],
)
def test_a_part_of_a_name_or_address(sought: str, found: set[str]) -> None:
    assert names(sought) == found


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("b", {"ben"}),
        ("ok", {"ben"}),  # a surname
        ("go", {"goro"}),
        ("ka", set()),
        ("%", set()),
        ("o'", {"fay"}),
        ("東京", set()),
    ],
)
def test_one_or_two_letters_are_a_beginning(sought: str, found: set[str]) -> None:
    assert names(sought) == found


def test_a_sid_finds_its_own(ben: User, eve: User) -> None:
    assert names(ben.sid) == names(ben.sid.lower()) == names(ben.sid.upper()) == {"ben"}
    assert names(eve.sid) == set()
    assert names(f"AC{ben.sid[2:]}") == set()


@pytest.mark.breaks_invariants
def test_who_has_left_is_not_found(cy: User) -> None:
    Membership.objects.filter(user=cy).update(name_key="cyrus vanished")
    assert names("vanished") == {"cy"}
    stays = Membership.objects.exclude(user=cy)
    assert search.find(stays, "vanished", order="name_key").places == []


@pytest.mark.breaks_invariants
def test_the_index_follows_every_change(cy: User, ben: User, acme: Organization) -> None:
    assert names("lindqvist") == {"cy"}
    Membership.objects.filter(user=cy).update(name_key="cy changed")
    assert names("lindqvist") == set()
    assert names("changed") == {"cy"}
    RoleAssignment.objects.filter(holder=ben).delete()
    assert search.find(RoleAssignment.objects.all(), "okafor", order="name_key").places == []
    Invitation.objects.filter(email="hana@acme.example").delete()
    assert search.find(Invitation.objects.pending(), "hana", order="created_at").places == []
    search_indexes.install(connection)
    assert names("changed") == {"cy"}


def test_it_can_be_lifted_for_a_load_and_comes_back_filled(cy: User) -> None:
    search_indexes.lift(connection)
    Membership.objects.filter(user=cy).update(name_key="cy loaded")
    search_indexes.install(connection)
    search_indexes.install(connection)
    assert names("loaded") == {"cy"}
    assert names("lindqvist") == set()
    Membership.objects.filter(user=cy).update(name_key="cy lindqvist")
    assert names("lindqvist") == {"cy"}


def test_no_more_are_looked_at_than_is_bearable(monkeypatch) -> None:
    monkeypatch.setattr(search, "MOST", 3)
    found = search.find(Membership.objects.managed(), "acme", order="name_key")
    assert (len(found.places), found.has_more) == (3, True)
    found = search.find(Membership.objects.managed(), "o", order="name_key")  # Okafor and O'Connor
    assert (len(found.places), found.has_more) == (2, False)


def test_a_filter_leaves_nobody_out_however_common_the_part(monkeypatch) -> None:
    """SQLite's index knows nothing of the list's filters, and is asked for so many rows alone."""
    monkeypatch.setattr(search, "_MOST_PARTS", 2)
    goro = Membership.objects.filter(email="goro@acme.example")
    found = search.find(goro, "acme", order="name_key")
    assert (len(found.places), found.has_more) == (1, False)
    found = search.find(Membership.objects.managed(), "acme", order="name_key")
    assert (len(found.places), found.has_more) == (7, False)


@pytest.mark.breaks_invariants
def test_one_or_two_letters_are_the_beginning_of_an_address_too(cy: User) -> None:
    Membership.objects.filter(user=cy).update(email="xy@acme.example")
    assert names("xy") == {"xy"}


only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="how SQLite finds parts")


@only_sqlite
def test_hits_of_another_organization_take_no_room(globex: Organization, monkeypatch) -> None:
    monkeypatch.setattr(search, "_FEW_ROWS", 0)
    monkeypatch.setattr(search, "_MOST_PARTS", 8)  # one more than Acme has
    here = search.find(Membership.objects.managed(), "example", order="name_key")
    assert (len(here.places), here.has_more) == (7, False)
    with tenant(globex):
        there = search.find(Membership.objects.managed(), "example", order="name_key")
    assert there.places
    assert not set(there.places) & set(here.places)


@only_sqlite
@pytest.mark.parametrize("event", ["insert", "delete", "update"])
def test_a_trigger_that_was_dropped_is_put_back(event: str, cy: User) -> None:
    name = f"organizations_membership_search_{event}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}")
        search_indexes.install(connection)
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = %s", [name])
        assert cursor.fetchone() == (1,)


def test_the_index_is_made_anew_when_other_columns_are_searched(monkeypatch) -> None:
    assert names("silva") == {"ana"}
    monkeypatch.setattr(Membership, "searched_by", ("email", "surname_key"))
    search_indexes.install(connection)
    assert searched_columns() == ["email", "surname_key"]
    assert names("silva") == {"ana"}
    assert names("ana silva") == {"ana"}
    assert names("okafor") == {"ben"}
    before = _index_of_stays()
    search_indexes.install(connection)
    assert _index_of_stays() == before
    monkeypatch.undo()
    search_indexes.install(connection)
    assert searched_columns() == ["name_key", "email"]


def searched_columns() -> list[str]:
    """The columns in the index of stays, as the database tells."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = "
                "'organizations_membership_search'::regclass ORDER BY attnum"
            )
            return [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT name FROM pragma_table_info('organizations_membership_search')")
        return [name for (name,) in cursor.fetchall() if name != "organization_id"]


def _index_of_stays() -> object:
    """Which index it is: another one made in its place differs."""
    where = "sqlite_master WHERE name = 'organizations_membership_search'"
    number = f"SELECT rootpage, rowid FROM {where}"
    if connection.vendor == "postgresql":
        number = "SELECT 'organizations_membership_search'::regclass::oid"
    with connection.cursor() as cursor:
        cursor.execute(number)
        return cursor.fetchone()


def test_what_is_found_stands_in_order() -> None:
    places = search.find(Membership.objects.managed(), "acme", order="began_at").places
    assert places == sorted(places)
    assert len(places) == 7


def test_a_part_is_sought_within_organizations_alone() -> None:
    with every_tenant(), pytest.raises(TenantRequired):
        names("silva")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses rightly by itself")
def test_sqlite_looks_keys_up_and_walks_no_index(acme: Organization) -> None:
    with CaptureQueriesContext(connection) as captured:
        list(search.by_keys(Membership.objects.managed().select_related("user"), [1, 2, 3]))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {captured[0]['sql']}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "SEARCH organizations_membership USING INTEGER PRIMARY KEY" in plan
