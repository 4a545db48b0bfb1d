"""How the queue stands, in figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, Count, F, Min, When
from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from adminctr.core import clock
from adminctr.queue.models import WorkerHeartbeat


@dataclass(frozen=True, slots=True)
class Figures:
    """Tasks by state; `due` are those of the ready ones that a worker may take now."""

    ready: int
    due: int
    running: int
    failed: int
    oldest_due: timedelta
    workers: int


def read() -> Figures:
    states = (TaskResultStatus.READY, TaskResultStatus.RUNNING, TaskResultStatus.FAILED)
    rows = DBTaskResult.objects.filter(status__in=states).order_by().values_list("status")
    counts = dict(rows.annotate(count=Count("pk")))
    due, since = _due()
    now = clock.now()
    return Figures(
        ready=counts.get(TaskResultStatus.READY, 0),
        due=due,
        running=counts.get(TaskResultStatus.RUNNING, 0),
        failed=counts.get(TaskResultStatus.FAILED, 0),
        oldest_due=max(now - since, timedelta()) if since else timedelta(),
        workers=WorkerHeartbeat.objects.filter(seen_at__gt=now - settings.TASK_LEASE).count(),
    )


def _due() -> tuple[int, datetime | None]:
    """How many tasks are due, and since when the oldest one is."""
    at_once = When(run_after=get_date_max(), then=F("enqueued_at"))
    found = (
        DBTaskResult.objects.ready()
        .order_by()
        .aggregate(count=Count("pk"), since=Min(Case(at_once, default=F("run_after"))))
    )
    return found["count"], found["since"]
