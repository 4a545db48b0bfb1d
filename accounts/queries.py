"""Independent accounts and users, and who may be meant by an address around an account.

What looks across tenants does so through the copies that roles keep of their holders.
"""

from collections.abc import Collection

from django.db.models import Count

from accounts.models import Account, RoleAssignment, RoleAssignmentQuerySet, is_independent
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import is_sid
from adminctr.core.text import sort_key
from organizations import members
from organizations.models import Organization
from users.models import User


def roles_elsewhere(organization: Organization) -> RoleAssignmentQuerySet[RoleAssignment]:
    """The roles of an organization's people on accounts of other organizations."""
    held = RoleAssignment.unscoped.in_force()
    return held.filter(is_independent(), holder_organization=organization)


def independent_accounts(organization: Organization) -> RoleAssignmentQuerySet[RoleAssignment]:
    """For each account of another organization the first role that one of our people has on it."""
    return roles_elsewhere(organization).first_of_each("holder_organization", "account")


def independent_users() -> RoleAssignmentQuerySet[RoleAssignment]:
    """For each person who is no member the first role on accounts of the organization in scope."""
    return RoleAssignment.objects.independent().first_of_each("organization", "holder")


def accounts_of(people: Collection[int]) -> dict[int, int]:
    """On how many accounts of the organization in scope each of these people has a role."""
    held = RoleAssignment.objects.in_force().on_accounts().filter(holder__in=people)
    counted = held.order_by().values("holder").annotate(number=Count("account", distinct=True))
    return dict(counted.values_list("holder", "number"))


def named(which: str) -> Account:
    """The account of the open scope with this SID, or the only one with this name.

    Raises RuleViolation: account_unknown, account_ambiguous.
    """
    wanted = {"sid": which} if is_sid(which, "AC") else {"name_key": sort_key(which)}
    found = list(Account.objects.filter(**wanted)[:2])
    if not found:
        text = "No account of your organization has this name or SID."
        raise RuleViolation("account_unknown", text, field="account")
    if len(found) > 1:
        text = "Several accounts have this name. Enter the SID of the one you mean."
        raise RuleViolation("account_ambiguous", text, field="account")
    return found[0]


def person_around(account: Account, who: str, *, with_members: bool) -> User | None:
    """Who has this address or User SID and has or had a role on the account, or is a member."""
    column = "holder__sid" if is_sid(who, "US") else "email"
    value = who if is_sid(who, "US") else who.lower()
    held = RoleAssignment.objects.filter(account=account, **{column: value})
    if newest := held.select_related("holder").order_by("-pk").first():
        return newest.holder
    try:
        stay = members.named(who) if with_members else None
    except RuleViolation:  # no address at all
        return None
    return stay.user if stay else None
