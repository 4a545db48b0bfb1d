"""A run does each row by its ordinary operation, once, whoever is killed or demoted on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django_tasks_db.models import DBTaskResult

from accounts.models import Account, AccountStatus, RoleAssignment, SuspendedBy
from accounts.operations import create_subaccount, suspend_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.plans import OUTDATED, Weight
from adminctr.core.runs import LEASE, RunState
from adminctr.core.sids import make_sid
from audit.models import AuditEvent
from audit.presenters import line
from bulk import actions, jobs
from bulk.models import BulkRun, RowState
from bulk.operations import MAY_NO_LONGER, ROWS_OF_A_STEP, start_bulk_run, take_bulk_step
from organizations import policy
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.bulk.runs import fresh, judgement_of, rows_of, some_accounts, start, states_of
from tests.conftest import acting
from tests.users.people import stay_of
from users.models import User
from users.operations import suspend_login

MORE_THAN_A_STEP = ROWS_OF_A_STEP + 5
SUPPORT_ALONE = "Support suspended this account, and only support can reactivate it."
DONE, REFUSED, WAITING = RowState.DONE, RowState.REFUSED, RowState.WAITING


class Killed(BaseException):
    """What a worker feels when it is killed."""


def step(run: BulkRun) -> None:
    claimed = fresh(run)
    if not run.holder:
        assert claimed.claim()
        run.holder = claimed.holder
    take_bulk_step(claimed, actor=policy.actor_for(claimed.by, via="bulk"))


def statuses(accounts: list[Account]) -> list[str]:
    found = dict(Account.unscoped.values_list("pk", "status"))
    return [found[one.pk] for one in accounts]


def events(organization: Organization, action: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(chain=organization.sid, action=action).order_by("pk"))


def by_support(account: Account, sue: User) -> None:
    actor = policy.staff_actor(sue).with_reason("Ticket 7")
    suspend_account(account, actor=actor)


# Plans


def test_a_plan_says_what_changes_and_what_stays_as_it_is_and_why(acme, ana, sue) -> None:
    accounts = some_accounts(acme, 5)
    suspend_account(accounts[0], actor=acting(ana))
    by_support(accounts[1], sue)
    plan = judgement_of("reactivate", accounts, ana).plan
    [changes] = plan.by_weight(Weight.CHANGES)
    assert changes.text == "1 account is reactivated."
    assert [one.sid for one in changes.objects] == [accounts[0].sid]
    stays = {one.key: one for one in plan.by_weight(Weight.SURVIVES)}
    assert stays["not_suspended"].text == (
        "3 accounts are unchanged: This account is not suspended."
    )
    assert stays["suspended_by_support"].text == f"1 account is unchanged: {SUPPORT_ALONE}"
    assert plan.blockers == ()


def test_the_button_says_verb_object_and_number(acme, ana) -> None:
    accounts = some_accounts(acme, 3)
    assert judgement_of("suspend", accounts, ana).words() == "Suspend 3 accounts"
    suspend_account(accounts[0], actor=acting(ana))
    suspend_account(accounts[1], actor=acting(ana))
    assert judgement_of("suspend", accounts, ana).words() == "Suspend 1 account"


def test_a_run_is_about_those_alone_that_its_plan_changes(acme, ana, work) -> None:
    accounts = some_accounts(acme, 3)
    suspend_account(accounts[1], actor=acting(ana))
    run = start("suspend", accounts, ana)
    work()
    assert [(name, state) for name, state, _ in rows_of(run)] == [
        (accounts[0].name, DONE), (accounts[2].name, DONE),
    ]  # fmt: skip
    assert (fresh(run).total, fresh(run).done, fresh(run).refused) == (2, 2, 0)
    [started] = events(acme, "bulk.started")
    assert "Suspend 2 accounts" in line(started)


def test_every_row_counts_for_the_digest(acme, ana) -> None:
    accounts = some_accounts(acme, 3)
    digests = {judgement_of("suspend", accounts[:2], ana).plan.digest}
    digests.add(judgement_of("suspend", [accounts[0], accounts[2]], ana).plan.digest)
    assert len(digests) == 2


def test_a_plan_that_moved_is_refused_and_nothing_is_started(acme, ana) -> None:
    accounts = some_accounts(acme, 3)
    digest = judgement_of("suspend", accounts, ana).plan.digest
    suspend_account(accounts[0], actor=acting(ana))
    with pytest.raises(RuleViolation, match=OUTDATED):
        start_bulk_run(
            acme,
            action="suspend",
            chosen=[one.sid for one in accounts],
            parameters={},
            digest=digest,
            actor=acting(ana),
        )
    assert not BulkRun.unscoped.exists()
    assert not events(acme, "bulk.started")


@pytest.mark.parametrize(
    ("action", "why"), [("enable-hipaa", "baa_missing"), ("disable-hipaa", "hipaa_unchanged")]
)
def test_without_an_agreement_no_account_is_flagged(action, why, globex, eve) -> None:
    plan = judgement_of(action, some_accounts(globex, 2), eve).plan
    assert [one.key for one in plan.blockers] == ["nothing_changes"]
    assert [one.key for one in plan.by_weight(Weight.SURVIVES)] == [why]


def test_more_than_a_thousand_are_refused_with_the_way_out(acme, ana, settings) -> None:
    settings.BULK_ROWS_AT_A_TIME = 2
    plan = judgement_of("suspend", some_accounts(acme, 3), ana).plan
    assert [one.text for one in plan.blockers] == [
        "These are more than 2 accounts. Narrow the list and do it in parts."
    ]
    with pytest.raises(RuleViolation, match="more than 2"):
        start("suspend", list(Account.unscoped.filter(organization=acme)[:3]), ana)


def test_a_plan_asks_the_same_however_many_are_chosen(acme, ana, count_queries) -> None:
    few = some_accounts(acme, 2)
    many = some_accounts(acme, 30)
    asked = count_queries(lambda: judgement_of("suspend", few, ana))
    assert count_queries(lambda: judgement_of("suspend", many, ana)) == asked


# Steps


def test_each_row_goes_through_its_operation_and_has_its_event(acme, ana, work) -> None:
    before = len(events(acme, "account.suspended"))
    accounts = some_accounts(acme, MORE_THAN_A_STEP)
    run = start("suspend", accounts, ana)
    assert states_of(run) == [WAITING] * len(accounts)
    work()
    assert rows_of(run) == [(one.name, DONE, "Suspended") for one in accounts]
    assert statuses(accounts) == [AccountStatus.SUSPENDED] * len(accounts)
    run = fresh(run)
    assert (run.state, run.done, run.refused) == (RunState.FINISHED, len(accounts), 0)
    told = events(acme, "account.suspended")[before:]
    assert [event.subject_sid for event in told] == [one.sid for one in accounts]
    assert {event.via for event in told} == {"bulk"}
    [started], [finished] = events(acme, "bulk.started"), events(acme, "bulk.finished")
    assert started.subject_sid == finished.subject_sid == run.sid
    assert line(finished) == (
        "ana@acme.example finished a bulk action: Suspend 25 accounts (done: 25, refused: 0)"
    )


def test_a_refused_row_keeps_its_reason_and_the_others_go_on(acme, ana, sue, work) -> None:
    accounts = some_accounts(acme, 3)
    for one in accounts:
        suspend_account(one, actor=acting(ana))
    run = start("reactivate", accounts, ana)
    by_support(accounts[1], sue)
    work()
    assert rows_of(run) == [
        (accounts[0].name, DONE, "Reactivated"),
        (accounts[1].name, REFUSED, SUPPORT_ALONE),
        (accounts[2].name, DONE, "Reactivated"),
    ]
    run = fresh(run)
    assert (run.state, run.done, run.refused) == (RunState.FINISHED, 2, 1)
    assert len(events(acme, "account.reactivated")) == 2


def test_a_row_that_is_gone_meanwhile_is_refused(acme, ana, globex, work) -> None:
    accounts = some_accounts(acme, 2)
    run = start("suspend", accounts, ana)
    RoleAssignment.unscoped.filter(account=accounts[0]).delete()
    Account.unscoped.filter(pk=accounts[0].pk).delete()
    acme.tally(managed_accounts=-1)
    work()
    assert states_of(run) == [REFUSED, DONE]
    assert "no longer in your organization" in rows_of(run)[0][2]


def test_a_step_does_some_rows_and_ends_in_between(acme, ana) -> None:
    accounts = some_accounts(acme, MORE_THAN_A_STEP)
    run = start("suspend", accounts, ana)
    step(run)
    assert states_of(run) == [DONE] * ROWS_OF_A_STEP + [WAITING] * 5
    assert fresh(run).done == ROWS_OF_A_STEP
    assert fresh(run).cursor == {"position": ROWS_OF_A_STEP}
    assert fresh(run).state == RunState.RUNNING


def test_a_killed_workers_run_is_taken_over_and_no_row_is_done_twice(
    acme, ana, work, monkeypatch
) -> None:
    before = len(events(acme, "account.suspended"))
    accounts = some_accounts(acme, MORE_THAN_A_STEP)
    run = start("suspend", accounts, ana)
    DBTaskResult.objects.all().delete()
    step(run)
    _, bulk = actions.named("suspend")
    done: list[str] = []

    def die_at_the_third(sid: str, parameters: object, actor: Actor) -> str:
        if len(done) == 2:
            raise Killed
        done.append(sid)
        return bulk.perform(sid, {}, actor)

    kind = actions.kind_named("accounts")
    monkeypatch.setitem(kind.actions, "suspend", replace(bulk, perform=die_at_the_third))
    with pytest.raises(Killed):
        step(run)
    monkeypatch.undo()
    assert states_of(run) == [DONE] * ROWS_OF_A_STEP + [WAITING] * 5

    jobs.take_over_bulk_runs.func()
    assert work() == 0, "its lease has not lapsed yet"
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        jobs.take_over_bulk_runs.func()
        work()
    assert states_of(run) == [DONE] * len(accounts)
    told = events(acme, "account.suspended")[before:]
    assert [event.subject_sid for event in told] == [one.sid for one in accounts]
    assert fresh(run).done == len(accounts)


def test_two_workers_with_the_same_message_do_each_row_once(acme, ana, work) -> None:
    accounts = some_accounts(acme, 3)
    before = len(events(acme, "account.suspended"))
    run = start("suspend", accounts, ana)
    jobs.drive_bulk_run.enqueue(run.pk)
    work()
    assert states_of(run) == [DONE] * 3
    assert len(events(acme, "account.suspended")) == before + 3
    assert len(events(acme, "bulk.finished")) == 1


def test_a_fault_is_no_refusal(acme, ana, monkeypatch) -> None:
    run = start("suspend", some_accounts(acme, 2), ana)
    _, bulk = actions.named("suspend")

    def fail(sid: str, parameters: object, actor: Actor) -> str:
        raise ZeroDivisionError

    kind = actions.kind_named("accounts")
    monkeypatch.setitem(kind.actions, "suspend", replace(bulk, perform=fail))
    with pytest.raises(ZeroDivisionError):
        step(run)
    assert states_of(run) == [WAITING] * 2


# Who may


def demote(ben: User, ana: User) -> None:
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))


def suspend(ben: User, sue: User) -> None:
    suspend_login(ben, actor=policy.staff_actor(sue).with_reason("Ticket 8"))


@pytest.mark.parametrize("how", ["demoted", "suspended"])
def test_a_run_stops_once_its_starter_may_no_longer_do_it(how, acme, ana, ben, sue, work) -> None:
    accounts = some_accounts(acme, MORE_THAN_A_STEP)
    run = start("suspend", accounts, ben)
    step(run)
    demote(ben, ana) if how == "demoted" else suspend(ben, sue)
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        work()
    assert states_of(run) == [DONE] * ROWS_OF_A_STEP + [REFUSED] * 5
    assert {message for _, state, message in rows_of(run) if state == REFUSED} == {MAY_NO_LONGER}
    run = fresh(run)
    assert (run.state, run.done, run.refused) == (RunState.FAILED, ROWS_OF_A_STEP, 5)
    assert statuses(accounts)[ROWS_OF_A_STEP:] == [AccountStatus.ACTIVE] * 5
    [stopped] = events(acme, "bulk.stopped")
    assert stopped.subject_sid == run.sid
    assert not events(acme, "bulk.finished")


def test_the_role_of_now_counts(acme, ana, ben, work) -> None:
    """Demoted and promoted again before the worker comes: they may."""
    run = start("suspend", some_accounts(acme, 2), ben)
    demote(ben, ana)
    change_role(stay_of(ben), role=Role.ADMINISTRATOR, actor=acting(ana))
    work()
    assert states_of(run) == [DONE] * 2


def test_nobody_else_goes_on_with_a_run(acme, ana, ben) -> None:
    run = fresh(start("suspend", some_accounts(acme, 1), ana))
    assert run.claim()
    with pytest.raises(NotAllowed):
        take_bulk_step(run, actor=acting(ben))
    assert states_of(run) == [WAITING]


def test_a_standard_user_starts_none(acme, ana, cy) -> None:
    accounts = some_accounts(acme, 1)
    with pytest.raises(NotAllowed):
        start("suspend", accounts, cy)
    assert not BulkRun.unscoped.exists()


def test_support_staff_start_none(acme, ana, sue) -> None:
    [account] = some_accounts(acme, 1)
    with pytest.raises(NotAllowed, match="the people of the organization can"):
        start_bulk_run(
            acme,
            action="suspend",
            chosen=[account.sid],
            parameters={},
            digest="",
            actor=policy.staff_actor(sue).with_reason("Ticket 9"),
        )


def test_what_another_organization_owns_is_not_there(acme, globex, ana, eve) -> None:
    [theirs] = some_accounts(globex, 1)
    theirs.organization = acme
    plan = judgement_of("suspend", [theirs], ana).plan
    assert [one.key for one in plan.blockers] == ["nothing_chosen"]
    with pytest.raises(RuleViolation, match="Nothing is chosen"):
        start("suspend", [theirs], ana)


# The same again


def test_the_same_form_sent_again_is_answered_with_its_run(acme, ana, ben, work) -> None:
    accounts = some_accounts(acme, 3)
    digest = judgement_of("suspend", accounts, ana).plan.digest

    def send(who: User) -> BulkRun:
        return start_bulk_run(
            acme,
            action="suspend",
            chosen=[one.sid for one in accounts],
            parameters={},
            digest=digest,
            actor=acting(who),
        )

    first = send(ana)
    assert send(ana) == first
    other = send(ben)
    assert other != first
    work()
    assert states_of(first) == [DONE] * 3
    assert {message for *_, message in rows_of(other)} == {"This account is suspended already."}
    with pytest.raises(RuleViolation, match="Nothing would change"):
        send(ana)
    assert len(events(acme, "bulk.started")) == 2


# Each action


def test_subaccounts_stop_and_run_again_with_the_account_above(acme, ana, work) -> None:
    [account] = some_accounts(acme, 1)
    below = create_subaccount(account, name="Below", actor=acting(ana))
    plan = judgement_of("suspend", [account], ana).plan
    assert "1 subaccount stops with it." in [one.text for one in plan.effects]
    start("suspend", [account], ana)
    work()
    below.refresh_from_db()
    assert below.suspended_by == SuspendedBy.PARENT
    plan = judgement_of("reactivate", [account], ana).plan
    assert "1 subaccount runs again with it." in [one.text for one in plan.effects]
    start("reactivate", [account], ana)
    work()
    assert statuses([account, below]) == [AccountStatus.ACTIVE] * 2


def test_an_owner_is_named_by_address_or_sid_and_kept_by_sid(acme, ana, ben, work) -> None:
    accounts = some_accounts(acme, 2)
    plans = {
        judgement_of("change-owner", accounts, ana, {"owner": who}).plan.digest
        for who in (ben.email, ben.email.upper(), ben.sid)
    }
    assert len(plans) == 1
    run = start("change-owner", accounts, ana, {"owner": ben.email})
    assert run.parameters == {"owner": ben.sid}
    work()
    assert {message for *_, message in rows_of(run)} == {f"Now owned by {ben.sid}"}
    owners = Account.unscoped.filter(pk__in=[one.pk for one in accounts])
    assert set(owners.values_list("owner", flat=True)) == {ben.pk}


def test_who_owns_an_account_already_is_told_before(acme, ana) -> None:
    accounts = some_accounts(acme, 2)
    plan = judgement_of("change-owner", accounts, ana, {"owner": ana.email}).plan
    assert [one.key for one in plan.blockers] == ["nothing_changes"]
    assert "owner_unchanged" in plan.summary()


@pytest.mark.parametrize("who", ["eve@globex.example", "nobody@nowhere.example", "US" + "0" * 32])
def test_an_owner_must_be_managed(who, acme, ana) -> None:
    accounts = some_accounts(acme, 1)
    with pytest.raises(RuleViolation) as refused:
        start("change-owner", accounts, ana, {"owner": who})
    assert (refused.value.code, refused.value.field) == ("owner_not_managed", "owner")


def test_an_owner_who_has_left_meanwhile_is_refused_row_by_row(acme, ana, cy, sue, work) -> None:
    run = start("change-owner", some_accounts(acme, 2), ana, {"owner": cy.email})
    suspend(cy, sue)
    work()
    assert states_of(run) == [REFUSED] * 2
    assert "not active" in rows_of(run)[0][2]


def test_hipaa_is_set_and_taken(acme, ana, work) -> None:
    accounts = some_accounts(acme, 2)
    flagged = Account.unscoped.filter(is_hipaa=True)
    before = set(flagged)
    today = clock.now().date()
    Organization.objects.filter(pk=acme.pk).update(baa_effective_on=today)
    start("enable-hipaa", accounts, ana)
    work()
    assert set(flagged.all()) == {*before, *accounts}
    start("disable-hipaa", accounts[:1], ana)
    work()
    assert set(flagged.all()) == {*before, accounts[1]}


def test_every_setting_of_the_kernel_is_declared() -> None:
    assert settings.BULK_ROWS_AT_A_TIME == 1000
    for kind in actions.kinds():
        for name, one in kind.actions.items():
            assert name == one.name
            assert one.words.format(them=kind.of(1)) != one.words
    assert make_sid("BK").startswith("BK")


def test_two_actions_of_one_name_are_refused() -> None:
    kind, bulk = actions.named("suspend")
    with pytest.raises(ValueError, match="suspend"):
        actions.register(kind, bulk)
