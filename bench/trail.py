"""Lines 21 to 23: what it costs that every change is chained, and to prove the chain."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from django.db import connection, transaction
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.operations import itself, no_organization, operation
from audit import chain, log
from audit.models import AuditDetails, AuditEvent, ChainHead
from bench.measure import interleaved, percentile
from bench.results import Findings, Result
from bench.stage import HELLO_AUTH, Stage
from organizations.models import Organization
from users.models import User

WRITERS = 16
_ORGANIZATIONS = 1000
_SECONDS = 4.0
_WORK_SECONDS = 0.005
_ACTION = "user.preferences_changed"
_ACTOR = Actor.operator("bench")
_PLAIN, _GLOBAL = "plain", "global"
_CHUNK = 2000

_places = count(1)


@operation(no_organization)
def _change_audited(user: User, *, actor: Actor) -> None:
    _write(user)
    log.record(_ACTION, None, actor=actor, subject_sid=user.sid)


def _change_with_a_plain_insert(user: User) -> None:
    with transaction.atomic():
        _write(user)
        _insert(_PLAIN)


def _write(user: User) -> None:
    User.objects.filter(pk=user.pk).update(has_shortcuts=True)


def _insert(name: str) -> None:
    """One event with its details, chained to nothing."""
    event = AuditEvent.unscoped.create(
        chain=name,
        sequence=next(_places),
        at=clock.now(),
        action=_ACTION,
        via="page",
        details_digest="",
    )
    AuditDetails.objects.create(event=event, salt=secrets.token_hex(16), data={"actor": "bench"})


def line_21(stage: Stage, rounds: int, findings: Findings) -> None:
    """One writer, with the trail and with a plain insert in its place."""
    user = stage.administrators[0]
    took = interleaved(
        {
            "hello-auth": stage.hello.visiting(HELLO_AUTH),
            "audited": lambda: _times(lambda: _change_audited(user, actor=_ACTOR)),
            "plain": lambda: _times(lambda: _change_with_a_plain_insert(user)),
        },
        rounds,
    )
    findings.results.append(
        Result(
            21,
            "20 audited writes",
            "20 with a plain insert",
            took["audited"].median,
            took["plain"].median,
            at_most=1.6,
            by_yardstick=took["audited"].least / took["hello-auth"].least,
        )
    )


def _times(call: Callable[[], None]) -> None:
    for _ in range(20):
        call()


@operation(itself)
def _work_audited(organization: Organization, *, actor: Actor) -> None:
    _work(organization)
    log.record(_ACTION, organization, actor=actor)


def _work_with_a_plain_insert(organization: Organization) -> None:
    with transaction.atomic():
        _work(organization)
        _insert(_PLAIN)


def _work_with_one_chain_locked_first(organization: Organization) -> None:
    with transaction.atomic():
        head = ChainHead.objects.select_for_update().get(chain=_GLOBAL)
        _work(organization)
        _insert(_GLOBAL)
        ChainHead.objects.filter(pk=head.pk).update(sequence=head.sequence + 1)


def _work(organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(account_limit=organization.account_limit)
    time.sleep(_WORK_SECONDS)


@dataclass(frozen=True, slots=True)
class Throughput:
    per_second: float
    p99: float


def line_22(stage: Stage, rounds: int, findings: Findings) -> None:
    """Many writers in many organizations; SQLite has one writer, so there it says nothing."""
    if connection.vendor == "sqlite":
        return
    ChainHead.objects.get_or_create(chain=_GLOBAL)
    organizations = list(Organization.objects.order_by("pk")[:_ORGANIZATIONS])
    audited = _all_at_once(lambda one: _work_audited(one, actor=_ACTOR), organizations)
    plain = _all_at_once(_work_with_a_plain_insert, organizations)
    one_chain = _all_at_once(_work_with_one_chain_locked_first, organizations)
    name, unit = f"audited, {WRITERS} writers", "tx/s"
    findings.results += [
        Result(22, name, "plain insert", audited.per_second, plain.per_second, unit, at_least=0.8),
        Result(22, name, "one chain", audited.per_second, one_chain.per_second, unit, at_least=5),
        Result(22, f"p99, {name}", "plain insert", audited.p99, plain.p99, at_most=2),
    ]


def _all_at_once(
    write: Callable[[Organization], None], organizations: list[Organization]
) -> Throughput:
    """What so many writers get done in some seconds."""
    until = time.monotonic() + _SECONDS
    taken: list[float] = []

    def go_on(seed: int) -> None:
        random = Random(seed)
        while (begun := time.monotonic()) < until:
            write(random.choice(organizations))
            taken.append((time.monotonic() - begun) * 1000)
        connection.close()

    threads = [threading.Thread(target=go_on, args=[number]) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Throughput(len(taken) / _SECONDS, percentile(taken, 99))


def line_23(stage: Stage, rounds: int, findings: Findings) -> None:
    """A page deep in the trail, and the proof that all of it holds."""
    url, owner, hello = reverse("audit:list"), stage.owner, stage.hello
    head = ChainHead.objects.get(chain=stage.large.sid)  # their log-ins are the last events
    took = interleaved(
        {
            "hello-auth": hello.visiting(HELLO_AUTH),
            "first": owner.visiting(url),
            "deep": owner.visiting(f"{url}?after={head.sequence // 2}"),
        },
        rounds,
    )
    findings.results.append(
        Result(
            23,
            "deep page of the activity",
            "its first page",
            took["deep"].median,
            took["first"].median,
            at_most=1.25,
            by_yardstick=took["deep"].least / took["hello-auth"].least,
        )
    )
    took = interleaved(
        {"verify": lambda: _verify(head), "hash": lambda: _hash_all(head)}, min(rounds, 3)
    )
    findings.results.append(
        Result(
            23,
            f"verification of {head.sequence} events",
            "SHA-256 of the same rows",
            took["verify"].median,
            took["hash"].median,
            at_most=10,
        )
    )


def _verify(head: ChainHead) -> None:
    if faults := list(chain.verify(head)):
        raise RuntimeError(f"The chain does not hold: {faults[:3]}")


def _hash_all(head: ChainHead) -> None:
    events = AuditEvent.unscoped.filter(chain=head.chain).order_by("sequence")
    for row in events.values_list().iterator(chunk_size=_CHUNK):
        hashlib.sha256(repr(row).encode()).digest()
