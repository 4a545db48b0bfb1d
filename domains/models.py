"""Internet domains that an organization claims, and whether the claim is proven."""

import math
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.addresses import DOMAIN_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel

# One holder takes slot 0; support staff may let others share a domain in the slots above.
SLOTS = 20


def make_domain_token() -> str:
    """32 hex digits, 128 random bits: new for every organization, domain and re-add."""
    return secrets.token_hex(16)


class DomainStatus(models.TextChoices):
    UNVERIFIED = "unverified", "Unverified"
    VERIFIED = "verified", "Verified"
    UNCERTAIN = "verified-uncertain", "Verification uncertain"


class Method(models.TextChoices):
    """How a domain is proven, by the API's names."""

    DNS = "dns", "DNS record"
    HTTPS = "https", "HTTPS file"


_HELD = (DomainStatus.VERIFIED, DomainStatus.UNCERTAIN)


class DomainQuerySet(models.QuerySet[RowT]):
    def verified(self) -> Self:
        """Proven and still sure: the only ones that let new people in."""
        return self.filter(status=DomainStatus.VERIFIED)

    def uncertain(self) -> Self:
        return self.filter(status=DomainStatus.UNCERTAIN)

    def held(self) -> Self:
        """Proven at some time and not lost since."""
        return self.filter(status__in=_HELD)

    def following(self) -> Self:
        """Those to which the domain setting of their organization applies."""
        return self.verified().filter(follows_setting=True)

    def named(self, name: str) -> Self:
        return self.filter(name=name)

    def steady(self) -> Self:
        """Verified, and nothing in the way of their proof when they were last looked at."""
        return self.verified().filter(missing_since=None, failures=0)

    def due(self) -> Self:
        """Those whose proof is to be looked at again, the longest overdue first."""
        return self.filter(next_check_at__lte=clock.now()).order_by("next_check_at")


