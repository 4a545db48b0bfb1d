"""The workers of imports."""

from datetime import timedelta

from django.conf import settings
from django.tasks import task

from adminctr.core import clock
from adminctr.core.runs import drive
from adminctr.core.tenancy import every_tenant
from adminctr.queue.periodic import periodic
from imports.models import ImportList, ImportRun
from imports.operations import take_import_step
from organizations import policy

# What is left over is taken up at the next turn.
_MOST_AT_ONCE = 100


@task
def drive_import(run_key: int, baton: str = "") -> None:
    """Take steps for a turn, or leave the run to the worker that holds it."""
    with every_tenant():
        run = ImportRun.objects.select_related("organization", "listing", "by").get(pk=run_key)
    drive(run, _take_step, baton)


@periodic(timedelta(minutes=1))
@task
def take_up_imports() -> None:
    """Begin those that nobody has begun, and go on with those whose worker has died."""
    with every_tenant():
        waiting = ImportRun.objects.waiting().order_by("pk")
        keys = list(waiting.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    for key in keys:
        drive_import.enqueue(key)


@periodic(timedelta(hours=1))
@task
def forget_old_lists() -> None:
    """Nobody is on a list for long that nobody imports."""
    with every_tenant():
        old = ImportList.objects.drafts().filter(created_at__lte=clock.now() - settings.DRAFT_KEPT)
        keys = list(old.order_by("pk").values_list("pk", flat=True)[:_MOST_AT_ONCE])
        ImportList.objects.filter(pk__in=keys).delete()


def _take_step(run: ImportRun) -> None:
    take_import_step(run, actor=policy.actor_for(run.by, via="import"))
