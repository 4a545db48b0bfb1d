"""Who holds a domain: the questions about domains that span tenants."""

from collections.abc import Collection, Sequence

from django.db.models import Count

from domains.models import Domain
from organizations.models import Organization


def is_held(domain_name: str) -> bool:
    """Whether some organization has proven this exact domain; never which."""
    return Domain.unscoped.held().named(domain_name).exists()


def is_held_by(organization: Organization, domain_name: str) -> bool:
    """Whether this organization has proven this exact domain, even if that is in doubt now."""
    return claim_of(organization, domain_name) is not None


def claim_of(organization: Organization, domain_name: str) -> Domain | None:
    """The claim by which this organization holds this exact domain, with the organization."""
    held = Domain.unscoped.held().named(domain_name).filter(organization=organization)
    return held.select_related("organization").first()


def holders(domain_name: str) -> Sequence[Domain]:
    """Every claim by which an organization holds this exact domain, with its organization.

    More than one only where support staff approved it; at most 20.
    """
    return holders_of([domain_name])[domain_name]


def holders_of(domain_names: Collection[str]) -> dict[str, list[Domain]]:
    """The same for several domains, read at once."""
    found: dict[str, list[Domain]] = {name: [] for name in domain_names}
    held = Domain.unscoped.held().filter(name__in=domain_names).select_related("organization")
    for one in held.order_by("slot"):
        found[one.name].append(one)
    return found


def is_shared(domain_name: str) -> bool:
    """Whether several organizations hold this exact domain."""
    return domain_name in shared_among([domain_name])


def shared_among(domain_names: Collection[str]) -> set[str]:
    """Which of these domains several organizations hold."""
    held = Domain.unscoped.held().filter(name__in=domain_names).order_by().values("name")
    return set(
        held.annotate(holders=Count("pk")).filter(holders__gt=1).values_list("name", flat=True)
    )
