"""Grants as periods: a row says when it began, when it ended or will, by whom and why.

Ending one never deletes it, so "who had access on that day" stays answerable.
"""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from adminctr.core import clock
from adminctr.core.tenancy import RowT, TenantModel


class Source(models.TextChoices):
    DIRECT = "direct", "Direct"
    INVITATION = "invitation", "Invitation"
    SIGN_UP = "sign_up", "Sign-up"
    SCIM = "scim", "SCIM"
    IMPORT = "import", "Import"
    MERGE = "merge", "Merge"
    TRANSFER = "transfer", "Transfer"
    STAFF = "staff", "Support staff"


def has_an_end() -> Q:
    """An index that is told so answers what is no longer in force."""
    return Q(ended_at__isnull=False) | Q(ends_at__isnull=False)


class PeriodQuerySet(models.QuerySet[RowT]):
    def open(self) -> Self:
        """Not ended, as the constraints see it."""
        return self.filter(ended_at=None)

    def in_force(self) -> Self:
        """Not ended and not past a planned end, as access checks see it."""
        return self.open().filter(Q(ends_at=None) | Q(ends_at__gt=clock.now()))

    def in_force_between(self, start: datetime, end: datetime) -> Self:
        """In force at some moment from `start` until just before `end`."""
        later = Q(ended_at=None) | Q(ended_at__gt=start)
        later_by_plan = Q(ends_at=None) | Q(ends_at__gt=start)
        return self.filter(later, later_by_plan, began_at__lt=end)

    def no_longer_in_force(self) -> Self:
        """Ended, or past a planned end."""
        over = Q(ended_at__isnull=False) | Q(ends_at__lte=clock.now())
        return self.filter(has_an_end(), over)

    def no_longer_in_force_at(self, at: datetime) -> Self:
        """Ended by then, or past a planned end by then."""
        return self.filter(has_an_end(), Q(ended_at__lte=at) | Q(ends_at__lte=at))

    def overdue(self) -> Self:
        return self.open().filter(ends_at__lte=clock.now())

    def end(self, at: datetime | None = None) -> int:
        """End these rows, never before they began even if the clock has jumped back."""
        moment = models.Value(at or clock.now(), output_field=models.DateTimeField())
        return self.open().update(ended_at=Greatest(moment, F("began_at")))

    def end_as_planned(self) -> int:
        """End those whose planned end is past, at that end."""
        return self.overdue().update(ended_at=Greatest(F("ends_at"), F("began_at")))


class Period(TenantModel):
    began_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")),
                name="%(app_label)s_%(class)s_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(source__in=Source.values), name="%(app_label)s_%(class)s_known_source"
            ),
        ]
