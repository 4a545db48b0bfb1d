"""Looking at the proof of every domain that is held, day after day."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.tasks import task

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.runs import TURN
from adminctr.core.tenancy import every_tenant
from adminctr.queue.batches import enqueue_unless_waiting
from adminctr.queue.periodic import periodic
from domains import explanations, looks
from domains.models import Domain, DomainCheck
from domains.operations import keep_domains, settle_recheck
from domains.probes import Finding

# What is taken at once from the others who might look at the same domains, and for how long.
_AT_ONCE = 500
_LEASE = timedelta(minutes=10)
# What is written in one transaction: others wait for it a moment only.
_OF_A_BATCH = 200

_ACTOR = Actor.system("domain checks")

Findings = tuple[Finding, ...]


@periodic(timedelta(minutes=1))
@task
def look_at_due_domains() -> None:
    """Look at whatever is due, many at a time, for a turn or until nothing is.

    One that fails does not hold up the others; what failed is raised after them.
    """
    failures: list[Exception] = []
    ends_at = clock.now() + TURN
    with ThreadPoolExecutor(settings.DOMAIN_RECHECKS_AT_ONCE) as pool:
        while due := _take_due():
            asked = [(domain, pool.submit(looks.look_again, domain)) for domain in due]
            for batch in batched(asked, _OF_A_BATCH):
                failures += _settle(batch)
            if clock.now() >= ends_at:
                enqueue_unless_waiting(look_at_due_domains)
                break
    if failures:
        raise ExceptionGroup("Some domains are left to be looked at again", failures)


@periodic(timedelta(days=1))
@task
def forget_old_checks() -> None:
    long_ago = clock.now() - settings.DOMAIN_CHECKS_KEPT
    with every_tenant():
        DomainCheck.objects.filter(at__lt=long_ago).delete()


def _take_due() -> list[Domain]:
    """The next ones, which nobody else takes meanwhile."""
    with every_tenant(), transaction.atomic():
        rows = Domain.objects.due().select_for_update(skip_locked=True, of=("self",))
        due = list(rows.select_related("organization")[:_AT_ONCE])
        taken = Domain.objects.filter(pk__in=[domain.pk for domain in due])
        taken.update(next_check_at=clock.now() + _LEASE)
    return due


def _settle(asked: Sequence[tuple[Domain, Future[Findings]]]) -> Iterator[Exception]:
    """Those whose proof stands as ever are noted together, each other one by itself."""
    steady: list[tuple[Domain, Finding]] = []
    for domain, answer in asked:
        try:
            findings = answer.result()
            proof = next((one for one in findings if explanations.proves(domain, one)), None)
            if proof and domain.is_steady():
                steady.append((domain, proof))
            else:
                settle_recheck(domain, findings=findings, actor=_ACTOR)
        except Exception as failure:
            yield failure
    if steady:
        keep_domains(steady, actor=_ACTOR)
