"""Housekeeping of the queue itself, and of the cache where it is a table."""

from datetime import timedelta

from django.core.cache import caches
from django.tasks import task
from django_tasks_db.models import DBTaskResult

from adminctr.core import clock
from adminctr.core.counting import CountingDatabaseCache
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


@periodic(timedelta(minutes=10))
@task
def tidy_cache() -> None:
    """Forget what has expired, which Redis does by itself."""
    shared = caches["default"]
    if isinstance(shared, CountingDatabaseCache):
        shared.forget_expired()
