"""Roles on an account: given as a set, for a time or for good, and never forgotten."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine

from accounts import access, jobs
from accounts.models import AccountRole, RoleAssignment
from accounts.operations import end_overdue_roles, remove_access, set_roles
from accounts.policy import Permission
from adminctr.core import clock
from adminctr.core.errors import NotAllowed
from adminctr.core.periods import Source
from audit.models import AuditEvent
from organizations.models import Role
from organizations.operations import change_role
from tests.accounts.made import (
    JOB,
    OPERATOR,
    being_closed,
    below,
    closed,
    code_of,
    give,
    last_event,
    opened,
    outsider,
    owner_of,
    queued,
    roles_on,
    suspended,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import member, stay_of
from users.models import User
from users.operations import change_name

ADMINISTRATOR, DEVELOPER, BILLING, SUPPORT = (
    AccountRole.ADMINISTRATOR,
    AccountRole.DEVELOPER,
    AccountRole.BILLING_MANAGER,
    AccountRole.SUPPORT,
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def giving(account, holder, *roles, **changes):
    """By the account's owner, unless another `actor` is named."""
    actor = changes.pop("actor", owner_of(account))
    return partial(set_roles, account, holder=holder, roles=roles, actor=actor, **changes)


def rows(account, holder) -> list[RoleAssignment]:
    held = RoleAssignment.unscoped.filter(account=account, holder=holder)
    return list(held.order_by("began_at", "pk"))


# Giving


def test_a_managed_user_gets_exactly_these_roles(billing, cy) -> None:
    give(billing, cy, DEVELOPER, BILLING)
    assert roles_on(billing, cy) == {DEVELOPER, BILLING}
    give(billing, cy, BILLING, SUPPORT)
    assert roles_on(billing, cy) == {BILLING, SUPPORT}
    ended = [one for one in rows(billing, cy) if one.ended_at]
    assert [one.role for one in ended] == [DEVELOPER]


def test_what_stays_goes_on_as_it_began(billing, cy) -> None:
    give(billing, cy, DEVELOPER)
    (before,) = rows(billing, cy)
    with time_machine.travel(clock.now() + DAY):
        give(billing, cy, DEVELOPER, SUPPORT)
    went_on = RoleAssignment.unscoped.get(pk=before.pk)
    assert (went_on.began_at, went_on.ended_at) == (before.began_at, None)


def test_each_row_says_by_whom_why_until_when_and_from_what_source(billing, ben, cy, acme) -> None:
    until = clock.now() + DAY
    give(billing, cy, DEVELOPER, ends_at=until, reason="Audit 2026")
    (given,) = rows(billing, cy)
    assert (given.by, given.reason, given.ends_at) == (ben, "Audit 2026", until)
    assert given.source == Source.DIRECT
    assert (given.organization, given.holder_organization) == (acme, acme)
    told = last_event(billing).details.data
    assert (told["holder"], told["holder_sid"]) == (cy.email, cy.sid)
    assert (told["before"], told["after"]) == ("no role", "Developer")
    assert (told["until"], told["reason"]) == (until.isoformat(), "Audit 2026")


@pytest.mark.parametrize("changes", [{"reason": "Still needed"}, {"ends_at": True}])
def test_another_end_or_reason_begins_the_role_anew(changes, billing, cy) -> None:
    if "ends_at" in changes:
        changes = {"ends_at": clock.now() + DAY}
    give(billing, cy, DEVELOPER)
    give(billing, cy, DEVELOPER, **changes)
    first, second = rows(billing, cy)
    assert first.ended_at
    assert second.ended_at is None
    assert all(getattr(second, name) == value for name, value in changes.items())


def test_the_same_again_is_refused(billing, cy) -> None:
    until = clock.now() + DAY
    give(billing, cy, DEVELOPER, SUPPORT, ends_at=until, reason="Audit")
    again = giving(billing, cy, SUPPORT, DEVELOPER, ends_at=until, reason="Audit")
    assert code_of(again) == "roles_unchanged"


