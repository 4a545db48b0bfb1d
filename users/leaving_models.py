"""Leaving an organization: with a domain that is lost, or by an administrator's hand.

users.models imports this, so users stand here by the name of their model.
"""

from collections.abc import Collection
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH, DOMAIN_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.runs import Run, RunQuerySet, RunState
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel

OBSTACLE_LENGTH = 500


class WayOut(models.TextChoices):
    """How somebody leaves by an administrator's hand."""

    REMOVE = "remove", "Remove"
    DELETE = "delete", "Delete"


class Departure(Run):
    """The people of a lost domain being removed, or, when it `is_return`, brought back.

    `by` is whoever brings them back, and stops it by losing the right to. `done` counts people,
    `refused` those who could not come back.
    """

    driver = "users.jobs.drive_departure"

    sid = SidField("DP")
    domain_name = KeyField(max_length=DOMAIN_LENGTH)
    is_return = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    objects = TenantManager.from_queryset(RunQuerySet)()
    unscoped = models.Manager.from_queryset(RunQuerySet)()

    class Meta(Run.Meta):
        constraints = [
            *Run.Meta.constraints,
            models.UniqueConstraint(
                fields=["organization", "domain_name"],
                condition=Q(finished_at=None),
                name="users_departure_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(is_return=False, by=None) | Q(is_return=True, by__isnull=False),
                name="users_departure_returns_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(is_return=True) | ~Q(state=RunState.FAILED),
                name="users_departure_removes_to_the_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["leased_until"],
                condition=Q(finished_at=None),
                name="users_departure_by_lease",
            ),
        ]

    def __str__(self) -> str:
        return self.sid


class DepartedQuerySet(models.QuerySet[RowT]):
    def away(self) -> Self:
        """Not back in the organization, as far as this is known."""
        return self.filter(returned_at=None)

    def come_back(self) -> int:
        """They are here again, never before they left even if the clock has jumped back."""
        moment = Value(clock.now(), output_field=models.DateTimeField())
        return self.away().update(returned_at=Greatest(moment, F("left_at")), obstacle="")


class Departed(TenantModel):
    """Somebody who was removed with their domain, and what they had, so that they can come back.

    `accounts` are the SIDs of accounts that they owned, `roles` what they held on others, as
    users.leaving writes it. `password_digest` tells whether somebody has set another password
    meanwhile. `obstacle` is why they could not come back, in words.
    """

    sid = SidField("PD")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    domain_name = KeyField(max_length=DOMAIN_LENGTH)
    email = KeyField(max_length=ADDRESS_LENGTH)
    role = KeyField(max_length=20)
    accounts = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    password_digest = models.CharField(max_length=64)
    left_at = models.DateTimeField(default=clock.now)
    returned_at = models.DateTimeField(null=True)
    obstacle = models.CharField(max_length=OBSTACLE_LENGTH, blank=True)

    objects = TenantManager.from_queryset(DepartedQuerySet)()
    unscoped = models.Manager.from_queryset(DepartedQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=Q(returned_at=None),
                name="users_departed_away_once",
            ),
            models.CheckConstraint(
                condition=Q(returned_at=None) | Q(returned_at__gte=F("left_at")),
                name="users_departed_returns_after_leaving",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "domain_name", "id"], name="users_departed_by_domain"
            ),
            models.Index(
                fields=["organization", "domain_name", "id"],
                condition=Q(returned_at=None),
                name="users_departed_away",
            ),
            # Those whom something keeps away, to be shown first.
            models.Index(
                fields=["organization", "domain_name", "id"],
                condition=Q(returned_at=None) & ~Q(obstacle=""),
                name="users_departed_kept_away",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} of {self.domain_name}"


class OffboardingQuerySet(models.QuerySet[RowT]):
    def waiting(self) -> Self:
        """Neither done nor called off."""
        return self.filter(done_at=None, cancelled_at=None)

    def due(self) -> Self:
        return self.waiting().filter(due_at__lte=clock.now(), obstacle="")

    def giving_to(self, sids: Collection[str]) -> Self:
        """Which choose somebody with one of these User SIDs as the owner, and are of others."""
        return self.filter(choices__regex="|".join(sids)).exclude(user__sid__in=sids)

    def call_off(self) -> int:
        """Let what waits of these not happen; how many there were."""
        return self.waiting().update(cancelled_at=clock.now())


class Offboarding(TenantModel):
    """Somebody who is to be removed or deleted on a day, or was, and what was chosen for it.

    `choices` says what is to become of what hangs on the person, as users.offboarding reads it.
    `obstacle` is why it cannot be done as planned, in words; whoever planned it is told and plans
    it anew. `sheet` is what became of each thing, written when it was done.
    """

    sid = SidField("OB")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    how = KeyField(max_length=10, choices=WayOut)
    choices = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    obstacle = models.CharField(max_length=OBSTACLE_LENGTH, blank=True, default="")
    sheet = models.JSONField(default=list, db_default=[])

    objects = TenantManager.from_queryset(OffboardingQuerySet)()
    unscoped = models.Manager.from_queryset(OffboardingQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=Q(done_at=None, cancelled_at=None),
                name="users_offboarding_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(how__in=WayOut.values), name="users_offboarding_known_how"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(cancelled_at=None),
                name="users_offboarding_one_ending",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(done_at=None, cancelled_at=None),
                name="users_offboarding_by_day",
            ),
            models.Index(
                fields=["organization", "due_at", "id"],
                condition=Q(done_at=None, cancelled_at=None),
                name="users_offboarding_waiting",
            ),
            models.Index(
                fields=["organization", "-created_at", "-id"],
                name="users_offboarding_newest",
            ),
        ]

    def __str__(self) -> str:
        return self.sid
