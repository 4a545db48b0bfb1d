"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from adminctr.core import lifetimes
from adminctr.web import idle
from adminctr.web.display import Moment, moment
from adminctr.web.shortcuts import KEYS
from organizations import policy

_CONSOLE = (None, (("Console", "console:home"), ("Profile", "profile:show")))
_ADMIN_CENTER: tuple[tuple[str | None, tuple[tuple[str, str], ...]], ...] = (
    (None, (("Overview", "organizations:overview"),)),
    (
        "Accounts",
        (
            ("Managed accounts", "accounts:list"),
            ("Independent accounts", "accounts:independent"),
            ("Pending accounts", "accounts:pending"),
        ),
    ),
    (
        "Users",
        (
            ("Managed users", "users:list"),
            ("Independent users", "users:independent"),
            ("Pending users", "users:pending"),
        ),
    ),
    ("Access", (("Role assignments", "accounts:access"), ("Domains", "domains:list"))),
    ("Records", (("Activity", "audit:list"),)),
    ("Organization", (("Settings", "organizations:settings"),)),
)


def product(request: HttpRequest) -> dict[str, Any]:
    """The product's name, the navigation, the person's own choices, the session's end, a demo."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "is_demo": settings.DEMO,
        "navigation": _navigation(request),
        "may_administer": policy.may_administer(_role_of(request)),
        "domain_deadline": _domain_deadline(request),
        "theme": getattr(request, "theme", ""),
        "idle": idle.warning(request),
        "idle_reason": idle.reason(),
        "shortcuts_off": not getattr(getattr(request, "user", None), "has_shortcuts", True),
    } | lifetimes.in_words()


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links; the one whose page, or whose page above, is open is marked."""
    if not hasattr(request, "actor"):
        return []
    groups: list[tuple[str | None, tuple[tuple[str, str], ...]]] = [_CONSOLE]
    if policy.may_administer(_role_of(request)):
        groups += _ADMIN_CENTER
    urls = {name: reverse(name) for _, items in groups for _, name in items}
    here = max((url for url in urls.values() if request.path.startswith(url)), key=len, default="")
    return [
        {
            "label": label,
            "items": [
                {
                    "label": text,
                    "url": urls[name],
                    "key": KEYS.get(name),
                    "current": urls[name] == here,
                }
                for text, name in items
            ],
        }
        for label, items in groups
    ]


def _domain_deadline(request: HttpRequest) -> Moment | None:
    """When a domain is lost unless its proof returns, for whoever can do something about it."""
    organization = getattr(request, "organization", None)
    if organization is None or not policy.may_administer(_role_of(request)):
        return None
    deadline = organization.domain_deadline
    return moment(deadline) if deadline else None


def _role_of(request: HttpRequest) -> str:
    actor = getattr(request, "actor", None)
    return actor.role if actor else ""
