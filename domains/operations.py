"""What changes a domain: claiming it, proving it, giving it up."""

from django.conf import settings
from django.core.cache import cache

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain, readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.operations import check, its_organization, itself, operation, or_refuse
from audit import log
from domains import claims, explanations, names, probes
from domains.models import Domain, DomainStatus
from domains.probes import TxtAnswer
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action

CHECKS_PER_MINUTE = Limit("domain_checks", times=10, seconds=60)
_LONGEST_CHECK_SECONDS = 60
_HELD_ELSEWHERE = (
    "Another organization has verified this domain. Each domain has one holder; "
    "if it should be yours, or be shared, ask support."
)


@operation(itself)
def add_domain(organization: Organization, *, name: str, actor: Actor) -> Domain:
    """Claim a domain; it proves nothing yet.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, domain_www,
    domain_public_suffix, domain_common, domain_already_added, domain_held_elsewhere,
    domain_limit.
    """
    policy.require(actor, Action.DOMAIN_ADD, organization)
    name = canonical_domain(name)
    names.require_ownable(name)
    actor = policy.require_locked(actor, Action.DOMAIN_ADD, organization)
    if Domain.objects.named(name).exists():
        raise names.beside_name("domain_already_added", "This domain is in your list already.")
    if claims.is_held(name):
        raise names.beside_name("domain_held_elsewhere", _HELD_ELSEWHERE)
    if Domain.objects.count() >= settings.DOMAINS_PER_ORGANIZATION:
        limit = settings.DOMAINS_PER_ORGANIZATION
        raise names.beside_name(
            "domain_limit", f"An organization may have {limit} domains. Ask support for more."
        )

    domain = Domain.objects.create(organization=organization, name=name)
    _record(domain, "domain.added", actor)
    return domain


@check
def check_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Look for the record now, and verify the domain if it is there.

    Raises NotAllowed, or RuleViolation: too_many_tries, check_running, or those of
    `settle_check`.
    """
    policy.require(actor, Action.DOMAIN_VERIFY, domain)
    organization = domain.organization.sid
    CHECKS_PER_MINUTE.spend(organization)
    # A slow name server holds whoever asks it: one question at a time for each organization.
    if not cache.add(f"domain-check:{organization}", True, timeout=_LONGEST_CHECK_SECONDS):
        raise RuleViolation("check_running", "Another check is running. Try again in a moment.")
    try:
        answer = probes.look_up_txt(domain.record_name)
    finally:
        cache.delete(f"domain-check:{organization}")
    return settle_check(domain, answer=answer, actor=actor)


@operation(its_organization)
def settle_check(domain: Domain, *, answer: TxtAnswer, actor: Actor) -> Domain:
    """Write down what a look-up found; the record at the exact name verifies the domain.

    Raises NotAllowed, or RuleViolation: domain_removed, domain_held_elsewhere.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_VERIFY, domain)
    current = Domain.objects.select_for_update().filter(pk=domain.pk).first()
    if current is None:
        raise RuleViolation("domain_removed", "This domain was removed meanwhile.")
    if current.is_verified():
        return current

    current.checked_at = clock.now()
    current.check_result = explanations.explain(current, answer)
    if not explanations.proves(current, answer):
        current.save(update_fields=["checked_at", "check_result"])
        _record(current, "domain.check_failed", actor, reason=current.check_result)
        return current
    current.status, current.verified_at = DomainStatus.VERIFIED, current.checked_at
    with or_refuse(RuleViolation("domain_held_elsewhere", _HELD_ELSEWHERE)):
        current.save(update_fields=["checked_at", "check_result", "status", "verified_at"])
    _record(current, "domain.verified", actor)
    return current


@operation(its_organization)
def remove_domain(domain: Domain, *, actor: Actor) -> None:
    """Give up a claim that was never proven.

    Raises NotAllowed, or RuleViolation: domain_verified.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_REMOVE, domain)
    current = Domain.objects.select_for_update().filter(pk=domain.pk).first()
    if current is None:
        return
    if current.is_held():
        raise RuleViolation(
            "domain_verified", "This domain is verified: people and invitations depend on it."
        )
    current.delete()
    _record(current, "domain.removed", actor)


def _record(domain: Domain, action: str, actor: Actor, **details: str) -> None:
    log.record(
        action,
        domain.organization,
        actor=actor,
        subject_sid=domain.sid,
        subject=readable_domain(domain.name),
        **details,
    )
