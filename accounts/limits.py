"""How many accounts an organization may have, subaccounts an account, and roles a person."""

from django.conf import settings

from accounts.models import Account, AccountType, RoleAssignment
from adminctr.core.errors import RuleViolation
from organizations.models import Organization
from users.models import User

HIGHEST_LIMIT = 1_000_000


def held_by(organization: Organization) -> int:
    """How many of its accounts count towards the limit."""
    return Account.objects.filter(organization=organization).counted().count()


def room_in(organization: Organization) -> int:
    """How many more it may have; called with the organization locked."""
    return organization.account_limit - held_by(organization)


def require_room(organization: Organization, more: int) -> None:
    """Called with the organization locked; raises RuleViolation: account_limit."""
    limit = organization.account_limit
    held = held_by(organization)
    if held + more > limit:
        raise RuleViolation(
            "account_limit",
            f"This organization may have {limit} accounts and would have {held + more}. "
            "Close one that is not needed, or ask support to raise the limit.",
        )


def require_room_below(parent: Account) -> None:
    """Called with the organization locked; raises RuleViolation: subaccount_limit (21480)."""
    if refused := refusal_below(parent, Account.objects.below(parent).standing().count()):
        raise refused


def refusal_below(parent: Account, held: int) -> RuleViolation | None:
    """Why an account with so many subaccounts that are not closed may have no other."""
    limit = subaccount_limit(parent)
    if held < limit:
        return None
    is_trial = parent.type == AccountType.TRIAL
    more = "ask support to upgrade it, or close" if is_trial else "close"
    kind = "A trial account" if is_trial else "An account"
    return RuleViolation(
        "subaccount_limit",
        f"{kind} may have {limit:,} subaccount{'' if limit == 1 else 's'}. To make room, {more} "
        "a subaccount that is not needed.",
    )


def subaccount_limit(parent: Account) -> int:
    """How many subaccounts that are not closed an account may have."""
    limits: dict[str, int] = {
        AccountType.TRIAL: settings.SUBACCOUNTS_OF_TRIAL_ACCOUNT,
        AccountType.FULL: settings.SUBACCOUNTS_OF_UPGRADED_ACCOUNT,
    }
    return limits[parent.type]


def require_room_for_roles(holder: User, more: int) -> None:
    """Called with the person locked; raises RuleViolation: too_many_roles.

    Owning accounts does not count: how many there may be is limited already.
    """
    most: int = settings.ACCOUNT_ROLES_PER_USER
    # Wherever the accounts are: it is one person who is limited.
    held = RoleAssignment.unscoped.granted().in_force().filter(holder=holder)[: most + 1].count()
    if held + more > most:
        raise RuleViolation(
            "too_many_roles",
            f"One person may have {most} roles on accounts. Take away some that {holder.email} no "
            "longer needs first.",
        )
