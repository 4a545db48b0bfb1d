"""Finding a managed user by what people know of them."""

from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import is_sid
from organizations.models import Membership

OWNER_NOT_MANAGED = "The owner must be a managed user of this organization."


def named(who: str) -> Membership | None:
    """The member of the open scope with this address or User SID.

    Raises RuleViolation: one of the canonicaliser's.
    """
    stays = Membership.objects.in_force().select_related("user", "organization")
    if is_sid(who, "US"):
        return stays.filter(user__sid=who).first()
    return stays.filter(email=canonical_address(who)).first()


def owner_named(who: str) -> Membership:
    """The same for whoever is to own something.

    Raises RuleViolation: one of the canonicaliser's, owner_not_managed.
    """
    try:
        stay = named(who)
    except RuleViolation as refused:
        raise RuleViolation(refused.code, refused.message, field="owner") from refused
    if stay is None:
        raise owner_not_managed()
    return stay


def not_a_member() -> RuleViolation:
    return RuleViolation("not_a_member", "This person has left the organization.")


def owner_not_managed() -> RuleViolation:
    """The reference's refusal 25103."""
    return RuleViolation("owner_not_managed", OWNER_NOT_MANAGED, field="owner")
