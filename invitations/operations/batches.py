"""Many invitations at once: drafted, read again, confirmed, and sent in steps."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings

from accounts.models import Account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.runs import RunState, require_starter
from adminctr.core.tables import Row
from audit import log
from invitations import batches
from invitations.batch_models import MESSAGE_LENGTH, InvitationBatch, InvitationBatchRow, RowState
from invitations.operations.inviting import invite_to_account, invite_user
from organizations import policy
from organizations.models import Organization, Role
from organizations.policy import Action

# How many rows one transaction sends: few enough that others wait for it a moment only.
ROWS_OF_A_STEP = 20

MOST_DRAFTS = 20
LATEST_START = timedelta(days=90)
BEGUN = "Sending has begun; it can no longer be cancelled."
NO_DRAFT = "This is no longer a draft."
NOT_YOURS = "Only the person who created this draft can change or send it."
MAY_NO_LONGER = "The person who started this may no longer invite people."


@operation(itself)
def draft_batch(
    organization: Organization, *, rows: Sequence[Row], role: Role, actor: Actor
) -> InvitationBatch:
    """Keep a table to be looked through; nobody is invited yet.

    `role` is that of rows which name neither a role nor an account. The same table once more is
    answered with the draft that there is. Raises NotAllowed, or RuleViolation: role_not_grantable,
    too_many_drafts.
    """
    actor = policy.require_locked(actor, Action.USER_INVITE, organization)
    if actor.user_id is None:
        raise NotAllowed(policy.MEMBERS_ALONE)
    policy.require_grantable(role)
    drafts = InvitationBatch.objects.drafts().filter(by=actor.user_id)
    digest = batches.digest_of_table(rows, role)
    if same := drafts.filter(digest=digest).first():
        return same
    if drafts[:MOST_DRAFTS].count() >= MOST_DRAFTS:
        raise RuleViolation(
            "too_many_drafts",
            f"{MOST_DRAFTS} drafts of yours are waiting, which is the limit. Send or cancel one "
            "first.",
        )
    batch = InvitationBatch.objects.create(
        organization=organization, by_id=actor.user_id, digest=digest
    )
    made = [batches.row_of(batch, place, row, role) for place, row in enumerate(rows, start=1)]
    batches.judge(made, organization)
    InvitationBatchRow.objects.bulk_create(made)
    _count(batch, made)
    log.record(
        "invitations.batch_drafted", organization, actor=actor, subject_sid=batch.sid,
        rows=len(made),
    )  # fmt: skip
    return batch


@operation(its_organization)
def check_batch(batch: InvitationBatch, *, actor: Actor) -> InvitationBatch:
    """Look at the rows of a draft again, since domains, people and accounts have changed.

    Raises NotAllowed, or RuleViolation: batch_no_draft.
    """
    actor, current = _locked_draft(batch, actor)
    _look_again(current, _rows_of(current))
    _record("invitations.batch_checked", current, actor)
    return current


@operation(its_organization)
def correct_row(
    batch: InvitationBatch,
    *,
    position: int,
    email: str,
    role: Role | None,
    account: str,
    account_roles: str,
    actor: Actor,
) -> InvitationBatchRow:
    """Write one row of a draft anew, and look at all of them again, since one may repeat another.

    Raises NotAllowed, or RuleViolation: batch_no_draft, row_gone.
    """
    actor, current = _locked_draft(batch, actor)
    _require_mine(current, actor)
    rows = _rows_of(current)
    row = _at(position, rows)
    row.email, row.role = email, role.short_label if role else ""
    row.account, row.account_roles = account, account_roles
    row.save(update_fields=["email", "role", "account", "account_roles"])
    _look_again(current, rows)
    _set_apart(current)
    log.record(
        "invitations.batch_row_corrected", current.organization, actor=actor,
        subject_sid=current.sid, line=row.line,
    )  # fmt: skip
    return row


@operation(its_organization)
def leave_out_row(batch: InvitationBatch, *, position: int, actor: Actor) -> InvitationBatch:
    """Take one row out of a draft, and look at the others again.

    Raises NotAllowed, or RuleViolation: batch_no_draft, row_gone.
    """
    actor, current = _locked_draft(batch, actor)
    rows = _rows_of(current)
    row = _at(position, rows)
    rows.remove(row)
    row.delete()
    _look_again(current, rows)
    _set_apart(current)
    log.record(
        "invitations.batch_row_left_out", current.organization, actor=actor,
        subject_sid=current.sid, line=row.line,
    )  # fmt: skip
    return current


@operation(its_organization)
def drop_bad_rows(batch: InvitationBatch, *, actor: Actor) -> InvitationBatch:
    """Take the rows that cannot be sent out of a draft.

    Raises NotAllowed, or RuleViolation: batch_no_draft, nothing_to_drop.
    """
    actor, current = _locked_draft(batch, actor)
    dropped, _ = InvitationBatchRow.objects.filter(batch=current).left_out().delete()
    if not dropped:
        raise RuleViolation("nothing_to_drop", "Every row of this draft can be sent.")
    current.left_out = 0
    current.save(update_fields=["left_out"])
    _set_apart(current)
    log.record(
        "invitations.batch_rows_dropped", current.organization, actor=actor,
        subject_sid=current.sid, rows=dropped,
    )  # fmt: skip
    return current


@operation(its_organization)
def send_batch(
    batch: InvitationBatch,
    *,
    expected: str,
    starts_at: datetime | None = None,
    is_proven: bool = False,
    actor: Actor,
) -> InvitationBatch:
    """Send the good rows of a draft, now or at a moment to come.

    `expected` is the digest of the good rows that were shown (batches.digest_of_good); without the
    password, `is_proven`, they make no Administrator. A batch that was confirmed before is answered
    with itself. Raises NotAllowed, or RuleViolation: batch_cancelled, batch_changed,
    nothing_to_send, password_missing, start_in_the_past, start_too_late, too_many_batches.
    """
    actor = policy.require_locked(actor, Action.USER_INVITE, batch)
    current = _as_of_now(batch)
    if current.cancelled_at is not None:
        raise RuleViolation("batch_cancelled", "This draft was cancelled. Upload the table again.")
    if current.confirmed_at is not None:
        return current
    _require_mine(current, actor)
    _require_sendable(current, expected, is_proven=is_proven)
    now = clock.now()
    _require_start(starts_at, now)
    _require_few_in_a_day(now)

    current.confirmed_at, current.starts_at = now, starts_at or now
    current.save(update_fields=["confirmed_at", "starts_at"])
    if starts_at is None:
        current.enqueue()
    _record(
        "invitations.batch_started" if starts_at is None else "invitations.batch_scheduled",
        current,
        actor,
    )
    return current


@operation(its_organization)
def cancel_batch(batch: InvitationBatch, *, actor: Actor) -> InvitationBatch:
    """Give up a draft, or what waits for its day; its rows are forgotten.

    Raises NotAllowed, or RuleViolation: batch_begun.
    """
    actor = policy.require_locked(actor, Action.USER_INVITE, batch)
    current = _as_of_now(batch)
    if current.cancelled_at is not None:
        return current
    if not InvitationBatch.objects.filter(pk=current.pk).cancel():
        raise RuleViolation("batch_begun", BEGUN)
    _record("invitations.batch_cancelled", current, actor)
    return _as_of_now(batch)


@operation(its_organization)
def take_batch_step(batch: InvitationBatch, *, actor: Actor) -> None:
    """Send the next rows, each by its ordinary operation; the last step ends the run.

    A refusal is told beside its row and the others go on. Where whoever confirmed it may no longer
    invite, the rows that are left are refused. Called by a job. Raises NotAllowed.
    """
    require_starter(actor, batch.by_id if batch.confirmed_at else 0)
    organization = batch.organization
    organization.lock()
    waiting = InvitationBatchRow.objects.filter(batch=batch).waiting().order_by("position", "pk")
    current = policy.still_may(actor, Action.USER_INVITE, organization)
    if current is None:
        left = waiting.order_by().update(state=RowState.REFUSED, message=MAY_NO_LONGER)
        batch.advance(batch.cursor, refused=batch.refused + left)
        batch.finish(RunState.FAILED)
        _record("invitations.batch_stopped", batch, Actor.system("invitations"))
        return

    rows = list(waiting[:ROWS_OF_A_STEP])
    for row in rows:
        _send(row, organization, current)
    InvitationBatchRow.objects.bulk_update(rows, ["state", "message"])
    done = sum(row.state == RowState.DONE for row in rows)
    at = rows[-1].position if rows else batch.total
    refused = batch.refused + len(rows) - done
    batch.advance({"position": at}, done=batch.done + done, refused=refused)
    if batch.processed == batch.total or not rows:
        batch.finish()
        _record("invitations.batch_finished", batch, current)


def _send(row: InvitationBatchRow, organization: Organization, actor: Actor) -> None:
    """What an operation refuses it has rolled back by itself."""
    try:
        row.message = _invite(row, organization, actor)[:MESSAGE_LENGTH]
        row.state = RowState.DONE
    except (RuleViolation, NotAllowed) as refused:
        row.message = str(refused)[:MESSAGE_LENGTH]
        row.state = RowState.REFUSED


def _invite(row: InvitationBatchRow, organization: Organization, actor: Actor) -> str:
    wish = batches.wish_of(row)
    if isinstance(wish, batches.Flaw):
        raise RuleViolation(wish.cause.value, wish.message)
    account = _account_of(wish)
    roles = wish.account_roles
    if wish.role is not None:
        invitation = invite_user(
            organization,
            email=wish.email,
            role=wish.role,
            account=account,
            account_roles=roles,
            actor=actor,
        )
        on_account = f", with roles on {account.name}" if account else ""
        return f"Invited as {invitation.get_role_label()}{on_account}."
    named = cast(Account, account)
    offered = invite_to_account(named, email=wish.email, roles=roles, actor=actor)
    if offered is None:
        return f"A managed user, who has the roles on {named.name} now."
    return f"Invited to {named.name} as {offered.get_role_label()}."


def _account_of(wish: batches.Wish) -> Account | None:
    """The account that a row names, while the organization has it."""
    if not wish.account:
        return None
    account = Account.objects.select_related("organization").filter(sid=wish.account).first()
    if account is None:
        raise RuleViolation("account_unknown", "Your organization no longer has this account.")
    return account


def _rows_of(batch: InvitationBatch) -> list[InvitationBatchRow]:
    return list(InvitationBatchRow.objects.filter(batch=batch).order_by("position", "pk"))


def _at(position: int, rows: Sequence[InvitationBatchRow]) -> InvitationBatchRow:
    for row in rows:
        if row.position == position:
            return row
    raise RuleViolation("row_gone", "This row was left out already.")


def _look_again(batch: InvitationBatch, rows: Sequence[InvitationBatchRow]) -> None:
    """What is as before is not written again: on SQLite everybody else waits meanwhile."""
    before = [_answer_of(row) for row in rows]
    batches.judge(rows, batch.organization)
    changed = defaultdict[tuple[str, str, str], list[int]](list)
    for row, former in zip(rows, before, strict=True):
        if _answer_of(row) != former:
            changed[_answer_of(row)].append(row.pk)
    for (state, cause, message), keys in changed.items():
        same = InvitationBatchRow.objects.filter(pk__in=keys)
        same.update(state=state, cause=cause, message=message)
    _count(batch, rows)


def _answer_of(row: InvitationBatchRow) -> tuple[str, str, str]:
    return row.state, row.cause, row.message


def _set_apart(batch: InvitationBatch) -> None:
    """It is no longer what was uploaded: the same table once more is another draft."""
    batch.digest = hashlib.sha256(batch.sid.encode()).hexdigest()
    batch.save(update_fields=["digest"])


def _count(batch: InvitationBatch, rows: Sequence[InvitationBatchRow]) -> None:
    batch.left_out = sum(row.state == RowState.LEFT_OUT for row in rows)
    batch.total = len(rows) - batch.left_out
    batch.save(update_fields=["total", "left_out"])


def _as_of_now(batch: InvitationBatch) -> InvitationBatch:
    """The batch as it is under the organization's lock."""
    return InvitationBatch.objects.select_related("organization", "by").get(pk=batch.pk)


