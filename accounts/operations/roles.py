"""Giving and taking roles on accounts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts import access, conditions, grants, mail, policy, trail
from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from adminctr.core.tenancy import Tenant
from organizations import policy as organization_policy
from organizations.models import Organization, lock_all
from organizations.policy import Action
from users.models import User

_MOST_ENDED_AT_ONCE = 500
# How many roles the trail names the holders of, besides their number.
_MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Relinquishment:
    """An organization whose people give up their roles on another organization's account."""

    organization: Organization
    account: Account


def both(relinquishment: Relinquishment) -> tuple[Tenant, ...]:
    return (relinquishment.organization, relinquishment.account.organization)


@operation(its_organization)
def set_roles(
    account: Account,
    *,
    holder: User,
    roles: Collection[AccountRole],
    ends_at: datetime | None = None,
    reason: str = "",
    actor: Actor,
) -> Account:
    """Give a managed user, or somebody who has access already, exactly these roles on an account.

    Raises NotAllowed, or RuleViolation: account_moved, account_closed, roles_missing,
    role_not_grantable, administrator_alone, end_in_the_past, owner_stays, not_a_user,
    roles_unchanged, too_many_roles.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_MANAGE_USERS, account)
    _require_others(holder, actor, current)
    conditions.require_open(current)
    policy.require_roles(roles)
    grants.require_later(ends_at)
    home = grants.lock_holder(holder)
    held = grants.open_roles(current, holder)
    if not held and home != current.organization:
        raise RuleViolation("not_a_user", "This person has no access yet. Invite them.")
    before = grants.role_words([one.role for one in held])
    added = grants.put_roles(
        current,
        holder,
        home=home,
        roles=roles,
        ends_at=ends_at,
        reason=reason,
        source=Source.STAFF if actor.staff is not None else Source.DIRECT,
        by_id=actor.user_id,
    )
    if added and holder.pk != actor.user_id:
        mail.send_access_given.enqueue(current.pk, holder.pk, grants.role_words(roles))
    trail.note(
        current,
        "account.roles_set",
        actor,
        holder=holder.email,
        holder_sid=holder.sid,
        before=before or "no role",
        after=grants.role_words(roles),
        until=ends_at.isoformat() if ends_at else "",
        reason=reason,
    )
    return current


@operation(its_organization)
def remove_access(account: Account, *, holder: User, actor: Actor) -> Account:
    """End every role that somebody has on an account.

    Raises NotAllowed, or RuleViolation: account_moved, owner_stays, inherited_access, no_access.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_MANAGE_USERS, account)
    grants.lock_holder(holder)
    held = grants.open_roles(current, holder)
    if not held:
        raise _why_nothing_ends(current, holder)

    RoleAssignment.objects.filter(pk__in=[one.pk for one in held]).end()
    trail.note(
        current,
        "account.access_removed",
        actor,
        holder=holder.email,
        holder_sid=holder.sid,
        before=grants.role_words([one.role for one in held]),
    )
    return current


@operation(both)
def relinquish_access(relinquishment: Relinquishment, *, actor: Actor) -> int:
    """End the roles that an organization's people have on an account of another; how many ended.

    Raises NotAllowed, or RuleViolation: not_independent, no_access.
    """
    organization, account = relinquishment.organization, relinquishment.account
    organization_policy.require(actor, Action.ACCOUNT_RELINQUISH, organization)
    lock_all(organization, account.organization)
    actor = organization_policy.require_locked(actor, Action.ACCOUNT_RELINQUISH, organization)
    if account.organization_id == organization.pk:
        raise RuleViolation("not_independent", "This account is managed by your organization.")
    family = Account.objects.with_subaccounts(account).filter(organization=account.organization)
    if not family.exists():
        raise access.account_moved()
    held = RoleAssignment.objects.open().filter(
        account__in=family.values("pk"), holder_organization=organization
    )
    emails = sorted(set(held.values_list("email", flat=True)[:_MOST_TOLD]))
    ended = held.end()
    if not ended:
        raise RuleViolation("no_access", "Nobody in your organization has access to it any longer.")
    for concerned in (organization, account.organization):
        trail.note_in(
            concerned,
            account,
            "account.access_relinquished",
            actor,
            by=organization.name,
            holders=", ".join(emails),
            roles=ended,
        )
    return ended


@operation(itself)
def end_overdue_roles(organization: Organization, *, actor: Actor) -> int:
    """End the roles on accounts whose planned end is past; how many ended, some hundreds at most.

    Called by a job. Raises NotAllowed.
    """
    if not actor.trusted:
        raise NotAllowed("Planned ends come by themselves.")
    organization.lock()
    overdue = RoleAssignment.objects.on_accounts().overdue().select_related("account")
    rows = list(overdue.order_by("pk")[:_MOST_ENDED_AT_ONCE])
    RoleAssignment.objects.filter(pk__in=[one.pk for one in rows]).end_as_planned()
    for one in rows:
        if account := one.account:
            account.organization = organization
            trail.note(
                account,
                "account.role_ended",
                actor,
                holder=one.email,
                role=one.get_role_label(),
            )
    return len(rows)


def _require_others(holder: User, actor: Actor, account: Account) -> None:
    """Whoever manages users by a role on the account alone must not prolong or widen it."""
    by_role_alone = organization_policy.refusal(actor, Action.ACCOUNT_MANAGE_USERS, account)
    if holder.pk == actor.user_id and by_role_alone:
        raise NotAllowed(
            "You cannot change your own roles on an account. Its owner or another Administrator "
            "of it can."
        )


def _why_nothing_ends(account: Account, holder: User) -> RuleViolation:
    if access.proof_of(holder.pk, account):
        return RuleViolation(
            "inherited_access",
            "This access comes from the account above. Take the role away there.",
        )
    return RuleViolation("no_access", "This person no longer has a role on the account.")
