"""The rule book of accounts: what each account role lets somebody do there, in words.

The organization's own rule book is another one (organizations.policy).
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from accounts.models import AccountRole


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


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """What somebody with all of these roles on one account may do."""
    return frozenset().union(*(GRANTS[AccountRole(role)] for role in roles))


def rule_book() -> list[dict[str, Any]]:
    """Every permission in words, and by role whether it is granted, for people to read."""
    return [
        {"words": words, "granted": {role.label: one in GRANTS[role] for role in AccountRole}}
        for one, words in WORDS.items()
    ]
