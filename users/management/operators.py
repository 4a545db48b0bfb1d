"""What commands about people share."""

from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from organizations.models import Membership, Organization, stay_of
from users.models import User


def login_of(address: str) -> User:
    """The user of an address; raises RuleViolation: one of the canonicaliser's, login_unknown."""
    user = User.objects.filter(email=canonical_address(address)).first()
    if user is None:
        raise RuleViolation("login_unknown", "Nobody has a login with this address.")
    return user


def stay_of_login(address: str) -> Membership:
    """The stay of the user of an address.

    Raises RuleViolation: one of the canonicaliser's, login_unknown, no_organization.
    """
    stay = stay_of(login_of(address))
    if stay is None:
        raise RuleViolation(
            "no_organization",
            "This person belongs to no organization. They ask for a link at the log-in themselves.",
        )
    return stay


def operator_because(command: str, reason: str) -> Actor:
    """Whoever runs a command and says why; raises RuleViolation: reason_missing."""
    if not reason.strip():
        raise RuleViolation("reason_missing", "Say why: the reason goes into the trail.")
    return Actor.operator(command).with_reason(reason)


def organization_of(sid: str) -> Organization:
    """The organization of a SID; raises RuleViolation: organization_unknown."""
    organization = Organization.objects.filter(sid=sid.strip()).first()
    if organization is None:
        raise RuleViolation("organization_unknown", "No organization has this SID.")
    return organization
