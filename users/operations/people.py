"""What people change of their own, and how others appoint, suspend and log them out."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group

from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import no_organization, operation, or_refuse
from adminctr.core.tenancy import person
from audit import log
from organizations import policy, stays
from organizations.models import Membership, stay_of
from organizations.policy import Action, StaffGroup
from users import mail, oneself, standing
from users.admission import Verdict, decide
from users.models import (
    Appearance,
    EmailChange,
    RememberedBrowser,
    Session,
    SignUp,
    User,
    UserStatus,
    WayIn,
)
from users.passwords import PasswordHash


@operation(no_organization)
def request_password_reset(address: str, *, actor: Actor) -> None:
    """Mail a link that sets a new password, or that there is no login; not to who is not active.

    Raises RuleViolation: one of the canonicaliser's.
    """
    email = canonical_address(address)
    user = User.objects.filter(email=email).first()
    if user is None:
        mail.send_no_login.enqueue(email)
    elif user.is_active:
        mail.send_password_reset.enqueue(user.pk)
        oneself.record(user, "user.password_reset_requested", actor)


@operation(no_organization)
def reset_password(user: User, *, password: PasswordHash, actor: Actor) -> None:
    """Set a new password for whoever has opened the mailed link; every session ends.

    Raises NotAllowed, or RuleViolation: password_changed_meanwhile, login_not_active.
    """
    if actor.user_id is not None or actor.label != user.email:
        raise NotAllowed("Only the person with the emailed link can do this.")
    current = _with_password(user, password)
    standing.log_out(current)
    oneself.record(current, "user.password_changed", actor)


@operation(no_organization)
def change_password(user: User, *, password: PasswordHash, keep: str, actor: Actor) -> None:
    """Replace one's own password; every session but `keep`, a SID, ends.

    Raises NotAllowed, or RuleViolation: password_changed_meanwhile, login_not_active,
    session_over.
    """
    oneself.require(user, actor)
    current = _with_password(user, password)
    oneself.end_sessions_but(current, keep)
    oneself.record(current, "user.password_changed", actor)


@operation(no_organization)
def change_name(user: User, *, first_name: str, last_name: str, actor: Actor) -> None:
    """Give somebody another name. Raises NotAllowed, or RuleViolation: name_unchanged."""
    oneself.require(user, actor)
    current = _locked_with_organization(user)
    if (first_name, last_name) == (current.first_name, current.last_name):
        raise RuleViolation("name_unchanged", "This is your name already.", field="first_name")
    before = current.get_full_name()
    standing.set_name(current, first_name=first_name, last_name=last_name)
    after = current.get_full_name()
    oneself.record(current, "user.name_changed", actor, before=before, after=after)


@operation(no_organization)
def change_preferences(
    user: User, *, appearance: Appearance, time_zone: str, has_shortcuts: bool, actor: Actor
) -> None:
    """Set how the console looks and behaves for this person. Raises NotAllowed."""
    oneself.require(user, actor)
    current = oneself.locked(user)
    current.appearance, current.time_zone = appearance, time_zone
    current.has_shortcuts = has_shortcuts
    current.save(update_fields=["appearance", "time_zone", "has_shortcuts"])
    oneself.record(current, "user.preferences_changed", actor)


@operation(no_organization)
def start_email_change(user: User, *, email: str, actor: Actor) -> EmailChange:
    """Mail a link to the address that somebody wants instead; it kills the link before.

    The answer does not tell whether another login has this address: the mail does.
    Raises NotAllowed, or RuleViolation: one of the canonicaliser's, email_unchanged,
    domain_not_verified, domain_restricted.
    """
    oneself.require(user, actor)
    wanted = canonical_address(email)
    current = oneself.locked(user)
    if wanted == current.email:
        raise RuleViolation("email_unchanged", "This is your address already.", field="email")
    _decide_change(current, wanted).require()
    EmailChange.objects.filter(user=current).delete()
    change = EmailChange(
        user=current, email=wanted, expires_at=clock.now() + settings.EMAIL_CHANGE_LIFETIME
    )
    change.token_hash = tokens.hash_token(change.token())
    change.save()
    mail.send_email_change.enqueue(change.pk)
    oneself.record(current, "user.email_change_started", actor, wanted=wanted)
    return change


@operation(no_organization)
def cancel_email_change(change: EmailChange, *, actor: Actor) -> None:
    """Forget the address that somebody wanted; its link stops working. Raises NotAllowed."""
    oneself.require(change.user, actor)
    if EmailChange.objects.filter(pk=change.pk).delete()[0]:
        oneself.record(change.user, "user.email_change_cancelled", actor, wanted=change.email)


@operation(no_organization)
def change_email(change: EmailChange, *, keep: str, actor: Actor) -> User:
    """Make the proven address the person's; every session but `keep`, a SID, ends.

    The former address is told. Raises NotAllowed, or RuleViolation: link_dead, email_taken,
    domain_not_verified, domain_restricted, login_not_active, session_over.
    """
    oneself.require(change.user, actor)
    user = _locked_with_organization(change.user)
    oneself.require_active(user)
    proven = EmailChange.objects.select_for_update().filter(pk=change.pk).first()
    if proven is None or proven.is_expired():
        raise tokens.dead_link()
    _decide_change(user, proven.email).require()
    # Before the user is written, as in signing up: else the two wait for each other.
    SignUp.objects.select_for_update().filter(email=proven.email).first()
    before, user.email = user.email, proven.email
    taken = RuleViolation("email_taken", "There is another login with this address.")
    with or_refuse(taken):
        user.save(update_fields=["email"])
        EmailAddress.objects.filter(user=user).update(email=user.email)
    stays.copy_person(user)
    proven.delete()
    SignUp.objects.filter(email=user.email).delete()
    RememberedBrowser.objects.filter(user=user).delete()
    oneself.end_sessions_but(user, keep)
    mail.send_email_changed.enqueue(before, user.pk)
    oneself.record(user, "user.email_changed", actor, before=before, after=user.email)
    return user


@operation(no_organization)
def end_session(session: Session, *, actor: Actor) -> None:
    """Log one of somebody's browsers out. Raises NotAllowed."""
    if session.user is None:
        raise NotAllowed("Nobody is signed in with this session.")
    oneself.require(session.user, actor)
    if Session.objects.filter(pk=session.pk).delete()[0]:
        oneself.record(session.user, "user.session_ended", actor, from_ip=session.ip)


