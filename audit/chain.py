"""How events are hashed, each over the one before, and how a chain is verified."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.models import AuditDetails, AuditEvent, ChainHead


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a chain does not hold."""

    chain: str
    sequence: int
    message: str


def digest_of_details(salt: str, data: dict[str, Any]) -> str:
    return _sha256([salt, data])


def hash_of(event: AuditEvent) -> str:
    """The hash of one event over everything that is chained, the previous hash included."""
    return _sha256(
        [
            event.chain,
            event.sequence,
            _moment(event.at),
            event.action,
            event.via,
            event.actor_sid,
            event.subject_sid,
            event.details_digest,
            event.previous_hash,
        ]
    )


def verify_all(only: str = "") -> Iterator[Fault]:
    """Walk every chain, or the one named; events whose head was removed are a fault too."""
    heads, events = ChainHead.objects.order_by("chain"), AuditEvent.unscoped.order_by("chain")
    if only:
        heads, events = heads.filter(chain=only), events.filter(chain=only)
    for head in heads.iterator():
        yield from verify(head)
    headless = events.exclude(chain__in=ChainHead.objects.values("chain"))
    for name in headless.values_list("chain", flat=True).distinct():
        yield Fault(name, 0, "the head of the chain is missing")


def verify(head: ChainHead) -> Iterator[Fault]:
    """Walk one chain from its beginning and name every place where it does not hold."""
    previous_hash, expected = "", 0
    events = AuditEvent.unscoped.filter(chain=head.chain).order_by("sequence")
    for event in events.select_related("details").iterator(chunk_size=2000):
        expected += 1
        if event.sequence != expected:
            yield Fault(head.chain, expected, "events are missing")
            expected = event.sequence
        if event.previous_hash != previous_hash:
            yield Fault(head.chain, event.sequence, "does not follow the event before it")
        if event.hash != hash_of(event):
            yield Fault(head.chain, event.sequence, "was changed")
        details = _details_of(event)
        if details and digest_of_details(details.salt, details.data) != event.details_digest:
            yield Fault(head.chain, event.sequence, "its details were changed")
        previous_hash = event.hash
    if (head.sequence, head.hash) != (expected, previous_hash):
        yield Fault(head.chain, head.sequence, "the newest events are missing")


def _details_of(event: AuditEvent) -> AuditDetails | None:
    return getattr(event, "details", None)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _sha256(values: list[Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
