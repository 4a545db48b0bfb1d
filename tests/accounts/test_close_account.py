"""Closing for good: what the plan says, that exactly that happens, and what is left of it."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine

from accounts import access, closing, jobs
from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.operations import (
    close_account,
    configure_account,
    create_account,
    finish_closing,
    purge_account,
    set_roles,
    transfer_account,
    upgrade_account,
)
from accounts.operations.lifecycle import PURGED_NAME
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.core.plans import Weight
from audit import chain
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import (
    accept_access_as_newcomer,
    invite_to_account,
    resend_invitation,
)
from organizations.models import SecondFactor
from tests.accounts.made import (
    JOB,
    OPERATOR,
    being_closed,
    below,
    closed,
    code_of,
    fresh,
    give,
    last_event,
    leave_room,
    offered,
    outsider,
    plan_of,
    queued,
    roles_on,
    suspended,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import newcomer

DAY = timedelta(days=1)


def told(account: Account, weight: Weight) -> dict[str, tuple[list[str], str]]:
    """What the plan says of one weight: by its key the names, and the sentence."""
    effects = plan_of(account).by_weight(weight)
    return {one.key: ([thing.name for thing in one.objects], one.text) for one in effects}


# The plan


def test_it_names_everybody_who_loses_access_with_their_roles(billing, ben, cy, dora) -> None:
    give(billing, cy, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    give(below(billing), dora, AccountRole.BILLING_MANAGER)
    (effect,) = plan_of(billing).by_weight(Weight.LOSES)
    assert {(one.name, one.note) for one in effect.objects} == {
        (ben.email, "Owner"),
        (cy.email, "Developer, Support"),
        (dora.email, "Billing Manager"),
    }
    assert effect.text == "3 users lose access to it."


def test_it_names_subaccounts_and_invitations(billing) -> None:
    lab = below(billing)
    closed(lab)
    shop = below(billing, "Shop")
    offered(billing, "nadia@ext.example")
    offered(shop, "olga@ext.example")
    changes = told(billing, Weight.CHANGES)
    assert changes["subaccounts_close"] == (["Shop"], "1 subaccount is closed with it.")
    assert changes["invitations_end"][1] == "2 invitations stop working."
    assert changes["invitations_end"][0] == ["nadia@ext.example", "olga@ext.example"]


def test_of_very_many_it_says_their_number_alone(billing, cy, dora, monkeypatch) -> None:
    monkeypatch.setattr(closing, "MOST_LISTED", 1)
    offered(billing, "nadia@ext.example")
    assert told(billing, Weight.CHANGES)["invitations_end"][0] == ["nadia@ext.example"]
    for holder in (cy, dora):
        give(billing, holder, AccountRole.SUPPORT)
    give(below(billing), dora, AccountRole.DEVELOPER)
    offered(billing, "olga@ext.example")
    (people,) = plan_of(billing).by_weight(Weight.LOSES)
    assert (people.objects, people.count) == ((), 3)
    assert people.text == "3 users lose access to it."
    assert told(billing, Weight.CHANGES)["invitations_end"] == ([], "2 invitations stop working.")


def test_it_says_what_is_for_good_and_what_stays(billing, settings) -> None:
    settings.ACCOUNT_KEPT_AFTER_CLOSING = 20 * DAY
    assert set(told(billing, Weight.CHANGES)) == {"stops"}
    for_good = told(billing, Weight.IRREVERSIBLE)
    assert set(for_good) == {"never_reopens", "purged"}
    assert "20 days" in for_good["purged"][1]
    assert set(told(billing, Weight.SURVIVES)) == {"logins", "history", "room"}
    assert not plan_of(billing).blockers


def test_reading_it_changes_nothing(billing) -> None:
    with assert_no_effect():
        plan_of(billing)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda account, dora: give(account, dora, AccountRole.SUPPORT),
        lambda account, dora: below(account),
        lambda account, dora: offered(account, "nadia@ext.example"),
    ],
    ids=["a person", "a subaccount", "an invitation"],
)
def test_what_came_after_it_was_read_stops_it(meanwhile, billing, dora, ana) -> None:
    digest = plan_of(billing).digest
    meanwhile(billing, dora)
    close = partial(close_account, billing, digest=digest, actor=acting(ana))
    assert code_of(close) == "plan_outdated"


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_without_the_plan_nothing_closes(digest, billing, ana) -> None:
    close = partial(close_account, billing, digest=digest, actor=acting(ana))
    assert code_of(close) == "plan_outdated"


def test_the_plan_of_another_account_closes_nothing(billing, marketing, ana) -> None:
    digest = plan_of(marketing).digest
    close = partial(close_account, billing, digest=digest, actor=acting(ana))
    assert code_of(close) == "plan_outdated"


def test_what_support_suspended_customers_do_not_close(billing, support, ana) -> None:
    suspended(billing, actor=support)
    plan = plan_of(billing)
    assert [one.key for one in plan.blockers] == ["suspended_by_support"]
    close = partial(close_account, billing, digest=plan.digest, actor=acting(ana))
    assert code_of(close) == "plan_blocked"
    assert not plan_of(billing, by_support=True).blockers
    assert being_closed(billing).status == AccountStatus.PENDING_CLOSURE


@pytest.mark.parametrize("which", ["the account above", "the account below"])
def test_nor_what_stands_above_or_below_it(which, billing, support, ana) -> None:
    lab = below(billing)
    kept, closing_one = (billing, lab) if which == "the account above" else (lab, billing)
    suspended(kept, actor=support)
    plan = plan_of(closing_one)
    assert [one.key for one in plan.blockers] == ["suspended_by_support"]
    assert f"“{kept.name}”" in plan.blockers[0].text
    close = partial(close_account, fresh(closing_one), digest=plan.digest, actor=acting(ana))
    assert code_of(close) == "plan_blocked"


def test_what_the_organization_suspended_it_may_close(billing, ana) -> None:
    suspended(billing)
    close_account(billing, digest=plan_of(billing).digest, actor=acting(ana))
    assert (fresh(billing).status, fresh(billing).suspended_by) == ("pending_closure", "")


# What happens


def test_it_and_what_is_below_stop_at_once(billing, ana, ben, dora) -> None:
    lab = below(billing)
    give(lab, dora, AccountRole.DEVELOPER)
    waiting = offered(lab, "nadia@ext.example")
    with time_machine.travel(clock.now(), tick=False):
        close_account(billing, digest=plan_of(billing).digest, actor=acting(ana))
        for account in map(fresh, (billing, lab)):
            assert account.status == AccountStatus.PENDING_CLOSURE
            assert (account.closing_at, account.closed_at) == (clock.now(), None)
    for holder, account in ((ben, billing), (ben, lab), (dora, lab)):
        proof = access.proof_of(holder.pk, fresh(account))
        assert not proof
        assert proof.missing is access.Missing.ACCOUNT
        assert not proof.permissions
    assert Invitation.unscoped.get(pk=waiting.pk).revoked_at
    event = last_event(billing)
    assert event.action == "account.closing"
    assert event.details.data["subaccounts"] == event.details.data["revoked_invitations"] == 1
    assert queued("send_account_closed", billing) == [[billing.pk, ben.pk]]


def test_the_job_ends_every_role_and_keeps_each(billing, ana, ben, dora) -> None:
    lab = below(billing)
    give(lab, dora, AccountRole.DEVELOPER)
    being_closed(billing)
    before = RoleAssignment.unscoped.count()
    jobs.finish_closing_accounts.call()
    for account in map(fresh, (billing, lab)):
        assert account.status == AccountStatus.CLOSED
        assert account.closed_at >= account.closing_at
        assert RoleAssignment.unscoped.filter(account=account).exists()
        assert not RoleAssignment.unscoped.open().filter(account=account).exists()
    assert RoleAssignment.unscoped.count() == before
    assert last_event(billing).action == "account.closed"


def test_the_job_leaves_what_is_not_being_closed(billing, marketing) -> None:
    being_closed(billing)
    jobs.finish_closing_accounts.call()
    assert fresh(marketing).status == AccountStatus.ACTIVE
    assert roles_on(marketing, marketing.owner) == {AccountRole.OWNER}


def test_finishing_twice_is_finishing_once(billing) -> None:
    closed(billing)
    jobs.finish_closing_accounts.call()  # What else is being closed.
    events = AuditEvent.unscoped.count()
    with assert_no_effect():
        finish_closing(billing, actor=JOB)
        jobs.finish_closing_accounts.call()
    assert AuditEvent.unscoped.count() == events


def test_an_account_that_cannot_be_finished_holds_up_no_other(
    billing, marketing, monkeypatch
) -> None:
    def fail_at_billing(account: Account, *, actor: Actor) -> None:
        if account == billing:
            raise ZeroDivisionError
        finish_closing(account, actor=actor)

    for one in (billing, marketing):
        being_closed(one)
    monkeypatch.setattr(jobs, "finish_closing", fail_at_billing)
    with pytest.RaisesGroup(ZeroDivisionError):
        jobs.finish_closing_accounts.func()
    assert fresh(billing).status == AccountStatus.PENDING_CLOSURE
    assert fresh(marketing).status == AccountStatus.CLOSED


def test_a_subaccount_closes_alone(billing, ana, ben) -> None:
    lab = below(billing)
    close_account(lab, digest=plan_of(lab).digest, actor=acting(ana))
    jobs.finish_closing_accounts.call()
    assert fresh(lab).status == AccountStatus.CLOSED
    assert fresh(billing).status == AccountStatus.ACTIVE
    assert roles_on(billing, ben) == {AccountRole.OWNER}


def test_what_was_closed_before_keeps_its_day(billing) -> None:
    lab = closed(below(billing))
    with time_machine.travel(clock.now() + DAY):
        closed(billing)
    assert (fresh(lab).closing_at, fresh(lab).closed_at) == (lab.closing_at, lab.closed_at)


def test_everybody_keeps_their_login_and_their_other_roles(billing, marketing, dora) -> None:
    for account in (billing, marketing):
        give(account, dora, AccountRole.DEVELOPER)
    closed(billing)
    assert access.proof_of(dora.pk, marketing)
    dora.refresh_from_db()
    assert dora.is_active


def test_it_makes_room(billing, acme, ana) -> None:
    leave_room(acme, 0)
    make = partial(create_account, acme, name="Lab", owner=ana, actor=acting(ana))
    assert code_of(make) == "account_limit"
    being_closed(billing)
    assert make()


@pytest.mark.parametrize("end", [being_closed, closed])
@pytest.mark.parametrize(
    "change",
    [
        lambda one, to, actor: close_account(one, digest="", actor=actor),
        lambda one, to, actor: configure_account(
            one, name="New", second_factor=SecondFactor.EVERY_LOG_IN, actor=actor
        ),
        lambda one, to, actor: set_roles(
            one, holder=to, roles=[AccountRole.SUPPORT], actor=actor
        ),
        lambda one, to, actor: transfer_account(one, to=to, actor=actor),
        lambda one, to, actor: invite_to_account(
            one, email="nadia@ext.example", roles=[AccountRole.SUPPORT], actor=actor
        ),
    ],
    ids=["close", "configure", "roles", "transfer", "invite"],
)  # fmt: skip
def test_nobody_changes_it_any_more(change, end, billing, ana, dora) -> None:
    end(billing)
    for actor in (acting(ana), OPERATOR):
        assert code_of(partial(change, billing, dora, actor)) == "account_closed"


def test_it_is_not_upgraded_either(billing) -> None:
    being_closed(billing)
    assert code_of(partial(upgrade_account, billing, actor=OPERATOR)) == "account_closed"


def test_its_links_are_dead(billing) -> None:
    waiting = offered(billing, "nadia@ext.example")
    being_closed(billing)
    actor = Actor.stranger(waiting.email)
    accept = partial(accept_access_as_newcomer, waiting, newcomer=newcomer(), actor=actor)
    assert code_of(accept) == "link_dead"
    again = partial(resend_invitation, waiting, actor=owner_acting(billing))
    assert code_of(again) == "invitation_closed"


def owner_acting(account: Account) -> Actor:
    return acting(account.organization.owner)


# Afterwards


@pytest.mark.parametrize(("days", "purged"), [(29, False), (30, True)])
def test_it_is_purged_after_thirty_days_and_not_before(days, purged, billing) -> None:
    offered(billing, "nadia@ext.example")
    account = closed(billing)
    with time_machine.travel(account.closing_at + days * DAY, tick=False):
        jobs.purge_closed_accounts.call()
    now = fresh(account)
    assert (now.purged_at is not None) == purged
    assert now.name == (PURGED_NAME if purged else billing.name)
    assert now.name_key == now.name.casefold()
    assert Invitation.unscoped.filter(account=account).exists() != purged
    assert RoleAssignment.unscoped.filter(account=account).exists()
    assert (last_event(account).action == "account.purged") == purged


def test_purging_twice_is_purging_once(billing) -> None:
    account = closed(billing)
    with time_machine.travel(account.closing_at + 31 * DAY):
        jobs.purge_closed_accounts.call()
        with assert_no_effect():
            jobs.purge_closed_accounts.call()
            purge_account(account, actor=JOB)


def test_what_is_not_closed_is_not_purged(billing) -> None:
    with assert_no_effect(), time_machine.travel(clock.now() + 400 * DAY):
        purge_account(billing, actor=JOB)


def test_the_trail_keeps_its_name(billing, acme) -> None:
    account = closed(billing)
    with time_machine.travel(account.closing_at + 31 * DAY):
        purge_account(account, actor=JOB)
    events = AuditEvent.unscoped.filter(chain=acme.sid, subject_sid=account.sid)
    assert {one.details.data["subject"] for one in events} == {billing.name}
    assert list(chain.verify_all()) == []


# Who may


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_owner_administrators_and_who_owns_the_account_close_it(who, marketing, request) -> None:
    actor = acting(request.getfixturevalue(who))
    close_account(marketing, digest=plan_of(marketing).digest, actor=actor)
    assert fresh(marketing).status == AccountStatus.PENDING_CLOSURE


def test_its_owner_closes_it_while_it_is_suspended(marketing, cy) -> None:
    suspended(marketing)
    close_account(marketing, digest=plan_of(marketing).digest, actor=acting(cy))


@pytest.mark.parametrize("role", [AccountRole.ADMINISTRATOR, AccountRole.DEVELOPER])
def test_no_other_role_on_it_does(role, marketing) -> None:
    nadia = outsider(marketing, "nadia@ext.example", role)
    digest = plan_of(marketing).digest
    with assert_no_effect(), pytest.raises(NotAllowed, match="Its Owner can help"):
        close_account(marketing, digest=digest, actor=acting(nadia))


@pytest.mark.parametrize("who", ["dora", "ida", "eve"])
def test_nobody_else_does(who, marketing, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        close_account(marketing, digest=plan_of(marketing).digest, actor=actor)


@pytest.mark.parametrize("operation", [finish_closing, purge_account])
def test_people_neither_finish_nor_purge(operation, billing, ana, support) -> None:
    being_closed(billing)
    for actor in (acting(ana), support):
        with assert_no_effect(), pytest.raises(NotAllowed):
            operation(billing, actor=actor)
