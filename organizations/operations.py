"""What changes in an organization itself: who has which role."""

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, operation
from adminctr.core.periods import Source
from audit import log
from organizations import policy, stays
from organizations.models import GRANTABLE_ROLES, Membership, Role
from organizations.policy import Action


@operation(its_organization)
def change_role(stay: Membership, *, role: Role, actor: Actor) -> Membership:
    """Make a member Administrator or Standard User.

    Raises NotAllowed, or RuleViolation: role_not_grantable, not_a_member, role_unchanged.
    """
    actor = policy.require_locked(actor, Action.USER_CHANGE_ROLE, stay)
    if role not in GRANTABLE_ROLES:
        raise RuleViolation("role_not_grantable", "Choose one of the roles listed.", field="role")
    current = Membership.objects.open().filter(pk=stay.pk).select_related("user").first()
    if current is None:
        raise RuleViolation("not_a_member", "This person has left the organization meanwhile.")
    policy.require(actor, Action.USER_CHANGE_ROLE, current)
    if current.role == role:
        raise RuleViolation(
            "role_unchanged", f"This person is {Role(role).label} already.", field="role"
        )

    before, current.role = Role(current.role), role
    current.save(update_fields=["role"])
    stays.begin_organization_role(current, source=Source.DIRECT, by_id=actor.user_id)
    log.record(
        "user.role_changed",
        stay.organization,
        actor=actor,
        subject_sid=current.user.sid,
        subject=current.email,
        before=before.label,
        after=Role(role).label,
    )
    return current
