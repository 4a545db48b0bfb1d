"""Whether an invitation still stands, and how it ends: inviting, answering and signing up share it.

What writes is called inside operations only, with the lock of the invitation's organization held.
"""

from collections.abc import Collection
from typing import Any

from accounts import access
from adminctr.core import clock
from adminctr.core.actor import Actor
from audit import log
from invitations.models import Invitation, InvitationQuerySet, Kind
from organizations import policy
from organizations.policy import Action
from users.models import User

# Who may invite, resend and revoke; for access to an account, by roles on it too.
ACTIONS = {
    Kind.JOIN: Action.USER_INVITE,
    Kind.ACCESS: Action.ACCOUNT_MANAGE_USERS,
    Kind.ADD_ACCOUNT: Action.ACCOUNT_ADD,
}


def may_not(actor: Actor, invitation: Invitation) -> policy.Refusal | None:
    """Why somebody may not invite like this; None means that they may."""
    action = ACTIONS[Kind(invitation.kind)]
    if invitation.kind == Kind.ACCESS and invitation.account:
        return access.refusal(actor, action, invitation.account)
    refused = policy.refusal(actor, action, invitation)
    if refused is None and invitation.kind == Kind.JOIN and invitation.account:
        invitation.account.organization = invitation.organization
        return access.refusal(actor, Action.ACCOUNT_MANAGE_USERS, invitation.account)
    return refused


def inviter_may(invitation: Invitation) -> bool:
    """Whether the person who invites could do so at this moment."""
    inviter = invitation.invited_by
    return inviter.is_active and may_not(policy.actor_for(inviter), invitation) is None


def mark_accepted(invitation: Invitation, user: User) -> None:
    invitation.accepted_at, invitation.accepted_by = clock.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    invitation.tally(-1)


def withdraw(invitations: InvitationQuerySet[Invitation], actor: Actor) -> None:
    """Close those of these that are open, which nobody may accept any more, and tell of each."""
    going = list(invitations.open().select_related("account", "organization").order_by("pk"))
    if going:
        invitations.revoke()
    for invitation in going:
        note(invitation, "user.invitation_revoked", actor)


def withdraw_what_is_moot(emails: Collection[str], actor: Actor) -> None:
    """Whoever is in needs no second way in; what offers access to an account stays open.

    Called in the scope of the one organization that they are in now.
    """
    moot = Invitation.objects.filter(kind__in=[Kind.JOIN, Kind.ADD_ACCOUNT], email__in=emails)
    withdraw(moot, actor)


def note(invitation: Invitation, action: str, actor: Actor, **details: Any) -> None:
    """Tell of an invitation in the trail; of one to an account under the account's SID."""
    about = invitation.account if invitation.kind == Kind.ACCESS else None
    log.record(
        action,
        invitation.organization,
        actor=actor,
        subject_sid=about.sid if about else invitation.sid,
        subject=invitation.email,
        **details,
    )
