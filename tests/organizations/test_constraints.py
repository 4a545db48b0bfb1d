"""What the tables of organizations and stays refuse whoever writes."""

from datetime import timedelta

import pytest
from django.db.models import F

from organizations.models import Membership, Organization, Role, SavedView
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from users.models import User

CONSTRAINTS = constraints_of("organizations")


def cy():
    return Membership.unscoped.filter(email="cy@acme.example")


def a_second_stay() -> None:
    stay = cy().get()
    stay.pk, stay.organization = None, Organization.objects.get(name="Globex")
    stay.save(force_insert=True)


def a_view(**values: str) -> SavedView:
    acme = Organization.objects.get(name="Acme")
    kept = {"listed": "users:list", "name": "Mine", "by": acme.owner} | values
    return SavedView.unscoped.create(organization=acme, **kept)


def the_same_view_again() -> None:
    a_view()
    a_view()


VIOLATIONS: Violations = {
    "organizations_organization_owned_while_it_lives": lambda: Organization.objects.filter(
        name="Acme"
    ).update(owner=None),
    "organizations_organization_has_a_name": lambda: Organization.objects.filter(
        name="Acme"
    ).update(name=""),
    "organizations_organization_known_domain_setting": lambda: Organization.objects.filter(
        name="Acme"
    ).update(domain_setting="OPEN"),
    "organizations_membership_ends_after_it_began": lambda: cy().update(
        ended_at=F("began_at") - timedelta(seconds=1)
    ),
    "organizations_membership_known_source": lambda: cy().update(source="rumour"),
    "organizations_membership_one_organization_per_person": a_second_stay,
    "organizations_membership_one_owner": lambda: cy().update(role=Role.OWNER),
    "organizations_membership_email_lower": lambda: cy().update(email="Cy@acme.example"),
    "organizations_membership_known_role": lambda: cy().update(role="developer"),
    "organizations_membership_known_second_factor": lambda: cy().update(second_factor="always"),
    "organizations_organization_known_second_factor": lambda: Organization.objects.filter(
        name="Acme"
    ).update(second_factor="always"),
    "organizations_savedview_each_name_once": the_same_view_again,
    "organizations_savedview_has_a_name": lambda: a_view(name=""),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_a_dead_organization_has_no_owner(db: None) -> None:
    with refused_by(CONSTRAINTS["organizations_organization_owned_while_it_lives"]):
        Organization.objects.filter(name="Acme").update(ended_at=F("created_at"))


def test_nobody_owns_two_living_organizations(ana: User) -> None:
    with refused_as_second("owner_id"):
        Organization.objects.create(name="Second", owner=ana)


@pytest.mark.breaks_invariants
def test_a_person_may_have_stayed_elsewhere_before(db: None) -> None:
    cy().update(ended_at=F("began_at"))
    a_stay = cy().get()
    a_stay.pk, a_stay.ended_at = None, None
    a_stay.organization = Organization.objects.get(name="Globex")
    a_stay.save(force_insert=True)
    assert cy().count() == 2
