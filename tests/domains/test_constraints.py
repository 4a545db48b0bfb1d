"""What the tables of domains refuse whoever writes."""

import pytest
from django.db import IntegrityError, transaction

from adminctr.core import clock
from domains.models import SLOTS, Domain, DomainStatus, MailDomain
from organizations.models import Organization
from tests.architecture.constraints import (
    Violations,
    constraints_of,
    refused_as_second,
    refused_by,
)
from tests.users.people import doubt, held, lose

CONSTRAINTS = constraints_of("domains")


def labs():
    """Acme's, which is not proven."""
    return Domain.unscoped.filter(name="acme-labs.example")


def proven():
    """Acme's, which is proven."""
    return Domain.unscoped.filter(name="acme.example")


def claim(name: str, organization: str, **values: object) -> Domain:
    owner = Organization.objects.get(name=organization)
    return Domain.unscoped.create(organization=owner, name=name, **values)


VIOLATIONS: Violations = {
    "domains_domain_once_per_organization": lambda: claim("acme-labs.example", "Acme"),
    "domains_domain_one_holder_per_slot": lambda: claim("acme.example", "Globex", **held()),
    "domains_domain_name_lower": lambda: labs().update(name="Acme-Labs.example"),
    "domains_domain_slot_in_range": lambda: labs().update(
        slot=SLOTS, sharing_approved_at=clock.now()
    ),
    "domains_domain_shared_with_approval": lambda: labs().update(slot=1),
    "domains_domain_known_method": lambda: labs().update(method="post"),
    "domains_domain_verified_since": lambda: proven().update(verified_at=None),
    "domains_domain_checked_again_while_held": lambda: proven().update(next_check_at=None),
    "domains_domain_uncertain_since_it_went_missing": lambda: proven().update(
        status=DomainStatus.UNCERTAIN, uncertain_since=clock.now()
    ),
    "domains_maildomain_name_lower": lambda: MailDomain.objects.create(
        name="Mail.example", is_common=True
    ),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


@pytest.mark.breaks_invariants
def test_a_domain_that_has_become_uncertain_keeps_its_holder(db: None) -> None:
    doubt("acme.example")
    with refused_by(CONSTRAINTS["domains_domain_one_holder_per_slot"]):
        claim("acme.example", "Globex", **held())


def test_a_domain_that_was_lost_has_no_holder(db: None) -> None:
    lose("acme.example")
    assert claim("acme.example", "Globex", **held()).pk


def test_a_claim_that_is_not_proven_takes_nothing_from_anybody(db: None) -> None:
    assert claim("acme.example", "Globex").pk


@pytest.mark.breaks_invariants
def test_a_domain_is_shared_in_another_slot(db: None) -> None:
    approved = {"slot": SLOTS - 1, "sharing_approved_at": clock.now()}
    assert claim("acme.example", "Globex", **approved, **held()).pk


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("domains_domain_verified_since", {"verified_at": clock.now()}),
        ("domains_domain_checked_again_while_held", {"next_check_at": clock.now()}),
        (
            "domains_domain_uncertain_since_it_went_missing",
            {"uncertain_since": clock.now(), "missing_since": clock.now()},
        ),
    ],
)
def test_a_claim_that_is_not_proven_has_nothing_of_one_that_is(
    db: None, name: str, values: dict[str, object]
) -> None:
    with refused_by(CONSTRAINTS[name]):
        labs().update(**values)


@pytest.mark.parametrize("column", ["missing_since", "uncertain_since"])
@pytest.mark.breaks_invariants
def test_what_is_in_doubt_says_since_when(db: None, column: str) -> None:
    doubt("acme.example")
    with refused_by(CONSTRAINTS["domains_domain_uncertain_since_it_went_missing"]):
        proven().update(**{column: None})


def test_an_unknown_status_is_refused(db: None) -> None:
    """By more than one constraint; each engine names the first that it comes to."""
    with pytest.raises(IntegrityError, match="domains_domain_"), transaction.atomic():
        labs().update(status="borrowed", verified_at=clock.now())


def test_one_mail_domain_is_classified_once(db: None) -> None:
    MailDomain.objects.create(name="mail.example", is_common=True)
    with refused_as_second("name"):
        MailDomain.objects.create(name="mail.example", is_common=False)
