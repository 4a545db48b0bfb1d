"""Keeping the proof of a domain under watch: what the worker's daily looks find."""

from collections.abc import Collection, Sequence

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.core.operations import its_organization, no_organization, operation
from domains import explanations, holding, mail, states, trail
from domains.models import Domain, DomainCheck, Method
from domains.probes import Finding
from domains.states import Turn
from users.models import Departure


@operation(its_organization)
def settle_recheck(domain: Domain, *, findings: Collection[Finding], actor: Actor) -> Turn:
    """Take a look by the worker into account: what each of several resolvers found.

    A proof that is missing for days makes the domain uncertain, and loses it when it does not come
    back; administrators are told and reminded. Time in which nobody could tell puts both off. Where
    it is proven in another way by now, the look says nothing. Raises NotAllowed.
    """
    _require_worker(actor)
    domain.organization.lock()
    current = holding.locked(domain)
    if current is None or not current.is_held() or not _was_asked_for(current, domain):
        return Turn.NOTHING
    seen, finding = explanations.weigh(current, findings)
    check_row = _check_of(current, finding, actor)
    was_uncertain, was_lost_on = current.is_uncertain(), current.lost_on
    turn = states.turn(current, seen, clock.now())
    current.check_result = check_row.meaning
    _remind(current)
    current.save()
    check_row.save()
    if was_lost_on != current.lost_on:
        holding.keep_deadline(current.organization)
    _follow(turn, current, actor, was_uncertain=was_uncertain)
    return turn


@operation(no_organization)
def keep_domains(proven: Sequence[tuple[Domain, Finding]], *, actor: Actor) -> int:
    """Note for many domains at once that their proof stands; returns for how many.

    Each was steady when it was looked at; one that has changed since is left to its own next look.
    Raises NotAllowed.
    """
    _require_worker(actor)
    now = clock.now()
    proofs = {domain.pk: (domain, finding) for domain, finding in proven}
    rows = Domain.unscoped.steady().filter(pk__in=proofs)
    checks = []
    for current in rows.select_for_update().order_by("pk"):
        asked, finding = proofs[current.pk]
        if _was_asked_for(current, asked):
            checks.append(_check_of(current, finding, actor))
    kept = Domain.unscoped.filter(pk__in=[check.domain_id for check in checks])
    kept.update(proven_at=now, checked_at=now, next_check_at=states.next_looks(now))
    DomainCheck.unscoped.bulk_create(checks)
    return len(checks)


def _was_asked_for(domain: Domain, asked: Domain) -> bool:
    """Whether the look was for the proof that counts now."""
    return (domain.token, domain.method) == (asked.token, asked.method)


def _check_of(domain: Domain, finding: Finding, actor: Actor) -> DomainCheck:
    return trail.check_of(domain, Method(domain.method), finding, by=actor.label)


def _remind(domain: Domain) -> None:
    """Tell administrators how many days are left, once for each reminder; the caller saves."""
    reminder = states.due_reminder(domain)
    if reminder is not None:
        domain.reminded_days = reminder
        mail.tell_administrators(domain, mail.send_domain_uncertain)


def _follow(turn: Turn, domain: Domain, actor: Actor, *, was_uncertain: bool) -> None:
    """Tell what a look has changed, and do what comes of it."""
    reason = domain.check_result
    match turn:
        case Turn.WENT_MISSING:
            trail.note(domain, "domain.went_missing", actor, reason=reason)
        case Turn.BECAME_UNCERTAIN:
            trail.note(domain, "domain.became_uncertain", actor, reason=reason)
        case Turn.RETURNED:
            trail.note(domain, "domain.returned", actor)
            if was_uncertain:
                mail.tell_administrators(domain, mail.send_domain_returned)
        case Turn.LOST:
            trail.note(domain, "domain.lost", actor, reason=reason)
            _lose(domain)


def _lose(domain: Domain) -> None:
    """Let its people go, in steps that a worker takes, and tell everybody."""
    run = Departure.objects.create(organization=domain.organization, domain_name=domain.name)
    run.enqueue()
    mail.tell_administrators(domain, mail.send_domain_lost)
    holding.tell_who_is_left(domain)


def _require_worker(actor: Actor) -> None:
    if not actor.trusted:
        raise NotAllowed("Only the system looks by itself.")
