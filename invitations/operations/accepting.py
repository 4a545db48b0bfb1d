"""Answering: accepting or declining what was offered by mail."""

from typing import cast

from accounts import grants, trail
from accounts.models import Account
from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, operation
from adminctr.core.periods import Source
from audit import log
from invitations import bringing, kinds
from invitations.models import Invitation, Kind
from invitations.operations.inviting import WAYS_IN, still_open
from invitations.standing import inviter_may, mark_accepted, note, withdraw_what_is_moot
from merges.operations import Absorption, absorb
from organizations import policy, stays
from organizations.models import Membership, Organization, Role, lock_all
from users.admission import decide
from users.models import User
from users.newcomers import NewPerson, add_user
from users.operations import found_organization


@operation(its_organization)
def accept_invitation(
    invitation: Invitation, *, user: User, absorbing: Organization | None, actor: Actor
) -> Membership:
    """Let somebody who has a login join, with the account that may be added if that was asked.

    `absorbing` is the organization they agreed to give up. Raises NotAllowed, or RuleViolation:
    link_dead, inviter_may_not, wrong_person, account_changed, already_member,
    already_in_an_organization, merge_needed, account_limit, consent_outdated, too_many_roles, or
    why the address may no longer come in.
    """
    _require_person(user, actor)
    if absorbing:
        lock_all(absorbing, invitation.organization)
    current = _still_acceptable(invitation, Kind.JOIN, Kind.ADD_ACCOUNT)
    _require_invited(user, current)
    joining = kinds.what_joining_means(user, current.organization)
    if joining.obstacle:
        raise kinds.for_invitee(joining.obstacle)
    if current.kind == Kind.ADD_ACCOUNT:
        _require_unchanged(current, user, joining.absorbs)
    if joining.absorbs != absorbing:
        raise RuleViolation(
            "consent_outdated",
            "What joining means for you has changed. Read it again before you accept.",
        )
    mark_accepted(current, user)
    if absorbing:
        absorb(Absorption(absorbing, into=current.organization), actor=actor)
    return _join(current, user, actor)


@operation(its_organization)
def accept_invitation_as_newcomer(
    invitation: Invitation, *, newcomer: NewPerson, actor: Actor
) -> Membership:
    """Make the user of an address that the link has proven, and let them join.

    Raises RuleViolation: link_dead, inviter_may_not, already_registered, or why the address may no
    longer come in.
    """
    current = _still_acceptable(invitation, Kind.JOIN)
    user = add_user(current.email, newcomer)
    mark_accepted(current, user)
    return _join(current, user, actor)


@operation(its_organization)
def accept_access(invitation: Invitation, *, user: User, actor: Actor) -> Account:
    """Give somebody who has a login the roles on an account that they were offered.

    Raises NotAllowed, or RuleViolation: link_dead, inviter_may_not, wrong_person,
    already_has_access, owner_stays, too_many_roles, or why the address may no longer come in.
    """
    _require_person(user, actor)
    current = _still_acceptable(invitation, Kind.ACCESS)
    _require_invited(user, current)
    return _give_access(current, user, actor)


@operation(its_organization)
def accept_access_as_newcomer(
    invitation: Invitation, *, newcomer: NewPerson, actor: Actor
) -> Account:
    """Make the user of an address that the link has proven, as a sign-up does, and give access.

    Raises RuleViolation: link_dead, inviter_may_not, already_registered, or why the address may no
    longer come in.
    """
    current = _still_acceptable(invitation, Kind.ACCESS)
    user = add_user(current.email, newcomer)
    person = policy.actor_in(None, user, via=actor.via, origin=actor.origin)
    found_organization(user, name=newcomer.organization_name, actor=person)
    return _give_access(current, user, person)


@operation(its_organization)
def decline_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """Turn an offer down; whoever holds its link may, and it stops working.

    Raises NotAllowed, or RuleViolation: link_dead.
    """
    if actor.label != invitation.email:
        raise NotAllowed("Only the person who is invited can decline.")
    current = _as_it_was_shown(invitation)
    current.declined_at = clock.now()
    current.save(update_fields=["declined_at"])
    current.tally(-1)
    note(current, "user.invitation_declined", actor, role=current.get_role_label())
    return current


def _require_person(user: User, actor: Actor) -> None:
    if actor.user_id != user.pk:
        raise NotAllowed("Only the person who is invited can accept.")


def _require_invited(user: User, invitation: Invitation) -> None:
    if user.email != invitation.email:
        raise RuleViolation("wrong_person", "This invitation is for another address.")