def test_administrator_stands_alone(billing, cy) -> None:
    assert code_of(giving(billing, cy, ADMINISTRATOR, DEVELOPER)) == "administrator_alone"
    give(billing, cy, DEVELOPER, BILLING)
    give(billing, cy, ADMINISTRATOR)
    assert roles_on(billing, cy) == {ADMINISTRATOR}
    give(billing, cy, DEVELOPER)
    assert roles_on(billing, cy) == {DEVELOPER}


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([], "roles_missing"),
        ([AccountRole.OWNER], "role_not_grantable"),
        ([AccountRole.OWNER, DEVELOPER], "role_not_grantable"),
        (["king"], "role_not_grantable"),
        ([Role.STANDARD], "role_not_grantable"),
    ],
)
def test_what_cannot_be_given(roles, code, billing, cy) -> None:
    assert code_of(giving(billing, cy, *roles)) == code


@pytest.mark.parametrize("late", [timedelta(0), HOUR])
def test_a_planned_end_is_still_to_come(late, billing, cy) -> None:
    with time_machine.travel(clock.now(), tick=False):
        ends_at = clock.now() - late
        assert code_of(giving(billing, cy, DEVELOPER, ends_at=ends_at)) == "end_in_the_past"


def test_the_owner_keeps_the_role_that_only_changes_hands(billing, ana, ben) -> None:
    assert code_of(giving(billing, ben, DEVELOPER, actor=acting(ana))) == "owner_stays"
    assert code_of(partial(remove_access, billing, holder=ben, actor=acting(ana))) == "owner_stays"


def test_the_owner_above_may_have_a_role_below(billing, ana, ben) -> None:
    sub = below(billing)
    giving(sub, ben, DEVELOPER, actor=acting(ana))()
    assert roles_on(sub, ben) == {DEVELOPER}


@pytest.mark.parametrize("who", ["ida", "eve"])
def test_who_has_no_access_and_is_no_managed_user_is_invited(who, billing, request) -> None:
    assert code_of(giving(billing, request.getfixturevalue(who), DEVELOPER)) == "not_a_user"


def test_an_independent_user_gets_other_roles(billing) -> None:
    nadia = outsider(billing, "nadia@ext.example", DEVELOPER)
    give(billing, nadia, SUPPORT)
    (_, given) = rows(billing, nadia)
    assert given.holder_organization == stay_of(nadia).organization != billing.organization
    assert roles_on(billing, nadia) == {SUPPORT}


def test_an_independent_user_whose_access_has_ended_is_invited_again(billing) -> None:
    nadia = outsider(billing, "nadia@ext.example", DEVELOPER)
    remove_access(billing, holder=nadia, actor=owner_of(billing))
    assert code_of(giving(billing, nadia, DEVELOPER)) == "not_a_user"


def test_the_copies_are_those_of_the_holder_as_of_now(billing, cy) -> None:
    stale = User.objects.get(pk=cy.pk)
    change_name(cy, first_name="Cyrus", last_name="", actor=acting(cy))
    give(billing, stale, DEVELOPER)
    assert rows(billing, cy)[-1].name_key == "cyrus"


def test_who_gets_a_role_is_told_and_whoever_gives_it_to_themselves_is_not(
    billing, ana, cy
) -> None:
    give(billing, cy, DEVELOPER, SUPPORT)
    assert queued("send_access_given", billing) == [[billing.pk, cy.pk, "Developer, Support"]]
    giving(billing, ana, DEVELOPER, actor=acting(ana))()
    give(billing, cy, DEVELOPER)  # less than before
    assert len(queued("send_access_given", billing)) == 1


@pytest.mark.parametrize("end", [being_closed, closed])
def test_a_closed_account_has_no_roles_to_give(end, billing, ana, cy) -> None:
    end(billing)
    assert code_of(giving(billing, cy, DEVELOPER, actor=acting(ana))) == "account_closed"


def test_a_suspended_account_has(billing, ana, cy) -> None:
    suspended(billing)
    giving(billing, cy, DEVELOPER, actor=acting(ana))()
    assert roles_on(billing, cy) == {DEVELOPER}


# How many


@pytest.fixture
def lou(acme) -> User:
    """A Standard User without a role on any account."""
    return member(acme, "lou@acme.example")


def test_fifty_roles_are_the_most(settings, billing, marketing, lou) -> None:
    assert settings.ACCOUNT_ROLES_PER_USER == 50
    settings.ACCOUNT_ROLES_PER_USER = 3
    give(billing, lou, DEVELOPER, SUPPORT)
    assert code_of(giving(marketing, lou, DEVELOPER, SUPPORT)) == "too_many_roles"
    give(marketing, lou, DEVELOPER)
    assert code_of(giving(billing, lou, DEVELOPER, SUPPORT, BILLING)) == "too_many_roles"


