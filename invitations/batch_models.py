"""Many invitations at once: what was pasted or uploaded, and what became of each row.

invitations.models imports this, so that Django finds it. Its managers say that they belong to the
class, which the checker of types does not see here by itself.
"""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.addresses import readable_domain
from adminctr.core.columns import KeyField
from adminctr.core.runs import Run, RunState
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel

MESSAGE_LENGTH = 500
EMAIL_LENGTH = 254
ROLE_LENGTH = 40
ACCOUNT_ROLES_LENGTH = 120


class RowState(models.TextChoices):
    WAITING = "waiting", "Ready"
    LEFT_OUT = "left_out", "Cannot be sent"
    DONE = "done", "Sent"
    REFUSED = "refused", "Refused"


class Cause(models.TextChoices):
    """Why a row cannot be sent as it is; the label ends the sentence “14 rows: …”."""

    ADDRESS = "address", "not an email address"
    TWICE = "twice", "the same person twice"
    DIFFERS = "differs", "the same person twice, asked for differently"
    ROLE = "role", "no such organization role"
    ACCOUNT = "account", "no such account in your organization"
    ACCOUNT_STOPPED = "account_stopped", "the account is not active"
    ACCOUNT_ROLES = "account_roles", "no such roles on an account"
    DOMAIN = "domain", "domain not verified"
    DOMAIN_COMMON = "domain_common", "domain of a mail service"
    DOMAIN_ELSEWHERE = "domain_elsewhere", "domain managed by another organization"
    NO_MEMBER = "no_member", "not a managed user of yours yet"
    MEMBER = "member", "a managed user already"
    ELSEWHERE = "elsewhere", "a member of another organization"
    INVITED = "invited", "invited already"
    HAS_ACCESS = "has_access", "access to the account already"
    TOO_OFTEN = "too_often", "too many invitations to this address today"


class Phase(models.TextChoices):
    """Where a batch is, as people see it."""

    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    STOPPED = "stopped", "Stopped"
    CANCELLED = "cancelled", "Cancelled"


class InvitationBatchQuerySet(models.QuerySet[RowT]):
    def drafts(self) -> Self:
        return self.filter(confirmed_at=None, cancelled_at=None)

    def abandoned(self) -> Self:
        """Begun by a worker that gave no sign of life since."""
        return self.filter(finished_at=None, leased_until__lte=clock.now())

    def due(self) -> Self:
        """Confirmed for a moment that has come, and not begun."""
        return self.filter(
            finished_at=None, leased_until=None, confirmed_at__isnull=False,
            starts_at__lte=clock.now(),
        )  # fmt: skip

    def scheduled(self) -> Self:
        """Confirmed for a moment that has not come."""
        return self.filter(state=RunState.PENDING, starts_at__gt=clock.now(), cancelled_at=None)

    def cancel(self) -> int:
        """Give up what has not begun, and delete its rows; returns how many there were."""
        now = clock.now()
        waiting = list(self.filter(state=RunState.PENDING).values_list("pk", flat=True))
        chosen = InvitationBatch.objects.filter(pk__in=waiting, state=RunState.PENDING)
        cancelled = chosen.update(state=RunState.FAILED, finished_at=now, cancelled_at=now)
        # One that a worker has begun this very moment keeps its rows.
        InvitationBatchRow.objects.filter(batch__in=waiting, batch__cancelled_at=now).delete()
        return cancelled

    def with_first_address(self) -> Self:
        """Say of each how its first row is addressed; None where no row is left."""
        rows = InvitationBatchRow.objects.filter(batch=OuterRef("pk")).order_by("position", "pk")
        return self.annotate(first_address=Subquery(rows.values("email")[:1]))


