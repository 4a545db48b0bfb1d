"""Line 28: looking at the proof of every domain, beside the time that the resolver takes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import cycle

from django.conf import settings
from django.test.utils import override_settings

from adminctr.core import bulk, clock
from bench.processes import free_port
from bench.results import Findings, Result
from bench.stage import Stage
from domains.jobs import look_at_due_domains
from domains.models import Domain, DomainCheck, DomainStatus
from organizations.models import Organization
from users.models import User

# A resolver that knows nothing yet asks others, which takes it some fifty milliseconds.
PAUSE_SECONDS = 0.05
_MOST = 100_000
_TOKEN = "0" * 32


def line_28(stage: Stage, rounds: int, findings: Findings) -> None:
    """Once, since it takes its time; as many domains as the world has people."""
    number = min(User.objects.count(), _MOST)
    _make(number)
    with _resolver() as port, override_settings(DNS_RESOLVERS=[("127.0.0.1", port)]):
        begun = time.perf_counter()
        while Domain.unscoped.due().exists():
            look_at_due_domains.call()
        took = time.perf_counter() - begun
    proven = DomainCheck.unscoped.filter(is_proof=True).count()
    if proven < number:
        findings.faults.append(f"line 28: {proven:,} of {number:,} domains were proven")
    _forget()
    waiting = number * PAUSE_SECONDS / settings.DOMAIN_RECHECKS_AT_ONCE
    findings.results.append(
        Result(
            28,
            f"{number:,} domains looked at",
            f"the resolver alone, {settings.DOMAIN_RECHECKS_AT_ONCE} at a time",
            took,
            waiting,
            unit="s",
            at_most=2,
        )
    )


def _make(number: int) -> None:
    """Verified yesterday, and due."""
    first, now = bulk.first_free_key(Domain), clock.now()
    homes = cycle(Organization.objects.living().values_list("pk", flat=True)[:1000])
    yesterday = now - timedelta(days=1)
    bulk.write(
        Domain(
            pk=first + one,
            organization_id=next(homes),
            name=f"recheck-{one}.example",
            token=_TOKEN,
            status=DomainStatus.VERIFIED.value,
            created_at=yesterday,
            verified_at=yesterday,
            proven_at=yesterday,
            checked_at=yesterday,
            next_check_at=now,
        )
        for one in range(number)
    )


def _forget() -> None:
    DomainCheck.unscoped.all().delete()
    Domain.unscoped.filter(token=_TOKEN).delete()


@contextmanager
def _resolver() -> Iterator[int]:
    """In a process of its own, which takes nothing from the worker's."""
    port = free_port()
    value = f"{settings.DOMAIN_TXT_PREFIX}{_TOKEN}"
    command = ["--port", str(port), "--pause", str(PAUSE_SECONDS), "--text", value]
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.name_server", *command], stdout=subprocess.PIPE
    )
    with server, server.stdout or nullcontext() as said:
        if said:
            said.readline()  # it listens
        yield port
        server.kill()
