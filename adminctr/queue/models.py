"""What the task queue needs beside its tasks: who is alive, and what is due periodically."""

from django.db import models

from adminctr.core import clock


class WorkerHeartbeat(models.Model):
    """A running worker. A task whose worker has gone silent is taken over by another."""

    worker_id = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.worker_id


class PeriodicJob(models.Model):
    """When a periodic job is due next."""

    task_path = models.CharField(max_length=200, primary_key=True)
    due_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.task_path
