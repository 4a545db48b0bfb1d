"""How a stay in an organization begins and ends: the writes that joining and leaving share.

Called inside operations only, in the organization's scope, with its lock held.
"""

from collections.abc import Collection, Sequence

from accounts.models import Account, RoleAssignment, owner_key
from adminctr.core import bulk, text
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import or_refuse
from adminctr.core.periods import Source
from organizations.models import Membership, Organization, Role
from users.models import Factor, User


def begin_stay(
    organization: Organization, user: User, *, role: Role, source: Source, by_id: int | None = None
) -> Membership:
    """Make somebody a member. Raises RuleViolation: login_deleted, already_in_an_organization."""
    # Locked, so that nobody changes what is copied here before this stay is there to be changed.
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    if user.deleted_at is not None:
        raise RuleViolation("login_deleted", "This login was deleted. Sign up again.")
    violation = RuleViolation(
        "already_in_an_organization", "A person can be in one organization only."
    )
    with or_refuse(violation):
        [stay] = begin_stays(organization, [user], role=role, source=source, by_id=by_id)
    return stay


def begin_stays(
    organization: Organization,
    users: Sequence[User],
    *,
    role: Role,
    source: Source,
    by_id: int | None = None,
) -> list[Membership]:
    """Make people members who are locked, and in no organization as far as it counts."""
    keys = [user.pk for user in users]
    # A stay past its planned end counts for nobody; the job that ends it may not have run yet.
    overdue = Membership.unscoped.filter(user__in=keys).overdue()
    for former in overdue.select_related("organization", "user"):
        _end(former)
    with_factor = set(
        Factor.objects.real().filter(user__in=keys).values_list("user", flat=True).distinct()
    )
    stays = [
        Membership(
            organization=organization,
            user=user,
            email=user.email,
            name_key=text.sort_key(user.get_full_name()),
            surname_key=text.sort_key(user.last_name),
            role=role,
            status=user.status,
            last_sign_in_at=user.last_login,
            has_second_factor=user.pk in with_factor,
            source=source,
            by_id=by_id,
        )
        for user in users
    ]
    bulk.insert(Membership.objects, stays)
    organization.tally(managed_users=len(stays))
    RoleAssignment.unscoped.on_organization().filter(holder__in=keys).end()
    roles = [
        RoleAssignment.new(user, role=role, home=organization, source=source, by_id=by_id)
        for user in users
    ]
    bulk.insert(RoleAssignment.objects, roles)
    _move_assignments_of(keys, to=organization)
    return stays


def end_stay(stay: Membership) -> None:
    """End somebody's membership and the role that went with it."""
    _end(stay)
    RoleAssignment.objects.on_organization().filter(holder_id=stay.user_id).end()
    _move_assignments_of([stay.user_id], to=None)


def end_all_stays(organizations: Collection[int]) -> None:
    """End every membership in organizations that end, which counts nobody any more."""
    stays = Membership.objects.open().filter(organization__in=organizations)
    keys = list(stays.values_list("user", flat=True))
    stays.end()
    roles = RoleAssignment.objects.on_organization().filter(organization__in=organizations)
    roles.end()
    Organization.objects.filter(pk__in=organizations).update(managed_users=0)
    _move_assignments_of(keys, to=None)


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
    rows = Membership.unscoped.filter(pk=stay.pk)
    rows.open().update(name=stay.user.get_full_name())  # what they are called later is theirs
    ended = rows.end()
    stay.organization.tally(managed_users=-ended)


def _move_assignments_of(people: Collection[int], *, to: Organization | None) -> None:
    """Keep `holder_organization` true on every role these people hold, whoever's it is."""
    RoleAssignment.unscoped.open().filter(holder__in=people).update(holder_organization=to)
