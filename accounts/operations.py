"""What changes an account."""

from accounts import limits
from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import text
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import itself, operation
from adminctr.core.periods import Source
from audit import log
from organizations import policy
from organizations.models import Membership, Organization
from organizations.policy import Action
from users.models import User


@operation(itself)
def create_account(organization: Organization, *, name: str, owner: User, actor: Actor) -> Account:
    """Open a trial account with fresh defaults: it inherits nothing.

    Raises NotAllowed, or RuleViolation: owner_not_managed, account_limit.
    """
    actor = policy.require_locked(actor, Action.ACCOUNT_CREATE, organization)
    stay = Membership.objects.open().filter(user=owner).first()
    if stay is None:
        raise RuleViolation(
            "owner_not_managed",
            "The owner must be a managed user of this organization.",
            field="owner",
        )
    limits.require_room(organization, 1)

    account = Account.objects.create(
        organization=organization, owner=owner, name=name, name_key=text.sort_key(name)
    )
    RoleAssignment.begin(
        stay, role=AccountRole.OWNER, account=account, source=Source.DIRECT, by_id=actor.user_id
    )
    log.record(
        "account.created",
        organization,
        actor=actor,
        subject_sid=account.sid,
        subject=account.name,
        owner=owner.email,
    )
    return account


@operation(itself)
def export_role_assignments(organization: Organization, *, which: str, actor: Actor) -> None:
    """Note who takes a list of the role assignments out, and which part of it.

    Raises NotAllowed.
    """
    actor = policy.require_locked(actor, Action.ACCESS_EXPORT, organization)
    log.record(
        "organization.roles_exported",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        which=which,
    )
