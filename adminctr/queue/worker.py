"""The worker: the library's loop, plus leases, take-over and retries with growing pauses.

A worker shows that it lives by a heartbeat, which is the lease on the task it runs. `revive`
returns to the queue what a dead worker held and what failed and may be tried again; it reads
nothing but the rows, so whoever calls it, and however often, the outcome is the same.
"""

import logging
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction
from django.db.models import Q
from django.tasks import TaskResultStatus
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max

from adminctr.core import clock, metrics
from adminctr.core.outages import outage_of
from adminctr.queue import periodic
from adminctr.queue.models import WorkerHeartbeat

LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=10)
_OUTAGE_PAUSE_SECONDS = 1

logger = logging.getLogger(__name__)


class LeasedWorker(Worker):
    """Runs tasks while a second thread renews the lease, revives tasks and starts due jobs.

    It outlives a database that is away: it says so once, waits and goes on.
    """

    def run(self) -> None:
        stop = threading.Event()
        keeper = threading.Thread(target=self._keep_house, args=(stop,), daemon=True)
        keeper.start()
        try:
            self._run_through_outages()
        finally:
            stop.set()
            keeper.join(timeout=5)
            with suppress(DatabaseError, InterfaceError):  # silence tells the others as well
                WorkerHeartbeat.objects.filter(worker_id=self.worker_id).delete()

    def _run_through_outages(self) -> None:
        former: list[str] = []
        while True:
            try:
                periodic.discover()
                WorkerHeartbeat.objects.filter(worker_id__in=former).delete()
                _keep_house_once(self.worker_id)
                if former:
                    logger.warning("The worker works again.")
                    former = []
                super().run()
                return
            except (DatabaseError, InterfaceError) as error:
                outage = outage_of(error)
                if outage is None:
                    raise
                if not former:
                    logger.warning("%s The worker waits.", outage)
                former.append(self.worker_id)
                self._begin_anew()
                time.sleep(_OUTAGE_PAUSE_SECONDS)

    def _begin_anew(self) -> None:
        """Under another name, so that the task that was cut off is taken over."""
        connection.close()
        self.worker_id = get_random_string(32)

    def _keep_house(self, stop: threading.Event) -> None:
        pause = settings.TASK_LEASE.total_seconds() / 4
        while not stop.wait(pause):
            close_old_connections()
            try:
                _keep_house_once(self.worker_id)
            except (DatabaseError, InterfaceError) as fault:  # the next round tries again
                metrics.DATABASE_ERRORS.labels(type(fault).__name__).inc()
                connection.close()
        connection.close()


def revive() -> int:
    """Return to the queue every task that nobody will finish otherwise."""
    now = clock.now()
    revived = 0
    with transaction.atomic():
        rows = DBTaskResult.objects.select_for_update(skip_locked=True)
        alive = set(
            WorkerHeartbeat.objects.filter(seen_at__gt=now - settings.TASK_LEASE).values_list(
                "worker_id", flat=True
            )
        )
        for task in rows.filter(status=TaskResultStatus.RUNNING):
            if task.worker_ids and task.worker_ids[-1] in alive:
                continue
            if len(task.worker_ids) < settings.TASK_TRIES:
                _return_to_queue(task, run_after=now)
                revived += 1
            else:
                _give_up(task, now)
        for task in rows.filter(status=TaskResultStatus.FAILED):
            if len(task.worker_ids) < settings.TASK_TRIES:
                pause = pause_after(len(task.worker_ids))
                _return_to_queue(task, run_after=(task.finished_at or now) + pause)
                revived += 1
    return revived


def is_anybody_working() -> bool:
    """Whether a worker has shown a sign of life within the lease."""
    since = clock.now() - settings.TASK_LEASE
    return WorkerHeartbeat.objects.filter(seen_at__gt=since).exists()


def is_moving() -> bool:
    """Whether nothing that is due has waited so long that the workers are stuck, or too few."""
    since = clock.now() - LONGEST_WAIT
    waiting = Q(run_after__lt=since) | Q(run_after=get_date_max(), enqueued_at__lt=since)
    return not DBTaskResult.objects.ready().filter(waiting).exists()


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: 10 s, doubling, at most an hour."""
    doubled: timedelta = settings.TASK_FIRST_PAUSE * 2 ** (tries - 1)
    return min(doubled, LONGEST_PAUSE)


def _return_to_queue(task: DBTaskResult, *, run_after: datetime) -> None:
    """Behind the fresh ones of its priority, which the library takes after all that have a day."""
    task.status = TaskResultStatus.READY
    task.run_after = run_after
    if len(task.worker_ids) == 1:
        task.priority -= 1
    task.save(update_fields=["status", "run_after", "priority"])


def _give_up(task: DBTaskResult, moment: datetime) -> None:
    """Leave alone what has outlived every worker that tried it; it may be what ends them."""
    task.status = TaskResultStatus.FAILED
    task.finished_at = moment
    task.traceback = "Every worker that tried this has died."
    task.save(update_fields=["status", "finished_at", "traceback"])


def _keep_house_once(worker_id: str) -> None:
    _beat(worker_id)
    revive()
    periodic.enqueue_due()


def _beat(worker_id: str) -> None:
    WorkerHeartbeat.objects.update_or_create(worker_id=worker_id, defaults={"seen_at": clock.now()})
