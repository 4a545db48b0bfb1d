"""Asking again for the password before something that must not be done by a borrowed session."""

from django.contrib.auth import authenticate
from django.http import HttpRequest

from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from users.models import User

TRIES = Limit("reauthentication", times=5, seconds=300)


def require_password(request: HttpRequest, password: str) -> None:
    """Raises RuleViolation: too_many_tries, password_wrong."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101
    if TRIES.is_spent(user.sid):
        TRIES.spend(user.sid)
    if authenticate(request, email=user.email, password=password) != user:
        TRIES.note(user.sid)
        raise RuleViolation("password_wrong", "This is not your password.", field="password")
