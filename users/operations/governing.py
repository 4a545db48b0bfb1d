"""What administrators, support and operators do about the sign-in of a managed user.

The subject is the stay, so the rule of rank decides: nobody does any of it to the Owner or to
themselves. An operator may, since the Owner has no other way out when everything is lost.
"""

from django.contrib.auth.hashers import make_password

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.operations import its_organization, no_organization, operation
from audit import log
from organizations.models import Membership, SecondFactor, stay_of
from organizations.policy import Action
from users import conditions, factors, mail, oneself, standing
from users.models import User, UserStatus

RESET_MAILS_PER_PERSON = Limit("reset_mails", times=5, seconds=3600)


@operation(its_organization)
def rename_user(stay: Membership, *, first_name: str, last_name: str, actor: Actor) -> Membership:
    """Give a managed user another name.

    Raises NotAllowed, or RuleViolation: not_a_member, name_unchanged.
    """
    current, actor = standing.locked_stay(stay, Action.USER_RENAME, actor)
    person = current.user
    if (first_name, last_name) == (person.first_name, person.last_name):
        raise RuleViolation("name_unchanged", "This is their name already.", field="first_name")

    before = person.get_full_name()
    standing.set_name(person, first_name=first_name, last_name=last_name)
    _record(current, "user.renamed", actor, before=before, after=person.get_full_name())
    return current


@operation(its_organization)
def reset_user_password(stay: Membership, *, actor: Actor) -> Membership:
    """Make a password useless and mail a link that sets a new one; done again, a new link.

    Every session ends, and so does what remembers a browser or changes the address. Raises
    NotAllowed, or RuleViolation: not_a_member, login_not_active, login_suspended, too_many_tries.
    """
    current, actor = standing.locked_stay(stay, Action.USER_RESET_PASSWORD, actor)
    conditions.require_reachable(current)
    RESET_MAILS_PER_PERSON.spend(current.user.sid)

    person = current.user
    person.password = make_password(None)  # another one each time, so every link before is dead
    standing.log_out_for_good(person, "password")
    mail.send_password_reset_for_you.enqueue(person.pk, _by_whom(current, actor))
    _record(current, "user.password_reset", actor)
    return current


@operation(its_organization)
def reset_second_factor(stay: Membership, *, actor: Actor) -> Membership:
    """Take every second factor away; the next log-in enrols one before anything else.

    Raises NotAllowed, or RuleViolation: not_a_member, login_suspended, no_second_factor,
    too_many_tries.
    """
    current, actor = standing.locked_stay(stay, Action.USER_RESET_2FA, actor)
    conditions.require_not_suspended(current)
    _reset_factors(current.user)
    mail.send_second_factor_reset.enqueue(current.user_id, _by_whom(current, actor))
    _record(current, "user.second_factor_reset", actor)
    return current


@operation(no_organization)
def reset_factor_outside(user: User, *, actor: Actor) -> None:
    """The same for somebody who belongs to no organization; an operator's act.

    Raises NotAllowed, or RuleViolation: has_organization, no_second_factor, too_many_tries.
    """
    if not actor.trusted:
        raise NotAllowed("An operator does this at the shell; nobody else can.")
    current = oneself.locked(user)
    if stay_of(current):
        raise RuleViolation("has_organization", "This person joined an organization. Try again.")
    _reset_factors(current)
    mail.send_second_factor_reset.enqueue(current.pk, None)
    log.record(
        "user.second_factor_reset", None, actor=actor, subject_sid=user.sid, subject=user.email
    )


@operation(its_organization)
def require_second_factor(stay: Membership, *, level: SecondFactor, actor: Actor) -> Membership:
    """Say how often this person is asked for a second factor while they stay.

    Raises NotAllowed, or RuleViolation: not_a_member, second_factor_unchanged.
    """
    current, actor = standing.locked_stay(stay, Action.USER_REQUIRE_2FA, actor)
    conditions.require_other_level(current, level)

    before, current.second_factor = SecondFactor(current.second_factor), level
    current.save(update_fields=["second_factor"])
    _record(
        current,
        "user.second_factor_required",
        actor,
        before=before.label,
        after=SecondFactor(level).label,
    )
    return current


@operation(its_organization)
def end_user_sessions(stay: Membership, *, actor: Actor) -> int:
    """Log somebody out of every browser; how many there were.

    Raises NotAllowed, or RuleViolation: not_a_member, no_sessions.
    """
    current, actor = standing.locked_stay(stay, Action.USER_END_SESSIONS, actor)
    conditions.require_sessions(current)
    ended = standing.log_out(current.user)
    _record(current, "user.sessions_ended", actor, count=str(ended))
    return ended


@operation(its_organization)
def deactivate_user(stay: Membership, *, actor: Actor) -> Membership:
    """Let somebody in no more until they are reactivated; accounts and roles stay theirs.

    Raises NotAllowed, or RuleViolation: not_a_member, already_inactive, login_suspended.
    """
    current, actor = standing.locked_stay(stay, Action.USER_DEACTIVATE, actor)
    conditions.require_not_inactive(current)
    _set_status(current, UserStatus.INACTIVE)
    _record(current, "user.deactivated", actor)
    return current


@operation(its_organization)
def reactivate_user(stay: Membership, *, actor: Actor) -> Membership:
    """Let somebody who was deactivated log in again; without a password, by a new link to set one.

    The link that they were sent before died with the deactivation. Raises NotAllowed, or
    RuleViolation: not_a_member, already_active, login_suspended, too_many_tries.
    """
    current, actor = standing.locked_stay(stay, Action.USER_DEACTIVATE, actor)
    conditions.require_inactive(current)
    must_set_password = not current.user.has_usable_password()
    if must_set_password:
        RESET_MAILS_PER_PERSON.spend(current.user.sid)

    _set_status(current, UserStatus.ACTIVE)
    if must_set_password:
        mail.send_password_reset_for_you.enqueue(current.user_id, _by_whom(current, actor))
    _record(current, "user.reactivated", actor)
    return current


def _reset_factors(person: User) -> None:
    conditions.require_something_to_reset(person)
    RESET_MAILS_PER_PERSON.spend(person.sid)
    factors.forget_all(person)
    person.is_factor_due = True
    standing.log_out_for_good(person, "is_factor_due")


def _set_status(stay: Membership, status: UserStatus) -> None:
    stay.status = status
    standing.set_status(stay.user, status)


def _by_whom(stay: Membership, actor: Actor) -> int | None:
    """The organization whose administrator does it; None for support."""
    return None if actor.acts_for_support else stay.organization_id


def _record(stay: Membership, action: str, actor: Actor, **details: str) -> None:
    log.record(
        action,
        stay.organization,
        actor=actor,
        subject_sid=stay.user.sid,
        subject=stay.email,
        **details,
    )
