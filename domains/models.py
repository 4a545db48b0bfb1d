"""Internet domains that an organization claims, and whether the claim is proven."""

import secrets
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


_HELD = (DomainStatus.VERIFIED, DomainStatus.UNCERTAIN)


class DomainQuerySet(models.QuerySet[RowT]):
    def verified(self) -> Self:
        """Proven and still sure: the only ones that let new people in."""
        return self.filter(status=DomainStatus.VERIFIED)

    def held(self) -> Self:
        """Proven at some time and not lost since."""
        return self.filter(status__in=_HELD)

    def named(self, name: str) -> Self:
        return self.filter(name=name)


class Domain(TenantModel):
    sid = SidField("DN")
    name = KeyField(max_length=DOMAIN_LENGTH)
    status = models.CharField(max_length=20, choices=DomainStatus, default=DomainStatus.UNVERIFIED)
    token = models.CharField(max_length=32, default=make_domain_token)
    slot = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    verified_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_result = models.CharField(max_length=500, blank=True)

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
                condition=Q(status=DomainStatus.UNVERIFIED, verified_at=None)
                | Q(status__in=_HELD, verified_at__isnull=False),
                name="domains_domain_verified_since",
            ),
        ]
        # Support staff search across organizations.
        indexes = [models.Index(fields=["name"], name="domains_search_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("domains:detail", args=[self.sid])

    def is_verified(self) -> bool:
        return self.status == DomainStatus.VERIFIED

    def is_held(self) -> bool:
        """Proven at some time and not lost since."""
        return self.status in _HELD

    @property
    def record_name(self) -> str:
        """The name at which the TXT record must stand."""
        return f"{settings.DOMAIN_TXT_LABEL}.{self.name}"

    @property
    def record_value(self) -> str:
        """The whole text of the TXT record."""
        return f"{settings.DOMAIN_TXT_PREFIX}{self.token}"
