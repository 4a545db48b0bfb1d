"""Claiming a domain and giving it up, and how many there may be."""

from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.core.operations import its_organization, itself, operation
from audit import log
from domains import claims, holding, names, removal, trail
from domains.models import Domain
from organizations import policy
from organizations.limits import require_settable
from organizations.models import Organization
from organizations.policy import Action

HIGHEST_DOMAIN_LIMIT = 1_000


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
        raise names.beside_name("domain_held_elsewhere", holding.HELD_ELSEWHERE)
    holding.require_room(organization)

    domain = Domain.objects.create(organization=organization, name=name)
    trail.note(domain, "domain.added", actor)
    return domain


@operation(itself)
def set_domain_limit(organization: Organization, *, limit: int, actor: Actor) -> Organization:
    """Let the organization have more domains, or fewer, but never fewer than it has.

    Raises NotAllowed, or RuleViolation: limit_out_of_range, limit_below_held, limit_unchanged.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_SET_LIMIT, organization)
    require_settable(
        limit,
        present=organization.domain_limit,
        held=Domain.objects.filter(organization=organization).count(),
        highest=HIGHEST_DOMAIN_LIMIT,
        things="domains",
    )

    before, organization.domain_limit = organization.domain_limit, limit
    organization.save(update_fields=["domain_limit"])
    log.record(
        "organization.domain_limit_set",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=before,
        after=limit,
    )
    return organization


@operation(its_organization)
def remove_domain(domain: Domain, *, digest: str, actor: Actor) -> None:
    """Give a domain up, with what depends on it, as the plan with this digest says.

    Raises NotAllowed, or RuleViolation: plan_outdated.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_REMOVE, domain)
    current = holding.locked(domain)
    if current is None:
        return
    removal.plan(current).require(digest)

    was_held = current.is_held()
    ended = removal.end_what_depends(current)
    current.delete()
    if was_held:
        holding.keep_deadline(current.organization)
        holding.tell_who_is_left(current)
    trail.note(current, "domain.removed", actor, **ended)
