"""Inviting, and what becomes of an invitation."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Sum

from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.periods import Source
from audit import log
from invitations import kinds, mail
from invitations.models import Invitation
from merges.operations import Absorption, absorb
from organizations import policy, stays
from organizations.models import Membership, Organization, Role, lock_all
from organizations.policy import GRANTS, Action
from users.admission import WayIn, decide
from users.models import User
from users.newcomers import NewPerson, add_user


@operation(itself)
def invite_user(organization: Organization, *, email: str, role: Role, actor: Actor) -> Invitation:
    """Offer one address a place in the organization.

    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, role_not_grantable,
    domain_common, domain_not_verified, already_member, already_in_an_organization,
    merge_needed, invited_too_often, already_invited.
    """
    policy.require(actor, Action.USER_INVITE, organization)
    email = canonical_address(email)
    actor = policy.require_locked(actor, Action.USER_INVITE, organization)
    inviter_id = _person_of(actor)
    policy.require_grantable(role)
    decide(email, WayIn.INVITATION, into=organization).require()
    invitee = User.objects.filter(email=email).first()
    if invitee and (obstacle := kinds.what_joining_means(invitee, organization).obstacle):
        raise kinds.for_inviter(obstacle)
    _require_patience(email)
    for expired in Invitation.objects.expired().to(email):
        _revoke(expired, actor)
    if Invitation.objects.open().to(email).exists():
        raise RuleViolation(
            "already_invited",
            "An invitation to this address is waiting. You can resend it under Pending.",
            field="email",
        )

    invitation = Invitation(
        organization=organization,
        email=email,
        role=role,
        invited_by_id=inviter_id,
        expires_at=clock.now() + settings.INVITATION_LIFETIME,
    )
    invitation.token_hash = tokens.hash_token(invitation.token())
    invitation.save()
    organization.tally(pending_users=1)
    mail.send_invitation.enqueue(invitation.pk, invitation.generation)
    _record(invitation, "user.invited", actor, role=invitation.get_role_display())
    return invitation


def resend_refusal(invitation: Invitation) -> RuleViolation | None:
    """Why this invitation may not be sent again now; three reasons, each its own."""
    now = clock.now()
    if invitation.expires_at + settings.INVITATION_KEPT <= now:
        return RuleViolation(
            "resend_expired",
            "This invitation expired long ago. Revoke it and invite the person anew.",
        )
    if invitation.total_sends >= settings.INVITATION_MAX_SENDS:
        return RuleViolation(
            "resend_max_threshold_reached",
            f"This invitation has been sent {invitation.total_sends} times, which is the most. "
            "Ask the person another way, or revoke it and invite anew.",
        )
    if invitation.last_sent_at + settings.INVITATION_RESEND_PAUSE > now:
        minutes = int(settings.INVITATION_RESEND_PAUSE.total_seconds() // 60)
        return RuleViolation(
            "resend_throttle",
            f"This invitation was sent a moment ago. Wait {minutes} minutes between two mails.",
        )
    return None


@operation(its_organization)
def resend_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Mail a new link, which kills the old one and lives as long as a new invitation.

    Raises NotAllowed, or RuleViolation: invitation_closed, resend_expired,
    resend_max_threshold_reached, resend_throttle, domain_common, domain_not_verified.
    """
    actor = policy.require_locked(actor, Action.USER_INVITE, invitation)
    inviter_id = _person_of(actor)
    current = _still_open(invitation)
    if refused := resend_refusal(current):
        raise refused
    decide(current.email, WayIn.INVITATION, into=current.organization).require()

    current.generation += 1
    current.token_hash = tokens.hash_token(current.token())
    current.last_sent_at = clock.now()
    current.expires_at = current.last_sent_at + settings.INVITATION_LIFETIME
    current.total_sends += 1
    current.invited_by_id = inviter_id  # who sends it answers for it
    current.save()
    mail.send_invitation.enqueue(current.pk, current.generation)
    _record(current, "user.invitation_resent", actor, sends=current.total_sends)
    return current