def _locked_draft(batch: InvitationBatch, actor: Actor) -> tuple[Actor, InvitationBatch]:
    actor = policy.require_locked(actor, Action.USER_INVITE, batch)
    current = _as_of_now(batch)
    if current.confirmed_at is not None or current.cancelled_at is not None:
        raise RuleViolation("batch_no_draft", NO_DRAFT)
    return actor, current


def _require_mine(batch: InvitationBatch, actor: Actor) -> None:
    """Whoever sends it answers for it."""
    if actor.user_id != batch.by_id:
        raise NotAllowed(NOT_YOURS, action=Action.USER_INVITE)


def _require_sendable(batch: InvitationBatch, expected: str, *, is_proven: bool) -> None:
    if not batch.total:
        raise RuleViolation(
            "nothing_to_send", "No row can be sent as it is. Upload a corrected table."
        )
    good = batches.good_of(batch)
    if batches.digest_of(good) != expected:
        raise RuleViolation(
            "batch_changed",
            "The rows that can be sent have changed since you reviewed them. Go back to the "
            "draft and review it again.",
        )
    if batches.makes_administrators(good) and not is_proven:
        raise RuleViolation(
            "password_missing",
            "A row makes somebody an Administrator now, which needs your password. Go back to the "
            "draft and review it again.",
        )


def _require_start(starts_at: datetime | None, now: datetime) -> None:
    if starts_at is not None and starts_at <= now:
        raise RuleViolation("start_in_the_past", "Choose a day and time in the future.", field="on")
    if starts_at is not None and starts_at > now + LATEST_START:
        raise RuleViolation(
            "start_too_late", f"Choose a day within {LATEST_START.days} days.", field="on"
        )


def _require_few_in_a_day(now: datetime) -> None:
    most: int = settings.INVITATION_BATCHES_PER_DAY
    recent = InvitationBatch.objects.filter(
        confirmed_at__gt=now - timedelta(days=1), cancelled_at=None
    )
    if recent[:most].count() >= most:
        raise RuleViolation(
            "too_many_batches",
            f"Your organization has sent {most} tables within a day, which is the limit. Wait "
            "until tomorrow; the draft is kept.",
        )


def _record(action: str, batch: InvitationBatch, actor: Actor) -> None:
    log.record(
        action,
        batch.organization,
        actor=actor,
        subject_sid=batch.sid,
        rows=batch.total,
        done=batch.done,
        refused=batch.refused,
    )
