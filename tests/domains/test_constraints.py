"""What the table of domains refuses whoever writes."""

import pytest

from adminctr.core import clock
from domains.models import SLOTS, Domain, DomainStatus
from organizations.models import Organization
from tests.architecture.constraints import Violations, constraints_of, refused_by

CONSTRAINTS = constraints_of("domains")


def labs():
    return Domain.unscoped.filter(name="acme-labs.example")


def claim(name: str, organization: str, **values: object) -> Domain:
    owner = Organization.objects.get(name=organization)
    return Domain.unscoped.create(organization=owner, name=name, **values)


def held(status: str = DomainStatus.VERIFIED) -> dict[str, object]:
    return {"status": status, "verified_at": clock.now()}


VIOLATIONS: Violations = {
    "domains_domain_once_per_organization": lambda: claim("acme-labs.example", "Acme"),
    "domains_domain_one_holder_per_slot": lambda: claim("acme.example", "Globex", **held()),
    "domains_domain_name_lower": lambda: labs().update(name="Acme-Labs.example"),
    "domains_domain_slot_in_range": lambda: labs().update(slot=SLOTS),
    "domains_domain_verified_since": lambda: labs().update(status=DomainStatus.VERIFIED),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_a_domain_that_has_become_uncertain_keeps_its_holder(db: None) -> None:
    Domain.unscoped.filter(name="acme.example").update(status=DomainStatus.UNCERTAIN)
    with refused_by(CONSTRAINTS["domains_domain_one_holder_per_slot"]):
        claim("acme.example", "Globex", **held())


def test_a_claim_that_is_not_proven_takes_nothing_from_anybody(db: None) -> None:
    assert claim("acme.example", "Globex").pk


def test_a_domain_is_shared_in_another_slot(db: None) -> None:
    assert claim("acme.example", "Globex", slot=1, **held()).pk


def test_a_claim_that_is_not_proven_has_no_date_of_proof(db: None) -> None:
    with refused_by(CONSTRAINTS["domains_domain_verified_since"]):
        labs().update(verified_at=clock.now())


def test_an_unknown_status_is_refused(db: None) -> None:
    with refused_by(CONSTRAINTS["domains_domain_verified_since"]):
        labs().update(status="borrowed", verified_at=clock.now())
