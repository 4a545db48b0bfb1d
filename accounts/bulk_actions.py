"""What can be done to many accounts at once; each of them goes through the ordinary operation."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial

from django.db.models import Q

from accounts import conditions
from accounts.models import Account, AccountStatus, SuspendedBy
from accounts.operations import (
    hipaa_refusal,
    reactivate_account,
    reactivation_refusal,
    set_hipaa,
    suspend_account,
    transfer_account,
)
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Effect, Weight, several
from bulk.actions import BulkAction, Kind, Parameter, Parameters, register
from organizations import members
from organizations.policy import Action


def find(sids: Collection[str]) -> Sequence[Account]:
    """The accounts of the open scope with these SIDs, with what their rules look at."""
    return list(
        Account.objects.select_related("organization", "owner", "parent").filter(sid__in=sids)
    )


def _account(sid: str) -> Account:
    """Raises RuleViolation: account_gone."""
    account = Account.objects.select_related("organization").filter(sid=sid).first()
    if account is None:
        raise RuleViolation("account_gone", "This account is no longer in your organization.")
    return account


# Suspend, Reactivate


def _check_suspend(account: Account, parameters: Parameters, actor: Actor) -> None:
    conditions.require_open(account)
    conditions.require_not_suspended(account, by_support=actor.acts_for_support)


def _suspend(sid: str, parameters: Parameters, actor: Actor) -> str:
    suspend_account(_account(sid), actor=actor)
    return "Suspended"


def _besides_suspending(accounts: Sequence[Account], parameters: Parameters) -> Iterator[Effect]:
    running = Q(status=AccountStatus.ACTIVE)
    yield from _below(accounts, running, "subaccount stops with it", "subaccounts stop with them")
    text = "Everybody keeps their roles; they count again once the accounts are reactivated."
    yield Effect(Weight.SURVIVES, "roles", text)


def _check_reactivate(account: Account, parameters: Parameters, actor: Actor) -> None:
    conditions.require_open(account)
    if refused := reactivation_refusal(account, by_support=actor.acts_for_support):
        raise refused


def _reactivate(sid: str, parameters: Parameters, actor: Actor) -> str:
    reactivate_account(_account(sid), actor=actor)
    return "Reactivated"


def _besides_reactivating(accounts: Sequence[Account], parameters: Parameters) -> Iterator[Effect]:
    held = Q(suspended_by=SuspendedBy.PARENT)
    one, many = "subaccount runs again with it", "subaccounts run again with them"
    yield from _below(accounts, held, one, many)


# Change Owner


def _settle_owner(parameters: Parameters) -> dict[str, str]:
    """Raises RuleViolation: one of the canonicaliser's, owner_not_managed, owner_not_active."""
    return {"owner": conditions.fit_owner(parameters["owner"]).sid}


def _check_transfer(account: Account, parameters: Parameters, actor: Actor) -> None:
    conditions.require_main(account)
    conditions.require_open(account)
    conditions.require_other_owner(account, parameters.get("owner", ""))


def _transfer(sid: str, parameters: Parameters, actor: Actor) -> str:
    to = members.owner_named(parameters["owner"]).user
    transfer_account(_account(sid), to=to, actor=actor)
    return f"Now owned by {to.sid}"  # their name is read when it is shown


def _besides_transferring(accounts: Sequence[Account], parameters: Parameters) -> Iterator[Effect]:
    if "owner" in parameters:
        stay = members.owner_named(parameters["owner"])
        who = f"{stay.user.get_full_name()} ({stay.email})"
        yield Effect(
            Weight.CHANGES, "new_owner", f"The new owner is {who}, who gets an email for each."
        )
    yield from _below(accounts, Q(), "subaccount goes with it", "subaccounts go with them")
    text = "The former owner of each stays on it as Administrator."
    yield Effect(Weight.SURVIVES, "former_owners", text)


# Enable HIPAA, Disable HIPAA


def _check_flag(account: Account, parameters: Parameters, actor: Actor, *, enabled: bool) -> None:
    by_support = actor.acts_for_support
    if refused := hipaa_refusal(account.organization, enabled=enabled, by_support=by_support):
        raise refused
    conditions.require_open(account)
    conditions.require_other_flag(account, is_hipaa=enabled)


def _flag(sid: str, parameters: Parameters, actor: Actor, *, enabled: bool) -> str:
    set_hipaa(_account(sid), enabled=enabled, actor=actor)
    return "HIPAA enabled" if enabled else "HIPAA disabled"


def _besides_flagging(accounts: Sequence[Account], parameters: Parameters) -> Iterator[Effect]:
    yield Effect(Weight.SURVIVES, "subaccounts", "Subaccounts keep the setting that they have.")


def _below(accounts: Sequence[Account], which: Q, one: str, many: str) -> Iterator[Effect]:
    """The subaccounts that follow, by their number."""
    number = Account.objects.filter(which, parent__in=accounts).count()
    if number:
        text = f"{several(number, one, many)}."
        yield Effect(Weight.CHANGES, "subaccounts", text, count=number)


register(
    Kind(
        name="accounts",
        space="bulk",
        prefix="AC",
        one="account",
        many="accounts",
        list_name="accounts:list",
        detail_name="accounts:detail",
        view=Action.ACCOUNT_VIEW,
        find=find,
    ),
    BulkAction(
        name="suspend",
        label="Suspend",
        words="Suspend {them}",
        outcome=("account is suspended", "accounts are suspended"),
        action=Action.ACCOUNT_SUSPEND,
        check=_check_suspend,
        perform=_suspend,
        besides=_besides_suspending,
    ),
    BulkAction(
        name="reactivate",
        label="Reactivate",
        words="Reactivate {them}",
        outcome=("account is reactivated", "accounts are reactivated"),
        action=Action.ACCOUNT_SUSPEND,
        check=_check_reactivate,
        perform=_reactivate,
        besides=_besides_reactivating,
    ),
    BulkAction(
        name="change-owner",
        label="Change Owner",
        words="Change Owner of {them}",
        outcome=("account gets another owner", "accounts get another owner"),
        action=Action.ACCOUNT_TRANSFER,
        check=_check_transfer,
        perform=_transfer,
        parameters=(
            Parameter(
                "owner", "Choose a new owner", "Email address or User SID of a managed user."
            ),
        ),
        settle=_settle_owner,
        besides=_besides_transferring,
    ),
    BulkAction(
        name="enable-hipaa",
        label="Enable HIPAA",
        words="Enable HIPAA for {them}",
        outcome=("account is flagged for HIPAA", "accounts are flagged for HIPAA"),
        action=Action.ACCOUNT_FLAG_HIPAA,
        check=partial(_check_flag, enabled=True),
        perform=partial(_flag, enabled=True),
        besides=_besides_flagging,
    ),
    BulkAction(
        name="disable-hipaa",
        label="Disable HIPAA",
        words="Disable HIPAA for {them}",
        outcome=("account loses its HIPAA flag", "accounts lose their HIPAA flag"),
        action=Action.ACCOUNT_FLAG_HIPAA,
        check=partial(_check_flag, enabled=False),
        perform=partial(_flag, enabled=False),
        besides=_besides_flagging,
    ),
)
