"""What an account is called, who owns it, and which rules hold on it."""

from datetime import date

from accounts import access, conditions, grants, mail, trail
from accounts.models import Account, AccountRole, AccountType, RoleAssignment
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from audit import log
from organizations import policy
from organizations.models import Organization, SecondFactor
from organizations.policy import Action
from users.models import User

# Customers flag accounts themselves under an agreement that began on this day or later; under an
# older one support does it (reference 1.11).
SELF_SERVICE_SINCE = date(2024, 6, 6)


@operation(its_organization)
def configure_account(
    account: Account, *, name: str, second_factor: SecondFactor, actor: Actor
) -> Account:
    """Set what an account is called and how often it asks for a second factor.

    Raises NotAllowed, or RuleViolation: account_moved, account_closed, second_factor_required,
    settings_unchanged.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_CONFIGURE, account)
    conditions.require_open(current)
    if second_factor == SecondFactor.DISABLED and current.type == AccountType.FULL:
        raise RuleViolation(
            "second_factor_required",
            "Only a trial account may go without. Choose how often to ask.",
            field="second_factor",
        )
    if (name, second_factor) == (current.name, current.second_factor):
        raise RuleViolation("settings_unchanged", "These are its settings already.", field="name")

    before = _settings_of(current)
    current.name, current.name_key = name, text.sort_key(name)
    current.second_factor = second_factor
    current.save(update_fields=["name", "name_key", "second_factor"])
    trail.note(
        current,
        "account.configured",
        actor,
        before=before,
        after=_settings_of(current),
    )
    return current


@operation(its_organization)
def transfer_account(account: Account, *, to: User, actor: Actor) -> Account:
    """Make a managed user the Owner of an account; the former one stays on it as Administrator.

    Raises NotAllowed, or RuleViolation: account_moved, account_is_subaccount, account_closed,
    owner_not_managed (25103), owner_not_active, owner_unchanged.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_TRANSFER, account)
    conditions.require_main(current)
    conditions.require_open(current)
    to = conditions.require_fit_to_own(to).user  # as of now, since copies are made of them
    conditions.require_other_owner(current, to.sid)

    former = current.owner
    grants.put_owner(current, to, by_id=actor.user_id)
    RoleAssignment.begin(
        former,
        role=AccountRole.ADMINISTRATOR,
        home=current.organization,
        account=current,
        source=Source.TRANSFER,
        by_id=actor.user_id,
    )
    mail.send_account_given.enqueue(current.pk, former.pk, to.pk)
    mail.send_account_received.enqueue(current.pk, former.pk, to.pk)
    trail.note(
        current,
        "account.transferred",
        actor,
        before=former.email,
        after=to.email,
    )
    return current


@operation(its_organization)
def set_hipaa(account: Account, *, enabled: bool, actor: Actor) -> Account:
    """Flag an account for HIPAA, or take the flag: its subaccounts keep theirs.

    Raises NotAllowed, or RuleViolation: account_moved, account_closed, baa_missing,
    baa_self_service, hipaa_unchanged.
    """
    actor, current = access.require_locked(actor, Action.ACCOUNT_FLAG_HIPAA, account)
    by_support = actor.acts_for_support
    if refused := hipaa_refusal(current.organization, enabled=enabled, by_support=by_support):
        raise refused
    conditions.require_open(current)
    conditions.require_other_flag(current, is_hipaa=enabled)

    current.is_hipaa = enabled
    current.save(update_fields=["is_hipaa"])
    trail.note(
        current,
        "account.hipaa_enabled" if enabled else "account.hipaa_disabled",
        actor,
    )
    return current


def hipaa_refusal(
    organization: Organization, *, enabled: bool, by_support: bool
) -> RuleViolation | None:
    """Why the flag of its accounts cannot be set so now: baa_missing, baa_self_service.

    An account that came in flagged may lose its flag without an agreement.
    """
    since = organization.baa_effective_on
    if since is None or since > clock.now().date():
        if not enabled:
            return None
        return RuleViolation(
            "baa_missing",
            "HIPAA needs a Business Associate Agreement that is in force. Ask support for one.",
        )
    if since < SELF_SERVICE_SINCE and not by_support:
        return RuleViolation(
            "baa_self_service",
            "Your Business Associate Agreement is an older one, under which support flags "
            "accounts. Ask support.",
        )
    return None


@operation(itself)
def record_baa(
    organization: Organization, *, effective_on: date | None, actor: Actor
) -> Organization:
    """Note from which day a Business Associate Agreement holds, or that there is none any more.

    Raises NotAllowed, or RuleViolation: baa_unchanged, baa_in_use.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_RECORD_BAA, organization)
    if effective_on == organization.baa_effective_on:
        raise RuleViolation("baa_unchanged", "This is recorded already.", field="effective_on")
    holds = effective_on is not None and effective_on <= clock.now().date()
    if not holds and Account.objects.standing().filter(is_hipaa=True).exists():
        raise RuleViolation(
            "baa_in_use",
            "Accounts are flagged for HIPAA. Disable it for each of them first.",
            field="effective_on",
        )

    before, organization.baa_effective_on = organization.baa_effective_on, effective_on
    organization.save(update_fields=["baa_effective_on"])
    log.record(
        "organization.baa_recorded",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        before=str(before or "none"),
        after=str(effective_on or "none"),
    )
    return organization


def _settings_of(account: Account) -> str:
    return f"{account.name}, second factor: {account.get_second_factor_display()}"
