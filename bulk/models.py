"""One action over many things: the run, and what becomes of each thing that was to change."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from adminctr.core import clock
from adminctr.core.columns import KeyField
from adminctr.core.runs import Run
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel

MESSAGE_LENGTH = 500
NAME_LENGTH = 200


class RowState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


class BulkRunQuerySet(models.QuerySet[RowT]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)

    def abandoned(self) -> Self:
        """Begun by a worker that gave no sign of life since."""
        return self.unfinished().filter(leased_until__lte=clock.now())


class BulkRun(Run):
    """One action over all that it changes of what was chosen, with the rights of who started it.

    `digest` is the one of the plan that was confirmed; `done` and `refused` count rows.
    """

    driver = "bulk.jobs.drive_bulk_run"

    sid = SidField("BK")
    action = KeyField(max_length=40)
    parameters = models.JSONField(default=dict)
    digest = KeyField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    objects = TenantManager.from_queryset(BulkRunQuerySet)()
    unscoped = models.Manager.from_queryset(BulkRunQuerySet)()

    class Meta(Run.Meta):
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=Q(total__gt=0, total__gte=F("done") + F("refused")),
                name="bulk_bulkrun_counts_no_more_than_all",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(total=F("done") + F("refused")),
                name="bulk_bulkrun_ends_with_every_row_told",
            ),
        ]
        indexes = [
            # The list, the newest first.
            models.Index(fields=["organization", "created_at", "id"], name="bulk_bulkrun_newest"),
            # Another worker looks for what it may take over.
            models.Index(
                fields=["leased_until"],
                condition=Q(finished_at=None),
                name="bulk_bulkrun_by_lease",
            ),
            # The same form sent again.
            models.Index(
                fields=["organization", "digest"],
                condition=Q(finished_at=None),
                name="bulk_bulkrun_by_digest",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    @property
    def processed(self) -> int:
        """How many rows have their answer."""
        return self.done + self.refused


class BulkRowQuerySet(models.QuerySet[RowT]):
    def waiting(self) -> Self:
        return self.filter(state=RowState.WAITING)


class BulkRow(TenantModel):
    """One thing that was to change, by the name that it had then, and what became of it."""

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    subject_sid = KeyField(max_length=34)
    name = models.CharField(max_length=NAME_LENGTH)
    state = KeyField(max_length=10, choices=RowState, default=RowState.WAITING)
    message = models.CharField(max_length=MESSAGE_LENGTH, blank=True, default="")

    objects = TenantManager.from_queryset(BulkRowQuerySet)()
    unscoped = models.Manager.from_queryset(BulkRowQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "position"], name="bulk_bulkrow_one_at_each_position"
            ),
            models.UniqueConstraint(
                fields=["run", "subject_sid"], name="bulk_bulkrow_each_subject_once"
            ),
            models.CheckConstraint(
                condition=Q(state=RowState.WAITING, message="")
                | (Q(state__in=[RowState.DONE, RowState.REFUSED]) & ~Q(message="")),
                name="bulk_bulkrow_answered_in_words",
            ),
        ]
        indexes = [
            # The next rows of a step, and the filter of the result page.
            models.Index(fields=["run", "state", "position", "id"], name="bulk_bulkrow_by_state"),
            models.Index(fields=["run", "position", "id"], name="bulk_bulkrow_by_position"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_sid} of {self.run_id}"
