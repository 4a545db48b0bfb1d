"""Deciding who comes in by their address alone, and what must come of an address."""

from django.conf import settings

from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from audit import log
from organizations import policy
from organizations.models import DomainSetting, Organization
from organizations.policy import Action
from users import setting_plan
from users.foresight import foresee
from users.models import Expectation, Outcome, WayIn


@operation(itself)
def change_domain_setting(
    organization: Organization, *, setting: DomainSetting, digest: str, actor: Actor
) -> Organization:
    """Change what comes of addresses of verified domains, as the plan with this digest says.

    Raises NotAllowed, or RuleViolation: plan_blocked, plan_outdated.
    """
    actor = policy.require_locked(actor, Action.DOMAIN_CHANGE_SETTING, organization)
    setting_plan.plan(organization, setting).require(digest)

    before, organization.domain_setting = DomainSetting(organization.domain_setting), setting
    organization.save(update_fields=["domain_setting"])
    log.record(
        "organization.domain_setting_changed",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=before.label,
        after=setting.label,
    )
    return organization


@operation(itself)
def save_expectation(
    organization: Organization, *, email: str, way_in: WayIn, actor: Actor
) -> Expectation:
    """Keep what comes of an address at this moment as what must come of it.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, expectation_exists,
    expectation_limit.
    """
    email = canonical_address(email)
    actor = policy.require_locked(actor, Action.DOMAIN_CHANGE_SETTING, organization)
    if actor.user_id is None:
        raise NotAllowed("An expectation names the person whose it is.")
    saved = Expectation.objects.filter(organization=organization)
    if saved.filter(email=email, way_in=way_in).exists():
        raise RuleViolation(
            "expectation_exists",
            f"You already have an expectation for {email} in this case. Remove that first.",
            field="email",
        )
    if saved.count() >= settings.EXPECTATIONS_PER_ORGANIZATION:
        raise RuleViolation(
            "expectation_limit",
            f"You have reached the limit of {settings.EXPECTATIONS_PER_ORGANIZATION} "
            "expectations. Remove one that you no longer need.",
        )

    outcome = foresee(organization, email, way_in).outcome
    expectation = Expectation.objects.create(
        organization=organization,
        email=email,
        way_in=way_in,
        outcome=outcome,
        by_id=actor.user_id,
    )
    _record("expectation.saved", expectation, actor)
    return expectation


@operation(its_organization)
def forget_expectation(expectation: Expectation, *, actor: Actor) -> None:
    """Expect nothing of that address any more. Raises NotAllowed."""
    actor = policy.require_locked(actor, Action.DOMAIN_CHANGE_SETTING, expectation)
    if Expectation.objects.filter(pk=expectation.pk).delete()[0]:
        _record("expectation.forgotten", expectation, actor)


def _record(action: str, expectation: Expectation, actor: Actor) -> None:
    log.record(
        action,
        expectation.organization,
        actor=actor,
        subject_sid=expectation.sid,
        subject=expectation.email,
        way_in=WayIn(expectation.way_in).label,
        outcome=Outcome(expectation.outcome).label.lower(),
    )
