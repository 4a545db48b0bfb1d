"""What people who leave with a lost domain had begun goes on, is called off, or stops."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import AccountRole, AccountStatus
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.runs import RunState
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from bulk.operations import MAY_NO_LONGER as STARTER_MAY_NO_LONGER
from imports.models import ImportRun
from imports.operations.running import MAY_NO_LONGER as IMPORTER_MAY_NO_LONGER
from invitations.batch_models import Phase
from invitations.jobs import start_invitation_batches
from invitations.models import Invitation
from invitations.operations import (
    accept_invitation_as_newcomer,
    invite_to_account,
    invite_user,
)
from invitations.operations.batches import MAY_NO_LONGER as INVITER_MAY_NO_LONGER
from invitations.standing import inviter_may
from organizations.models import Organization, Role, SavedView
from organizations.operations import save_view
from tests.bulk import runs
from tests.conftest import acting
from tests.imports.crowd import founders
from tests.imports.runs import started, switched_on
from tests.invitations import tables
from tests.users import departures
from tests.users.departures import (
    OTHER,
    Company,
    called_back,
    departed,
    departure_of,
    members,
    step,
)
from tests.users.people import newcomer, stay_of
from users import jobs, offboarding
from users.models import Expectation, Offboarding, User, WayIn, WayOut
from users.offboarding import Choices
from users.operations import save_expectation, schedule_offboarding

NEW = f"new@{OTHER}"
DAY = timedelta(days=1)


@pytest.fixture
def company(db: None) -> Company:
    return departures.company()


def sent(company: Company) -> list[Invitation]:
    """What an Administrator and the owner of an account sent, which nobody has answered."""
    ada, bo = acting(company.ada), acting(company.bo)
    joining = invite_user(company.organization, email=NEW, role=Role.STANDARD, actor=ada)
    roles = [AccountRole.SUPPORT]
    access = invite_to_account(company.shop, email="far@away.example", roles=roles, actor=bo)
    assert access
    return [joining, access]


def now(invitation: Invitation) -> Invitation:
    rows = Invitation.unscoped.select_related("organization", "account", "invited_by")
    return rows.get(pk=invitation.pk)


def view(company: Company, who: User, name: str, *, is_shared: bool) -> SavedView:
    return save_view(
        company.organization,
        listed="users:list",
        name=name,
        query="status=suspended",
        is_shared=is_shared,
        actor=acting(who),
    )


def views_of(organization: Organization) -> set[tuple[str, str]]:
    """The names, and whose they are by what stands before the @."""
    rows = SavedView.unscoped.filter(organization=organization)
    return {(one.name, one.by.email.partition("@")[0]) for one in rows.select_related("by")}


def planned(user: User, how: WayOut, by: User) -> Offboarding:
    """Somebody is to leave tomorrow, and the Owner gets what they own."""
    stay = stay_of(user)
    choices = Choices(owner=stay.organization.owner.sid)
    with tenant(stay.organization):
        digest = offboarding.plan(stay, how, choices).digest
    return schedule_offboarding(
        stay, how=how, choices=choices, due_at=clock.now() + DAY, digest=digest, actor=acting(by)
    )


def test_what_they_sent_goes_on_under_the_name_of_the_owner(company, work) -> None:
    invitations = sent(company)
    departed(company.organization, work)
    for invitation in map(now, invitations):
        assert (invitation.is_open(), invitation.invited_by) == (True, company.olga)
        with tenant(company.organization):
            assert inviter_may(invitation)


def test_what_they_sent_can_still_be_accepted(company, work) -> None:
    joining, _ = sent(company)
    departed(company.organization, work)
    stay = accept_invitation_as_newcomer(
        now(joining), newcomer=newcomer(), actor=Actor.stranger(NEW)
    )
    assert (stay.organization, stay.by) == (company.organization, company.olga)


def test_what_others_sent_stays_theirs(company, work) -> None:
    invitation = invite_user(
        company.organization, email=NEW, role=Role.STANDARD, actor=acting(company.olga)
    )
    departed(company.organization, work)
    assert (now(invitation).is_open(), now(invitation).invited_by) == (True, company.olga)


def test_views_that_they_share_go_on_and_their_own_are_forgotten(company, work) -> None:
    view(company, company.olga, "Locked out", is_shared=False)
    view(company, company.ada, "Locked out", is_shared=True)
    view(company, company.ada, "Mine", is_shared=False)
    departed(company.organization, work)
    assert views_of(company.organization) == {("Locked out", "olga"), ("Locked out (2)", "olga")}


def test_what_they_expected_is_expected_by_the_owner(company, work) -> None:
    save_expectation(
        company.organization, email=NEW, way_in=WayIn.SIGN_UP, actor=acting(company.ada)
    )
    departed(company.organization, work)
    assert Expectation.unscoped.get(organization=company.organization).by == company.olga


@pytest.mark.parametrize("how", WayOut)
def test_an_offboarding_that_was_planned_is_called_off_and_stops_nothing_on_its_day(
    how, company, deliver
) -> None:
    waiting = planned(company.bo, how, by=company.olga)
    departure_of(company.organization)
    deliver()
    with time_machine.travel(clock.now() + 2 * DAY):
        jobs.carry_out_offboardings.func()
        mails = deliver()
    waiting.refresh_from_db()
    assert waiting.cancelled_at
    assert (waiting.done_at, waiting.obstacle) == (None, "")
    assert not [mail for mail in mails if mail.to == [company.olga.email]]


def test_an_offboarding_of_who_stays_is_not_called_off(company, work) -> None:
    waiting = planned(company.dee, WayOut.REMOVE, by=company.olga)
    departed(company.organization, work)
    waiting.refresh_from_db()
    assert waiting.cancelled_at is None


def test_who_comes_back_finds_what_went_on_with_the_owner(company, work) -> None:
    invitations = sent(company)
    view(company, company.ada, "Locked out", is_shared=True)
    planned(company.col, WayOut.REMOVE, by=company.olga)
    before = members(company.organization)
    departed(company.organization, work)
    called_back(company)
    work()
    assert members(company.organization) == before
    assert {now(one).invited_by for one in invitations} == {company.olga}
    assert views_of(company.organization) == {("Locked out", "olga")}
    assert not Offboarding.unscoped.waiting().filter(user=company.col).exists()
    assert planned(company.col, WayOut.REMOVE, by=company.ada).by == company.ada


# What is under way


def leave(company: Company) -> None:
    """They leave before a worker comes to what they have started."""
    step(departure_of(company.organization))
    assert "ada" not in members(company.organization)


def told(organization: Organization, action: str) -> int:
    return AuditEvent.unscoped.filter(chain=organization.sid, action=action).count()


def test_a_bulk_action_of_theirs_stops(company, work) -> None:
    accounts = runs.some_accounts(company.organization, 2)
    run = runs.start("suspend", accounts, company.ada)
    leave(company)
    work()
    assert (runs.fresh(run).state, runs.fresh(run).refused) == (RunState.FAILED, 2)
    assert {message for _, _, message in runs.rows_of(run)} == {STARTER_MAY_NO_LONGER}
    for account in accounts:
        account.refresh_from_db()
        assert account.status == AccountStatus.ACTIVE
    assert told(company.organization, "bulk.stopped") == 1


def test_a_table_of_invitations_of_theirs_stops_on_its_day(company, work) -> None:
    table = tables.draft(company.organization, NEW, company.ada)
    tables.confirm(table, company.ada, starts_at=clock.now() + DAY)
    leave(company)
    with time_machine.travel(clock.now() + 2 * DAY):
        start_invitation_batches.func()
        work()
    assert tables.fresh(table).phase == Phase.STOPPED
    assert [row.message for row in tables.rows_of(table)] == [INVITER_MAY_NO_LONGER]
    assert not Invitation.unscoped.filter(email=NEW).exists()
    assert told(company.organization, "invitations.batch_stopped") == 1


def test_a_table_that_waits_is_sent_by_who_is_back_by_then(company, work) -> None:
    table = tables.draft(company.organization, NEW, company.ada)
    tables.confirm(table, company.ada, starts_at=clock.now() + DAY)
    departed(company.organization, work)
    called_back(company)
    work()
    with time_machine.travel(clock.now() + 2 * DAY):
        start_invitation_batches.func()
        work()
    assert Invitation.unscoped.get(email=NEW).invited_by == company.ada


def test_an_import_of_theirs_stops(company, work) -> None:
    founders(OTHER, 2)
    run = started(switched_on(company.organization), [OTHER], company.ada)
    leave(company)
    work()
    run = ImportRun.unscoped.get(pk=run.pk)
    assert (run.state, run.stopped, run.imported) == (RunState.FAILED, IMPORTER_MAY_NO_LONGER, 0)
    assert told(company.organization, "import.stopped") == 1
