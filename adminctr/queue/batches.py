"""Enqueuing very many tasks of one kind with one statement, and one where none waits."""

from collections.abc import Iterable
from typing import Any

from django.tasks import Task
from django.utils.json import normalize_json
from django_tasks_db.models import DBTaskResult, get_date_max

from adminctr.core import bulk, clock


def enqueue_all(task: Task[Any, Any], calls: Iterable[tuple[Any, ...]]) -> None:
    """Run the task once with each of these arguments, after the open transaction."""
    moment = clock.now()
    rows = [
        DBTaskResult(
            enqueued_at=moment,
            args_kwargs=normalize_json({"args": call, "kwargs": {}}),
            priority=task.priority,
            task_path=task.module_path,
            queue_name=task.queue_name,
            run_after=task.run_after or get_date_max(),
            backend_name=task.backend,
        )
        for call in calls
    ]
    bulk.insert(DBTaskResult.objects, rows)


def enqueue_unless_waiting(task: Task[Any, Any]) -> None:
    """Run a task without arguments at its next turn, which another one like it may have taken."""
    if not DBTaskResult.objects.ready().filter(task_path=task.module_path).exists():
        task.enqueue()
