"""What must hold of an account, or of whoever is to own it, before it is changed."""

from typing import cast

from django.db.models import QuerySet

from accounts.models import Account, AccountStatus, SuspendedBy
from adminctr.core.errors import RuleViolation
from organizations import members
from organizations.models import Membership
from users.models import User, UserStatus


def require_open(account: Account) -> None:
    """Raises RuleViolation: account_closed."""
    if not account.is_open():
        raise RuleViolation("account_closed", "This account is closed; nobody can change it.")


def require_active(account: Account) -> None:
    """Raises RuleViolation: account_closed, account_not_active."""
    require_open(account)
    if account.status != AccountStatus.ACTIVE:
        raise RuleViolation("account_not_active", "This account is suspended. Reactivate it first.")


def require_not_suspended(account: Account, *, by_support: bool) -> None:
    """Raises RuleViolation: already_suspended; support takes over what others suspended."""
    takes_over = by_support and account.suspended_by != SuspendedBy.SUPPORT
    if account.status == AccountStatus.SUSPENDED and not takes_over:
        raise RuleViolation("already_suspended", "This account is suspended already.")


def require_other_owner(account: Account, owner_sid: str) -> None:
    """Raises RuleViolation: owner_unchanged."""
    if account.owner.sid == owner_sid:
        raise RuleViolation("owner_unchanged", "This person owns it already.", field="owner")


def require_other_flag(account: Account, *, is_hipaa: bool) -> None:
    """Raises RuleViolation: hipaa_unchanged."""
    if account.is_hipaa == is_hipaa:
        state = "enabled" if is_hipaa else "not enabled"
        raise RuleViolation("hipaa_unchanged", f"HIPAA is {state} for this account already.")


def require_main(account: Account) -> None:
    """Raises RuleViolation: account_is_subaccount."""
    if account.is_subaccount():
        raise RuleViolation(
            "account_is_subaccount",
            "This is a subaccount. Do this with the account above it, which it follows.",
        )


def fit_to_own() -> QuerySet[Membership]:
    """Who of the open scope could own an account, by name."""
    managed = Membership.objects.managed().in_force().filter(status=UserStatus.ACTIVE)
    return cast(QuerySet[Membership], managed.select_related("user"))


def require_fit_to_own(user: User) -> Membership:
    """The stay of whoever is to own an account, read anew with the person.

    Called with the organization locked. Raises RuleViolation: owner_not_managed (25103),
    owner_not_active.
    """
    stays = Membership.objects.in_force().filter(user=user)
    stay = stays.select_related("user", "organization").first()
    if stay is None:
        raise members.owner_not_managed()
    if stay.status != UserStatus.ACTIVE:
        raise RuleViolation(
            "owner_not_active",
            "The login of this person is not active. Choose somebody else.",
            field="owner",
        )
    return stay


def fit_owner(who: str) -> User:
    """Whoever has this address or User SID, and could own an account.

    Raises RuleViolation: one of the canonicaliser's, owner_not_managed (25103), owner_not_active.
    """
    return require_fit_to_own(members.owner_named(who).user).user
