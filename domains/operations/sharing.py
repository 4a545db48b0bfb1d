"""Several organizations that hold one domain, which support staff allow."""

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from domains import claims, holding, names, trail
from domains.models import Domain
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action


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
def follow_setting_again(domain: Domain, *, actor: Actor) -> Domain:
    """Let the domain setting apply again to a domain that was shared and has one holder now.

    Raises NotAllowed, or RuleViolation: domain_removed, domain_not_verified, domain_shared,
    setting_followed.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_CHANGE_SETTING, domain)
    current = holding.still_there(domain)
    if not current.is_held():
        raise RuleViolation(
            "domain_not_verified", "The setting applies to verified domains. Verify it first."
        )
    if current.follows_setting:
        raise RuleViolation("setting_followed", "The domain setting applies to it already.")
    if claims.is_shared(current.name):
        raise RuleViolation(
            "domain_shared",
            "Other organizations hold this domain too, so no domain setting applies to it. "
            "When yours is the only one left, your administrators get an email.",
        )

    current.follows_setting = True
    current.save(update_fields=["follows_setting"])
    trail.note(current, "domain.setting_followed", actor)
    return current
