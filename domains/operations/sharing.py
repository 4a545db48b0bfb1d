"""Several organizations that hold one domain, which support staff allow."""

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from domains import holding, names, trail
from domains.models import Domain
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action
from users import setting_plan


@operation(itself)
def approve_sharing(organization: Organization, *, name: str, actor: Actor) -> Domain:
    """Let an organization verify a domain that others hold or will hold; it proves nothing yet.

    The domain is put on its list where it is not there. Raises NotAllowed, or RuleViolation: one of
    the canonicaliser's, domain_invalid, domain_www, domain_public_suffix, domain_common,
    domain_limit, sharing_approved, domain_verified.
    """
    policy.require(actor, Action.DOMAIN_APPROVE_SHARING, organization)
    name = canonical_domain(name)
    names.require_ownable(name)
    actor = policy.require_locked(actor, Action.DOMAIN_APPROVE_SHARING, organization)
    domain = Domain.objects.named(name).filter(organization=organization).first()
    if domain is None:
        holding.require_room(organization)
        domain = Domain(organization=organization, name=name)
    elif domain.sharing_approved_at is not None:
        raise names.beside_name(
            "sharing_approved", "This organization may share the domain already."
        )
    elif domain.is_held():
        raise names.beside_name(
            "domain_verified",
            "This organization has verified the domain. Approve it for the one that is to come.",
        )

    domain.sharing_approved_at = clock.now()
    domain.save()
    trail.note(domain, "domain.sharing_approved", actor)
    return domain


@operation(its_organization)
def withdraw_sharing(domain: Domain, *, actor: Actor) -> Domain:
    """Take back an approval that was not used; the claim stays on the list.

    Raises NotAllowed, or RuleViolation: domain_removed, sharing_not_approved, domain_verified.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_APPROVE_SHARING, domain)
    current = holding.still_there(domain)
    if current.sharing_approved_at is None:
        raise RuleViolation("sharing_not_approved", "Nobody has approved sharing this domain.")
    if current.is_held():
        raise RuleViolation(
            "domain_verified",
            "This organization has verified the domain by now. Only it can give the domain up.",
        )

    current.sharing_approved_at = None
    current.save(update_fields=["sharing_approved_at"])
    trail.note(current, "domain.sharing_withdrawn", actor)
    return current


@operation(its_organization)
def follow_setting_again(domain: Domain, *, digest: str, actor: Actor) -> Domain:
    """Let the setting apply again to a domain that was shared, as the plan with this digest says.

    Raises NotAllowed, or RuleViolation: domain_removed, plan_blocked, plan_outdated.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_CHANGE_SETTING, domain)
    current = holding.still_there(domain)
    setting_plan.plan_following(current).require(digest)

    current.follows_setting = True
    current.save(update_fields=["follows_setting"])
    trail.note(current, "domain.setting_followed", actor)
    return current
