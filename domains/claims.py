"""Which organization holds a domain: the one question about domains that spans tenants."""

from domains.models import Domain
from organizations.models import Organization


def holder_of(domain_name: str) -> Organization | None:
    """The organization that has proven this exact domain, if one has."""
    held = Domain.unscoped.held().named(domain_name).select_related("organization")
    domain = held.order_by("slot").first()
    return domain.organization if domain else None


def holds(organization: Organization, domain_name: str) -> bool:
    """Whether this organization may bring people of this domain in now."""
    return Domain.unscoped.verified().named(domain_name).filter(organization=organization).exists()
