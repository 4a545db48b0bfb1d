"""Keys that lead somewhere; static/js/shortcuts.js finds them on the links that carry them."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

# Pressed after g. A page that somebody may not open is not in their navigation, nor is its key.
KEYS = {
    "console:home": "c",
    "organizations:overview": "o",
    "accounts:list": "a",
    "users:list": "u",
    "users:pending": "p",
    "domains:list": "d",
    "audit:list": "r",
    "organizations:settings": "s",
}


@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """Which keys there are for the person who asks."""
    return TemplateResponse(request, "web/shortcuts.html")
