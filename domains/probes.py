"""Asking the domain name system. The only outward calls of this app.

One total budget of time, one message of at most 64 kB by UDP or TCP, and every outcome is an
answer in plain words; nothing here raises for what a name server says or fails to say.
"""

from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver
from django.conf import settings

MOST_STRINGS = 500


class Outcome(StrEnum):
    FOUND = "found"
    NO_NAME = "no_name"
    NO_RECORD = "no_record"
    ALIAS = "alias"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    SERVER_FAILED = "server_failed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class TxtAnswer:
    """What came back for the TXT records of one name; a record's strings are joined."""

    outcome: Outcome
    texts: tuple[bytes, ...] = ()


def look_up_txt(name: str) -> TxtAnswer:
    """Ask the configured resolvers, or the system's own, for the TXT records at exactly `name`."""
    try:
        asked = dns.name.from_text(name)
        answer = _resolver().resolve(
            asked, dns.rdatatype.TXT, search=False, raise_on_no_answer=False
        )
    except dns.name.NameTooLong:
        return TxtAnswer(Outcome.NO_NAME)
    except dns.resolver.NXDOMAIN as missing:
        is_alias = missing.canonical_name != asked
        return TxtAnswer(Outcome.ALIAS if is_alias else Outcome.NO_NAME)
    except dns.exception.Timeout:
        return TxtAnswer(Outcome.TIMED_OUT)
    except dns.resolver.NoNameservers as failed:
        return TxtAnswer(_what_failed(failed))
    except (dns.resolver.NoResolverConfiguration, OSError):
        return TxtAnswer(Outcome.SERVER_FAILED)
    except dns.exception.DNSException:
        return TxtAnswer(Outcome.UNREADABLE)
    if answer.canonical_name != asked:
        return TxtAnswer(Outcome.ALIAS)
    if answer.rrset is None:
        return TxtAnswer(Outcome.NO_RECORD)
    texts = (b"".join(record.strings) for record in list(answer)[:MOST_STRINGS])
    return TxtAnswer(Outcome.FOUND, tuple(texts))


def _what_failed(failed: dns.resolver.NoNameservers) -> Outcome:
    """Whether the last server refused, said that it failed, or sent what cannot be read."""
    reasons = [error[3] for error in failed.kwargs["errors"]]
    if reasons and isinstance(reasons[-1], dns.exception.DNSException):
        return Outcome.UNREADABLE
    is_refusal = reasons and reasons[-1] == dns.rcode.to_text(dns.rcode.REFUSED)
    return Outcome.REFUSED if is_refusal else Outcome.SERVER_FAILED


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS_RESOLVERS)
    if settings.DNS_RESOLVERS:
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(host, port) for host, port in settings.DNS_RESOLVERS
        ]
    resolver.cache = None
    resolver.lifetime = settings.DNS_LIFETIME.total_seconds()
    resolver.timeout = resolver.lifetime / 2
    resolver.use_edns(0, 0, 1232)
    return resolver
