"""A stay gives what it gives while it is in force; organizations are locked in one order."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import RoleAssignment
from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.actor import Origin
from adminctr.core.errors import NotAllowed
from adminctr.core.operations import itself, operation
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from invitations.operations import invite_user
from organizations import policy, stays
from organizations.models import Membership, Organization, Role, lock_all, stay_of
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import stay_of as open_stay_of
from users.models import User

TOMORROW = timedelta(days=1)


@pytest.fixture
def planned(ben: User) -> User:
    """Ben's stay is to end tomorrow, and no job has ended it yet."""
    stays = Membership.unscoped.open().filter(user=ben)
    assert stays.update(ends_at=clock.now() + TOMORROW) == 1
    return ben


def test_somebody_is_who_they_are_until_the_planned_end(planned: User, acme: Organization) -> None:
    stay = stay_of(planned)
    assert stay
    assert stay.organization == acme
    actor = acting(planned)
    assert (actor.organization_id, actor.organization_sid) == (acme.pk, acme.sid)
    assert actor.role == Role.ADMINISTRATOR
    assert invite_user(acme, email="new@acme.example", role=Role.STANDARD, actor=actor)


def test_after_the_planned_end_a_person_is_nobody(planned: User, acme: Organization) -> None:
    with time_machine.travel(clock.now() + TOMORROW, tick=False):
        assert stay_of(planned) is None
        actor = acting(planned)
        assert (actor.organization_id, actor.organization_sid, actor.role) == (None, "", "")
        with assert_no_effect(), pytest.raises(NotAllowed):
            invite_user(acme, email="new@acme.example", role=Role.STANDARD, actor=actor)


def test_an_actor_of_before_the_planned_end_is_refused_under_the_lock(
    planned: User, acme: Organization, cy: User
) -> None:
    stale, stay = acting(planned), open_stay_of(cy)
    attempts: list[Callable[[], object]] = [
        lambda: invite_user(acme, email="new@acme.example", role=Role.STANDARD, actor=stale),
        lambda: create_account(acme, name="Late", owner=cy, actor=stale),
        lambda: change_role(stay, role=Role.ADMINISTRATOR, actor=stale),
    ]
    with time_machine.travel(clock.now() + TOMORROW, tick=False):
        for attempt in attempts:
            with assert_no_effect(), pytest.raises(NotAllowed, match="not a member"):
                attempt()


def test_an_open_session_shows_nothing_after_the_planned_end(
    planned: User, acme: Organization, sign_in: Callable[[User], Client]
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        traveller.shift(TOMORROW - timedelta(hours=1))
        client = sign_in(planned)
        assert client.get(reverse("users:list")).status_code == 200
        traveller.shift(timedelta(hours=1))
        assert client.get(reverse("users:list")).status_code == 403
        with assert_no_effect():
            form = {"email": "new@acme.example", "role": "standard"}
            assert client.post(reverse("users:invite"), form).status_code == 403
        home = client.get(reverse("console:home"))
        assert home.status_code == 200
        assert "/admin-center/" not in home.content.decode()


@pytest.mark.parametrize("user", ["ana", "cy", "sue"])
def test_an_actor_is_made_of_the_person_and_their_stay(
    user: str, request: pytest.FixtureRequest
) -> None:
    person: User = request.getfixturevalue(user)
    origin = Origin(ip="10.0.0.9")
    stay = open_stay_of(person)
    actor = policy.actor_for(person, via="api", origin=origin)
    assert (actor.label, actor.sid, actor.user_id) == (person.email, person.sid, person.pk)
    assert (actor.organization_id, actor.role) == (stay.organization_id, stay.role)
    assert (actor.via, actor.origin, actor.trusted) == ("api", origin, False)
    assert policy.actor_in(stay, person, via="api", origin=origin) == actor
    assert policy.actor_in(None, person).organization_id is None


# Locks


@operation(itself)
def look_under_the_lock(organization: Organization, *, actor: object) -> tuple[str, int]:
    organization.lock()
    return organization.name, organization.account_limit


def test_a_lock_reads_the_organization_as_it_is_then(acme: Organization, ana: User) -> None:
    Organization.objects.filter(pk=acme.pk).update(account_limit=12)
    assert look_under_the_lock(acme, actor=acting(ana)) == ("Acme", 12)
    assert acme.account_limit == 12


@operation(lambda pair: tuple(pair))
def lock_both(pair: list[Organization], *, actor: object) -> None:
    lock_all(*pair)


@pytest.mark.parametrize("backwards", [False, True])
def test_several_are_locked_the_oldest_first(
    backwards: bool, acme: Organization, globex: Organization, ana: User
) -> None:
    pair = sorted([acme, globex], key=lambda one: one.pk, reverse=backwards)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        lock_both(pair, actor=acting(ana))
    table = Organization._meta.db_table
    reads = [one["sql"] for one in captured if f'FROM "{table}"' in one["sql"]]
    keys = [int(sql.rpartition('"id" = ')[2].split()[0]) for sql in reads if '"id" = ' in sql]
    assert keys == sorted(one.pk for one in pair)


def test_an_overdue_stay_is_ended_when_another_begins(
    acme: Organization, globex: Organization
) -> None:
    goro = User.objects.get(email="goro@acme.example")
    Membership.unscoped.open().filter(user=goro).update(ends_at=clock.now())
    with tenant(globex):
        stays.begin_stay(globex, goro, role=Role.STANDARD, source=Source.DIRECT)
    joined = stay_of(goro)
    assert joined is not None
    assert joined.organization == globex
    assert Membership.unscoped.open().filter(user=goro).count() == 1
    assert RoleAssignment.unscoped.open().on_organization().filter(holder=goro).count() == 1
