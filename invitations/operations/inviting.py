"""Offering: a place in the organization, access to an account, an account's way in."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Sum

from accounts import access, conditions, grants, limits
from accounts import policy as account_policy
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import set_roles
from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.sids import is_sid
from adminctr.core.tenancy import tenant
from adminctr.queue import priorities
from invitations import kinds, mail, queries
from invitations.models import Invitation, Kind
from invitations.standing import ACTIONS, note, withdraw
from organizations import policy
from organizations.models import Membership, Organization, Role
from organizations.policy import Action
from users.admission import decide
from users.models import User, WayIn

# How often the room for invitations that wait may be used anew in a day.
_TURNS_IN_A_DAY = 3
# How many accounts' worth of that an organization has, however many accounts it makes.
_ACCOUNTS_IN_A_DAY = 3

_ALREADY_INVITED = RuleViolation(
    "already_invited",
    "An invitation to this address is waiting. You can resend it under Pending.",
    field="email",
)


@operation(itself)
def invite_user(
    organization: Organization,
    *,
    email: str,
    role: Role,
    account: Account | None = None,
    account_roles: Collection[AccountRole] = (),
    actor: Actor,
) -> Invitation:
    """Offer one address a place in the organization, with roles on one of its accounts or without.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, role_not_grantable,
    domain_common, domain_not_verified, already_member, already_in_an_organization,
    merge_needed, account_missing, account_moved, account_closed, account_not_active, roles_missing,
    administrator_alone, too_many_roles, invited_too_often, already_invited.
    """
    policy.require(actor, Action.USER_INVITE, organization)
    email = canonical_address(email)
    actor = policy.require_locked(actor, Action.USER_INVITE, organization)
    policy.require_grantable(role)
    decide(email, WayIn.INVITATION, into=organization).require()
    invitee = User.objects.filter(email=email).first()
    if invitee and (obstacle := kinds.what_joining_means(invitee, organization).obstacle):
        raise kinds.for_inviter(obstacle)
    offered = _offerable(account, account_roles, organization, invitee, actor)
    _require_patience(email)
    _require_none_waiting(Invitation.objects.filter(kind=Kind.JOIN).to(email), actor)

    invitation = Invitation(
        organization=organization,
        kind=Kind.JOIN,
        email=email,
        role=role,
        account=offered,
        account_roles=_stored(account_roles),
    )
    offer = invitation.get_role_label()
    if offered:
        offer += f", with {invitation.get_account_roles_label()} on {offered.name}"
    return _send(invitation, "user.invited", actor, role=offer)


@operation(its_organization)
def invite_to_account(
    account: Account,
    *,
    email: str,
    roles: Collection[AccountRole],
    ends_at: datetime | None = None,
    reason: str = "",
    actor: Actor,
) -> Invitation | None:
    """Offer one address roles on an account; None for a managed user, who has them at once.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, account_moved,
    account_closed, account_not_active, roles_missing, role_not_grantable, administrator_alone,
    end_in_the_past, already_has_access, membership_required, domain_managed_elsewhere,
    too_many_roles, too_many_pending, too_many_in_a_day, invited_too_often, already_invited.
    """
    access.require(actor, Action.ACCOUNT_MANAGE_USERS, account)
    email = canonical_address(email)
    actor, current = access.require_locked(actor, Action.ACCOUNT_MANAGE_USERS, account)
    conditions.require_active(current)
    account_policy.require_roles(roles)
    grants.require_later(ends_at)
    _require_no_access(email, current)
    member = Membership.objects.in_force().filter(email=email).select_related("user").first()
    if member:
        set_roles(
            current, holder=member.user, roles=roles, ends_at=ends_at, reason=reason, actor=actor
        )
        return None
    decide(email, WayIn.ACCOUNT_ACCESS, into=current.organization).require()
    if invitee := User.objects.filter(email=email).first():
        limits.require_room_for_roles(invitee, len(set(roles)))
    _require_patience(email)
    waiting = Invitation.objects.pending_access(current)
    _require_none_waiting(waiting.to(email), actor)
    _require_few_waiting(waiting.count())
    _require_few_in_a_day(current)

    invitation = Invitation(
        organization=current.organization,
        kind=Kind.ACCESS,
        email=email,
        account=current,
        account_roles=_stored(roles),
        access_ends_at=ends_at,
        reason=reason,
    )
    offer = {"account": current.name, "role": invitation.get_role_label()}
    return _send(invitation, "account.user_invited", actor, **offer)


@operation(itself)
def add_existing_account(organization: Organization, *, sid: str, actor: Actor) -> Invitation:
    """Ask the owner of an account to let it be added; it is Pending until they do.

    Raises NotAllowed, or RuleViolation: sid_malformed, account_unknown, account_is_subaccount,
    account_managed_already, owner_domain_common, owner_domain_not_verified, account_closed,
    account_already_in_an_organization, account_merge_needed, account_limit, already_pending,
    invited_too_often.
    """
    actor = policy.require_locked(actor, Action.ACCOUNT_ADD, organization)
    account = _addable(sid, organization)
    decide(account.owner.email, WayIn.ACCOUNT_ADDED, into=organization).require(field="sid")
    if not account.is_open():
        raise RuleViolation(
            "account_closed", "This account is closed and cannot be added.", field="sid"
        )
    joining = kinds.what_joining_means(account.owner, organization)
    if joining.obstacle:
        raise kinds.for_adder(joining.obstacle)
    with tenant(account.organization):
        coming = limits.held_by(account.organization)
    limits.require_room(organization, coming)
    waiting = Invitation.objects.pending_accounts().filter(account=account)
    withdraw(waiting.expired(), actor)
    if waiting.exists():
        raise RuleViolation(
            "already_pending",
            "Its owner was asked already and has not answered. Resend it under Pending accounts.",
            field="sid",
        )
    _require_patience(account.owner.email, field="sid")

    invitation = Invitation(
        organization=organization,
        kind=Kind.ADD_ACCOUNT,
        email=account.owner.email,
        account=account,
    )
    return _send(invitation, "account.add_requested", actor, account=account.name)


def resend_refusal(invitation: Invitation) -> RuleViolation | None:
    """Why this invitation may not be sent again now; four reasons, each its own."""
    now = clock.now()
    if invitation.is_access_over():
        return RuleViolation(
            "access_over",
            "The access that it offers has already ended. Revoke it and invite the person again.",
        )
    if invitation.expires_at + settings.INVITATION_KEPT <= now:
        return RuleViolation(
            "resend_expired",
            "This invitation expired long ago. Revoke it and invite the person again.",
        )
    if invitation.total_sends >= settings.INVITATION_MAX_SENDS:
        return RuleViolation(
            "resend_max_threshold_reached",
            f"This invitation has been sent {invitation.total_sends} times, which is the limit. "
            "Contact the person another way, or revoke it and invite them again.",
        )
    if invitation.last_sent_at + settings.INVITATION_RESEND_PAUSE > now:
        minutes = int(settings.INVITATION_RESEND_PAUSE.total_seconds() // 60)
        return RuleViolation(
            "resend_throttle",
            f"This invitation was sent a moment ago. Wait {minutes} minutes between two emails.",
        )
    return None


@operation(its_organization)
def resend_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Mail a new link, which kills the old one and lives as long as a new invitation.

    Raises NotAllowed, or RuleViolation: invitation_closed, access_over, resend_expired,
    resend_max_threshold_reached, resend_throttle, account_closed, account_not_active,
    account_changed, or why the address, or the account, may no longer come in.
    """
    actor = _require_may(actor, invitation)
    inviter_id = _person_of(actor)
    current = still_open(invitation)
    if refused := resend_refusal(current):
        raise refused
    if current.kind == Kind.ACCESS and current.account:
        conditions.require_active(current.account)
    if current.kind == Kind.ADD_ACCOUNT and current.account:
        _require_still_coming(current.account, current)
    decide(current.email, WAYS_IN[Kind(current.kind)], into=current.organization).require()

    current.generation += 1
    current.token_hash = tokens.hash_token(current.token())
    current.last_sent_at = clock.now()
    current.expires_at = current.last_sent_at + settings.INVITATION_LIFETIME
    current.total_sends += 1
    current.invited_by_id = inviter_id  # who sends it answers for it
    current.save()
    mail.send_invitation.enqueue(current.pk, current.generation)
    note(current, "user.invitation_resent", actor, sends=current.total_sends)
    return current


