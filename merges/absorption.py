"""When the small organization that everybody starts with may be absorbed by a larger one."""

from adminctr.core.tenancy import tenant
from domains.models import Domain
from organizations.models import Membership, Organization


def is_absorbable(organization: Organization) -> bool:
    """Only its Owner is in it and it has proven no domain; anything larger is a merge."""
    with tenant(organization):
        people = Membership.objects.open().values("pk")[:2]
        return len(people) == 1 and not Domain.objects.held().exists()
