"""How a stay in an organization begins and ends: the writes that joining and leaving share.

Called inside operations only, in the organization's scope, with its lock held.
"""

from accounts.models import Account, RoleAssignment, owner_key
from adminctr.core import text
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import or_refuse
from adminctr.core.periods import Source
from organizations.models import Membership, Organization, Role
from users.models import User


def begin_stay(
    organization: Organization, user: User, *, role: Role, source: Source, by_id: int | None = None
) -> Membership:
    """Make somebody a member. Raises RuleViolation: already_in_an_organization."""
    # Locked, so that nobody changes what is copied here before this stay is there to be changed.
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    # A stay past its planned end counts for nobody; the job that ends it may not have run yet.
    for overdue in Membership.unscoped.filter(user=user).overdue().select_related("organization"):
        _end(overdue)
    violation = RuleViolation(
        "already_in_an_organization", "A person can be in one organization only."
    )
    with or_refuse(violation):
        stay = Membership.objects.create(
            organization=organization,
            user=user,
            email=user.email,
            name_key=text.sort_key(user.get_full_name()),
            surname_key=text.sort_key(user.last_name),
            role=role,
            status=user.status,
            last_sign_in_at=user.last_login,
            source=source,
            by_id=by_id,
        )
    organization.tally(managed_users=1)
    begin_organization_role(stay, source=source, by_id=by_id)
    _move_assignments_of(user, to=organization)
    return stay


def end_stay(stay: Membership) -> None:
    """End somebody's membership and the role that went with it."""
    _end(stay)
    RoleAssignment.objects.on_organization().filter(holder_id=stay.user_id).end()
    _move_assignments_of(stay.user, to=None)


def begin_organization_role(
    stay: Membership, *, source: Source, by_id: int | None
) -> RoleAssignment:
    """Write the role of a stay as a period, after ending the one before."""
    RoleAssignment.unscoped.on_organization().filter(holder_id=stay.user_id).end()
    return RoleAssignment.begin(
        stay.user, role=stay.role, home=stay.organization, source=source, by_id=by_id
    )


def copy_person(user: User) -> None:
    """Write name and address anew wherever lists keep copies of them; the user's row is locked."""
    name_key = text.sort_key(user.get_full_name())
    Membership.unscoped.open().filter(user=user).update(
        email=user.email, name_key=name_key, surname_key=text.sort_key(user.last_name)
    )
    RoleAssignment.unscoped.open().filter(holder=user).update(email=user.email, name_key=name_key)
    Account.unscoped.filter(owner=user).update(owner_key=owner_key(user))


def _end(stay: Membership) -> None:
    ended = Membership.unscoped.filter(pk=stay.pk).end()
    stay.organization.tally(managed_users=-ended)


def _move_assignments_of(user: User, *, to: Organization | None) -> None:
    """Keep `holder_organization` true on every role this person holds, whoever's it is."""
    RoleAssignment.unscoped.open().filter(holder=user).update(holder_organization=to)
