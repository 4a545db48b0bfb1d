"""What commands about an account share."""

from accounts.models import Account
from adminctr.core.errors import RuleViolation
from invitations.queries import find_account


def account_of(sid: str) -> Account:
    """The account of a SID, whoever's it is; raises RuleViolation: account_unknown."""
    account = find_account(sid.strip())
    if account is None:
        raise RuleViolation("account_unknown", "No account has this SID.")
    return account
