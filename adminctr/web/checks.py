"""Settings with which nothing should start."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

_SHORTEST_KEY = 32


@register()
def safe_settings(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < _SHORTEST_KEY:
        found.append(Error(f"SECRET_KEY needs at least {_SHORTEST_KEY} characters", id="web.E001"))
    if settings.DEMO and not ipaddress.ip_address(settings.BIND).is_loopback:
        found.append(
            Error("DEMO shows everybody's mail: it may only listen on this machine", id="web.E002")
        )
    return found
