"""What changes in an organization itself, and who takes its lists out.

Its name, who has which role, what a person hides, which views of lists are kept.
"""

from collections.abc import Sequence

from adminctr.core import text
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from audit import log
from organizations import mail, members, policy, stays
from organizations.models import (
    QUERY_LENGTH,
    Membership,
    Organization,
    Role,
    SavedView,
)
from organizations.policy import Action
from users.models import UserStatus

MOST_VIEWS = 50


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
    people = Membership.objects.in_force().select_related("user", "organization")
    former = people.get(role=Role.OWNER)
    successor = _require_fit_to_own(people.filter(email=email).first())

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
        raise members.not_a_member()
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


@operation(itself)
def save_view(
    organization: Organization, *, listed: str, name: str, query: str, is_shared: bool, actor: Actor
) -> SavedView:
    """Keep under a name what somebody narrows and orders a list by.

    Raises NotAllowed, or RuleViolation: view_too_long, view_exists, too_many_views.
    """
    actor = policy.require_locked(actor, Action.LIST_SAVE_VIEW, organization)
    if actor.user_id is None:
        raise NotAllowed(policy.MEMBERS_ALONE, action=Action.LIST_SAVE_VIEW)
    if len(query) > QUERY_LENGTH:
        raise RuleViolation("view_too_long", "These filters are too long to be kept.")
    mine = SavedView.objects.filter(listed=listed, by=actor.user_id)
    if mine.filter(name=name).exists():
        raise RuleViolation(
            "view_exists", "You have a view of this name. Choose another name.", field="name"
        )
    if mine.count() >= MOST_VIEWS:
        raise RuleViolation(
            "too_many_views", f"You have {MOST_VIEWS} views of this list. Delete one first."
        )

    view = SavedView.objects.create(
        organization=organization,
        listed=listed,
        name=name,
        query=query,
        by_id=actor.user_id,
        is_shared=is_shared,
    )
    _record("view.saved", view, actor)
    return view


@operation(its_organization)
def forget_view(view: SavedView, *, actor: Actor) -> None:
    """Forget one's own view, or one that everybody sees. Raises NotAllowed."""
    actor = policy.require_locked(actor, Action.LIST_SAVE_VIEW, view)
    if not view.is_shared and view.by_id != actor.user_id:
        raise NotAllowed("You can delete only your own views.", action=Action.LIST_SAVE_VIEW)
    if SavedView.objects.filter(pk=view.pk).delete()[0]:
        _record("view.forgotten", view, actor)


def _record(action: str, view: SavedView, actor: Actor) -> None:
    log.record(
        action,
        view.organization,
        actor=actor,
        subject_sid=view.sid,
        subject=view.name,
        listed=view.listed,
        shared="everybody" if view.is_shared else "themselves",
    )


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
