"""The rule book of accounts: what each account role lets somebody do there, in words.

The organization's own rule book is another one (organizations.policy).
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any

from accounts.models import GRANTABLE_ACCOUNT_ROLES, AccountRole, AccountStatus
from adminctr.core.errors import RuleViolation
from organizations.policy import Action


class Permission(StrEnum):
    ACCOUNT_CLOSE = "account:close"
    ACCOUNT_CONFIGURE = "account:configure"
    BILLING_MANAGE = "billing:manage"
    CREDENTIALS_MANAGE = "credentials:manage"
    IOT_MANAGE = "iot:manage"
    IOT_VIEW = "iot:view"
    LOGS_VIEW = "logs:view"
    NUMBERS_MANAGE = "numbers:manage"
    TOOLS_USE = "tools:use"
    TRUST_HUB_MANAGE = "trust-hub:manage"
    USAGE_VIEW = "usage:view"
    USERS_MANAGE = "users:manage"


WORDS: dict[Permission, str] = {
    Permission.ACCOUNT_CLOSE: "Close account",
    Permission.ACCOUNT_CONFIGURE: "Account settings",
    Permission.BILLING_MANAGE: "Billing history and settings",
    Permission.CREDENTIALS_MANAGE: "API credentials",
    Permission.IOT_MANAGE: "IoT management",
    Permission.IOT_VIEW: "IoT console access",
    Permission.LOGS_VIEW: "Product logs",
    Permission.NUMBERS_MANAGE: "Phone numbers",
    Permission.TOOLS_USE: "Dev tools",
    Permission.TRUST_HUB_MANAGE: "Trust Hub",
    Permission.USAGE_VIEW: "Usage",
    Permission.USERS_MANAGE: "User management",
}

_EVERYBODY = frozenset({Permission.LOGS_VIEW, Permission.USAGE_VIEW})

GRANTS: dict[AccountRole, frozenset[Permission]] = {
    AccountRole.OWNER: frozenset(Permission),
    AccountRole.ADMINISTRATOR: frozenset(Permission) - {Permission.ACCOUNT_CLOSE},
    AccountRole.DEVELOPER: _EVERYBODY
    | {
        Permission.CREDENTIALS_MANAGE,
        Permission.IOT_MANAGE,
        Permission.IOT_VIEW,
        Permission.NUMBERS_MANAGE,
        Permission.TOOLS_USE,
    },
    AccountRole.BILLING_MANAGER: _EVERYBODY | {Permission.BILLING_MANAGE},
    AccountRole.SUPPORT: _EVERYBODY | {Permission.IOT_VIEW},
}


# What is left of it while an account does not run.
LEFT: dict[AccountStatus, frozenset[Permission]] = {
    AccountStatus.ACTIVE: frozenset(Permission),
    AccountStatus.SUSPENDED: _EVERYBODY | {Permission.ACCOUNT_CLOSE, Permission.BILLING_MANAGE},
    AccountStatus.PENDING_CLOSURE: frozenset(),
    AccountStatus.CLOSED: frozenset(),
}

# What a role on the account opens as well as a role in the organization does; None means any role.
PERMISSION_FOR: dict[Action, Permission | None] = {
    Action.ACCOUNT_CLOSE: Permission.ACCOUNT_CLOSE,
    Action.ACCOUNT_CONFIGURE: Permission.ACCOUNT_CONFIGURE,
    Action.ACCOUNT_MANAGE_USERS: Permission.USERS_MANAGE,
    Action.ACCOUNT_VIEW: None,
    Action.SUBACCOUNT_MANAGE: Permission.ACCOUNT_CONFIGURE,
}


ROLES_MISSING = "Choose at least one role."


def require_roles(roles: Collection[AccountRole]) -> None:
    """Raises RuleViolation: roles_missing, role_not_grantable, administrator_alone."""
    if not roles:
        raise RuleViolation("roles_missing", ROLES_MISSING, field="roles")
    if not set(roles) <= set(GRANTABLE_ACCOUNT_ROLES):
        raise RuleViolation(
            "role_not_grantable",
            "This role cannot be given. The Owner of an account changes by Change Owner.",
            field="roles",
        )
    if AccountRole.ADMINISTRATOR in roles and len(set(roles)) > 1:
        raise RuleViolation(
            "administrator_alone",
            "Administrator includes the other roles. Choose it alone, or choose others without it.",
            field="roles",
        )


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """What somebody with all of these roles on one account may do."""
    return frozenset().union(*(GRANTS[AccountRole(role)] for role in roles))


def rule_book() -> list[dict[str, Any]]:
    """Every permission in words, and by role whether it is granted, for people to read."""
    return [
        {"words": words, "granted": {role.label: one in GRANTS[role] for role in AccountRole}}
        for one, words in WORDS.items()
    ]