class Domain(TenantModel):
    """A claim to a domain.

    `verified_at` is since when it holds, `proven_at` when the proof was last seen. `missing_since`
    is the first check in a row that found no proof, `failures` how many in a row found nothing out.
    While the proof is missing, `checked_at` is the last look that counts, which one by hand does
    not; the time in which nobody could tell is added to `missing_since` and `uncertain_since`.
    `follows_setting` ends when the domain gets a second holder, and is set again by hand.
    `reminded_days` is the last of the reminders that were sent; `lost_at` is when the domain was
    last lost, while it has not been proven again.
    """

    sid = SidField("DN")
    name = KeyField(max_length=DOMAIN_LENGTH)
    status = models.CharField(max_length=20, choices=DomainStatus, default=DomainStatus.UNVERIFIED)
    token = models.CharField(max_length=32, default=make_domain_token)
    method = KeyField(max_length=5, choices=Method, default=Method.DNS, db_default=Method.DNS)
    slot = models.PositiveSmallIntegerField(default=0)
    sharing_approved_at = models.DateTimeField(null=True)
    follows_setting = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(default=clock.now)
    verified_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    uncertain_since = models.DateTimeField(null=True)
    reminded_days = models.PositiveSmallIntegerField(null=True)
    lost_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_result = models.CharField(max_length=500, blank=True)
    next_check_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = TenantManager.from_queryset(DomainQuerySet)()
    unscoped = models.Manager.from_queryset(DomainQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "name"], name="domains_domain_once_per_organization"
            ),
            models.UniqueConstraint(
                fields=["name", "slot"],
                condition=Q(status__in=_HELD),
                name="domains_domain_one_holder_per_slot",
            ),
            models.CheckConstraint(
                condition=Q(name=Lower("name")), name="domains_domain_name_lower"
            ),
            models.CheckConstraint(
                condition=Q(slot__gte=0, slot__lt=SLOTS), name="domains_domain_slot_in_range"
            ),
            models.CheckConstraint(
                condition=Q(slot=0) | Q(sharing_approved_at__isnull=False),
                name="domains_domain_shared_with_approval",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="domains_domain_known_method"
            ),
            models.CheckConstraint(
                condition=Q(status=DomainStatus.UNVERIFIED, verified_at=None)
                | Q(status__in=_HELD, verified_at__isnull=False),
                name="domains_domain_verified_since",
            ),
            models.CheckConstraint(
                condition=Q(status=DomainStatus.UNVERIFIED, next_check_at=None)
                | Q(status__in=_HELD, next_check_at__isnull=False),
                name="domains_domain_checked_again_while_held",
            ),
            models.CheckConstraint(
                condition=(~Q(status=DomainStatus.UNCERTAIN) & Q(uncertain_since=None))
                | Q(
                    status=DomainStatus.UNCERTAIN,
                    uncertain_since__isnull=False,
                    missing_since__isnull=False,
                ),
                name="domains_domain_uncertain_since_it_went_missing",
            ),
        ]
        indexes = [
            # Support staff search across organizations.
            models.Index(fields=["name"], name="domains_search_name"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="domains_domain_by_next_check",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("domains:detail", args=[self.sid])

    def is_verified(self) -> bool:
        return self.status == DomainStatus.VERIFIED

    def is_uncertain(self) -> bool:
        return self.status == DomainStatus.UNCERTAIN

    def is_held(self) -> bool:
        """Proven at some time and not lost since."""
        return self.status in _HELD

    def is_following(self) -> bool:
        """Whether the domain setting of its organization applies to it."""
        return self.is_verified() and self.follows_setting

    def is_steady(self) -> bool:
        """Verified, and nothing in the way of its proof when it was last looked at."""
        return self.is_verified() and self.missing_since is None and self.failures == 0

    @property
    def lost_on(self) -> datetime | None:
        """When an uncertain domain will be lost, unless its proof returns."""
        if self.uncertain_since is None:
            return None
        lasting: timedelta = settings.DOMAIN_UNCERTAIN_FOR
        return self.uncertain_since + lasting

    @property
    def days_left(self) -> int | None:
        """Days until an uncertain domain will be lost, begun ones counted; the API's
        daysLeftToReverify."""
        if self.lost_on is None:
            return None
        return max(0, math.ceil((self.lost_on - clock.now()) / timedelta(days=1)))

    @property
    def record_name(self) -> str:
        """The name at which the TXT record must stand."""
        return f"{settings.DOMAIN_TXT_LABEL}.{self.name}"

    @property
    def record_value(self) -> str:
        """The whole text of the TXT record, and of the file."""
        return f"{settings.DOMAIN_TXT_PREFIX}{self.token}"

    @property
    def file_name(self) -> str:
        """What the file is called that proves the domain by HTTPS."""
        return f"{self.token}.html"

    @property
    def file_url(self) -> str:
        """Where that file must stand."""
        return f"https://{self.name}/{self.file_name}"


class DomainCheck(TenantModel):
    """One look for the proof of a domain: who looked, what came back from where, what it meant."""

    sid = SidField("DC")
    domain = models.ForeignKey(Domain, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=200)
    method = KeyField(max_length=5, choices=Method)
    outcome = KeyField(max_length=20)
    is_proof = models.BooleanField()
    server = models.CharField(max_length=100, blank=True)
    ttl = models.PositiveIntegerField(null=True)
    answer = models.JSONField(default=list)
    meaning = models.CharField(max_length=500)

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["domain", "-at", "-id"], name="domains_check_newest"),
            models.Index(fields=["at"], name="domains_check_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.sid} of {self.domain_id}"


class MailDomain(models.Model):
    """What support staff decided on one domain against the lists of mail services.

    With `is_common` anybody can have an address of it; without, it is a company's own although a
    list has it.
    """

    sid = SidField("MD")
    name = KeyField(max_length=DOMAIN_LENGTH, unique=True)
    is_common = models.BooleanField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(name=Lower("name")), name="domains_maildomain_name_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        return "a mail service" if self.is_common else "a company's own domain"
