"""People who are removed with their domain, or brought back, while others want something else."""

from functools import partial

import pytest

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import create_account, set_roles
from adminctr.core import clock
from adminctr.core.runs import RunState
from audit.models import AuditEvent
from domains import states
from invitations.models import Invitation
from invitations.operations import accept_invitation, invite_user
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.races.harness import (
    RACERS,
    Call,
    bring_in,
    company,
    found,
    fresh,
    owner_of,
    prove,
    race,
    rounds,
    tally,
    verify,
)
from tests.users.departures import claim_of
from users.jobs import drive_departure
from users.models import Departed, Departure, User
from users.operations import bring_people_back, record_log_in

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]


def staffed() -> tuple[Organization, str, list[User]]:
    """A company whose three people own an account each and have a role on the Owner's."""
    organization, name = company()
    return organization, name, staff(organization, name)


def staffed_beside() -> tuple[Organization, str, list[User], list[Invitation]]:
    """The same where another organization holds the domain too, and had invited them first."""
    organization, name = company()
    other = found(f"owner@{fresh('founder')}.example")
    verify(other, name, beside_others=True)
    waiting = [
        invite_user(other, email=email, role=Role.STANDARD, actor=owner_of(other))
        for email in addresses(name)
    ]
    return organization, name, staff(organization, name), waiting


def addresses(name: str) -> list[str]:
    return [f"{one}@{name}" for one in ("kim", "lou", "mo")]


def staff(organization: Organization, name: str) -> list[User]:
    people = [bring_in(organization, email, Role.STANDARD) for email in addresses(name)]
    common = create_account(
        organization, name="Common", owner=organization.owner, actor=owner_of(organization)
    )
    for user in people:
        create_account(organization, name=user.email, owner=user, actor=acting(user))
        roles = [AccountRole.SUPPORT]
        set_roles(common, holder=user, roles=roles, actor=owner_of(organization))
    return people


def lost(organization: Organization, name: str) -> Departure:
    """As the worker's look does it; who else holds the domain keeps it."""
    claim = claim_of(organization, name)
    states.let_go(claim, clock.now())
    claim.save()
    return Departure.unscoped.create(organization=organization, domain_name=name)


def driven(run: Departure) -> Call:
    return partial(drive_departure.func, run.pk)


def called_back(organization: Organization, name: str) -> Departure:
    return bring_people_back(organization, domain_name=name, actor=owner_of(organization))


def homes(people: list[User]) -> list[Organization]:
    stays = Membership.unscoped.open().filter(user__in=people).select_related("organization")
    return [one.organization for one in stays.order_by("user")]


def removals(organization: Organization) -> int:
    return AuditEvent.unscoped.filter(
        chain=organization.sid, action="user.removed_with_domain"
    ).count()


def test_many_workers_remove_everybody_once() -> None:
    def run() -> None:
        organization, name, people = staffed()
        departure = lost(organization, name)
        assert tally(race(*[driven(departure)] * RACERS)) == {"ok": RACERS}
        departure.refresh_from_db()
        assert (departure.state, departure.done) == (RunState.FINISHED, len(people))
        assert removals(organization) == len(people)
        assert homes(people) == []

    rounds(run)


def test_the_domain_is_proven_again_while_its_people_are_removed(monkeypatch) -> None:
    """Who was removed by then comes back, and the others never left."""
    monkeypatch.setattr("users.operations.departing.PEOPLE_OF_A_STEP", 1)

    def run() -> None:
        organization, name, people = staffed()
        departure = lost(organization, name)
        outcomes = race(driven(departure), partial(prove, claim_of(organization, name)))
        assert outcomes == ["ok", "ok"]
        departure.refresh_from_db()
        away = Departed.unscoped.away().filter(organization=organization).count()
        assert departure.finished_at
        assert departure.done == away == len(people) - len(homes(people))
        if away:
            drive_departure.func(called_back(organization, name).pk)
        assert homes(people) == [organization] * len(people)
        roles = RoleAssignment.unscoped.open().on_accounts().filter(holder__in=people)
        assert roles.count() == 2 * len(people)

    rounds(run)


def test_somebody_joins_another_organization_while_they_are_removed() -> None:
    def run() -> None:
        organization, name, people, waiting = staffed_beside()
        departure = lost(organization, name)
        outcomes = race(driven(departure), *joins(people, waiting))
        assert outcomes[0] == "ok"
        assert set(outcomes[1:]) <= {"ok", "already_in_an_organization"}
        assert homes(people) == [waiting[0].organization] * outcomes[1:].count("ok")
        assert removals(organization) == len(people)

    rounds(run)


def test_somebody_joins_another_organization_while_they_are_brought_back() -> None:
    def run() -> None:
        organization, name, people, waiting = staffed_beside()
        drive_departure.func(lost(organization, name).pk)
        prove(claim_of(organization, name))
        departure = called_back(organization, name)
        outcomes = race(driven(departure), *joins(people, waiting))
        assert outcomes[0] == "ok"
        assert set(outcomes[1:]) <= {"ok", "already_in_an_organization"}
        there = homes(people)
        departure.refresh_from_db()
        assert len(there) == len(people)
        assert there.count(organization) == departure.done
        assert there.count(waiting[0].organization) == departure.refused
        assert outcomes[1:].count("ok") == departure.refused

    rounds(run)


def test_people_log_in_while_they_are_removed() -> None:
    def run() -> None:
        organization, name, people = staffed()
        departure = lost(organization, name)
        log_ins = [
            partial(record_log_in, user, method="password", actor=acting(user)) for user in people
        ]
        assert tally(race(driven(departure), *log_ins * 3)) == {"ok": 1 + 3 * len(people)}
        assert homes(people) == []

    rounds(run)


def joins(people: list[User], invitations: list[Invitation]) -> list[Call]:
    """Everybody accepts, with no organization of their own to give up."""
    return [
        partial(accept_invitation, invitation, user=user, absorbing=None, actor=acting(user))
        for user, invitation in zip(people, invitations, strict=True)
    ]
