"""A table is read, looked through, confirmed, and sent row by row, each of them once."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import suspend_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.runs import LEASE, RunState
from adminctr.core.sids import make_sid
from audit.models import AuditEvent
from audit.presenters import line
from invitations import batches, jobs
from invitations.batch_models import Cause, InvitationBatch, InvitationBatchRow, Phase, RowState
from invitations.models import Invitation, Kind
from invitations.operations import (
    cancel_batch,
    check_batch,
    correct_row,
    draft_batch,
    drop_bad_rows,
    invite_user,
    leave_out_row,
    send_batch,
    take_batch_step,
)
from invitations.operations.batches import MAY_NO_LONGER, MOST_DRAFTS, ROWS_OF_A_STEP
from organizations import policy
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.bulk.runs import some_accounts
from tests.conftest import acting
from tests.invitations.tables import (
    addresses,
    causes_of,
    confirm,
    draft,
    fresh,
    invited_by,
    rows_of,
    sent,
    shown,
    states_of,
    step,
)
from tests.users.people import prove, stay_of
from tests.world import PASSWORD
from users.models import User

MORE_THAN_A_STEP = ROWS_OF_A_STEP + 5
DONE, REFUSED, WAITING, LEFT_OUT = (
    RowState.DONE, RowState.REFUSED, RowState.WAITING, RowState.LEFT_OUT,
)  # fmt: skip


class Killed(BaseException):
    """What a worker feels when it is killed."""


@pytest.fixture(autouse=True)
def domain(acme: Organization) -> None:
    prove(acme, "acme.test")


def events(organization: Organization, action: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(chain=organization.sid, action=action).order_by("pk"))


def refusal_of(call) -> str:
    with pytest.raises(RuleViolation) as refused:
        call()
    return refused.value.code


def corrected(batch: InvitationBatch, position: int, email: str, who: User) -> InvitationBatchRow:
    """The row once it asks for this address, as a Standard User."""
    return correct_row(
        batch,
        position=position,
        email=email,
        role=Role.STANDARD,
        account="",
        account_roles="",
        actor=acting(who),
    )


# Drafts


def test_a_draft_invites_nobody_and_mails_nothing(acme, ana) -> None:
    batch = draft(acme, addresses(3), ana)
    assert (batch.total, batch.left_out, batch.phase) == (3, 0, Phase.DRAFT)
    assert states_of(batch) == [WAITING] * 3
    assert not Invitation.unscoped.filter(email__endswith="@acme.test").exists()
    [event] = events(acme, "invitations.batch_drafted")
    assert "uploaded a table of invitations (rows: 3)" in line(event)


def test_a_row_without_a_role_gets_the_one_that_was_chosen(acme, ana) -> None:
    table = "email,role\na@acme.test,\nb@acme.test,administrator\nc@acme.test,STANDARD USER"
    batch = draft(acme, table, ana, role=Role.ADMINISTRATOR)
    assert [row.role for row in rows_of(batch)] == [
        "Administrator", "administrator", "STANDARD USER",
    ]  # fmt: skip
    assert states_of(batch) == [WAITING] * 3


def test_each_flaw_is_told_with_its_cause(acme, globex, ana, ben, eve) -> None:
    account, stopped = some_accounts(acme, 2)
    theirs = some_accounts(globex, 1)[0]
    suspend_account(stopped, actor=acting(ana))
    member = stay_of(ben).email
    invite_user(acme, email="waiting@acme.test", role=Role.STANDARD, actor=acting(ana))
    prove(globex, "globex-only.example")
    table = "\n".join(
        [
            "email;role;account;account roles",
            "not an address;;;",
            "twice@acme.test;;;",
            "Twice@ACME.test;;;",
            "owner@acme.test;Owner;;",
            "a@corporate.example;;;",
            "a@gmail.com;;;",
            f"{member};;;",
            f"{eve.email.replace('@', '+x@')};;;",
            "waiting@acme.test;;;",
            f"both@acme.test;Administrator;{account.sid};Developer",
            f"both2@acme.test;Administrator;{stopped.sid};Developer",
            f"both3@acme.test;Boss;{account.sid};Developer",
            f"guest@contractor.example;;{account.sid};Developer, Support",
            f"g1@contractor.example;;{account.sid};Wizard",
            f"g2@contractor.example;;{account.sid};",
            f"g3@contractor.example;;{account.sid};Administrator, Support",
            f"g4@contractor.example;;{stopped.sid};Support",
            f"g5@contractor.example;;{theirs.sid};Support",
            "g6@contractor.example;;Main account;Support",
            f"g7@globex-only.example;;{account.sid};Support",
            f"g8@acme.test;;{account.sid};Support",
        ]
    )
    found = causes_of(draft(acme, table, ana))
    assert found == {
        "not an address": Cause.ADDRESS,
        "twice@acme.test": "",
        "Twice@ACME.test": Cause.TWICE,
        "owner@acme.test": Cause.ROLE,
        "a@corporate.example": Cause.DOMAIN,
        "a@gmail.com": Cause.DOMAIN_COMMON,
        member: Cause.MEMBER,
        eve.email.replace("@", "+x@"): Cause.DOMAIN,
        "waiting@acme.test": Cause.INVITED,
        "both@acme.test": "",
        "both2@acme.test": Cause.ACCOUNT_STOPPED,
        "both3@acme.test": Cause.ROLE,
        "guest@contractor.example": "",
        "g1@contractor.example": Cause.ACCOUNT_ROLES,
        "g2@contractor.example": Cause.ACCOUNT_ROLES,
        "g3@contractor.example": Cause.ACCOUNT_ROLES,
        "g4@contractor.example": Cause.ACCOUNT_STOPPED,
        "g5@contractor.example": Cause.ACCOUNT,
        "g6@contractor.example": Cause.ACCOUNT,
        "g7@globex-only.example": Cause.DOMAIN_ELSEWHERE,
        "g8@acme.test": Cause.NO_MEMBER,
    }


def test_two_rows_that_ask_differently_for_one_person_say_how(acme, ana) -> None:
    sid = some_accounts(acme, 1)[0].sid
    table = (
        "email,role,account,account roles\n"
        "a@acme.test,Administrator,,\nA@acme.test,Standard User,,\na@acme.test,administrator,,\n"
        f"g@contractor.example,,{sid},Support\ng@contractor.example,,{sid},Developer\n"
        f"b@acme.test,,,\nb@acme.test,Standard User,{sid},Support\n"
    )
    rows = [(row.cause, row.message) for row in rows_of(draft(acme, table, ana))]
    differs = Cause.DIFFERS
    assert rows == [
        ("", ""),
        (
            differs,
            "Line 2 asks for Administrator, this one for Standard User. Keep one of the two.",
        ),
        (Cause.TWICE, "Line 2 already asks for the same."),
        ("", ""),
        (
            differs,
            f"Line 5 asks for Support on {sid}, this one for Developer on {sid}. Keep one of the "
            "two.",
        ),
        ("", ""),
        (
            differs,
            f"Line 7 asks for Standard User, this one for Standard User and Support on {sid}. Keep "
            "one of the two.",
        ),
    ]


def test_what_is_no_address_in_a_list_is_told_of_its_own_row(acme, ana) -> None:
    batch = draft(acme, "a@acme.test; b@acme.test\nnotanaddress\nd@acme,test\n", ana)
    assert [(row.line, row.email, row.cause) for row in rows_of(batch)] == [
        (1, "a@acme.test", ""),
        (1, "b@acme.test", ""),
        (2, "notanaddress", Cause.ADDRESS),
        (3, "d@acme,test", Cause.ADDRESS),
    ]


def test_a_table_without_its_names_is_refused_whole(acme, ana) -> None:
    """Read as a list, it would invite everybody with the one role that was chosen."""
    table = "a@acme.test,Administrator\nb@acme.test,Standard User"
    assert refusal_of(lambda: draft(acme, table, ana)) == "header_missing"


def test_admin_is_read_as_administrator(acme, ana) -> None:
    assert batches.role_named("ADMIN ") == Role.ADMINISTRATOR
    assert states_of(draft(acme, "email,role\na@acme.test,Admin", ana)) == [WAITING]


def test_an_address_twice_in_one_line_is_told_too(acme, ana) -> None:
    batch = draft(acme, "a@acme.test, b@acme.test, A@acme.test", ana)
    assert [(row.line, row.cause) for row in rows_of(batch)] == [
        (1, ""), (1, ""), (1, Cause.TWICE),
    ]  # fmt: skip


def test_an_account_of_others_and_one_that_is_none_are_told_apart_by_nobody(
    acme, globex, ana
) -> None:
    theirs = some_accounts(globex, 1)[0].sid
    table = "email,account,account roles\n" + "".join(
        f"g@contractor.example,{sid},Support\n" for sid in (theirs, make_sid("AC"))
    )
    first, second = rows_of(draft(acme, table, ana))
    assert (first.cause, first.message) == (second.cause, second.message)


def test_a_look_asks_the_same_however_many_rows_there_are(acme, ana, count_queries) -> None:
    small, large = draft(acme, addresses(3), ana), draft(acme, addresses(60), ana)
    asked = count_queries(lambda: check_batch(small, actor=acting(ana)))
    assert count_queries(lambda: check_batch(large, actor=acting(ana))) == asked


def test_every_row_of_a_draft_is_decided_as_it_is_when_it_is_sent(acme, ana, work) -> None:
    """What the look calls good is sent, and what it leaves out would have been refused."""
    account = some_accounts(acme, 1)[0]
    table = (
        "email,role,account,account roles\n"
        "a@acme.test,,,\nb@corporate.example,,,\nc@gmail.com,,,\n"
        f"d@contractor.example,,{account.sid},Support\ne@acme.test,,{account.sid},Support\n"
    )
    batch = draft(acme, table, ana)
    looked = {row.email: row.state == WAITING for row in rows_of(batch)}
    InvitationBatchRow.unscoped.filter(batch=batch).update(state=WAITING, cause="", message="")
    InvitationBatch.unscoped.filter(pk=batch.pk).update(total=5, left_out=0)
    confirm(batch, ana)
    work()
    assert {row.email: row.state == DONE for row in rows_of(batch)} == looked


def test_the_same_table_again_is_the_same_draft(acme, ana, ben) -> None:
    first = draft(acme, addresses(3), ana)
    assert draft(acme, addresses(3), ana).pk == first.pk
    others = [
        draft(acme, addresses(4), ana),
        draft(acme, addresses(3), ana, role=Role.ADMINISTRATOR),
        draft(acme, addresses(3), ben),
    ]
    assert first.pk not in {one.pk for one in others}


def test_a_table_that_was_cut_down_is_not_taken_for_the_whole(acme, ana) -> None:
    table = addresses(2) + "\nnobody"
    cut = drop_bad_rows(draft(acme, table, ana), actor=acting(ana))
    assert (cut.total, cut.left_out, len(rows_of(cut))) == (2, 0, 2)
    assert draft(acme, table, ana).pk != cut.pk
    assert refusal_of(lambda: drop_bad_rows(cut, actor=acting(ana))) == "nothing_to_drop"


def test_the_same_table_may_be_cut_down_twice(acme, ana) -> None:
    table = addresses(2) + "\nnobody"
    first, second = (drop_bad_rows(draft(acme, table, ana), actor=acting(ana)) for _ in range(2))
    assert (first.pk, first.digest) != (second.pk, second.digest)


def test_a_corrected_row_is_judged_again_with_all_the_others(acme, ana) -> None:
    batch = draft(acme, "a@acme.test\na@acme.test\nc@acme.test", ana)
    assert states_of(batch) == [WAITING, LEFT_OUT, WAITING]
    row = corrected(batch, 1, "b@acme.test", ana)
    assert (row.email, row.state, row.role) == ("b@acme.test", WAITING, "Standard User")
    assert states_of(batch) == [WAITING] * 3
    assert (fresh(batch).total, fresh(batch).left_out) == (3, 0)
    assert corrected(batch, 2, "c@acme.test", ana).state == WAITING
    assert causes_of(batch)["c@acme.test"] == Cause.TWICE
    told = [line(one) for one in events(acme, "invitations.batch_row_corrected")]
    assert ["corrected line 2 of a table" in words for words in told] == [False, True]


def test_a_row_that_is_left_out_makes_room_for_its_double(acme, ana, ben) -> None:
    batch = draft(acme, "a@acme.test\na@acme.test", ana)
    leave_out_row(batch, position=1, actor=acting(ben))
    assert (states_of(batch), fresh(batch).total, fresh(batch).left_out) == ([WAITING], 1, 0)
    [event] = events(acme, "invitations.batch_row_left_out")
    assert "left line 1 out of a table of invitations" in line(event)
    assert refusal_of(lambda: leave_out_row(batch, position=1, actor=acting(ana))) == "row_gone"
    assert refusal_of(lambda: corrected(batch, 1, "b@acme.test", ana)) == "row_gone"


def test_a_table_with_a_changed_row_is_not_taken_for_what_was_uploaded(acme, ana) -> None:
    batches_of_it = []
    for change in (
        lambda batch: corrected(batch, 1, "b@acme.test", ana),
        lambda batch: leave_out_row(batch, position=1, actor=acting(ana)),
    ):
        batch = draft(acme, addresses(2), ana)
        change(batch)
        batches_of_it.append(batch.pk)
    assert draft(acme, addresses(2), ana).pk not in batches_of_it
    assert len(set(batches_of_it)) == 2


def test_a_corrected_row_is_not_what_was_shown(acme, ana) -> None:
    batch = draft(acme, addresses(2), ana)
    before = shown(batch)
    corrected(batch, 1, "b@acme.test", ana)
    refused = refusal_of(lambda: send_batch(batch, expected=before, actor=acting(ana)))
    assert refused == "batch_changed"


def test_nobody_corrects_what_somebody_else_has_drafted(acme, ana, ben, cy, eve) -> None:
    batch = draft(acme, addresses(1), ana)
    for other in (ben, cy, eve):
        with pytest.raises(NotAllowed):
            corrected(batch, 1, "b@acme.test", other)
    assert [row.email for row in rows_of(batch)] == ["new000@acme.test"]


def test_looking_again_finds_what_has_changed(acme, ana) -> None:
    batch = draft(acme, "a@corporate.example\nb@acme.test", ana)
    assert states_of(batch) == [LEFT_OUT, WAITING]
    prove(acme, "corporate.example")
    invite_user(acme, email="b@acme.test", role=Role.STANDARD, actor=acting(ana))
    again = check_batch(batch, actor=acting(ana))
    assert (states_of(batch), again.total, again.left_out) == ([WAITING, LEFT_OUT], 1, 1)


def test_a_look_writes_no_row_that_is_as_before(acme, ana) -> None:
    batch = draft(acme, addresses(5) + "\nb@corporate.example\nc@corporate.example", ana)
    table = InvitationBatchRow._meta.db_table

    def written() -> int:
        with CaptureQueriesContext(connection) as captured:
            check_batch(batch, actor=acting(ana))
        return sum(f'UPDATE "{table}"' in query["sql"] for query in captured)

    assert written() == 0
    prove(acme, "corporate.example")
    assert written() == 1
    assert states_of(batch) == [WAITING] * 7


def test_so_many_drafts_wait_and_no_more(acme, ana) -> None:
    for number in range(MOST_DRAFTS):
        draft(acme, addresses(number + 1), ana)
    assert refusal_of(lambda: draft(acme, "a@acme.test", ana)) == "too_many_drafts"


# Confirming


def test_only_what_was_shown_is_sent(acme, ana) -> None:
    batch = draft(acme, addresses(3), ana)
    for expected in ("", "3", "0" * 64):
        refused = refusal_of(lambda n=expected: send_batch(batch, expected=n, actor=acting(ana)))
        assert refused == "batch_changed"
    assert fresh(batch).phase is Phase.DRAFT


def test_as_many_other_rows_are_not_what_was_shown(acme, ana) -> None:
    batch = draft(acme, "a@corporate.example\nb@acme.test", ana)
    before = shown(batch)
    prove(acme, "corporate.example")
    invite_user(acme, email="b@acme.test", role=Role.STANDARD, actor=acting(ana))
    assert check_batch(batch, actor=acting(ana)).total == 1
    refused = refusal_of(lambda: send_batch(batch, expected=before, actor=acting(ana)))
    assert refused == "batch_changed"
    assert confirm(batch, ana).confirmed_at


def test_a_row_with_another_role_is_not_what_was_shown(acme, ana) -> None:
    batch = draft(acme, addresses(2), ana)
    before = shown(batch)
    InvitationBatchRow.unscoped.filter(batch=batch, position=2).update(role="Administrator")
    refused = refusal_of(lambda: send_batch(batch, expected=before, actor=acting(ana)))
    assert refused == "batch_changed"


def test_no_administrator_is_invited_without_the_password(acme, ana) -> None:
    batch = draft(acme, addresses(2), ana)
    correct_row(
        batch,
        position=1,
        email="new000@acme.test",
        role=Role.ADMINISTRATOR,
        account="",
        account_roles="",
        actor=acting(ana),
    )
    known = shown(batch)
    assert refusal_of(lambda: send_batch(batch, expected=known, actor=acting(ana))) == (
        "password_missing"
    )
    assert fresh(batch).phase is Phase.DRAFT
    send_batch(batch, expected=known, is_proven=True, actor=acting(ana))
    assert fresh(batch).phase is Phase.SENDING


def test_taking_out_what_cannot_be_sent_changes_nothing_of_what_was_shown(acme, ana) -> None:
    batch = draft(acme, addresses(2) + "\nnobody", ana)
    before = shown(batch)
    drop_bad_rows(batch, actor=acting(ana))
    assert send_batch(batch, expected=before, actor=acting(ana)).total == 2


def test_the_form_carries_what_was_shown(acme, ana, sign_in) -> None:
    batch = draft(acme, addresses(2), ana)
    client = sign_in(ana)
    for url in (batch.get_absolute_url(), reverse("invitations:batch-send", args=[batch.sid])):
        assert f'name="expected" value="{shown(batch)}"' in client.get(url).content.decode()
    before = shown(batch)
    InvitationBatchRow.unscoped.filter(batch=batch, position=2).update(role="Administrator")
    url = reverse("invitations:batch-send", args=[batch.sid])
    form = {"when": "now", "password": PASSWORD}  # which an Administrator needs
    page = client.post(url, form | {"expected": before}).content.decode()
    assert "The rows that can be sent have changed since you reviewed them." in page
    assert client.post(url, {"expected": shown(batch), "when": "now"}).status_code == 303
    assert fresh(batch).confirmed_at


def test_a_draft_without_a_good_row_is_not_sent(acme, ana) -> None:
    batch = draft(acme, "nobody", ana)
    assert refusal_of(lambda: confirm(batch, ana)) == "nothing_to_send"


def test_nobody_sends_what_somebody_else_has_drafted(acme, ana, ben, cy, eve) -> None:
    batch = draft(acme, addresses(2), ana)
    for other in (ben, cy, eve):
        with pytest.raises(NotAllowed):
            confirm(batch, other)
    assert fresh(batch).phase is Phase.DRAFT


def test_the_form_sent_twice_sends_once(acme, ana, work) -> None:
    batch = sent(acme, addresses(3), ana)
    assert confirm(batch, ana).confirmed_at == batch.confirmed_at
    work()
    assert invited_by(batch).count() == 3
    assert len(events(acme, "invitations.batch_started")) == 1


def test_an_organization_sends_so_many_tables_in_a_day(acme, globex, ana, settings) -> None:
    settings.INVITATION_BATCHES_PER_DAY = 2
    now = clock.now()
    for number in (1, 2):
        sent(acme, addresses(number), ana)
    third = draft(acme, addresses(3), ana)
    assert refusal_of(lambda: confirm(third, ana)) == "too_many_batches"
    with time_machine.travel(now + timedelta(days=1, minutes=1)):
        assert confirm(third, ana).confirmed_at


def test_a_moment_must_be_to_come_and_not_too_far(acme, ana) -> None:
    batch, now = draft(acme, addresses(1), ana), clock.now()
    for starts_at, code in (
        (now - timedelta(minutes=1), "start_in_the_past"),
        (now + timedelta(days=91), "start_too_late"),
    ):
        assert refusal_of(lambda at=starts_at: confirm(batch, ana, starts_at=at)) == code


def test_what_waits_for_its_moment_is_sent_then_and_not_before(acme, ana, work) -> None:
    now = clock.now()
    batch = draft(acme, addresses(3), ana)
    confirm(batch, ana, starts_at=now + timedelta(hours=5))
    jobs.drive_invitation_batch.enqueue(batch.pk)
    jobs.start_invitation_batches.enqueue()
    work()
    assert (fresh(batch).phase, invited_by(batch).count()) == (Phase.SCHEDULED, 0)
    with time_machine.travel(now + timedelta(hours=5, minutes=1)):
        jobs.start_invitation_batches.enqueue()
        work()
    assert (fresh(batch).phase, invited_by(batch).count()) == (Phase.SENT, 3)


def test_what_waits_can_be_cancelled_and_its_rows_are_forgotten(acme, ana, ben, work) -> None:
    now = clock.now()
    batch = draft(acme, addresses(3), ana)
    confirm(batch, ana, starts_at=now + timedelta(hours=5))
    cancelled = cancel_batch(batch, actor=acting(ben))
    assert (cancelled.phase, rows_of(batch)) == (Phase.CANCELLED, [])
    assert cancel_batch(batch, actor=acting(ben)).cancelled_at == cancelled.cancelled_at
    with time_machine.travel(now + timedelta(hours=5, minutes=1)):
        jobs.start_invitation_batches.enqueue()
        work()
    assert not Invitation.unscoped.filter(email__endswith="@acme.test").exists()
    assert refusal_of(lambda: confirm(batch, ana)) == "batch_cancelled"
    assert refusal_of(lambda: check_batch(batch, actor=acting(ana))) == "batch_no_draft"


def test_what_has_begun_is_not_cancelled_or_changed(acme, ana) -> None:
    batch = sent(acme, addresses(MORE_THAN_A_STEP) + "\nnobody", ana)
    step(batch)
    assert refusal_of(lambda: cancel_batch(batch, actor=acting(ana))) == "batch_begun"
    for change in (
        lambda: check_batch(batch, actor=acting(ana)),
        lambda: drop_bad_rows(batch, actor=acting(ana)),
        lambda: corrected(batch, 1, "b@acme.test", ana),
        lambda: leave_out_row(batch, position=1, actor=acting(ana)),
    ):
        assert refusal_of(change) == "batch_no_draft"


def test_drafts_that_nobody_sends_are_forgotten(acme, ana, work, settings) -> None:
    old, now = draft(acme, addresses(2), ana), clock.now()
    with time_machine.travel(now + settings.DRAFT_KEPT + timedelta(minutes=1)):
        new = draft(acme, addresses(3), ana)
        jobs.forget_invitation_drafts.enqueue()
        work()
    assert (fresh(old).phase, fresh(new).phase) == (Phase.CANCELLED, Phase.DRAFT)


# Sending


def test_each_row_goes_through_its_operation_and_is_mailed_once(acme, ana, deliver) -> None:
    account = some_accounts(acme, 1)[0]
    table = (
        "email,role,account,account roles\n"
        "a@acme.test,Administrator,,\nb@acme.test,,,\nnobody,,,\n"
        f"guest@contractor.example,,{account.sid},Support + Developer\n"
    )
    batch = sent(acme, table, ana)
    mails = deliver()
    assert states_of(batch) == [DONE, DONE, LEFT_OUT, DONE]
    assert [row.message for row in rows_of(batch) if row.state == DONE] == [
        "Invited as Administrator.",
        "Invited as Standard User (Account Creation).",
        f"Invited to {account.name} as Developer, Support.",
    ]
    made = invited_by(batch).values_list("email", "kind", "role", "account_roles")
    assert set(made) == {
        ("a@acme.test", Kind.JOIN, Role.ADMINISTRATOR, ""),
        ("b@acme.test", Kind.JOIN, Role.STANDARD, ""),
        ("guest@contractor.example", Kind.ACCESS, "", "developer support"),
    }
    emails = {row.email for row in rows_of(batch)}
    to = [address for message in mails for address in message.to if address in emails]
    assert sorted(to) == ["a@acme.test", "b@acme.test", "guest@contractor.example"]
    ended = fresh(batch)
    assert (ended.phase, ended.done, ended.refused) == (Phase.SENT, 3, 0)
    told = [line(one) for one in events(acme, "user.invited")]
    assert [sum(email in words for words in told) for email in sorted(emails)] == [1, 1, 0, 0]
    [event] = events(acme, "invitations.batch_finished")
    assert "sent: 3, refused: 0" in line(event)


def test_a_managed_user_gets_roles_on_an_account_at_once(acme, ana, cy, work) -> None:
    account = some_accounts(acme, 1)[0]
    table = f"email,account,account roles\n{cy.email},{account.sid},Support"
    batch = sent(acme, table, ana)
    work()
    assert states_of(batch) == [DONE]
    held = RoleAssignment.unscoped.in_force().filter(account=account, holder=cy)
    assert [one.role for one in held] == [AccountRole.SUPPORT]


def test_a_refusal_stands_beside_its_row_and_the_others_go_on(acme, ana, work) -> None:
    batch = sent(acme, addresses(3), ana)
    invite_user(acme, email="new001@acme.test", role=Role.STANDARD, actor=acting(ana))
    work()
    assert states_of(batch) == [DONE, REFUSED, DONE]
    assert "is waiting" in rows_of(batch)[1].message
    ended = fresh(batch)
    assert (ended.done, ended.refused, ended.phase) == (2, 1, Phase.SENT)


def test_whoever_may_no_longer_invite_sends_no_further_row(acme, ana, ben) -> None:
    batch = sent(acme, addresses(MORE_THAN_A_STEP), ben)
    step(batch)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    ended = step(batch)
    assert states_of(batch) == [DONE] * ROWS_OF_A_STEP + [REFUSED] * 5
    assert {row.message for row in rows_of(batch) if row.state == REFUSED} == {MAY_NO_LONGER}
    assert (ended.phase, ended.state) == (Phase.STOPPED, RunState.FAILED)
    assert len(events(acme, "invitations.batch_stopped")) == 1


def test_only_whoever_confirmed_it_goes_on_with_it(acme, ana, ben) -> None:
    batch, waiting = sent(acme, addresses(2), ana), draft(acme, addresses(3), ana)
    for one, who in ((batch, acting(ben)), (waiting, acting(ana)), (batch, Actor.system("x"))):
        with pytest.raises(NotAllowed):
            take_batch_step(one, actor=who)
    assert not Invitation.unscoped.filter(email__endswith="@acme.test").exists()


def test_a_step_whose_worker_dies_leaves_nothing_behind(acme, ana, monkeypatch) -> None:
    batch = sent(acme, addresses(3), ana)
    jobs_before = DBTaskResult.objects.count()

    def die(self, cursor, **told) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(InvitationBatch, "advance", die)
        with pytest.raises(Killed):
            step(batch)
    assert states_of(batch) == [WAITING] * 3
    assert not Invitation.unscoped.filter(email__endswith="@acme.test").exists()
    assert DBTaskResult.objects.count() == jobs_before


def test_another_worker_goes_on_after_the_lease_and_sends_nothing_twice(acme, ana, work) -> None:
    batch, now = sent(acme, addresses(MORE_THAN_A_STEP), ana), clock.now()
    DBTaskResult.objects.all().delete()
    step(batch)
    jobs.start_invitation_batches.enqueue()
    work()
    assert fresh(batch).processed == ROWS_OF_A_STEP
    with time_machine.travel(now + LEASE + timedelta(seconds=5)):
        jobs.start_invitation_batches.enqueue()
        work()
    assert states_of(batch) == [DONE] * MORE_THAN_A_STEP
    assert invited_by(batch).count() == MORE_THAN_A_STEP
    assert set(invited_by(batch).values_list("total_sends", flat=True)) == {1}


def test_an_account_that_stops_meanwhile_is_told_of(acme, ana, work) -> None:
    account = some_accounts(acme, 1)[0]
    table = f"email,account,account roles\ng@contractor.example,{account.sid},Support"
    batch = sent(acme, table, ana)
    suspend_account(account, actor=acting(ana))
    work()
    assert [row.message for row in rows_of(batch)] == [
        "This account is suspended. Reactivate it first."
    ]


def test_a_row_with_both_offers_both_in_one_invitation(acme, ana, work) -> None:
    account = some_accounts(acme, 1)[0]
    table = f"email,role,account,account roles\nx@acme.test,standard,{account.sid},Support"
    batch = sent(acme, table, ana)
    work()
    [row] = rows_of(batch)
    assert row.message == (
        f"Invited as Standard User (Account Creation), with roles on {account.name}."
    )
    [made] = invited_by(batch)
    assert (made.kind, made.role, made.account, made.account_roles) == (
        Kind.JOIN, Role.STANDARD, account, "support",
    )  # fmt: skip


def test_standard_users_and_support_draft_nothing(acme, cy, eve, sue) -> None:
    staff = policy.staff_actor(sue).with_reason("Ticket 7")
    rows = batches.read_batch(b"a@acme.test").rows
    for actor in (acting(cy), acting(eve), staff):
        with pytest.raises(NotAllowed):
            draft_batch(acme, rows=rows, role=Role.STANDARD, actor=actor)
    assert not InvitationBatch.unscoped.exists()
