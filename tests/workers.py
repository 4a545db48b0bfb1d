"""A worker of the queue within the process of a test."""

from django_tasks_db.models import DBTaskResult

from adminctr.queue.worker import LeasedWorker


def run_what_is_due() -> int:
    """Run everything that is queued and due; returns how many tasks ran."""
    worker = LeasedWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
    )
    count = 0
    while task := DBTaskResult.objects.ready().first():
        task.claim("test")
        worker.run_task(task)
        count += 1
    return count
