"""How many accounts an organization may have."""

from accounts.models import Account
from adminctr.core.errors import RuleViolation
from organizations.models import Organization

HIGHEST_LIMIT = 10_000


def held_by(organization: Organization) -> int:
    """How many of its accounts count towards the limit."""
    return Account.objects.filter(organization=organization).counted().count()


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
