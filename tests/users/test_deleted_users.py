"""What is left of somebody who was deleted, wherever their name and address stood."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import set_roles
from adminctr.core import clock
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.presenters import line
from bulk.models import BulkRow, BulkRun
from imports.causes import Cause
from imports.models import ImportRow
from invitations.batch_models import InvitationBatch, InvitationBatchRow
from invitations.models import Invitation
from organizations import policy, stays
from organizations.models import Membership, Organization, Role
from tests.accounts.made import closed, leave_room, opened
from tests.conftest import acting
from tests.imports.runs import run_of
from tests.invitations.tables import draft, rows_of, sent
from tests.users.people import prove, stay_of
from tests.users.test_offboarding import blocked, events, planned, say
from users import returning
from users.models import DELETED_DOMAIN, DELETED_NAME, Departed, Offboarding, User, WayOut
from users.offboarding import Choices
from users.operations import (
    cancel_offboarding,
    suspend_login,
)
from users.passwords import digest_of
from users.reset_tokens import ResetTokens


@pytest.fixture
def address(cy) -> str:
    return cy.email


@pytest.fixture
def deleted(acme, ben, cy, address) -> User:
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    cy.refresh_from_db()
    return cy


def test_no_list_or_history_has_the_name_or_the_address_any_more(deleted, address) -> None:
    for rows in (
        Membership.unscoped.filter(user=deleted),
        RoleAssignment.unscoped.filter(holder=deleted),
    ):
        assert set(rows.values_list("email", "name_key")) == {(deleted.email, "deleted user")}
    assert set(Membership.unscoped.filter(user=deleted).values_list("surname_key")) == {("",)}
    assert not Invitation.unscoped.filter(email=address).exists()


def test_a_run_over_many_names_nobody_who_was_deleted(acme, globex, ana, ben, cy) -> None:
    theirs, others = action_on(acme, cy, ben), action_on(globex, stay_of(ben).user)
    address = cy.email
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    cy.refresh_from_db()
    assert names_of(theirs) == [f"{DELETED_NAME} ({cy.email})", f"Ben ({ben.email})"]
    assert names_of(others) == [f"Ben ({ben.email})"]
    assert not BulkRow.unscoped.filter(name__contains=address).exists()


def names_of(run: BulkRun) -> list[str]:
    rows = BulkRow.unscoped.filter(run=run).order_by("position")
    return list(rows.values_list("name", flat=True))


def action_on(organization: Organization, *people: User) -> BulkRun:
    """A run over some people that has not begun, written past the operations."""
    run = BulkRun.unscoped.create(
        organization=organization,
        action="require-2fa",
        digest="0" * 64,
        by=organization.owner,
        total=len(people),
    )
    for position, one in enumerate(people, start=1):
        BulkRow.unscoped.create(
            organization=organization,
            run=run,
            position=position,
            subject_sid=one.sid,
            name=f"{one.first_name} ({one.email})",
        )
    return run


def test_no_import_names_them_wherever_they_were_on_the_list(acme, globex, ben, cy, eve) -> None:
    for organization in (acme, globex):
        ImportRow.unscoped.create(
            organization=organization,
            run=run_of(organization),
            position=2,
            user=cy,
            email=cy.email,
            name=cy.get_full_name(),
            cause=Cause.LOGIN_NOT_ACTIVE,
            message="Their login is not active.",
        )
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    cy.refresh_from_db()
    told = ImportRow.unscoped.filter(user=cy).values_list("email", "name")
    assert list(told) == [(cy.email, DELETED_NAME)] * 2
    assert not ImportRow.unscoped.exclude(user=cy).filter(email=cy.email).exists()


def test_no_table_of_invitations_that_was_sent_names_them(
    acme, globex, ana, ben, cy, eve, work
) -> None:
    address = cy.email
    sent(acme, f"{address.upper()}\nnew@acme.example", ana)
    theirs = sent(globex, f"{address}\nnew@{prove_more(globex)}", eve)
    work()
    waiting = draft(globex, f"email\n{address}", eve)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    cy.refresh_from_db()
    assert emails_of(theirs) == [cy.email, "new@more.example"]
    left = InvitationBatchRow.unscoped.filter(email__iexact=address)
    assert [one.batch_id for one in left] == [waiting.pk]


def prove_more(organization: Organization) -> str:
    prove(organization, "more.example")
    return "more.example"


def emails_of(batch: InvitationBatch) -> list[str]:
    return [row.email for row in rows_of(batch)]


@pytest.mark.parametrize(
    "table", ["bulk_bulkrow", "imports_importrow", "invitations_invitationbatchrow"]
)
def test_no_table_of_rows_is_read_whole_for_somebody_who_is_deleted(table, acme, ben, cy) -> None:
    with CaptureQueriesContext(connection) as asked:
        say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    [update] = [one["sql"] for one in asked if one["sql"].startswith(f'UPDATE "{table}"')]
    plan = plan_of_statement(update)
    reads_it_all = {"postgresql": rf"Seq Scan on {table}\b", "sqlite": rf"SCAN {table}\b"}
    assert table in plan
    assert not re.search(reads_it_all[connection.vendor], plan), plan


def plan_of_statement(statement: str) -> str:
    """How a statement is carried out where there are many rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{explain} {statement}")
        return "\n".join(" ".join(map(str, row)) for row in cursor.fetchall())


