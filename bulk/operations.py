"""How one action is done to many things: started once, then done in steps."""

from collections.abc import Mapping, Sequence
from typing import Any

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.runs import RunState, require_starter
from audit import log
from bulk import actions, plans
from bulk.actions import BulkAction
from bulk.models import MESSAGE_LENGTH, NAME_LENGTH, BulkRow, BulkRun, RowState
from organizations import policy
from organizations.models import Organization

# How many rows one transaction does: few enough that others wait for it a moment only.
ROWS_OF_A_STEP = 20

MAY_NO_LONGER = "The person who started this may no longer do it."


@operation(itself)
def start_bulk_run(
    organization: Organization,
    *,
    action: str,
    chosen: Sequence[str],
    parameters: Mapping[str, str],
    digest: str,
    actor: Actor,
) -> BulkRun:
    """Do one action to those of these SIDs that would change, as the plan with this digest says.

    The same form sent again while its run is under way is answered with that run. Raises
    NotAllowed, or RuleViolation: plan_blocked, plan_outdated, or what the action's parameters are
    refused with.
    """
    kind, bulk = actions.named(action)
    actor = policy.require_locked(actor, bulk.action, organization)
    if actor.user_id is None or actor.staff is not None:
        raise NotAllowed(policy.MEMBERS_ALONE, action=bulk.action)
    under_way = BulkRun.objects.unfinished().filter(action=action, digest=digest)
    if same := under_way.filter(by=actor.user_id).first():
        return same
    settled = bulk.settle(parameters)
    judgement = plans.judge(
        organization, kind, bulk, chosen=chosen, parameters=settled, actor=actor
    )
    judgement.plan.require(digest)

    run = BulkRun.objects.create(
        organization=organization,
        action=action,
        parameters=settled,
        digest=digest,
        by_id=actor.user_id,
        total=len(judgement.changing),
    )
    _freeze(judgement.changing, run)
    run.enqueue()
    log.record(
        "bulk.started",
        organization,
        actor=actor,
        subject_sid=run.sid,
        what=plans.words_of(run),
    )
    return run


@operation(its_organization)
def take_bulk_step(run: BulkRun, *, actor: Actor) -> None:
    """Do the next rows of a run, each by its ordinary operation; the last step ends the run.

    A refusal is told beside its row and the others go on. Where whoever started the run may no
    longer do this, the rows that are left are refused. Called by a job. Raises NotAllowed.
    """
    require_starter(actor, run.by_id)
    organization = run.organization
    organization.lock()
    _, bulk = actions.named(run.action)
    waiting = BulkRow.objects.filter(run=run).waiting().order_by("position", "pk")
    current = policy.still_may(actor, bulk.action, organization)
    if current is None:
        left = waiting.order_by().update(state=RowState.REFUSED, message=MAY_NO_LONGER)
        run.advance(run.cursor, refused=run.refused + left)
        run.finish(RunState.FAILED)
        _record("bulk.stopped", run, Actor.system("bulk actions"))
        return

    rows = list(waiting[:ROWS_OF_A_STEP])
    for row in rows:
        _do(row, run, bulk, current)
    BulkRow.objects.bulk_update(rows, ["state", "message"])
    done = sum(row.state == RowState.DONE for row in rows)
    at = rows[-1].position if rows else run.total
    run.advance({"position": at}, done=run.done + done, refused=run.refused + len(rows) - done)
    if run.processed == run.total or not rows:
        run.finish()
        _record("bulk.finished", run, current)


def _freeze(rows: Sequence[Any], run: BulkRun) -> None:
    """What changes, in the order in which it was chosen and by the names that it has now."""
    BulkRow.objects.bulk_create(
        BulkRow(
            organization=run.organization,
            run=run,
            position=position,
            subject_sid=row.sid,
            name=row.name[:NAME_LENGTH],
        )
        for position, row in enumerate(rows, start=1)
    )


def _do(row: BulkRow, run: BulkRun, bulk: BulkAction, actor: Actor) -> None:
    """What an operation refuses it has rolled back by itself."""
    try:
        row.message = bulk.perform(row.subject_sid, run.parameters, actor)
        row.state = RowState.DONE
    except (RuleViolation, NotAllowed) as refused:
        row.message = str(refused)[:MESSAGE_LENGTH]
        row.state = RowState.REFUSED


def _record(action: str, run: BulkRun, actor: Actor) -> None:
    log.record(
        action,
        run.organization,
        actor=actor,
        subject_sid=run.sid,
        what=plans.words_of(run),
        done=run.done,
        refused=run.refused,
    )
