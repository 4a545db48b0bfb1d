"""Work in steps that survives its worker: an import, a merge, an export.

A run is a row with a state, a cursor and a lease. Every step is an operation that does its part
and moves the cursor in one transaction, so a step is done or not done, never half. Whoever claims
a run whose lease has lapsed goes on where the last step ended; the former holder, should it wake
up, cannot move the cursor any more. A worker that has stayed with a run for its turn hands it on to
the task that it enqueues.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.core.tenancy import RowT, TenantModel

LEASE = timedelta(minutes=2)
# How long a worker stays with one run while others wait for it.
TURN = timedelta(seconds=20)


class LeaseLost(RuntimeError):
    """Another worker has taken this run over; the step in hand is rolled back."""


class RunState(models.TextChoices):
    PENDING = "pending", "Waiting to start"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Stopped"


class RunQuerySet(models.QuerySet[RowT]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def waiting(self) -> Self:
        """Not taken by a worker, or by one that gave no sign of life since."""
        return self.unfinished().filter(_is_free())


class Run(TenantModel):
    """`driver` is the dotted path of the task that drives such runs, given a key and a `baton`.

    It stands above the operation that makes a run, which therefore cannot import it. The baton is
    the holder who handed the run on: without it a task finds the run held, as by a worker.
    """

    driver: ClassVar[str]

    state = models.CharField(max_length=10, choices=RunState, default=RunState.PENDING)
    cursor = models.JSONField(default=dict)
    holder = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[RunState.PENDING, RunState.RUNNING], finished_at=None)
                | Q(state__in=[RunState.FINISHED, RunState.FAILED], finished_at__isnull=False),
                name="%(app_label)s_%(class)s_finished_at_its_end",
            ),
        ]

    def claim(self, baton: str = "") -> bool:
        """Take the lease if the run is open and nobody else holds it; one of many succeeds."""
        open_states = [RunState.PENDING, RunState.RUNNING]
        holder = secrets.token_hex(16)
        free = _is_free() | Q(holder=baton) if baton else _is_free()
        taken = self._rows().filter(free, pk=self.pk, state__in=open_states)
        until = clock.now() + LEASE
        if not taken.update(state=RunState.RUNNING, holder=holder, leased_until=until):
            return False
        self.refresh_from_db()
        return self.holder == holder

    def enqueue(self) -> None:
        """Let a worker drive the run, in the transaction that makes it."""
        import_string(self.driver).enqueue(self.pk)

    def hand_on(self) -> None:
        """Let the task that goes on with it wait for its turn; raises LeaseLost."""
        with transaction.atomic():
            self._write(leased_until=clock.now() + LEASE)
            import_string(self.driver).enqueue(self.pk, self.holder)

    def advance(self, cursor: dict[str, Any], **results: Any) -> None:
        """Move the cursor, with what the run tells, and renew the lease; raises LeaseLost."""
        self._write(cursor=cursor, leased_until=clock.now() + LEASE, **results)

    def finish(self, state: RunState = RunState.FINISHED) -> None:
        """End the run; raises LeaseLost."""
        self._write(state=state, finished_at=clock.now(), leased_until=None)

    def _write(self, **values: Any) -> None:
        if not self._rows().filter(pk=self.pk, holder=self.holder).update(**values):
            raise LeaseLost(f"{type(self).__name__} {self.pk} was taken over")
        for name, value in values.items():
            setattr(self, name, value)

    def _rows(self) -> models.QuerySet[Any]:
        return type(self)._base_manager.all()


def require_starter(actor: Actor, by_id: int) -> None:
    """Raises NotAllowed: a run goes on with the rights of whoever started it."""
    if actor.user_id != by_id:
        raise NotAllowed("Only the person who started this can continue it.")


def drive[RunT: Run](run: RunT, step: Callable[[RunT], None], baton: str = "") -> bool:
    """Claim a run and take steps for a turn, or to its end; False when somebody else holds it."""
    if not run.claim(baton):
        return False
    ends_at = clock.now() + TURN
    while run.state == RunState.RUNNING:
        step(run)
        if clock.now() >= ends_at:
            break
    if run.state == RunState.RUNNING:
        run.hand_on()
    return True


def _is_free() -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=clock.now())
