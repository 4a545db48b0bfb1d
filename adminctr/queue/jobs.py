"""Housekeeping of the queue itself."""

from datetime import timedelta

from django.tasks import task
from django_tasks_db.models import DBTaskResult

from adminctr.core import clock
from adminctr.queue.models import WorkerHeartbeat
from adminctr.queue.periodic import periodic

KEEP_FINISHED_TASKS = timedelta(days=7)


@periodic(timedelta(hours=1))
@task
def tidy_queue() -> None:
    """Forget finished tasks and dead workers."""
    long_ago = clock.now() - KEEP_FINISHED_TASKS
    DBTaskResult.objects.finished().filter(finished_at__lt=long_ago).delete()
    WorkerHeartbeat.objects.filter(seen_at__lt=long_ago).delete()
