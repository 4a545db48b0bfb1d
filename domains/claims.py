"""Whether a domain is held: the one question about domains that spans tenants."""

from domains.models import Domain
from organizations.models import Organization


def is_held(domain_name: str) -> bool:
    """Whether some organization has proven this exact domain; never which."""
    return Domain.unscoped.held().named(domain_name).exists()


def holds(organization: Organization, domain_name: str) -> bool:
    """Whether this organization may bring people of this domain in now."""
    return Domain.unscoped.verified().named(domain_name).filter(organization=organization).exists()


def is_held_by(organization: Organization, domain_name: str) -> bool:
    """Whether this organization has proven this exact domain, even if that is in doubt now."""
    return Domain.unscoped.held().named(domain_name).filter(organization=organization).exists()
