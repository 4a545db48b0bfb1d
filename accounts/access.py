"""Who may do what on one account, and why: what decides is what explains.

Two ways lead to an account: a role in the organization that owns it (organizations.policy), and
roles on the account itself or on the account above it (accounts.policy).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.policy import LEFT, PERMISSION_FOR, WORDS, Permission, granted
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from organizations import policy
from organizations.models import Membership, Role
from organizations.policy import Action, Refusal
from users.models import UserStatus


class Missing(Enum):
    """The first condition of access that does not hold."""

    ROLE = auto()
    LOGIN = auto()
    ACCOUNT = auto()


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody may do on an account by roles on it, and which roles these are.

    `grounds` are in force, on the account or on the one above it; the proof is true when there is
    one that counts.
    """

    account: Account
    grounds: tuple[RoleAssignment, ...]

    def __bool__(self) -> bool:
        return self.missing is None

    @property
    def missing(self) -> Missing | None:
        if not self.grounds:
            return Missing.ROLE
        if self.grounds[0].holder.status != UserStatus.ACTIVE:
            return Missing.LOGIN
        if not self.account.is_open():
            return Missing.ACCOUNT
        return None

    @property
    def permissions(self) -> frozenset[Permission]:
        if not self:
            return frozenset()
        return granted(one.role for one in self.grounds) & LEFT[AccountStatus(self.account.status)]

    def refusal(self, permission: Permission | None) -> Refusal | None:
        """Why these roles do not include it; None means that they do."""
        if not self:
            return Refusal(_WITHOUT[self.missing or Missing.ROLE])
        if permission is None or permission in self.permissions:
            return None
        if permission in granted(one.role for one in self.grounds):
            return Refusal(NOT_RUNNING.format(status=self.account.get_status_display().lower()))
        roles = ", ".join(sorted({one.get_role_label() for one in self.grounds}))
        able = " or ".join(role.label for role in AccountRole if permission in granted([role]))
        return Refusal(
            f"“{WORDS[permission]}” is not included in your roles on this account ({roles}). Its "
            f"{able} can help."
        )


CLOSED = "This account is permanently closed."
NO_SUCH_ACCOUNT = "No role on such an account."  # for the trail of whoever asked
NOT_RUNNING = "The account is {status}. Until it runs again, this is not possible."
_WITHOUT = {
    Missing.ROLE: "You have no role on this account.",
    Missing.LOGIN: "Your login is not active.",
    Missing.ACCOUNT: "This account is closed.",
}


def proof_of(holder_id: int, account: Account) -> Proof:
    """The roles that give somebody access to an account, wherever this person belongs.

    They are few and put in order here: asked for an order, SQLite would read everything that this
    person has, in that order, rather than what they have on the account.
    """
    above = [account.pk] if account.parent_id is None else [account.pk, account.parent_id]
    with tenant(account.organization):
        held = RoleAssignment.objects.in_force().on_accounts()
        found = held.filter(holder_id=holder_id, account_id__in=above).order_by()
        rows = found.select_related("holder", "account", "by")
        return Proof(account, tuple(sorted(rows, key=lambda one: (-(one.account_id or 0), one.pk))))


def accessible(holder_id: int, sid: str) -> Account | None:
    """The account with this SID, whoever's it is, if this person has access to it by a role."""
    rows = Account.unscoped.select_related("owner", "parent", "organization")
    account = rows.filter(sid=sid).first()
    return account if account and proof_of(holder_id, account) else None


def governs(stay: Membership | None, account: Account) -> bool:
    """Whether a role in the organization lets somebody govern the account in the Admin Center."""
    if stay is None or stay.organization_id != account.organization_id:
        return False
    return Action.ACCOUNT_VIEW in policy.GRANTS[Role(stay.role)]


def refusal(actor: Actor, action: Action, account: Account) -> Refusal | None:
    """Why not, by the role in the organization and by the roles on the account; None means yes."""
    return refusal_given(actor, action, account, partial(proof_of, actor.user_id or 0))


def refusal_given(
    actor: Actor, action: Action, account: Account, prove: Callable[[Account], Proof]
) -> Refusal | None:
    """The same for who asks about one account often, and need not prove it each time."""
    refused = policy.refusal(actor, action, account)
    is_person = actor.staff is None and actor.user_id is not None
    if refused is None or not is_person or action not in PERMISSION_FOR:
        return refused
    proof = prove(_where_it_is_decided(action, account))
    if proof.missing is Missing.ROLE:
        return refused
    return proof.refusal(PERMISSION_FOR[action])


def _where_it_is_decided(action: Action, account: Account) -> Account:
    """A subaccount is stopped and started from the account above it, which goes on running."""
    return account.parent or account if action is Action.SUBACCOUNT_MANAGE else account


def require(actor: Actor, action: Action, account: Account) -> None:
    """Raises NotAllowed with the reason."""
    if refused := refusal(actor, action, account):
        raise NotAllowed(refused.words, action=action, helpers=refused.helpers)


def account_moved() -> RuleViolation:
    return RuleViolation(
        "account_moved", "This account was moved to another organization this very moment."
    )


def require_locked(actor: Actor, action: Action, account: Account) -> tuple[Actor, Account]:
    """Allow, lock the account's organization, read actor and account again, and allow once more.

    Returns both as of now. Raises NotAllowed, or RuleViolation: account_moved.
    """
    require(actor, action, account)
    organization = account.organization
    policy.lock_living(organization)
    if actor.staff is not None or actor.organization_id == organization.pk:
        actor = policy.as_of_now(actor)
    current = Account.objects.select_related("owner", "parent").filter(pk=account.pk).first()
    if current is None:
        raise account_moved()
    current.organization = organization
    require(actor, action, current)
    return actor, current
