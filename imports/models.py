"""Importing existing users: the list of who is meant, the run, and what became of each person."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.runs import Run, RunQuerySet, RunState
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel
from imports.causes import Cause

MESSAGE_LENGTH = 500
FILE_NAME_LENGTH = 200

# How many people one part of a list names, and one transaction imports: few enough that others
# wait for it a moment only.
PEOPLE_OF_A_STEP = 250


class Way(models.TextChoices):
    """How somebody says whom to import."""

    REVIEW = "review", "Review the list first"
    FILE = "file", "Upload a list that is reviewed already"
    ALL = "all", "Import everybody without review"


class ImportListQuerySet(models.QuerySet[RowT]):
    def drafts(self) -> Self:
        """Those that no run was started with."""
        return self.filter(run=None)


class ImportList(TenantModel):
    """Whom somebody wants to import, kept until they start: the draft of a run.

    Its people stand in its parts once they are known, which `total` then counts; `groups` says
    what would become of them, as imports.gathering found it; `is_cut` that there are more than one
    run may have. `file_digest` is the SHA-256 of the file.
    """

    sid = SidField("IL")
    way = KeyField(max_length=10, choices=Way)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    domains = models.JSONField(default=list)
    file_name = models.CharField(max_length=FILE_NAME_LENGTH, blank=True)
    file_digest = KeyField(max_length=64, blank=True)
    total = models.PositiveIntegerField(null=True)
    is_cut = models.BooleanField(default=False)
    groups = models.JSONField(default=dict)
    is_notifying = models.BooleanField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = TenantManager.from_queryset(ImportListQuerySet)()
    unscoped = models.Manager.from_queryset(ImportListQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=Way.values), name="imports_importlist_known_way"
            ),
            models.CheckConstraint(
                condition=~Q(way=Way.ALL) | Q(file_digest=""),
                name="imports_importlist_everybody_without_a_file",
            ),
        ]
        indexes = [
            # The same file again, and what is old.
            models.Index(fields=["organization", "file_digest"], name="imports_list_by_file"),
            models.Index(fields=["created_at"], name="imports_list_by_age"),
        ]

    def __str__(self) -> str:
        return self.sid

    def is_frozen(self) -> bool:
        """Whether it is known who is meant."""
        return self.total is not None


class ImportPart(TenantModel):
    """Some people of a list, by their keys: what one step imports.

    `ending` are the keys of organizations of their own whose end the plan tells; null where a list
    is older than that.
    """

    listing = models.ForeignKey(ImportList, models.CASCADE, related_name="parts", db_index=False)
    position = models.PositiveIntegerField()
    people = models.JSONField()
    ending = models.JSONField(null=True)

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["listing", "position"], name="imports_importpart_one_at_each_position"
            ),
        ]

    def __str__(self) -> str:
        return f"Part {self.position} of {self.listing_id}"


class ImportRunQuerySet(RunQuerySet[RowT]):
    def of_file(self, digest: str) -> Self:
        """Those by this very file that were not stopped."""
        return (
            self.filter(file_digest=digest).exclude(file_digest="").exclude(state=RunState.FAILED)
        )


class ImportRun(Run):
    """The people of one list being imported, by whoever started it with the rights they have.

    `imported` and `not_imported` count people, `accounts` those that came along; `causes` counts
    those who were not imported by their causes. `stopped` is why the rest is not imported.
    """

    driver = "imports.jobs.drive_import"

    sid = SidField("IM")
    listing = models.OneToOneField(ImportList, models.PROTECT, related_name="run")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_digest = KeyField(max_length=64, blank=True)
    is_notifying = models.BooleanField()
    total = models.PositiveIntegerField()
    imported = models.PositiveIntegerField(default=0)
    not_imported = models.PositiveIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    causes = models.JSONField(default=dict)
    stopped = models.CharField(max_length=200, blank=True, default="")

    objects = TenantManager.from_queryset(ImportRunQuerySet)()
    unscoped = models.Manager.from_queryset(ImportRunQuerySet)()

    class Meta(Run.Meta):
        constraints = [
            *Run.Meta.constraints,
            models.CheckConstraint(
                condition=Q(total__gt=0, total__gte=F("imported") + F("not_imported")),
                name="imports_importrun_counts_no_more_than_all",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(total=F("imported") + F("not_imported")),
                name="imports_importrun_ends_with_everybody_told",
            ),
            models.CheckConstraint(
                condition=(Q(state=RunState.FAILED) & ~Q(stopped=""))
                | (Q(state=RunState.FINISHED) & Q(stopped=""))
                | Q(finished_at=None),
                name="imports_importrun_stopped_for_a_reason",
            ),
            models.UniqueConstraint(
                fields=["organization", "file_digest"],
                condition=~Q(file_digest="") & ~Q(state=RunState.FAILED),
                name="imports_importrun_each_file_once",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="imports_run_newest"),
            # Another worker looks for what it may take over.
            models.Index(
                fields=["leased_until"],
                condition=Q(finished_at=None),
                name="imports_run_by_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    def get_absolute_url(self) -> str:
        return reverse("imports:run", args=[self.sid])

    @property
    def processed(self) -> int:
        """Of how many people it is known what became of them."""
        return self.imported + self.not_imported


class ImportRowQuerySet(models.QuerySet[RowT]):
    def imported(self) -> Self:
        return self.filter(cause="")

    def not_imported(self) -> Self:
        return self.exclude(cause="")


class ImportRow(TenantModel):
    """One person of a run, as they were, and what became of them.

    `accounts` counts those of an organization of their own, where they have one. Without a cause
    they were imported.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    email = KeyField(max_length=ADDRESS_LENGTH)
    name = models.CharField(max_length=511)
    accounts = models.PositiveIntegerField(default=0)
    has_own = models.BooleanField(default=False)
    cause = KeyField(max_length=40, choices=Cause, blank=True, default="")
    message = models.CharField(max_length=MESSAGE_LENGTH, blank=True, default="")

    objects = TenantManager.from_queryset(ImportRowQuerySet)()
    unscoped = models.Manager.from_queryset(ImportRowQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "user"], name="imports_importrow_each_person_once"
            ),
            models.CheckConstraint(
                condition=Q(cause="", message="") | (~Q(cause="") & ~Q(message="")),
                name="imports_importrow_refused_in_words",
            ),
        ]
        indexes = [
            # The filter of the result page.
            models.Index(fields=["run", "cause", "position", "id"], name="imports_row_by_cause"),
            models.Index(
                fields=["run", "position", "id"],
                condition=~Q(cause=""),
                name="imports_row_not_imported",
            ),
            models.Index(fields=["run", "position", "id"], name="imports_row_by_position"),
            # Whoever is deleted is named by no row any more.
            models.Index(fields=["user"], name="imports_row_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.email} of {self.run_id}"