@operation(its_organization)
def revoke_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Withdraw the offer; its link stops working.

    Raises NotAllowed, or RuleViolation: invitation_closed.
    """
    actor = _require_may(actor, invitation)
    current = still_open(invitation)
    withdraw(Invitation.objects.filter(pk=current.pk), actor)
    current.refresh_from_db(fields=["revoked_at"])
    return current


# Which question decides whether an address may be invited, and may still accept.
WAYS_IN = {
    Kind.JOIN: WayIn.INVITATION,
    Kind.ACCESS: WayIn.ACCOUNT_ACCESS,
    Kind.ADD_ACCOUNT: WayIn.ACCOUNT_ADDED,
}


def still_open(invitation: Invitation) -> Invitation:
    """The invitation as it is now, locked; raises RuleViolation: invitation_closed."""
    rows = Invitation.objects.select_related("account", "organization")
    current = rows.select_for_update(of=("self",)).get(pk=invitation.pk)
    endings = {
        "accepted meanwhile": current.accepted_at,
        "declined meanwhile": current.declined_at,
        "revoked already": current.revoked_at,
    }
    for ending, at in endings.items():
        if at:
            raise RuleViolation("invitation_closed", f"This invitation has been {ending}.")
    return current


def _require_may(actor: Actor, invitation: Invitation) -> Actor:
    action = ACTIONS[Kind(invitation.kind)]
    if invitation.kind == Kind.ACCESS and invitation.account:
        invitation.account.organization = invitation.organization
        return access.require_locked(actor, action, invitation.account)[0]
    return policy.require_locked(actor, action, invitation)


def _send(invitation: Invitation, action: str, actor: Actor, **details: Any) -> Invitation:
    """Write a new invitation and mail its link."""
    invitation.invited_by_id = _person_of(actor)
    invitation.expires_at = clock.now() + settings.INVITATION_LIFETIME
    invitation.token_hash = tokens.hash_token(invitation.token())
    invitation.save()
    invitation.tally(1)
    message = mail.send_invitation
    if actor.via == "bulk":
        message = message.using(priority=priorities.ONE_OF_MANY)
    message.enqueue(invitation.pk, invitation.generation)
    note(invitation, action, actor, **details)
    return invitation


def _offerable(
    account: Account | None,
    roles: Collection[AccountRole],
    organization: Organization,
    invitee: User | None,
    actor: Actor,
) -> Account | None:
    """The account as it is now, if whoever joins may be offered these roles on it."""
    if account is None:
        if roles:
            raise RuleViolation(
                "account_missing", "Name the account that these roles are for.", field="account"
            )
        return None
    if account.organization_id != organization.pk:
        raise access.account_moved()
    _, current = access.require_locked(actor, Action.ACCOUNT_MANAGE_USERS, account)
    conditions.require_active(current)
    account_policy.require_roles(roles)
    if invitee:
        limits.require_room_for_roles(invitee, len(set(roles)))
    return current


def _stored(roles: Collection[AccountRole]) -> str:
    return " ".join(role for role in AccountRole if role in roles)


def _person_of(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("An invitation names the person who invites.")
    return actor.user_id


def _addable(sid: str, organization: Organization) -> Account:
    """The account that a SID names, if it is one that could be another's."""
    sid = sid.strip()
    if not is_sid(sid, "AC"):
        raise RuleViolation(
            "sid_malformed",
            "An Account SID is AC and 32 digits from 0 to 9 and a to f. Copy it from the account.",
            field="sid",
        )
    account = queries.find_account(sid)
    if account is None:
        raise RuleViolation(
            "account_unknown", "There is no account with this SID. Check it.", field="sid"
        )
    if account.organization_id == organization.pk:
        raise kinds.for_adder(kinds.Obstacle.ALREADY_MEMBER)
    if account.is_subaccount():
        raise RuleViolation(
            "account_is_subaccount",
            "This is a subaccount, which comes with the account above it. Add that one.",
            field="sid",
        )
    return account


