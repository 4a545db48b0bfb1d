"""What every template may use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from adminctr.core import lifetimes
from organizations import policy

_ADMIN_CENTER: tuple[tuple[str | None, tuple[tuple[str, str], ...]], ...] = (
    (None, (("Overview", "organizations:overview"),)),
    ("Accounts", (("Managed accounts", "accounts:list"),)),
    ("Users", (("Managed users", "users:list"), ("Pending users", "users:pending"))),
    ("Access", (("Domains", "domains:list"),)),
    ("Records", (("Activity", "audit:list"),)),
)


def product(request: HttpRequest) -> dict[str, Any]:
    """The product's name, the navigation, and whether this is a demo."""
    return {
        "product_name": settings.PRODUCT_NAME,
        "is_demo": settings.DEMO,
        "navigation": _navigation(request),
    } | lifetimes.in_words()


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    actor = getattr(request, "actor", None)
    if actor is None:
        return []
    here = request.path
    groups: list[dict[str, Any]] = [
        {"label": None, "items": [_item("Console", reverse("console:home"), here)]}
    ]
    if policy.may_administer(actor.role):
        for label, items in _ADMIN_CENTER:
            entries = [_item(text, reverse(name), here) for text, name in items]
            groups.append({"label": label, "items": entries})
    return groups


def _item(label: str, url: str, here: str) -> dict[str, Any]:
    return {"label": label, "url": url, "current": url == here}
