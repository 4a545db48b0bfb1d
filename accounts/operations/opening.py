"""Opening accounts and subaccounts, and how many there may be."""

import hashlib

from accounts import access, conditions, limits, trail
from accounts.models import Account, AccountRole, AccountType, Product, RoleAssignment, owner_key
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from audit import log
from organizations import policy
from organizations.limits import require_settable
from organizations.models import Organization, SecondFactor
from organizations.policy import Action
from users.models import User


@operation(itself)
def create_account(
    organization: Organization,
    *,
    name: str,
    owner: User,
    product: Product = Product.TWILIO,
    form_key: str = "",
    actor: Actor,
) -> Account:
    """Open a trial account with fresh defaults: it inherits nothing.

    The same form sent again is answered with the account that it has made. Raises NotAllowed, or
    RuleViolation: owner_not_managed, owner_not_active, account_limit.
    """
    actor = policy.require_locked(actor, Action.ACCOUNT_CREATE, organization)
    if owner.pk != actor.user_id:
        policy.require(actor, Action.ACCOUNT_CREATE_FOR, organization)
    form_key = _key_of(actor, organization.sid, form_key)
    if made := _made_by(organization, form_key):
        return made
    stay = conditions.require_fit_to_own(owner)
    owner = stay.user  # as of now, since copies are made of their name and address
    limits.require_room(organization, 1)

    account = Account.objects.create(
        organization=organization,
        owner=owner,
        owner_key=owner_key(owner),
        name=name,
        name_key=text.sort_key(name),
        product=product,
        form_key=form_key,
    )
    organization.tally(managed_accounts=1)
    RoleAssignment.begin(
        owner,
        role=AccountRole.OWNER,
        home=stay.organization,
        account=account,
        source=Source.DIRECT,
        by_id=actor.user_id,
    )
    trail.note(
        account,
        "account.created",
        actor,
        owner=owner.email,
        product=account.get_product_display(),
    )
    return account


@operation(its_organization)
def create_subaccount(
    parent: Account, *, name: str = "", form_key: str = "", actor: Actor
) -> Account:
    """Open a subaccount; HIPAA and how it asks for second factors are those of the account above.

    Without a name it is called after the moment. Raises NotAllowed, or RuleViolation:
    account_moved, no_subaccount_below, account_closed, account_not_active, subaccount_limit
    (21480).
    """
    actor, current = access.require_locked(actor, Action.SUBACCOUNT_MANAGE, parent)
    form_key = _key_of(actor, current.sid, form_key)
    if made := _made_by(current.organization, form_key):
        return made
    if current.is_subaccount():
        raise RuleViolation(
            "no_subaccount_below", "A subaccount cannot have subaccounts of its own."
        )
    conditions.require_active(current)
    limits.require_room_below(current)

    name = name or f"SubAccount Created at {clock.now():%Y-%m-%d %H:%M:%S}"
    subaccount = Account.objects.create(
        organization=current.organization,
        owner=current.owner,
        owner_key=current.owner_key,
        parent=current,
        name=name,
        name_key=text.sort_key(name),
        type=current.type,
        product=current.product,
        second_factor=current.second_factor,
        is_hipaa=current.is_hipaa,
        form_key=form_key,
    )
    trail.note(
        subaccount,
        "account.subaccount_created",
        actor,
        below=current.name,
        hipaa="on" if subaccount.is_hipaa else "off",
    )
    return subaccount


@operation(itself)
def set_account_limit(organization: Organization, *, limit: int, actor: Actor) -> Organization:
    """Let the organization have more accounts, or fewer, but never fewer than it has.

    Raises NotAllowed, or RuleViolation: limit_out_of_range, limit_below_held, limit_unchanged.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_SET_LIMIT, organization)
    require_settable(
        limit,
        present=organization.account_limit,
        held=limits.held_by(organization),
        highest=limits.HIGHEST_LIMIT,
        things="accounts",
    )

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


@operation(its_organization)
def upgrade_account(account: Account, *, actor: Actor) -> Account:
    """End the trial of an account and its subaccounts; they ask for second factors from then on.

    Raises NotAllowed, or RuleViolation: account_moved, account_is_subaccount, account_closed,
    already_upgraded.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_UPGRADE, account)
    conditions.require_main(current)
    conditions.require_open(current)
    if current.type == AccountType.FULL:
        raise RuleViolation("already_upgraded", "This account is upgraded already.")

    family = Account.objects.with_subaccounts(current).standing()
    never_asking = family.filter(second_factor=SecondFactor.DISABLED)
    never_asking.update(type=AccountType.FULL, second_factor=SecondFactor.ONCE_PER_COMPUTER)
    family.update(type=AccountType.FULL)
    current.refresh_from_db(fields=["type", "second_factor"])
    trail.note(
        current,
        "account.upgraded",
        actor,
    )
    return current


def _key_of(actor: Actor, where_sid: str, form_key: str) -> str:
    """A key is good for whoever filled the form in, and for where: nobody replays another's."""
    text_of_key = f"{actor.sid}:{where_sid}:{form_key}"
    return hashlib.sha256(text_of_key.encode()).hexdigest() if form_key else ""


def _made_by(organization: Organization, form_key: str) -> Account | None:
    """What this form has made already, should it have been sent before."""
    made = Account.objects.filter(organization=organization, form_key=form_key)
    return made.first() if form_key else None