def test_what_is_exchanged_makes_room_first(settings, billing, lou) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 2
    give(billing, lou, DEVELOPER, SUPPORT)
    give(billing, lou, DEVELOPER, BILLING)
    give(billing, lou, ADMINISTRATOR)


def test_owning_accounts_does_not_count(settings, billing, lou) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 1
    opened(lou)
    give(billing, lou, DEVELOPER)


def test_roles_anywhere_count(settings, billing, globex, eve) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 2
    nadia = outsider(billing, "nadia@ext.example", DEVELOPER)
    assert code_of(giving(billing, nadia, DEVELOPER, SUPPORT, BILLING)) == "too_many_roles"
    give(billing, nadia, DEVELOPER, SUPPORT)


def test_what_is_over_does_not_count(settings, billing, marketing, lou) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 1
    give(billing, lou, DEVELOPER, ends_at=clock.now() + HOUR)
    with time_machine.travel(clock.now() + 2 * HOUR):
        give(marketing, lou, DEVELOPER)


# Taking


def test_taking_access_ends_every_role_and_deletes_none(billing, cy) -> None:
    give(billing, cy, DEVELOPER, SUPPORT)
    remove_access(billing, holder=cy, actor=owner_of(billing))
    assert roles_on(billing, cy) == set()
    assert [one.role for one in rows(billing, cy) if one.ended_at] == [DEVELOPER, SUPPORT]
    event = last_event(billing)
    assert event.action == "account.access_removed"
    assert event.details.data["before"] == "Developer, Support"
    assert not access.proof_of(cy.pk, billing)


def test_who_has_none_has_none_to_lose(billing, marketing, cy, dora) -> None:
    give(marketing, dora, DEVELOPER)
    take = partial(remove_access, billing, holder=dora, actor=owner_of(billing))
    assert code_of(take) == "no_access"


def test_access_from_above_is_taken_above(billing, ana, ben, dora) -> None:
    sub = below(billing)
    give(billing, dora, DEVELOPER)
    for holder in (ben, dora):
        take = partial(remove_access, sub, holder=holder, actor=acting(ana))
        assert code_of(take) == "inherited_access"
    remove_access(billing, holder=dora, actor=acting(ana))
    assert not access.proof_of(dora.pk, sub)


def test_somebody_with_roles_in_both_places_loses_the_one_below(billing, dora) -> None:
    sub = below(billing)
    give(billing, dora, DEVELOPER)
    give(sub, dora, SUPPORT)
    remove_access(sub, holder=dora, actor=owner_of(billing))
    assert (roles_on(billing, dora), roles_on(sub, dora)) == ({DEVELOPER}, set())


def test_administrators_of_an_account_may_take_their_own_access(billing, dora) -> None:
    give(billing, dora, ADMINISTRATOR)
    remove_access(billing, holder=dora, actor=acting(dora))
    assert roles_on(billing, dora) == set()


# A planned end


def test_it_ends_access_before_any_job_has_run(billing, dora) -> None:
    until = clock.now() + HOUR
    give(billing, dora, DEVELOPER, ends_at=until)
    with time_machine.travel(until - timedelta(seconds=1), tick=False):
        assert access.proof_of(dora.pk, billing)
    with time_machine.travel(until, tick=False):
        proof = access.proof_of(dora.pk, billing)
        assert not proof
        assert proof.missing is access.Missing.ROLE
        assert Permission.TOOLS_USE not in proof.permissions


def test_the_job_ends_it_at_the_planned_moment(billing, dora) -> None:
    until = clock.now() + HOUR
    give(billing, dora, DEVELOPER, ends_at=until)
    give(billing, dora, DEVELOPER, SUPPORT, ends_at=until)
    with time_machine.travel(until + HOUR):
        jobs.end_roles_with_a_planned_end.call()
    assert roles_on(billing, dora) == set()
    assert {one.ended_at for one in rows(billing, dora)} == {until}
    events = AuditEvent.unscoped.filter(action="account.role_ended", subject_sid=billing.sid)
    assert {one.details.data["role"] for one in events} == {"Developer", "Support"}
    assert {one.details.data["holder"] for one in events} == {dora.email}


