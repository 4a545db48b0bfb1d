"""The workers of bulk runs."""

from datetime import timedelta

from django.tasks import task

from adminctr.core.runs import drive
from adminctr.core.tenancy import every_tenant
from adminctr.queue.periodic import periodic
from bulk.models import BulkRun
from bulk.operations import take_bulk_step
from organizations import policy

# What is left over is taken up at the next turn.
_MOST_AT_ONCE = 100


@task
def drive_bulk_run(run_key: int, baton: str = "") -> None:
    """Take steps for a turn, or leave the run to the worker that holds it."""
    with every_tenant():
        run = BulkRun.objects.get(pk=run_key)
    drive(run, _take_step, baton)


@periodic(timedelta(minutes=1))
@task
def take_over_bulk_runs() -> None:
    """Go on with runs whose worker has died."""
    with every_tenant():
        abandoned = BulkRun.objects.abandoned().order_by("leased_until")
        keys = list(abandoned.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    for key in keys:
        drive_bulk_run.enqueue(key)


def _take_step(run: BulkRun) -> None:
    take_bulk_step(run, actor=policy.actor_for(run.by, via="bulk"))
