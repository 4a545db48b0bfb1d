"""Recording: operations call `record`; the outermost one appends what was recorded."""

import secrets
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from adminctr.core import bulk, clock, operations
from adminctr.core.actor import SYSTEM, Actor
from adminctr.core.limits import Limit
from adminctr.core.operations import Event
from adminctr.core.tenancy import Tenant
from audit import chain
from audit.models import AuditDetails, AuditEvent, ChainHead

REFUSALS_PER_MINUTE = Limit("recorded_refusals", times=30, seconds=60)
_TEXT_LENGTH = 500


def record(
    action: str,
    organization: Tenant | None,
    *,
    actor: Actor,
    subject_sid: str = "",
    **details: Any,
) -> None:
    """Note what an operation did, in the organization's chain or the system's.

    Raises OperationRequired outside an operation.
    """
    operations.note(
        Event(
            action=action,
            actor=actor,
            chain=organization.sid if organization else SYSTEM,
            subject_sid=subject_sid,
            details=details,
        )
    )


def append(events: list[Event]) -> None:
    """Chain these events in the open transaction, the heads of their chains locked by name."""
    by_chain = attrgetter("chain")
    chains = groupby(sorted(events, key=by_chain), key=by_chain)
    _append({name: list(of_chain) for name, of_chain in chains})


def append_refusal(event: Event) -> None:
    """Chain one refusal, unless this actor has been refused very often in this minute."""
    actor = event.actor
    if REFUSALS_PER_MINUTE.is_spent(actor.sid or actor.label, actor.origin.network):
        return
    REFUSALS_PER_MINUTE.note(actor.sid or actor.label, actor.origin.network)
    _append({event.chain: [event]})


def _append(chains: Mapping[str, list[Event]]) -> None:
    """However many chains there are, each table is written once."""
    heads, moment = _locked(list(chains)), clock.now()
    rows: list[AuditEvent] = []
    written: list[tuple[str, dict[str, Any]]] = []
    for head in heads:
        for event in chains[head.chain]:
            data = _readable(event)
            salt = secrets.token_hex(16)
            row = AuditEvent(
                chain=head.chain,
                sequence=head.sequence + 1,
                at=moment,
                action=event.action,
                via=event.actor.via,
                actor_sid=event.actor.sid,
                subject_sid=event.subject_sid,
                details_digest=chain.digest_of_details(salt, data),
                previous_hash=head.hash,
            )
            row.hash = chain.hash_of(row)
            head.sequence, head.hash = row.sequence, row.hash
            rows.append(row)
            written.append((salt, data))
    bulk.insert(AuditEvent.unscoped, rows)
    details = [
        AuditDetails(event_id=row.pk, salt=salt, data=data)
        for row, (salt, data) in zip(rows, written, strict=True)
    ]
    bulk.insert(AuditDetails.objects, details)
    ChainHead.objects.bulk_create(
        heads,
        update_conflicts=True,
        unique_fields=["chain"],
        update_fields=["sequence", "hash"],
    )


def _locked(names: list[str]) -> list[ChainHead]:
    """The heads of these chains, made where there are none, locked in the order of their names."""
    names.sort()
    ChainHead.objects.bulk_create([ChainHead(chain=name) for name in names], ignore_conflicts=True)
    heads = ChainHead.objects.select_for_update().filter(chain__in=names)
    return list(heads.order_by("chain"))


def _readable(event: Event) -> dict[str, Any]:
    actor = event.actor
    who = {
        "actor": actor.label,
        "ip": actor.origin.ip,
        "user_agent": actor.origin.user_agent,
        "request_id": actor.origin.request_id,
        "stated_reason": actor.reason,
    }
    return {name: _bounded(value) for name, value in (who | event.details).items() if value != ""}


def _bounded(value: Any) -> Any:
    """Text cut short, without the two things that PostgreSQL cannot keep."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "").encode(errors="replace").decode()[:_TEXT_LENGTH]
