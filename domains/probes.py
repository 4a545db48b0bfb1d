"""Asking the domain name system.

One total budget of time, messages of at most 64 kB by UDP or TCP, and every outcome is an answer in
plain words; nothing here raises for what a name server says or fails to say.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdata
import dns.resolver
from django.conf import settings
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rdtypes.txtbase import TXTBase

MOST_STRINGS = 500
MOST_RESOLVERS = 3

type Server = tuple[str, int]

_PORT = 53
_MOST_BYTES_BY_UDP = 1232


class Outcome(StrEnum):
    """What came of a question, about a record in the first group, about a file in the second."""

    FOUND = "found"
    NO_NAME = "no_name"
    NO_RECORD = "no_record"
    ALIAS = "alias"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    SERVER_FAILED = "server_failed"
    UNREADABLE = "unreadable"

    NO_WEBSITE = "no_website"
    WEBSITE_UNKNOWN = "website_unknown"
    NOT_PUBLIC = "not_public"
    NO_CONNECTION = "no_connection"
    BAD_CERTIFICATE = "bad_certificate"
    NO_FILE = "no_file"
    REDIRECTED = "redirected"
    OTHER_STATUS = "other_status"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    GARBLED = "garbled"


# What says for certain that the proof is not where it must be, unless it is in the texts. A page
# that is too large is one of them: it is what many websites send in place of a file that is gone.
MISSING = frozenset({
    Outcome.FOUND, Outcome.NO_NAME, Outcome.NO_RECORD, Outcome.ALIAS,
    Outcome.NO_WEBSITE, Outcome.NO_FILE, Outcome.REDIRECTED, Outcome.TOO_LARGE,
})  # fmt: skip


_CODES = {
    Rcode.NOERROR: Outcome.FOUND,
    Rcode.NXDOMAIN: Outcome.NO_NAME,
    Rcode.REFUSED: Outcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What came back for a record or a file: its texts, from which server, good for how long.

    The strings of a TXT record are joined, and what stands behind an alias is kept as well; `ttl`
    is in seconds, None for a file.
    """

    outcome: Outcome
    texts: tuple[bytes, ...] = ()
    server: str = ""
    ttl: int | None = None


def look_up_txt(name: str, seconds: float | None = None) -> Finding:
    """The TXT records at exactly `name`, from the first resolver that can tell."""
    left = _lifetime() if seconds is None else seconds
    return _ask_in_turn(name, RdataType.TXT, resolvers(), left)


def look_up_txt_everywhere(name: str) -> Iterator[Finding]:
    """What each resolver says by itself; the next one is asked when the caller wants to know."""
    servers = resolvers()
    if not servers:
        yield Finding(Outcome.SERVER_FAILED)
    for server in servers:
        yield _ask(server, name, RdataType.TXT, _lifetime())


def look_up_addresses(
    host: str, servers: Sequence[Server], seconds: float
) -> tuple[Finding, Finding]:
    """The IPv4 and the IPv6 addresses of a host as texts, each from the first that can tell."""
    half = seconds / 2
    return (
        _ask_in_turn(host, RdataType.A, servers, half),
        _ask_in_turn(host, RdataType.AAAA, servers, half),
    )


def resolvers() -> list[Server]:
    """The configured resolvers, or the system's own as they are now."""
    configured: list[Server] = settings.DNS_RESOLVERS
    if configured:
        return configured[:MOST_RESOLVERS]
    try:
        own = dns.resolver.Resolver().nameservers
    except (dns.resolver.NoResolverConfiguration, OSError):
        return []
    return [(str(host), _PORT) for host in own[:MOST_RESOLVERS]]


def call_server(host: str, port: int, usual_port: int = _PORT) -> str:
    """How people write the address of a server, with its port where it is not the usual one."""
    if port == usual_port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _ask_in_turn(name: str, kind: RdataType, servers: Sequence[Server], seconds: float) -> Finding:
    """What the first that can tell says, or else the last; all within these seconds."""
    until = time.monotonic() + seconds
    finding = Finding(Outcome.SERVER_FAILED)
    for number, server in enumerate(servers):
        left = until - time.monotonic()
        finding = _ask(server, name, kind, left / (len(servers) - number))
        if finding.outcome in MISSING:
            break
    return finding


def _ask(server: Server, name: str, kind: RdataType, seconds: float) -> Finding:
    try:
        asked = dns.name.from_text(name)
        finding = _read(_exchange(server, asked, kind, seconds), asked)
    except dns.name.NameTooLong:
        finding = Finding(Outcome.NO_NAME)
    except dns.exception.Timeout:
        finding = Finding(Outcome.TIMED_OUT)
    except dns.exception.DNSException:
        finding = Finding(Outcome.UNREADABLE)
    except (OSError, EOFError, ValueError):
        finding = Finding(Outcome.SERVER_FAILED)
    return replace(finding, server=call_server(*server))


def _read(response: dns.message.QueryMessage, asked: dns.name.Name) -> Finding:
    outcome = _CODES.get(response.rcode(), Outcome.SERVER_FAILED)
    if outcome not in MISSING:
        return Finding(outcome)
    resolved = response.resolve_chaining()
    if resolved.canonical_name != asked:
        outcome = Outcome.ALIAS
    if resolved.answer is None:
        return Finding(Outcome.NO_RECORD if outcome is Outcome.FOUND else outcome)
    texts = (_text_of(record) for record in list(resolved.answer)[:MOST_STRINGS])
    return Finding(outcome, tuple(texts), ttl=resolved.answer.ttl)


def _text_of(record: dns.rdata.Rdata) -> bytes:
    return b"".join(record.strings) if isinstance(record, TXTBase) else record.to_text().encode()


def _exchange(
    server: Server, name: dns.name.Name, kind: RdataType, seconds: float
) -> dns.message.QueryMessage:
    """Ask, and once more at half-time, since what goes by UDP may be lost."""
    question = dns.message.make_query(name, kind, use_edns=0, payload=_MOST_BYTES_BY_UDP)
    until = time.monotonic() + seconds
    try:
        return _send(question, server, until - seconds / 2)
    except dns.exception.Timeout:
        return _send(question, server, until)


def _send(
    question: dns.message.QueryMessage, server: Server, until: float
) -> dns.message.QueryMessage:
    host, port = server
    try:
        response = dns.query.udp(
            question,
            host,
            port=port,
            timeout=until - time.monotonic(),
            raise_on_truncation=True,
            ignore_unexpected=True,
            ignore_errors=True,
        )
    except dns.message.Truncated:
        response = dns.query.tcp(question, host, port=port, timeout=until - time.monotonic())
    return cast(dns.message.QueryMessage, response)


def _lifetime() -> float:
    seconds: float = settings.DNS_LIFETIME.total_seconds()
    return seconds