@operation(its_organization)
def revoke_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Withdraw the offer; its link stops working.

    Raises NotAllowed, or RuleViolation: invitation_closed.
    """
    actor = policy.require_locked(actor, Action.USER_INVITE, invitation)
    current = _still_open(invitation)
    _revoke(current, actor)
    return current


@operation(its_organization)
def accept_invitation(
    invitation: Invitation, *, user: User, absorbing: Organization | None, actor: Actor
) -> Membership:
    """Let somebody who has a login join; `absorbing` is the organization they agreed to give up.

    Raises NotAllowed, or RuleViolation: link_dead, inviter_may_not, wrong_person, domain_common,
    domain_not_verified, already_member, already_in_an_organization, merge_needed,
    account_limit, consent_outdated.
    """
    if actor.user_id != user.pk:
        raise NotAllowed("Only the person who is invited can accept.")
    if absorbing:
        lock_all(absorbing, invitation.organization)
    current = _still_acceptable(invitation)
    if user.email != current.email:
        raise RuleViolation("wrong_person", "This invitation is for another address.")
    joining = kinds.what_joining_means(user, current.organization)
    if joining.obstacle:
        raise kinds.for_invitee(joining.obstacle)
    if joining.absorbs != absorbing:
        raise RuleViolation(
            "consent_outdated",
            "What joining means for you has changed meanwhile. Read it again before you accept.",
        )
    if absorbing:
        absorb(Absorption(absorbing, into=current.organization), actor=actor)
    return _join(current, user, actor)


@operation(its_organization)
def accept_invitation_as_newcomer(
    invitation: Invitation, *, newcomer: NewPerson, actor: Actor
) -> Membership:
    """Make the user of an address that the link has proven, and let them join.

    Raises RuleViolation: link_dead, inviter_may_not, already_registered, domain_common,
    domain_not_verified.
    """
    current = _still_acceptable(invitation)
    return _join(current, add_user(current.email, newcomer), actor)


def _person_of(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("An invitation names the person who invites.")
    return actor.user_id


def _require_patience(email: str) -> None:
    """Revoking and inviting anew must not mail somebody without end."""
    recent = Invitation.objects.to(email).filter(last_sent_at__gt=clock.now() - timedelta(days=1))
    sends = recent.aggregate(sum=Sum("total_sends"))["sum"] or 0
    if sends >= settings.INVITATION_MAX_SENDS:
        raise RuleViolation(
            "invited_too_often",
            f"This address was sent {sends} invitations in a day, which is the most. "
            "Wait until tomorrow, or ask the person another way.",
            field="email",
        )


def _still_open(invitation: Invitation) -> Invitation:
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if current.accepted_at:
        raise RuleViolation("invitation_closed", "This invitation has been accepted meanwhile.")
    if current.revoked_at:
        raise RuleViolation("invitation_closed", "This invitation has been revoked already.")
    return current


def _still_acceptable(invitation: Invitation) -> Invitation:
    organization = invitation.organization
    organization.lock()
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    unchanged = current.is_open() and current.generation == invitation.generation
    if organization.ended_at is not None or not unchanged or current.is_expired():
        raise tokens.dead_link()
    current.organization = organization
    inviter = Membership.objects.in_force().filter(user_id=current.invited_by_id).first()
    if inviter is None or Action.USER_INVITE not in GRANTS[Role(inviter.role)]:
        raise RuleViolation(
            "inviter_may_not",
            "The person who invited you may no longer invite people. "
            "Ask an Administrator of the organization to send the invitation again.",
        )
    verdict = decide(current.email, WayIn.INVITATION, into=organization)
    if not verdict.allowed:
        raise RuleViolation(
            verdict.code,
            "The organization that invited you no longer holds the domain of your address. "
            "Ask the person who invited you.",
        )
    return current


def _join(invitation: Invitation, user: User, actor: Actor) -> Membership:
    stay = stays.begin_stay(
        invitation.organization,
        user,
        role=Role(invitation.role),
        source=Source.INVITATION,
        by_id=invitation.invited_by_id,
    )
    invitation.accepted_at, invitation.accepted_by = clock.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    invitation.organization.tally(pending_users=-1)
    member = policy.actor_in(stay, user, via=actor.via, origin=actor.origin)
    log.record(
        "user.joined",
        invitation.organization,
        actor=member,
        subject_sid=user.sid,
        subject=user.email,
        invitation=invitation.sid,
        role=stay.get_role_display(),
    )
    return stay


def _revoke(invitation: Invitation, actor: Actor) -> None:
    invitation.revoked_at = clock.now()
    invitation.save(update_fields=["revoked_at"])
    invitation.organization.tally(pending_users=-1)
    _record(invitation, "user.invitation_revoked", actor)


def _record(invitation: Invitation, action: str, actor: Actor, **details: str | int) -> None:
    log.record(
        action,
        invitation.organization,
        actor=actor,
        subject_sid=invitation.sid,
        subject=invitation.email,
        **details,
    )