class InvitationBatch(Run):
    """Rows that somebody wants invited: a draft until they confirm, then a run.

    `total` counts the rows that are good, `left_out` those that are not; `done` and `refused` are
    what became of the good ones. `digest` is the one of what was uploaded, with the default role.
    """

    driver = "invitations.jobs.drive_invitation_batch"

    sid = SidField("IB")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    digest = KeyField(max_length=64)
    total = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(InvitationBatchQuerySet)()
    unscoped: ClassVar = models.Manager.from_queryset(InvitationBatchQuerySet)()

    class Meta(Run.Meta):
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(
                fields=["organization", "by", "digest"],
                condition=Q(confirmed_at=None, cancelled_at=None),
                name="invitations_invitationbatch_one_draft_of_a_table",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=F("done") + F("refused")),
                name="invitations_invitationbatch_counts_no_more_than_all",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None)
                | Q(cancelled_at__isnull=False)
                | Q(total=F("done") + F("refused")),
                name="invitations_invitationbatch_ends_with_every_row_told",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, confirmed_at=None, state__in=["pending", "failed"])
                | Q(starts_at__isnull=False, confirmed_at__isnull=False, total__gt=0),
                name="invitations_invitationbatch_sent_once_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None)
                | Q(finished_at__isnull=False, state=RunState.FAILED, done=0, refused=0),
                name="invitations_invitationbatch_cancelled_before_it_began",
            ),
        ]
        indexes = [
            # Another worker looks for what it may take over.
            models.Index(
                fields=["leased_until"],
                condition=Q(finished_at=None),
                name="invitations_batch_by_lease",
            ),
            # What waits for its day.
            models.Index(
                fields=["starts_at"],
                condition=Q(finished_at=None, leased_until=None),
                name="invitations_batch_by_start",
            ),
            models.Index(
                fields=["organization", "-created_at", "-id"], name="invitations_batch_newest"
            ),
            # How many an organization has sent lately.
            models.Index(fields=["organization", "confirmed_at"], name="invitations_batch_by_day"),
            # Drafts that nobody has sent for long.
            models.Index(
                fields=["created_at"],
                condition=Q(finished_at=None, confirmed_at=None),
                name="invitations_batch_old_drafts",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    def get_absolute_url(self) -> str:
        return reverse("invitations:batch", args=[self.sid])

    @property
    def processed(self) -> int:
        """How many of the good rows have their answer."""
        return self.done + self.refused

    @property
    def phase(self) -> Phase:
        if self.cancelled_at is not None:
            return Phase.CANCELLED
        if self.confirmed_at is None:
            return Phase.DRAFT
        if self.state == RunState.PENDING:
            return Phase.SENDING if self.is_due() else Phase.SCHEDULED
        ended = {RunState.FINISHED: Phase.SENT, RunState.FAILED: Phase.STOPPED}
        return ended.get(RunState(self.state), Phase.SENDING)

    def is_due(self) -> bool:
        return self.starts_at is not None and self.starts_at <= clock.now()


class InvitationBatchRowQuerySet(models.QuerySet[RowT]):
    def waiting(self) -> Self:
        return self.filter(state=RowState.WAITING)

    def left_out(self) -> Self:
        return self.filter(state=RowState.LEFT_OUT)

    def answered(self) -> Self:
        """Of batches that were confirmed, those that nothing is sent for any more."""
        return self.exclude(state=RowState.WAITING).filter(batch__confirmed_at__isnull=False)

    def of_address(self, address: str) -> Self:
        """Those in which a canonical address was written, with its domain in either form."""
        local, _, domain = address.rpartition("@")
        written = {address, f"{local}@{readable_domain(domain)}"}
        return self.alias(written=Lower("email")).filter(written__in=written)

    def failures(self) -> Self:
        """What did not become an invitation, for whoever wants to put it right."""
        return self.filter(state__in=[RowState.LEFT_OUT, RowState.REFUSED])


class InvitationBatchRow(TenantModel):
    """One row as it was written, with its line; read anew by each look and when it is sent."""

    batch = models.ForeignKey(InvitationBatch, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    email = models.CharField(max_length=EMAIL_LENGTH, blank=True)
    role = models.CharField(max_length=ROLE_LENGTH, blank=True)
    account = models.CharField(max_length=ROLE_LENGTH, blank=True)
    account_roles = models.CharField(max_length=ACCOUNT_ROLES_LENGTH, blank=True)
    state = KeyField(max_length=10, choices=RowState, default=RowState.WAITING)
    cause = KeyField(max_length=20, choices=Cause, blank=True, default="")
    message = models.CharField(max_length=MESSAGE_LENGTH, blank=True, default="")

    objects: ClassVar = TenantManager.from_queryset(InvitationBatchRowQuerySet)()
    unscoped: ClassVar = models.Manager.from_queryset(InvitationBatchRowQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "position"],
                name="invitations_invitationbatchrow_one_at_each_position",
            ),
            models.CheckConstraint(
                condition=Q(state=RowState.WAITING, cause="", message="")
                | Q(state=RowState.LEFT_OUT, cause__in=Cause.values) & ~Q(message="")
                | Q(state__in=[RowState.DONE, RowState.REFUSED], cause="") & ~Q(message=""),
                name="invitations_invitationbatchrow_answered_in_words",
            ),
        ]
        indexes = [
            # The next rows of a step, and the filter of the list.
            models.Index(
                fields=["batch", "state", "position", "id"],
                name="invitations_batchrow_by_state",
            ),
            models.Index(fields=["batch", "position", "id"], name="invitations_batchrow_by_place"),
            # Whoever is deleted is named by no row any more.
            models.Index(Lower("email"), name="invitations_batchrow_by_email"),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of {self.batch_id}"
