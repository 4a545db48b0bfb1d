"""Asking everybody in an organization for a second factor."""

from adminctr.core.actor import Actor
from adminctr.core.operations import itself, operation
from audit import log
from organizations import policy
from organizations.models import Membership, Organization, SecondFactor
from organizations.policy import Action
from users import second_factor_plan, standing
from users.models import Session


@operation(itself)
def require_second_factor_of_all(
    organization: Organization,
    *,
    level: SecondFactor,
    end_sessions: bool = False,
    digest: str,
    actor: Actor,
) -> Organization:
    """Say how often everybody is asked for a second factor, as the plan with this digest says.

    With `end_sessions` whoever has none is logged out at once, but for the actor and for whom the
    actor may not log out. Raises NotAllowed, or RuleViolation: plan_blocked, plan_outdated.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_REQUIRE_2FA, organization)
    second_factor_plan.plan(organization, level).require(digest)

    before, organization.second_factor = SecondFactor(organization.second_factor), level
    organization.save(update_fields=["second_factor"])
    ended = _end_sessions_without_one(organization, actor) if end_sessions else 0
    log.record(
        "organization.second_factor_required",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=before.label,
        after=level.label,
        count=str(ended),
    )
    return organization


def _end_sessions_without_one(organization: Organization, actor: Actor) -> int:
    live = Session.objects.live()
    stays = Membership.objects.open().filter(organization=organization, has_second_factor=False)
    logged_in = stays.filter(user__in=live.values("user")).select_related("user")
    others = [
        stay.user_id
        for stay in logged_in.iterator()
        if policy.refusal(actor, Action.USER_END_SESSIONS, stay) is None
    ]
    return standing.log_out_all(others)