def test_they_are_named_alike_everywhere(deleted, acme, ben, sign_in) -> None:
    assert deleted.get_full_name() == DELETED_NAME
    body = sign_in(ben).get(f"{reverse('accounts:access')}?search={deleted.sid}&state=ended")
    assert DELETED_NAME in body.content.decode()


def test_the_activity_still_tells_who_it_was(deleted, acme, address) -> None:
    [told] = events(acme, "user.deleted")
    assert line(told) == f"ben@acme.example deleted {address}"
    assert told.subject_sid == deleted.sid


def test_a_closed_account_of_theirs_names_nobody(acme, ben, cy) -> None:
    leave_room(acme, 3)
    account = closed(opened(cy, "Over"))
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    account.refresh_from_db()
    assert account.owner_key.startswith("deleted user ")
    assert account.owner_key.endswith(f"@{DELETED_DOMAIN}")


def test_each_other_organization_reads_that_their_access_ended(acme, globex, ben, cy, eve) -> None:
    account = opened(eve, "Theirs")
    for role in (AccountRole.DEVELOPER, AccountRole.SUPPORT):
        RoleAssignment.begin(cy, role=role, home=acme, source="direct", account=account)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    [told] = events(globex, "account.access_removed")
    assert line(told) == (
        "System (deleted users) took the access to the account “Theirs” away from "
        "cy@acme.example (Developer, Support)"
    )


def test_who_was_removed_with_a_domain_and_is_deleted_later_does_not_come_back(
    acme, ben, cy
) -> None:
    row = Departed.unscoped.create(
        organization=acme,
        user=cy,
        domain_name="acme.example",
        email=cy.email,
        role=Role.STANDARD,
        password_digest=digest_of(cy.password),
        left_at=clock.now() - timedelta(days=9),
        returned_at=clock.now(),
    )
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    row.refresh_from_db()
    cy.refresh_from_db()
    assert (row.email, row.password_digest) == (cy.email, "")
    assert returning.obstacle_of(row, cy) == returning.DELETED


def test_nobody_deleted_joins_again_by_a_request_that_was_on_its_way(deleted, globex) -> None:
    with tenant(globex), pytest.raises(RuleViolation) as refused:
        stays.begin_stay(globex, deleted, role=Role.STANDARD, source="invitation")
    assert refused.value.code == "login_deleted"


def test_a_reset_link_of_before_sets_no_password(acme, ben, cy, client) -> None:
    token = ResetTokens().make_token(cy)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    where = reverse("account_reset_password_from_key", kwargs={"uidb36": cy.sid, "key": token})
    assert client.get(where).status_code in {200, 410}
    cy.refresh_from_db()
    assert not ResetTokens().check_token(cy, token)
    assert not cy.has_usable_password()


def test_a_mail_that_was_queued_for_them_leaves_for_nobody(acme, ben, cy, deliver) -> None:
    address = cy.email
    offered_role = opened_for(ben)
    set_roles(offered_role, holder=cy, roles=[AccountRole.SUPPORT], actor=acting(ben))
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    mails = deliver()
    assert [one.subject for one in mails if one.to == [address]] == ["Your login was deleted"]
    assert not [one for one in mails if one.to[0].endswith(DELETED_DOMAIN)]


def opened_for(user: User) -> Account:
    leave_room(stay_of(user).organization, 3)
    return opened(user, "Common")


def test_whoever_support_has_suspended_is_not_deleted(acme, ben, cy, sue) -> None:
    """Else they could sign up again under the same address."""
    suspend_login(cy, actor=policy.staff_actor(sue).with_reason("Ticket 8"))
    choices = Choices(owner=ben.sid)
    assert blocked(cy, WayOut.DELETE, choices) == ["suspended"]
    assert blocked(cy, WayOut.REMOVE, choices) == []


def test_nobody_calls_off_their_own_offboarding(acme, ana, ben) -> None:
    told = planned(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    with pytest.raises(NotAllowed):
        cancel_offboarding(told, actor=acting(ben))
    told.refresh_from_db()
    assert told.cancelled_at is None


@pytest.mark.parametrize("obstacle", ["", "The login of this person is not active."])
def test_their_page_and_the_overview_say_that_somebody_is_to_leave(
    acme, ana, ben, cy, sign_in, obstacle
) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    Offboarding.unscoped.filter(pk=told.pk).update(obstacle=obstacle)
    client = sign_in(ana)
    page = client.get(reverse("users:detail", args=[cy.sid])).content.decode()
    assert (obstacle or "Will be removed on") in page
    assert reverse("users:offboarding", args=[told.sid]) in page
    overview = client.get(reverse("organizations:overview")).content.decode()
    assert ("cannot leave as planned" if obstacle else "is planned to leave") in overview