@operation(no_organization)
def end_other_sessions(user: User, *, keep: str, actor: Actor) -> int:
    """Log somebody out everywhere but in the session `keep`, a SID.

    Raises NotAllowed, or RuleViolation: session_over.
    """
    oneself.require(user, actor)
    ended = oneself.end_sessions_but(oneself.locked(user), keep)
    if ended:
        oneself.record(user, "user.other_sessions_ended", actor, count=str(ended))
    return ended


@operation(no_organization)
def end_every_session(until: datetime, *, actor: Actor) -> int:
    """Log out everybody who logged in until then, and forget their browsers; an operator's act.

    Raises NotAllowed.
    """
    _require_operator(actor)
    ended, _ = Session.objects.live().filter(began_at__lte=until).delete()
    RememberedBrowser.objects.filter(created_at__lte=until).delete()
    log.record("session.all_ended", None, actor=actor, count=str(ended))
    return ended


@operation(no_organization)
def appoint_staff(user: User, *, group: StaffGroup, actor: Actor) -> None:
    """Put somebody into one group of support staff, and out of the others; an operator's act.

    Raises NotAllowed.
    """
    _require_operator(actor)
    current = oneself.locked(user)
    current.is_staff = True
    current.save(update_fields=["is_staff"])
    current.groups.set([Group.objects.get_or_create(name=group)[0]])
    log.record(
        "user.appointed_staff",
        None,
        actor=actor,
        subject_sid=user.sid,
        subject=user.email,
        group=group.value,
    )


@operation(no_organization)
def dismiss_staff(user: User, *, actor: Actor) -> None:
    """Take somebody's staff rights; an operator's act.

    Raises NotAllowed, or RuleViolation: not_staff.
    """
    _require_operator(actor)
    current = oneself.locked(user)
    if not current.is_staff:
        raise RuleViolation("not_staff", "This person is not support staff.")
    current.is_staff = False
    current.save(update_fields=["is_staff"])
    current.groups.clear()
    log.record("user.dismissed_staff", None, actor=actor, subject_sid=user.sid, subject=user.email)


@operation(no_organization)
def suspend_login(user: User, *, actor: Actor) -> User:
    """Let somebody in no more until support lifts it; whoever is logged in is out at once.

    Raises NotAllowed, or RuleViolation: login_not_active.
    """
    current, actor = _lock_login(user, actor)
    if current.status != UserStatus.ACTIVE:
        raise RuleViolation("login_not_active", f"This login is {current.status} already.")
    standing.set_status(current, UserStatus.SUSPENDED)
    oneself.record(current, "user.suspended", actor)
    return current


