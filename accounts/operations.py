"""What changes accounts and their number."""

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
    organization.tally(managed_accounts=1)
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
def set_account_limit(organization: Organization, *, limit: int, actor: Actor) -> Organization:
    """Let the organization have more accounts, or fewer, but never fewer than it has.

    Raises NotAllowed, or RuleViolation: limit_out_of_range, limit_below_held, limit_unchanged.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_SET_LIMIT, organization)
    if not 1 <= limit <= limits.HIGHEST_LIMIT:
        raise RuleViolation(
            "limit_out_of_range", f"Choose 1 to {limits.HIGHEST_LIMIT:,} accounts.", field="limit"
        )
    if limit < (held := limits.held_by(organization)):
        raise RuleViolation(
            "limit_below_held",
            f"This organization has {held} accounts; the limit cannot be lower.",
            field="limit",
        )
    if limit == organization.account_limit:
        raise RuleViolation("limit_unchanged", "This is the limit already.", field="limit")

    before, organization.account_limit = organization.account_limit, limit
    organization.save(update_fields=["account_limit"])
    log.record(
        "organization.limit_set",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=before,
        after=limit,
    )
    return organization
