"""How roles on an account are written: what those share who give them and who hand it over.

Called inside operations only, in the scope of the account's organization, with its lock held.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from accounts import limits, trail
from accounts.models import Account, AccountRole, RoleAssignment, owner_key
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.periods import Source
from organizations.models import Organization, stay_of
from users.models import User


def require_later(ends_at: datetime | None) -> None:
    """Raises RuleViolation: end_in_the_past."""
    if ends_at is not None and ends_at <= clock.now():
        raise RuleViolation("end_in_the_past", "Choose a day in the future.", field="ends_on")


def lock_holder(holder: User) -> Organization | None:
    """Keep somebody where they are, so that the copies on their roles stay true; returns where."""
    holder.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    stay = stay_of(holder)
    return stay.organization if stay else None


def open_roles(account: Account, holder: User) -> list[RoleAssignment]:
    """What somebody holds on an account itself, after what is overdue has ended.

    Raises RuleViolation: owner_stays.
    """
    held = RoleAssignment.objects.filter(account=account, holder=holder)
    held.end_as_planned()
    rows = list(held.open())
    if any(one.role == AccountRole.OWNER for one in rows):
        raise RuleViolation(
            "owner_stays", "This person owns the account. Its owner changes by Change Owner alone."
        )
    return rows


def put_roles(
    account: Account,
    holder: User,
    *,
    home: Organization | None,
    roles: Collection[AccountRole],
    ends_at: datetime | None,
    reason: str,
    source: Source,
    by_id: int | None,
) -> list[AccountRole]:
    """Write that somebody holds exactly these roles on an account; returns those that are new.

    A role that stays as it is goes on; one with another end or reason begins anew. Raises
    RuleViolation: roles_unchanged, too_many_roles.
    """
    held = list(RoleAssignment.objects.open().filter(account=account, holder=holder))
    kept = {
        one.role
        for one in held
        if one.role in roles and (one.ends_at, one.reason) == (ends_at, reason)
    }
    ending = [one.pk for one in held if one.role not in kept]
    added = [role for role in AccountRole if role in roles and role not in kept]
    if not added and not ending:
        raise RuleViolation("roles_unchanged", "These are the roles already.", field="roles")

    RoleAssignment.objects.filter(pk__in=ending).end()
    limits.require_room_for_roles(holder, len(added))
    for role in added:
        RoleAssignment.begin(
            holder,
            role=role,
            home=home,
            account=account,
            source=source,
            by_id=by_id,
            reason=reason,
            ends_at=ends_at,
        )
    return added


def put_owner(account: Account, owner: User, *, by_id: int | None) -> None:
    """Make a member the Owner of an account and of what is below it; the former has nothing then.

    Both are as of now, and neither keeps another role on it beside.
    """
    held = RoleAssignment.objects.open().filter(account=account)
    held.filter(holder__in=[account.owner_id, owner.pk]).end()
    RoleAssignment.begin(
        owner,
        role=AccountRole.OWNER,
        home=account.organization,
        account=account,
        source=Source.TRANSFER,
        by_id=by_id,
    )
    Account.objects.with_subaccounts(account).update(owner=owner, owner_key=owner_key(owner))
    account.owner = owner


def hand_over(accounts: Iterable[Account], *, former: User, to: User, actor: Actor) -> None:
    """Give a member what somebody who comes or goes owned, and tell so in the trail.

    The organization of each is read with it.
    """
    for account in accounts:
        put_owner(account, to, by_id=actor.user_id)
        trail.note(account, "account.transferred", actor, before=former.email, after=to.email)


def role_words(roles: Collection[str]) -> str:
    """Roles by their labels, in the order of the rule book."""
    chosen = set(roles)
    return ", ".join(role.label for role in AccountRole if role in chosen)
