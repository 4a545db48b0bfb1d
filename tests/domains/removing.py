"""Giving a domain up as somebody does who has read the plan a moment ago."""

from adminctr.core.tenancy import tenant
from domains import removal
from domains.models import Domain
from domains.operations import remove_domain
from tests.conftest import acting
from users.models import User


def digest_of(domain: Domain) -> str:
    """The digest of the plan of this moment."""
    with tenant(domain.organization):
        return removal.plan(domain).digest


def remove(domain: Domain, user: User) -> None:
    remove_domain(domain, digest=digest_of(domain), actor=acting(user))
