"""What changes in an organization itself, and who takes its lists out.

Its name, who has which role, what a person hides.
"""

from collections.abc import Sequence

from adminctr.core import text
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from audit import log
from organizations import mail, policy, stays
from organizations.models import Membership, Organization, Role
from organizations.policy import Action
from users.models import UserStatus


@operation(itself)
def export_list(organization: Organization, *, listed: str, which: str, actor: Actor) -> None:
    """Note who takes which list out, and what part of it.

    Raises NotAllowed.
    """
    actor = policy.require_locked(actor, Action.LIST_EXPORT, organization)
    log.record(
        "organization.list_exported",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        listed=listed,
        which=which,
    )


@operation(itself)
def rename_organization(organization: Organization, *, name: str, actor: Actor) -> Organization:
    """Give the organization another name.

    Raises NotAllowed, or RuleViolation: name_unchanged.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_RENAME, organization)
    if name == organization.name:
        raise RuleViolation("name_unchanged", "This is its name already.", field="name")

    before, organization.name = organization.name, name
    organization.name_key = text.sort_key(name)
    organization.save(update_fields=["name", "name_key"])
    log.record(
        "organization.renamed",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=before,
        after=name,
    )
    return organization


@operation(itself)
def transfer_ownership(organization: Organization, *, to: str, actor: Actor) -> Organization:
    """Make a managed user, named by address, the Owner; the former one becomes Administrator.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, owner_not_managed,
    owner_not_active, owner_unchanged.
    """
    email = canonical_address(to)
    actor = policy.require_locked(actor, Action.ORGANIZATION_TRANSFER, organization)
    members = Membership.objects.in_force().select_related("user", "organization")
    former = members.get(role=Role.OWNER)
    successor = _require_fit_to_own(members.filter(email=email).first())

    for stay, role in ((former, Role.ADMINISTRATOR), (successor, Role.OWNER)):
        stay.role = role
        stay.save(update_fields=["role"])
        stays.begin_organization_role(stay, source=Source.TRANSFER, by_id=actor.user_id)
    organization.owner = successor.user
    organization.save(update_fields=["owner"])
    mail.send_ownership_given.enqueue(former.user_id, organization.pk, successor.user_id)
    mail.send_ownership_received.enqueue(successor.user_id, organization.pk, former.user_id)
    log.record(
        "organization.transferred",
        organization,
        actor=actor,
        subject_sid=successor.user.sid,
        before=former.email,
        after=successor.email,
    )
    return organization


@operation(its_organization)
def change_role(stay: Membership, *, role: Role, actor: Actor) -> Membership:
    """Make a member Administrator or Standard User.

    Raises NotAllowed, or RuleViolation: role_not_grantable, not_a_member, role_unchanged.
    """
    actor = policy.require_locked(actor, Action.USER_CHANGE_ROLE, stay)
    policy.require_grantable(role)
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


@operation(its_organization)
def hide_checklist(stay: Membership, *, steps: Sequence[str], actor: Actor) -> Membership:
    """Hide what is still to be set up from one person, until something else is open.

    Raises NotAllowed.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_VIEW, stay)
    if stay.user_id != actor.user_id:
        raise NotAllowed("Everybody hides this list for themselves alone.")

    stay.hidden_steps = " ".join(steps)
    stay.save(update_fields=["hidden_steps"])
    log.record(
        "checklist.hidden",
        stay.organization,
        actor=actor,
        subject_sid=actor.sid,
        steps=", ".join(steps),
    )
    return stay


def _require_fit_to_own(successor: Membership | None) -> Membership:
    if successor is None:
        raise RuleViolation(
            "owner_not_managed",
            "The new owner must be a managed user of this organization. Invite them first.",
            field="to",
        )
    if successor.role == Role.OWNER:
        raise RuleViolation("owner_unchanged", "This person is the Owner already.", field="to")
    if successor.status != UserStatus.ACTIVE:
        raise RuleViolation(
            "owner_not_active", "This login is not active. Reactivate it first.", field="to"
        )
    return successor
