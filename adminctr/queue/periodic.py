"""Jobs that run by themselves every so often."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.tasks import Task
from django.utils.module_loading import autodiscover_modules

from adminctr.core import clock
from adminctr.queue.models import PeriodicJob

_every: dict[str, tuple[Task[Any, Any], timedelta]] = {}


def periodic(every: timedelta) -> Callable[[Task[Any, Any]], Task[Any, Any]]:
    """Put a task on the calendar; apps declare theirs in `jobs.py`."""

    def register(task: Task[Any, Any]) -> Task[Any, Any]:
        _every[task.module_path] = (task, every)
        return task

    return register


def discover() -> None:
    """Load every app's jobs and give each new one its row."""
    autodiscover_modules("jobs")
    PeriodicJob.objects.bulk_create(
        [PeriodicJob(task_path=path) for path in _every], ignore_conflicts=True
    )


def enqueue_due() -> int:
    """Enqueue what is due, once however many workers ask; returns how many jobs were."""
    now = clock.now()
    if not PeriodicJob.objects.filter(due_at__lte=now, task_path__in=_every).exists():
        return 0
    with transaction.atomic():
        due = PeriodicJob.objects.select_for_update(skip_locked=True).filter(
            due_at__lte=now, task_path__in=_every
        )
        jobs = list(due)
        for job in jobs:
            task, every = _every[job.task_path]
            job.due_at = now + every
            job.save(update_fields=["due_at"])
            task.enqueue()
    return len(jobs)
