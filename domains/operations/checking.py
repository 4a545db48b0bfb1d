"""Looking for the proof of a domain because somebody asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.core.cache import cache

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.operations import check, its_organization, operation, or_refuse
from domains import explanations, holding, looks, names, states, trail
from domains.models import Domain, Method
from domains.probes import Finding
from organizations import policy
from organizations.policy import Action

CHECKS_PER_MINUTE = Limit("domain_checks", times=10, seconds=60)
# Counted apart, so that a link that goes round keeps no administrator from checking; and for all
# links of an organization together, since whoever has one needs no login.
COLLEAGUES_LOOKS_PER_MINUTE = Limit("colleagues_looks", times=10, seconds=60)
_LONGEST_CHECK_SECONDS = 60
# Whoever asks holds a thread: most of them stay free for pages, however many organizations ask.
_places = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))


@check
def check_domain(domain: Domain, *, method: Method, actor: Actor) -> Domain:
    """Look for the proof now, and verify the domain if it is there.

    Raises NotAllowed, or RuleViolation: too_many_tries, check_running, or those of
    `settle_check`.
    """
    policy.require(actor, Action.DOMAIN_VERIFY, domain)
    with _one_at_a_time(CHECKS_PER_MINUTE, domain.organization.sid):
        look = looks.look(domain, method)
    return settle_check(domain, method=method, finding=look.finding, hint=look.hint, actor=actor)


@check
def look_for_colleague(domain: Domain, *, method: Method, actor: Actor) -> str:
    """What is found now, in words, for whoever holds the link to the record; nothing changes.

    Raises RuleViolation: too_many_tries, check_running.
    """
    with _one_at_a_time(COLLEAGUES_LOOKS_PER_MINUTE, domain.organization.sid):
        look = looks.look(domain, method)
    return explanations.explain(domain, method, look.finding, look.hint)


@contextmanager
def _one_at_a_time(limit: Limit, key: str) -> Iterator[None]:
    """A slow name server holds whoever asks it: one question at a time.

    Raises RuleViolation: too_many_tries, check_running.
    """
    limit.spend(key)
    with _place():
        if not cache.add(f"{limit.name}:{key}", True, timeout=_LONGEST_CHECK_SECONDS):
            raise _check_running()
        try:
            yield
        finally:
            cache.delete(f"{limit.name}:{key}")


@contextmanager
def _place() -> Iterator[None]:
    """One of those that all organizations share. Raises RuleViolation: check_running."""
    if not _places.acquire(blocking=False):
        raise _check_running()
    try:
        yield
    finally:
        _places.release()


def _check_running() -> RuleViolation:
    return RuleViolation("check_running", "Another check is running. Try again in a moment.")


@operation(its_organization)
def settle_check(
    domain: Domain, *, method: Method = Method.DNS, finding: Finding, hint: str = "", actor: Actor
) -> Domain:
    """Write down what a look found; the exact proof at the exact place verifies the domain.

    A domain that is held already is proven once more, and by this method from now on. Raises
    NotAllowed, or RuleViolation: domain_removed, domain_held_elsewhere, domain_full, or why the
    name can be nobody's own.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_VERIFY, domain)
    current = holding.still_there(domain)
    check_row = trail.check_of(current, method, finding, hint, by=actor.label)
    current.check_result = check_row.meaning
    if check_row.is_proof:
        _prove(current, method, actor)
    else:
        if current.missing_since is None:  # else asking would change how long it counts as missing
            current.checked_at = clock.now()
        current.save(update_fields=["checked_at", "check_result"])
        trail.note(current, "domain.check_failed", actor, reason=check_row.meaning)
    check_row.save()
    return current


def _prove(domain: Domain, method: Method, actor: Actor) -> None:
    """Raises RuleViolation: domain_held_elsewhere, domain_full, or why it can be nobody's own."""
    was_held, was_uncertain = domain.is_held(), domain.is_uncertain()
    if not was_held:  # what may be owned has perhaps changed since it was added
        names.require_ownable(domain.name)
    is_shared = not was_held and holding.take_slot(domain)
    states.hold(domain, clock.now())
    domain.method = method
    with or_refuse(RuleViolation("domain_held_elsewhere", holding.HELD_ELSEWHERE)):
        domain.save()
    if is_shared:
        holding.share(domain)
    if was_uncertain:
        holding.keep_deadline(domain.organization)
    if not was_held or was_uncertain:
        trail.note(domain, "domain.verified", actor, method=domain.get_method_display())
