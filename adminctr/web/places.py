"""Where an IP address is, as far as this installation can tell by itself."""

import ipaddress
from functools import cache
from typing import Any

import maxminddb
from django.conf import settings


def place_of(ip: str) -> str:
    """Such as "Lisbon, Portugal", when PLACES_DATABASE names a file that knows; else empty."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if address.is_loopback:
        return "This machine"
    if address.is_private:
        return "A private network"
    if not settings.PLACES_DATABASE:
        return ""
    found: Any = _database(settings.PLACES_DATABASE).get(address)
    return ", ".join(filter(None, (_name(found, "city"), _name(found, "country"))))


@cache
def _database(path: str) -> maxminddb.Reader:
    return maxminddb.open_database(path)


def _name(found: Any, kind: str) -> str:
    names = found.get(kind, {}).get("names", {}) if isinstance(found, dict) else {}
    return str(names.get("en", ""))
