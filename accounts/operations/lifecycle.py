"""Whether an account runs: suspended, reactivated, closed, purged."""

from accounts import access, closing, conditions, mail, trail
from accounts.models import Account, AccountStatus, RoleAssignment, SuspendedBy
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, operation
from invitations.models import Invitation
from organizations.policy import Action

PURGED_NAME = "Closed account"
_SUPPORT_ALONE = "Support suspended this account, and only support can reactivate it."


@operation(its_organization)
def suspend_account(account: Account, *, actor: Actor) -> Account:
    """Stop an account and everything below it, until whoever may reactivates it.

    What support suspends only support reactivates. Raises NotAllowed, or RuleViolation:
    account_moved, account_closed, already_suspended.
    """
    actor, current = access.require_locked(actor, _action_on(account, actor), account)
    conditions.require_open(current)
    conditions.require_not_suspended(current, by_support=actor.acts_for_support)

    by = SuspendedBy.SUPPORT if actor.acts_for_support else SuspendedBy.ORGANIZATION
    current.status, current.suspended_by = AccountStatus.SUSPENDED, by
    current.save(update_fields=["status", "suspended_by"])
    running = Account.objects.below(current).filter(status=AccountStatus.ACTIVE)
    with_it = running.update(status=AccountStatus.SUSPENDED, suspended_by=SuspendedBy.PARENT)
    trail.note(current, "account.suspended", actor, subaccounts=with_it)
    return current


@operation(its_organization)
def reactivate_account(account: Account, *, actor: Actor) -> Account:
    """Let a suspended account run again, with the subaccounts that stopped with it.

    Raises NotAllowed, or RuleViolation: account_moved, account_closed, not_suspended,
    suspended_by_support (21478), parent_suspended (21476).
    """
    actor, current = access.require_locked(actor, _action_on(account, actor), account)
    conditions.require_open(current)
    if refused := reactivation_refusal(current, by_support=actor.acts_for_support):
        raise refused

    below_suspended = current.parent and current.parent.status == AccountStatus.SUSPENDED
    if below_suspended:  # support lifts what it did, and the account above goes on holding it
        current.suspended_by = SuspendedBy.PARENT
    else:
        current.status, current.suspended_by = AccountStatus.ACTIVE, ""
    current.save(update_fields=["status", "suspended_by"])
    held = Account.objects.below(current).filter(suspended_by=SuspendedBy.PARENT)
    with_it = held.update(status=AccountStatus.ACTIVE, suspended_by="")
    trail.note(current, "account.reactivated", actor, subaccounts=with_it)
    return current


def reactivation_refusal(account: Account, *, by_support: bool) -> RuleViolation | None:
    """Why a suspended account cannot run again now."""
    if account.status != AccountStatus.SUSPENDED:
        return RuleViolation("not_suspended", "This account is not suspended.")
    if account.suspended_by == SuspendedBy.SUPPORT:
        return None if by_support else RuleViolation("suspended_by_support", _SUPPORT_ALONE)
    if account.parent and account.parent.status == AccountStatus.SUSPENDED:
        return RuleViolation(
            "parent_suspended", "The account above it is suspended. Reactivate that one first."
        )
    return None


@operation(its_organization)
def close_account(account: Account, *, digest: str, actor: Actor) -> Account:
    """Stop an account and everything below it for good, as the plan with this digest says.

    Raises NotAllowed, or RuleViolation: account_moved, account_closed, plan_blocked,
    plan_outdated.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_CLOSE, account)
    conditions.require_open(current)
    closing.plan(current, by_support=actor.acts_for_support).require(digest)

    now = clock.now()
    ending = Account.objects.with_subaccounts(current).standing()
    subaccounts = ending.exclude(pk=current.pk).count()
    keys = list(ending.values_list("pk", flat=True))
    ending.update(status=AccountStatus.PENDING_CLOSURE, suspended_by="", closing_at=now)
    invitations = Invitation.objects.open().filter(account__in=keys)
    invitations.withhold_account_roles()
    revoked = invitations.revoke()
    current.refresh_from_db(fields=["status", "suspended_by", "closing_at"])
    mail.send_account_closed.enqueue(current.pk, current.owner_id)
    trail.note(
        current, "account.closing", actor, subaccounts=subaccounts, revoked_invitations=revoked
    )
    return current


@operation(its_organization)
def finish_closing(account: Account, *, actor: Actor) -> None:
    """End every role on an account that is being closed, and on everything below it.

    Called by a job; done twice, it is done once. Raises NotAllowed.
    """
    _require_job(actor)
    account.organization.lock()
    family = Account.objects.with_subaccounts(account)
    closing_now = family.filter(status=AccountStatus.PENDING_CLOSURE)
    keys = list(closing_now.values_list("pk", flat=True))
    if not keys:
        return
    RoleAssignment.objects.filter(account__in=keys).end()
    closing_now.update(status=AccountStatus.CLOSED, closed_at=clock.now())
    trail.note(account, "account.closed", actor)


@operation(its_organization)
def purge_account(account: Account, *, actor: Actor) -> None:
    """Delete what a closed account holds of its own, once it was kept as long as it must be.

    Its SID, its dates and who had access when stay. Raises NotAllowed.
    """
    _require_job(actor)
    account.organization.lock()
    due = Account.objects.to_purge().filter(pk=account.pk)
    purged = due.update(
        name=PURGED_NAME, name_key=text.sort_key(PURGED_NAME), purged_at=clock.now()
    )
    if purged:
        invitations = Invitation.objects.filter(account=account)
        invitations.withhold_account_roles()
        invitations.delete()
        trail.note(account, "account.purged", actor)


def _action_on(account: Account, actor: Actor) -> Action:
    """Support is granted one action for both; whoever has a role on the account above, another."""
    below = account.is_subaccount() and actor.staff is None
    return Action.SUBACCOUNT_MANAGE if below else Action.ACCOUNT_SUSPEND


def _require_job(actor: Actor) -> None:
    if not actor.trusted:
        raise NotAllowed("This happens by itself.")
