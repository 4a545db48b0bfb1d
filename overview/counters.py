"""The counters that stand on an organization, held against the rows that they count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from adminctr.core.tenancy import tenant
from invitations.models import Invitation
from organizations.models import Membership, Organization


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that differs from what it counts."""

    organization: Organization
    counter: str
    kept: int
    true: int


def drifts() -> Iterator[Drift]:
    """Every counter of every organization that is wrong; asked with every tenant in scope."""
    for counter, rows in _counted().items():
        each = rows.filter(organization=OuterRef("pk")).order_by().values("organization")
        there = Coalesce(Subquery(each.annotate(number=Count("pk")).values("number")), 0)
        wrong = Organization.objects.annotate(true=there).exclude(true=F(counter))
        for organization in wrong.iterator():
            kept, true = getattr(organization, counter), vars(organization)["true"]
            yield Drift(organization, counter, kept, true)


def recount(organization: Organization) -> None:
    """Set the counters of one organization to what is there, while nobody changes it."""
    with tenant(organization), transaction.atomic():
        organization.lock()
        counters = {counter: rows.count() for counter, rows in _counted().items()}
        Organization.objects.filter(pk=organization.pk).update(**counters)


def _counted() -> Mapping[str, QuerySet[Any]]:
    return {
        "managed_users": Membership.objects.managed(),
        "pending_users": Invitation.objects.pending(),
        "managed_accounts": Account.objects.managed(),
        "pending_accounts": Invitation.objects.pending_accounts(),
    }
