"""What the table of invitations refuses whoever writes."""

import pytest
from django.db.models import F

from adminctr.core import clock
from adminctr.core.sids import make_sid
from invitations.models import Invitation
from organizations.models import Organization, Role
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from users.models import User

CONSTRAINTS = constraints_of("invitations")


def hana():
    return Invitation.unscoped.filter(email="hana@acme.example")


def again(**changes: object) -> Invitation:
    """The same invitation once more, with these changes."""
    invitation = hana().first()
    invitation.pk, invitation.sid = None, make_sid("NF")
    invitation.token_hash = make_sid("NF")
    for name, value in changes.items():
        setattr(invitation, name, value)
    invitation.save(force_insert=True)
    return invitation


VIOLATIONS: Violations = {
    "invitations_invitation_one_open_per_address": again,
    "invitations_invitation_email_lower": lambda: hana().update(email="Hana@acme.example"),
    "invitations_invitation_never_as_owner": lambda: hana().update(role=Role.OWNER),
    "invitations_invitation_known_kind": lambda: hana().update(kind="marry"),
    "invitations_invitation_delivered_at_most_newest": lambda: hana().update(
        delivered_generation=F("generation") + 1
    ),
    "invitations_invitation_one_ending": lambda: hana().update(
        accepted_at=clock.now(),
        accepted_by=User.objects.get(email="ana@acme.example"),
        revoked_at=clock.now(),
    ),
    "invitations_invitation_accepted_by_somebody": lambda: hana().update(accepted_at=clock.now()),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_who_accepted_says_when(ana: User) -> None:
    with refused_by(CONSTRAINTS["invitations_invitation_accepted_by_somebody"]):
        hana().update(accepted_by=ana)


def test_one_link_leads_to_one_invitation(db: None) -> None:
    with refused_as_second("token_hash"):
        hana().update(token_hash=Invitation.unscoped.get(email="ivo@acme.example").token_hash)


def test_an_address_is_invited_again_once_the_first_was_withdrawn(db: None) -> None:
    hana().update(revoked_at=clock.now())
    assert again(revoked_at=None).pk


@pytest.mark.breaks_invariants
def test_two_organizations_may_invite_the_same_address(globex: Organization) -> None:
    assert again(organization=globex).pk
