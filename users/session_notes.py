"""What a session keeps from one page to the next while somebody sets up or proves a factor.

Encrypted, since a session is a row like any other, and for one person: whoever logs in next in the
same browser finds nothing of it.
"""

import json

from django.contrib.sessions.backends.base import SessionBase

from users import secrets
from users.models import User

APP_SECRET = "app_secret"
PASSKEY = "passkey"
RECOVERY_CODES = "recovery_codes"
_NOTES = "second_factor_notes"


def put(session: SessionBase, user: User, name: str, value: object) -> None:
    session[_NOTES] = _of(session, user) | {name: secrets.encrypt(json.dumps(value))}


def get(session: SessionBase, user: User, name: str) -> object:
    """What was put, or None."""
    note = _of(session, user).get(name)
    try:
        return json.loads(secrets.decrypt(note)) if note else None
    except secrets.Unreadable:
        return None


def take(session: SessionBase, user: User, name: str) -> object:
    """The same, for the last time."""
    value = get(session, user, name)
    notes = _of(session, user)
    if notes.pop(name, None):
        session[_NOTES] = notes
    return value


def _of(session: SessionBase, user: User) -> dict[str, str]:
    notes: dict[str, str] = session.get(_NOTES, {})
    return dict(notes) if notes.get("person") == user.sid else {"person": user.sid}
