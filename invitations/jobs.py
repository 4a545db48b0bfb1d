"""The workers of batches of invitations."""

from datetime import timedelta

from django.conf import settings
from django.tasks import task

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.runs import drive
from adminctr.core.tenancy import every_tenant
from adminctr.queue.periodic import periodic
from invitations.batch_models import InvitationBatch
from invitations.operations import cancel_batch, take_batch_step
from organizations import policy

# What is left over is taken up at the next turn.
_MOST_AT_ONCE = 100


@task
def drive_invitation_batch(batch_key: int, baton: str = "") -> None:
    """Take steps for a turn, or leave the batch to the worker that holds it."""
    with every_tenant():
        batch = InvitationBatch.objects.select_related("organization", "by").get(pk=batch_key)
    if batch.is_due():
        drive(batch, _take_step, baton)


@periodic(timedelta(minutes=1))
@task
def start_invitation_batches() -> None:
    """Begin what waited for this moment, and go on with what a dead worker has left."""
    with every_tenant():
        due = InvitationBatch.objects.due().order_by("starts_at")
        abandoned = InvitationBatch.objects.abandoned().order_by("leased_until")
        keys = [
            *due.values_list("pk", flat=True)[:_MOST_AT_ONCE],
            *abandoned.values_list("pk", flat=True)[:_MOST_AT_ONCE],
        ]
    for key in keys:
        drive_invitation_batch.enqueue(key)


@periodic(timedelta(hours=1))
@task
def forget_invitation_drafts() -> None:
    """Cancel drafts that nobody has sent for long."""
    with every_tenant():
        drafts = InvitationBatch.objects.drafts().filter(finished_at=None)
        old = drafts.filter(created_at__lte=clock.now() - settings.DRAFT_KEPT).order_by(
            "created_at"
        )
        batches = list(old.select_related("organization")[:_MOST_AT_ONCE])
    for batch in batches:
        cancel_batch(batch, actor=Actor.system("invitations"))


def _take_step(batch: InvitationBatch) -> None:
    take_batch_step(batch, actor=policy.actor_for(batch.by, via="bulk"))