def _as_it_was_shown(invitation: Invitation) -> Invitation:
    """The invitation, locked with its organization, if it is the one that the link showed."""
    organization = invitation.organization
    organization.lock()
    try:
        current = still_open(invitation)
    except RuleViolation as closed:
        raise tokens.dead_link() from closed
    unchanged = current.generation == invitation.generation
    if organization.ended_at is not None or not unchanged or current.is_expired():
        raise tokens.dead_link()
    current.organization = organization
    if current.kind == Kind.ACCESS:
        _require_account_runs(current)
    return current


def _require_account_runs(invitation: Invitation) -> None:
    """An account that was closed or went elsewhere gives nobody access, nor does a day gone by."""
    account = cast(Account, invitation.account)
    has_moved = account.organization_id != invitation.organization_id
    if has_moved or not account.is_open() or invitation.is_access_over():
        raise tokens.dead_link()
    account.organization = invitation.organization


def _still_acceptable(invitation: Invitation, *kinds_of: Kind) -> Invitation:
    current = _as_it_was_shown(invitation)
    if current.kind not in kinds_of:
        raise tokens.dead_link()
    if not inviter_may(current):
        raise RuleViolation(
            "inviter_may_not",
            "The person who invited you may no longer invite people. "
            "Ask an Administrator of the organization to send the invitation again.",
        )
    verdict = decide(current.email, WAYS_IN[Kind(current.kind)], into=current.organization)
    if not verdict.allowed and not _is_member_by_now(current):
        raise RuleViolation(verdict.code, _NO_LONGER[Kind(current.kind)])
    return current


def _is_member_by_now(invitation: Invitation) -> bool:
    """Whoever has joined since may have access like every managed user."""
    members = Membership.objects.in_force().filter(email=invitation.email)
    return invitation.kind == Kind.ACCESS and members.exists()


_NO_LONGER = {
    Kind.JOIN: "The organization that invited you no longer holds the domain of your address. "
    "Ask the person who invited you.",
    Kind.ACCESS: "An organization now manages the addresses of your domain, and decides where "
    "its people have access. Ask the person who invited you.",
    Kind.ADD_ACCOUNT: "The organization that asked you no longer holds the domain of your address. "
    "Ask the person who asked you.",
}


def _require_unchanged(invitation: Invitation, user: User, absorbs: Organization | None) -> None:
    """The account is still theirs, open, and comes along with the organization they give up."""
    account = cast(Account, invitation.account)
    comes_along = absorbs is not None and account.organization_id == absorbs.pk
    if account.owner_id != user.pk or not account.is_open() or not comes_along:
        raise RuleViolation(
            "account_changed",
            "You can no longer add this account. Ask the person who asked you.",
        )


def _join(invitation: Invitation, user: User, actor: Actor) -> Membership:
    is_account_added = invitation.kind == Kind.ADD_ACCOUNT
    stay = stays.begin_stay(
        invitation.organization,
        user,
        role=Role.STANDARD if is_account_added else Role(invitation.role),
        source=Source.INVITATION,
        by_id=invitation.invited_by_id,
    )
    member = policy.actor_in(stay, user, via=actor.via, origin=actor.origin)
    withdraw_what_is_moot([user.email], member)
    bringing.give_account_roles(invitation, user, member)
    if is_account_added:
        added = cast(Account, invitation.account)
        trail.note_in(invitation.organization, added, "account.added", member)
    log.record(
        "user.joined",
        invitation.organization,
        actor=member,
        subject_sid=user.sid,
        subject=user.email,
        how="by invitation",
        invitation=invitation.sid,
        role=stay.get_role_display(),
    )
    return stay


def _give_access(invitation: Invitation, user: User, actor: Actor) -> Account:
    account = cast(Account, invitation.account)
    home = grants.lock_holder(user)
    _require_invited(user, invitation)  # as they are now
    if grants.open_roles(account, user):
        raise RuleViolation(
            "already_has_access", "You have access to this account already. See your accounts."
        )
    roles = invitation.get_account_roles()
    mark_accepted(invitation, user)
    grants.put_roles(
        account,
        user,
        home=home,
        roles=roles,
        ends_at=invitation.access_ends_at,
        reason=invitation.reason,
        source=Source.INVITATION,
        by_id=invitation.invited_by_id,
    )
    trail.note(
        account,
        "account.access_accepted",
        actor,
        invitation=invitation.sid,
        role=grants.role_words(roles),
    )
    return account
