"""The session engine: sessions are rows that say who is signed in, from where and since when.

`expire_date` is the one truth about how long a session lives: it is moved on while the session is
used, and never past the longest life that a sign-in may have.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession

from adminctr.core import clock
from adminctr.core.actor import Origin
from adminctr.core.outages import write_if_possible
from adminctr.core.sids import make_sid
from users.models import Session, User

_SIGN_IN = "sign_in"


class SessionStore(DatabaseStore):
    last_seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return Session

    def load(self) -> dict[str, Any]:
        row = Session.objects.live().filter(session_key=self.session_key).first()
        if row is None:
            self._session_key = None  # nobody chooses their own key
            return {}
        self.last_seen_at = row.last_seen_at
        return self.decode(row.session_data)

    def cycle_key(self) -> None:
        """Another key for a session that nobody has signed in with.

        Somebody's keeps its key, since it is one row with one SID: Django asks for another when
        the session was signed with a former SECRET_KEY, and would try to make a second row.
        """
        if _SIGN_IN not in self:
            super().cycle_key()

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row: Any = super().create_model_instance(data)
        if sign_in := data.get(_SIGN_IN):
            row.user_id = int(data["_auth_user_id"])
            row.sid = sign_in["sid"]
            row.ip, row.user_agent = sign_in["ip"], sign_in["user_agent"]
            row.began_at = datetime.fromisoformat(sign_in["began_at"])
        row.expire_date = _end_of(row.began_at)
        instance: AbstractBaseSession = row
        return instance


def begin(session: SessionBase, origin: Origin) -> None:
    """Note who signs in from where; called when somebody has just signed in."""
    session[_SIGN_IN] = {
        "sid": make_sid("SE"),
        "ip": origin.ip,
        "user_agent": origin.user_agent,
        "began_at": clock.now().isoformat(),
    }


def sid_of(session: SessionBase) -> str:
    """The public identifier of a session; empty for nobody's."""
    sid: str = session.get(_SIGN_IN, {}).get("sid", "")
    return sid


def is_live(session: SessionBase) -> bool:
    """Whether a session that was begun is still there."""
    return Session.objects.live().filter(pk=session.session_key).exists()


def keep(session: SessionBase, user: User) -> None:
    """Let this one session live on after its person's password was changed.

    Its key stays: a new one would bring back a session that was ended this very moment.
    """
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def touch(session: SessionBase) -> None:
    """Let a session that is used live on; written at most once in SESSION_TOUCH_PAUSE."""
    seen = getattr(session, "last_seen_at", None)
    now = clock.now()
    if seen is None or now - seen < settings.SESSION_TOUCH_PAUSE or _SIGN_IN not in session:
        return
    end = _end_of(datetime.fromisoformat(session[_SIGN_IN]["began_at"]))
    # Past the store: saving would write back data that another request may have changed.
    row = Session.objects.filter(pk=session.session_key)
    write_if_possible(lambda: row.update(last_seen_at=now, expire_date=end))


def _end_of(began_at: datetime) -> datetime:
    """Never before it began, even if the clock has jumped back."""
    idle = clock.now() + settings.SESSION_IDLE_TIMEOUT
    return max(began_at, min(idle, began_at + settings.SESSION_LONGEST_LIFE))
