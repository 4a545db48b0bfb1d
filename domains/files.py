"""Fetching the file that proves a domain, from the public website of that name and nowhere else.

For one fetch the name is looked up once, and only the addresses that came of it are spoken to, if
every one of them is public. One request, no redirect followed, no proxy of the environment, one
budget of time for all of it, and nothing raises for what a server sends or fails to send.
"""

import math
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from http.client import HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import create_connection, socket
from typing import Any, cast

from django.conf import settings

from domains import probes
from domains.probes import MISSING, Finding, Outcome, Server

MOST_BYTES = 4096

_MOST_BYTES_IN_ALL = 32_768
_MOST_ADDRESSES = 4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_USUAL_PORT = 443
_NAT64 = IPv6Network("64:ff9b::/96")

type _Address = IPv4Address | IPv6Address


def fetch(host: str, file_name: str) -> Finding:
    """What stands in a file at the top of a website, without the white space around it."""
    return _fetch(host, file_name, probes.resolvers())


def fetch_everywhere(host: str, file_name: str) -> Iterator[Finding]:
    """The same from where each resolver by itself says that the website is.

    The next one is asked when the caller wants to know.
    """
    resolvers = probes.resolvers()
    if not resolvers:
        yield Finding(Outcome.WEBSITE_UNKNOWN)
    for resolver in resolvers:
        yield _fetch(host, file_name, [resolver])


def _fetch(host: str, file_name: str, resolvers: Sequence[Server]) -> Finding:
    until = time.monotonic() + settings.HTTPS_CHECK_LIFETIME.total_seconds()
    found = probes.look_up_addresses(host, resolvers, _left(until))
    addresses = [ip_address(text.decode()) for one in found for text in one.texts]
    if not addresses:
        is_certain = all(one.outcome in MISSING for one in found)
        return Finding(Outcome.NO_WEBSITE if is_certain else Outcome.WEBSITE_UNKNOWN)
    if not all(_may_be_asked(address) for address in addresses):
        return Finding(Outcome.NOT_PUBLIC)  # and nobody learns which addresses a network has
    reached = _reach(addresses[:_MOST_ADDRESSES], until)
    if reached is None:
        return Finding(Outcome.NO_CONNECTION)
    address, connection = reached
    with connection:
        finding = _ask(connection, host, file_name, until)
    server = probes.call_server(str(address), settings.HTTPS_CHECK_PORT, _USUAL_PORT)
    return replace(finding, server=server)


# Who is asked


def _may_be_asked(address: _Address) -> bool:
    meant = _embedded(address) or address
    return _is_public(meant) or any(meant in network for network in settings.HTTPS_CHECK_NETWORKS)


def _embedded(address: _Address) -> IPv4Address | None:
    """The IPv4 address that is reached through an IPv6 one."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def _is_public(address: _Address) -> bool:
    """Python calls global what is not private, and so some that lead to nobody's website."""
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    leads_nowhere = address.is_multicast or address.is_reserved or is_site_local
    return address.is_global and not leads_nowhere


# How


class _Line(ssl.SSLSocket):
    """Takes what comes until a moment, up to a number of bytes, however slowly it drips."""

    until = math.inf
    room = _MOST_BYTES_IN_ALL

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        if self.room <= 0:
            raise HTTPException("Too much")
        self.settimeout(_left(self.until))
        count = super().recv_into(buffer, nbytes, flags)
        self.room -= count
        return count


def _reach(addresses: list[_Address], until: float) -> tuple[_Address, socket] | None:
    """A connection to the first of the addresses that takes one."""
    for number, address in enumerate(addresses):
        with suppress(OSError):
            seconds = _left(until) / (len(addresses) - number)
            place = (str(address), settings.HTTPS_CHECK_PORT)
            return address, create_connection(place, seconds)
    return None


def _ask(connection: socket, host: str, file_name: str, until: float) -> Finding:
    try:
        connection.settimeout(_left(until))
        context = _context(settings.HTTPS_CHECK_CA_FILE)
        line = cast(_Line, context.wrap_socket(connection, server_hostname=host))
    except ssl.SSLCertVerificationError:
        return Finding(Outcome.BAD_CERTIFICATE)
    except TimeoutError:
        return Finding(Outcome.TOO_SLOW)
    except OSError:
        return Finding(Outcome.NO_CONNECTION)
    line.until = until
    with line:
        return _get(line, host, file_name)


def _get(line: _Line, host: str, file_name: str) -> Finding:
    request = HTTPSConnection(host, settings.HTTPS_CHECK_PORT, context=line.context)
    request.sock = line
    product = settings.PRODUCT_NAME.encode("ascii", "ignore").decode()
    headers = {"User-Agent": f"{product} domain check", "Connection": "close"}
    try:
        request.request("GET", f"/{file_name}", headers=headers)
        return _read(request.getresponse())
    except TimeoutError:
        return Finding(Outcome.TOO_SLOW)
    except (OSError, HTTPException, ValueError):
        return Finding(Outcome.GARBLED)


def _read(response: HTTPResponse) -> Finding:
    """Any answer but the file itself is kept as its status, a redirect's with where it leads."""
    status = f"HTTP {response.status}".encode()
    if response.status in _REDIRECTS:
        target = response.getheader("Location", "").encode("latin-1", "replace")
        return Finding(Outcome.REDIRECTED, (status, target))
    if response.status != 200:
        is_gone = response.status in _GONE
        return Finding(Outcome.NO_FILE if is_gone else Outcome.OTHER_STATUS, (status,))
    content = response.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return Finding(Outcome.TOO_LARGE, (status,))
    if response.length:
        raise IncompleteRead(content, response.length)
    return Finding(Outcome.FOUND, (content.strip(),))


@lru_cache(maxsize=4)
def _context(ca_file: str) -> ssl.SSLContext:
    """Trusts the given authorities, or the system's; reading those takes a while."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = _Line
    return context


def _left(until: float) -> float:
    """How many seconds are left. Raises TimeoutError when none are."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