def _require_still_coming(account: Account, request: Invitation) -> None:
    """The account that its owner was asked for is still theirs, and still able to come."""
    conditions.require_open(account)
    if account.owner.email != request.email:
        raise RuleViolation(
            "account_changed",
            "This account has another owner or address now. Cancel the request and add it again.",
        )
    if obstacle := kinds.what_joining_means(account.owner, request.organization).obstacle:
        raise kinds.for_adder(obstacle)


def _require_patience(email: str, *, field: str = "email") -> None:
    """Revoking and inviting anew must not mail somebody without end."""
    recent = Invitation.objects.to(email).filter(last_sent_at__gt=clock.now() - timedelta(days=1))
    sends = recent.aggregate(sum=Sum("total_sends"))["sum"] or 0
    if sends >= settings.INVITATION_MAX_SENDS:
        raise RuleViolation(
            "invited_too_often",
            f"This address was sent {sends} invitations in a day, which is the limit. "
            "Wait until tomorrow, or contact the person another way.",
            field=field,
        )


def _require_none_waiting(invitations: Any, actor: Actor) -> None:
    withdraw(invitations.expired(), actor)
    if invitations.open().exists():
        raise _ALREADY_INVITED


def _require_no_access(email: str, account: Account) -> None:
    if RoleAssignment.objects.in_force().filter(account=account, email=email).exists():
        raise RuleViolation(
            "already_has_access",
            "This person has access already. Change their roles under Users.",
            field="email",
        )


def _require_few_waiting(waiting: int) -> None:
    most = settings.ACCOUNT_INVITATIONS_PENDING
    if waiting >= most:
        raise RuleViolation(
            "too_many_pending",
            f"{waiting} invitations to this account are waiting, which is the limit. Revoke old "
            "ones under Pending Users first.",
        )


def _require_few_in_a_day(account: Account) -> None:
    """Revoking makes room, as does another account: neither mails strangers without end."""
    most = _TURNS_IN_A_DAY * settings.ACCOUNT_INVITATIONS_PENDING
    recently = clock.now() - timedelta(days=1)
    asked = Invitation.objects.filter(
        kind=Kind.ACCESS,
        organization=account.organization,
        accepted_at=None,
        created_at__gt=recently,
    )
    _require_fewer(asked.filter(account=account), most, "this account")
    _require_fewer(asked, most * _ACCOUNTS_IN_A_DAY, "accounts of your organization")


def _require_fewer(asked: QuerySet[Invitation], most: int, to: str) -> None:
    if asked[:most].count() >= most:
        raise RuleViolation(
            "too_many_in_a_day",
            f"{most} people were invited to {to} within a day, which is the limit. Wait until "
            "tomorrow.",
        )
