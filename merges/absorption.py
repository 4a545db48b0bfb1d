"""When the small organization that everybody starts with may be absorbed by a larger one."""

from collections.abc import Collection

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from adminctr.core.tenancy import tenant
from domains.models import Domain
from organizations.models import Membership, Organization, Role


def is_absorbable(organization: Organization) -> bool:
    """Only its Owner is in it and it has proven no domain; anything larger is a merge."""
    return organization.pk in absorbable_among([organization])


def absorbable_among(organizations: Collection[Organization]) -> set[int]:
    """The keys of those of these organizations that may be absorbed, read at once."""
    if not organizations:
        return set()
    with tenant(*organizations):
        same = {"organization": OuterRef("organization")}
        others = Membership.unscoped.open().filter(**same).exclude(role=Role.OWNER)
        domains = Domain.unscoped.held().filter(**same)
        owners = Membership.objects.open().filter(role=Role.OWNER)
        # Not Exists, which PostgreSQL answers for all of them at once by reading every stay.
        more = Coalesce(Subquery(others.values("pk")[:1]), Subquery(domains.values("pk")[:1]))
        alone = owners.annotate(more=more).filter(more=None)
        return set(alone.values_list("organization", flat=True))
