"""What support staff say about domains against the lists of mail services."""

from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain, readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import no_organization, operation, or_refuse
from audit import log
from domains import names
from domains.models import MailDomain
from organizations import policy
from organizations.policy import Action


@operation(no_organization)
def classify_domain(name: str, *, is_common: bool, actor: Actor) -> MailDomain:
    """Say that anybody can have an address of a domain, or that it is a company's own after all.

    Organizations that have verified a domain which becomes a mail service keep it and their people.
    By it nobody new comes in, and nobody is kept from signing up elsewhere. Raises NotAllowed, or
    RuleViolation: one of the canonicaliser's, domain_classified.
    """
    actor = _require(actor)
    name = canonical_domain(name)
    said = MailDomain.objects.select_for_update().filter(name=name).first()
    if said is None:
        said = MailDomain(name=name)
    elif said.is_common is is_common:
        raise _said_already()

    said.is_common = is_common
    with or_refuse(_said_already()):
        said.save()
    _record(said, "domain.classified", actor)
    return said


@operation(no_organization)
def forget_classification(said: MailDomain, *, actor: Actor) -> None:
    """Let the lists of mail services decide on a domain again.

    Raises NotAllowed.
    """
    actor = _require(actor)
    MailDomain.objects.filter(pk=said.pk).delete()
    _record(said, "domain.classification_forgotten", actor)


def _require(actor: Actor) -> Actor:
    """The actor as of now; raises NotAllowed."""
    policy.require(actor, Action.DOMAIN_CLASSIFY, None)
    actor = policy.as_of_now(actor)
    policy.require(actor, Action.DOMAIN_CLASSIFY, None)
    return actor


def _said_already() -> RuleViolation:
    return names.beside_name("domain_classified", "Support has said so already.")


def _record(said: MailDomain, action: str, actor: Actor) -> None:
    log.record(
        action,
        None,
        actor=actor,
        subject_sid=said.sid,
        subject=readable_domain(said.name),
        kind=said.kind,
    )