@operation(no_organization)
def lift_suspension(user: User, *, actor: Actor) -> User:
    """Let somebody whom support has suspended log in again.

    Raises NotAllowed, or RuleViolation: login_not_suspended.
    """
    current, actor = _lock_login(user, actor)
    if current.status != UserStatus.SUSPENDED:
        raise RuleViolation("login_not_suspended", "This login is not suspended.")
    standing.set_status(current, UserStatus.ACTIVE)
    oneself.record(current, "user.suspension_lifted", actor)
    return current


@operation(no_organization)
def record_log_in(user: User, *, method: str, actor: Actor) -> bool:
    """Note a sign-in, on the stay and in the trail; whether it stands.

    It does not for somebody who was suspended, or logged out everywhere, since the password was
    looked at.
    """
    current = oneself.locked(user)
    stands = current.is_active and current.log_outs == user.log_outs
    current.last_active_at = current.last_login
    current.save(update_fields=["last_active_at"])
    with person(current):
        Membership.objects.open().update(last_sign_in_at=current.last_login)
    if stands:
        oneself.record(user, "user.logged_in", actor, method=method)
    else:
        oneself.record(user, "user.log_in_refused", actor, method=method)
    return stands


@operation(no_organization)
def record_log_out(user: User, *, actor: Actor) -> None:
    oneself.record(user, "user.logged_out", actor)


@operation(no_organization)
def record_failed_log_in(user: User, *, actor: Actor) -> None:
    """Note a wrong password for an address that exists; others are not events."""
    oneself.record(user, "user.log_in_failed", actor)


@operation(no_organization)
def record_wrong_password(user: User, *, actor: Actor) -> None:
    """Note that somebody who is logged in was asked for the password again and had it wrong."""
    oneself.record(user, "user.password_wrong", actor)


@operation(no_organization)
def end_guessing_session(user: User, *, session: str, actor: Actor) -> None:
    """End the session, a SID, in which the password was guessed too often, and mail its person.

    Called by users.reauthentication, which counts the tries. Raises NotAllowed.
    """
    oneself.require(user, actor)
    current = oneself.locked(user)
    if Session.objects.filter(user=current, sid=session).delete()[0]:
        mail.send_password_guessed.enqueue(current.pk)
        oneself.record(current, "user.password_guessed", actor)


def _with_password(user: User, password: PasswordHash) -> User:
    """Write a new password over the one that `user` was read with, and tell the person."""
    current = oneself.locked(user)
    oneself.require_active(current)
    if current.password != user.password:
        raise RuleViolation(
            "password_changed_meanwhile",
            "Your password was changed a moment ago. Log in with the new one.",
        )
    current.password = password
    current.save(update_fields=["password"])
    user.password = password
    EmailChange.objects.filter(user=current).delete()  # whoever knew the old one may want it
    RememberedBrowser.objects.filter(user=current).delete()
    mail.send_password_changed.enqueue(current.pk)
    return current


def _locked_with_organization(user: User) -> User:
    """The same when something changes that their organization keeps copies of.

    Raises RuleViolation: moved_meanwhile.
    """
    stay = stay_of(user)
    if stay:
        stay.organization.lock()
    current = oneself.locked(user)
    moved = stay_of(user)
    if (moved and moved.organization_id) != (stay and stay.organization_id):
        raise RuleViolation(
            "moved_meanwhile", "This person has just changed organizations. Try again."
        )
    return current


def _decide_change(user: User, wanted: str) -> Verdict:
    stay = stay_of(user)
    into = stay.organization if stay else None
    return decide(wanted, WayIn.EMAIL_CHANGE, into=into, present=user.email)


def _require_operator(actor: Actor) -> None:
    if not actor.trusted:
        raise NotAllowed("Only an operator of this installation can do this.")


def _lock_login(user: User, actor: Actor) -> tuple[User, Actor]:
    """Allow, lock, and allow once more: who acts and whom it is about as they are now."""
    policy.require(actor, Action.USER_SUSPEND, user)
    current = _locked_with_organization(user)
    actor = policy.as_of_now(actor)
    policy.require(actor, Action.USER_SUSPEND, current)
    return current, actor
