"""How an operation on somebody's own sign-in begins and ends.

Called inside operations only.
"""

from django.db.models import F

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from audit import log
from organizations.models import stay_of
from users.models import Session, User


def require(user: User, actor: Actor) -> None:
    """Raises NotAllowed for everybody but the person themselves."""
    if actor.user_id != user.pk:
        raise NotAllowed("Only the person themselves can change this.")


def locked(user: User) -> User:
    """Somebody as they are now; no key is locked, since stays and roles point at it."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def require_active(user: User) -> None:
    """Raises RuleViolation: login_not_active."""
    if not user.is_active:
        raise RuleViolation("login_not_active", "This login is no longer active.")


def lock_active(user: User, actor: Actor) -> User:
    """Allow and lock: somebody who does something of their own, as they are now.

    Raises NotAllowed, or RuleViolation: login_not_active.
    """
    require(user, actor)
    current = locked(user)
    require_active(current)
    return current


def end_sessions_but(user: User, keep: str) -> int:
    """Log somebody out everywhere but in the session `keep`, a SID; how many sessions there were.

    The page of that session lets it live on, by `users.sessions.keep`. Raises RuleViolation:
    session_over.
    """
    live = Session.objects.live().filter(user=user)
    if not live.filter(sid=keep).exists():
        raise RuleViolation("session_over", "You have been logged out. Log in again.")
    count_log_out(user)
    ended, _ = live.exclude(sid=keep).delete()
    return ended


def count_log_out(user: User, *changed: str) -> None:
    """End what is on its way to a session, and what was begun before it.

    `changed` are the fields in which the person was changed, to be written with it.
    """
    user.log_outs = F("log_outs") + 1
    user.save(update_fields=["log_outs", *changed])


def record(user: User, action: str, actor: Actor, **details: str) -> None:
    """Into the trail of their organization, or of the installation for who has none."""
    stay = stay_of(user)
    log.record(
        action,
        stay.organization if stay else None,
        actor=actor,
        subject_sid=user.sid,
        subject=user.email,
        **details,
    )