def test_the_job_leaves_what_goes_on_and_finds_nothing_twice(billing, dora, cy) -> None:
    until = clock.now() + HOUR
    give(billing, dora, DEVELOPER, ends_at=until)
    give(billing, cy, DEVELOPER, ends_at=until + DAY)
    with time_machine.travel(until, tick=False):
        assert end_overdue_roles(billing.organization, actor=JOB) == 1
        with assert_no_effect():
            assert end_overdue_roles(billing.organization, actor=JOB) == 0
    assert roles_on(billing, cy) == {DEVELOPER}


def test_the_job_looks_at_every_organization(billing, globex, eve, dora) -> None:
    until = clock.now() + HOUR
    other = opened(eve)
    nadia = outsider(other, "nadia@ext.example", SUPPORT)
    give(other, nadia, SUPPORT, ends_at=until)
    give(billing, dora, DEVELOPER, ends_at=until)
    with time_machine.travel(until, tick=False):
        jobs.end_roles_with_a_planned_end.call()
    assert roles_on(billing, dora) == roles_on(other, nadia) == set()


def test_what_is_overdue_is_given_anew_before_the_job_has_run(billing, dora) -> None:
    until = clock.now() + HOUR
    give(billing, dora, DEVELOPER, ends_at=until)
    with time_machine.travel(until + HOUR):
        give(billing, dora, DEVELOPER)
    first, second = rows(billing, dora)
    assert first.ended_at
    assert second.ends_at is None


def test_what_is_overdue_is_no_access_of_somebody_from_elsewhere(billing) -> None:
    nadia = outsider(billing, "nadia@ext.example", DEVELOPER)
    until = clock.now() + HOUR
    give(billing, nadia, DEVELOPER, ends_at=until)
    with time_machine.travel(until + HOUR):
        assert code_of(giving(billing, nadia, DEVELOPER)) == "not_a_user"
        take = partial(remove_access, billing, holder=nadia, actor=owner_of(billing))
        assert code_of(take) == "no_access"


@pytest.mark.parametrize("who", ["ana", "support"])
def test_people_do_not_run_it(who, acme, ana, support) -> None:
    actor = acting(ana) if who == "ana" else support
    with assert_no_effect(), pytest.raises(NotAllowed):
        end_overdue_roles(acme, actor=actor)


# Who may


@pytest.mark.parametrize(
    ("who", "may"),
    [("ana", True), ("ben", True), ("cy", True), ("dora", False), ("ida", False), ("eve", False)],
)
def test_who_gives_and_takes_roles(who, may, marketing, request) -> None:
    """Cy owns this account."""
    emil = User.objects.get(email="emil@acme.example")
    actor = acting(request.getfixturevalue(who))
    for operation in (
        giving(marketing, emil, DEVELOPER, actor=actor),
        partial(remove_access, marketing, holder=emil, actor=actor),
    ):
        if may:
            operation()
        else:
            with assert_no_effect(), pytest.raises(NotAllowed):
                operation()


@pytest.mark.parametrize("role", [ADMINISTRATOR, DEVELOPER, BILLING, SUPPORT])
def test_of_the_roles_on_it_administrator_alone_does(role, marketing, dora) -> None:
    nadia = outsider(marketing, "nadia@ext.example", role)
    give_to = giving(marketing, dora, SUPPORT, actor=acting(nadia))
    if role is ADMINISTRATOR:
        give_to()
        assert rows(marketing, dora)[0].by == nadia
        return
    with assert_no_effect(), pytest.raises(NotAllowed):
        give_to()


def test_whose_role_has_just_ended_gives_none(marketing, dora) -> None:
    """The actor is as of before, and is asked again."""
    nadia = outsider(marketing, "nadia@ext.example", ADMINISTRATOR)
    stale = acting(nadia)
    remove_access(marketing, holder=nadia, actor=owner_of(marketing))
    with assert_no_effect(), pytest.raises(NotAllowed):
        giving(marketing, dora, SUPPORT, actor=stale)()


def test_an_administrator_demoted_a_moment_ago_gives_none(marketing, ana, ben, dora) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        giving(marketing, dora, SUPPORT, actor=stale)()


def test_support_staff_give_none(marketing, dora, support) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        giving(marketing, dora, SUPPORT, actor=support)()
    giving(marketing, dora, SUPPORT, actor=OPERATOR)()
