"""Asking again for the password before something that must not be done by a borrowed session."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from users.models import User
from users.operations import end_guessing_session, record_wrong_password
from users.sessions import note_confirmation, sid_of
from users.sign_in import actor_of

TRIES = Limit("reauthentication", times=5, seconds=300)
# Right ones of a person, in however many sessions: each is slow to look at.
PROOFS = Limit("reauthentication_proofs", times=20, seconds=3600)
# Wrong ones of a session; a right one forgives nothing, since it may be somebody else's.
GUESSES = Limit("reauthentication_guesses", times=20, seconds=86_400)


def require_password(request: HttpRequest, password: str) -> None:
    """The last guess of a day ends the session.

    Raises RuleViolation: too_many_tries, password_wrong, session_over.
    """
    user = request.user
    assert isinstance(user, User)  # noqa: S101
    tries = (user.sid, sid_of(request.session))
    TRIES.spend(*tries)  # before the slow look, so that many at once are counted too
    if authenticate(request, email=user.email, password=password) != user:
        record_wrong_password(user, actor=actor_of(user, request))
        _count_guess(user, request)
        raise RuleViolation("password_wrong", "This is not your password.", field="password")
    PROOFS.spend(user.sid)  # before the tries of the session begin anew
    TRIES.forget(*tries)


def confirm(request: HttpRequest, password: str) -> None:
    """The same; this session is not asked again for a while."""
    require_password(request, password)
    note_confirmation(request.session)


def _count_guess(user: User, request: HttpRequest) -> None:
    """Raises RuleViolation: session_over."""
    session = sid_of(request.session)
    GUESSES.note(user.sid, session)
    if GUESSES.is_spent(user.sid, session):
        end_guessing_session(user, session=session, actor=actor_of(user, request))
        raise RuleViolation(
            "session_over", "Too many wrong passwords. You were logged out; log in again."
        )
