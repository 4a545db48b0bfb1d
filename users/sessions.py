"""The session engine: sessions are rows that say who is signed in, from where and since when.

`expire_date` is the one truth about how long a session lives: it is moved on while the session is
used, and never past the longest life that a sign-in may have. A session that looks at a HIPAA
account is guarded: from then on it ends much sooner when it is not used.
"""

import math
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db.models import F
from django.db.models.functions import Greatest

from adminctr.core import clock
from adminctr.core.actor import Origin
from adminctr.core.outages import write_if_possible
from adminctr.core.sids import make_sid
from organizations.models import SecondFactor
from users.models import Session, User

LOG_IN_ENDED = "Something has changed about how you log in. Please log in again."

_SIGN_IN = "sign_in"
_SECOND_FACTOR = "second_factor"
_CONFIRMED_AT = "confirmed_at"
REMEMBERED = "remembered"  # in place of a kind of factor: this browser was asked before
_TOUCHES = 60  # at most, for each time-out of a guarded session


class SessionStore(DatabaseStore):
    last_seen_at: datetime | None = None
    ends_at: datetime | None = None
    is_guarded: bool = False
    _is_new: bool = False

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        return Session

    def load(self) -> dict[str, Any]:
        row = Session.objects.live().filter(session_key=self.session_key).first()
        if row is None:
            self._session_key = None  # nobody chooses their own key
            return {}
        self.last_seen_at, self.ends_at = row.last_seen_at, row.expire_date
        self.is_guarded = row.is_guarded
        return self.decode(row.session_data)

    def cycle_key(self) -> None:
        """Another key for a session that nobody has signed in with.

        Somebody's keeps its key, since it is one row with one SID: Django asks for another when
        the session was signed with a former SECRET_KEY, and would try to make a second row.
        """
        if _SIGN_IN not in self:
            super().cycle_key()

    def save(self, must_create: bool = False) -> None:
        self._is_new = must_create
        super().save(must_create)

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row: Any = super().create_model_instance(data)
        row.began_at = row.began_at if self._is_new else F("began_at")
        if sign_in := data.get(_SIGN_IN):
            row.user_id = int(data["_auth_user_id"])
            row.sid = sign_in["sid"]
            row.ip, row.user_agent = sign_in["ip"], sign_in["user_agent"]
            row.began_at = datetime.fromisoformat(sign_in["began_at"])
        if self._is_new:
            row.expire_date = _end_of(row.began_at, is_guarded=False)
        else:
            # What is in a session is saved, not how long it lives: another request may have
            # guarded or touched it since this one read it.
            row.is_guarded, row.expire_date = F("is_guarded"), F("expire_date")
            row.last_seen_at = Greatest("last_seen_at", row.began_at)
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
    """Let this one session live on after its person's others were ended, and what was on its way.

    Its key stays: a new one would bring back a session that was ended this very moment.
    """
    user.refresh_from_db(fields=["password", "log_outs"])
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def note_second_factor(session: SessionBase, how: str) -> None:
    """Somebody has proven a second factor: which kind, or that this browser is remembered."""
    session[_SECOND_FACTOR] = how


def second_factor_of(session: SessionBase) -> str:
    """How a second factor was proven in this session; empty where none was."""
    how: str = session.get(_SECOND_FACTOR, "")
    return how


def is_proven(session: SessionBase) -> bool:
    """Whether a second factor was really proven in this session."""
    return second_factor_of(session) not in {"", REMEMBERED}


def meets(session: SessionBase, level: SecondFactor) -> bool:
    """Whether this session has proven as much as this level asks for."""
    if level == SecondFactor.EVERY_LOG_IN:
        return is_proven(session)
    return level == SecondFactor.DISABLED or second_factor_of(session) != ""


def note_confirmation(session: SessionBase) -> None:
    """Somebody has just proven once more that it is them."""
    session[_CONFIRMED_AT] = clock.now().isoformat()


def is_confirmed(session: SessionBase) -> bool:
    """Whether they did so lately enough for something that a borrowed session must not do."""
    at = session.get(_CONFIRMED_AT)
    if at is None:
        return False
    age = clock.now() - datetime.fromisoformat(at)
    return timedelta() <= age < settings.REAUTHENTICATION_AGE


def guard(session: SessionBase) -> None:
    """Let a session that looks at a HIPAA account end soon after its last use; written once.

    What fails here must be seen, so that nothing is shown unguarded. Raises SessionInterrupted when
    the session was ended meanwhile.
    """
    store = cast(SessionStore, session)
    end = _end_of(_began_at(store), is_guarded=True)
    if store.is_guarded:
        return
    now = clock.now()
    row = Session.objects.live().filter(pk=store.session_key)
    if not row.update(is_guarded=True, last_seen_at=now, expire_date=end):
        raise SessionInterrupted("The session was ended before it could be guarded.")
    store.is_guarded, store.last_seen_at, store.ends_at = True, now, end


def is_guarded(session: SessionBase) -> bool:
    """Whether this session has looked at a HIPAA account."""
    return _SIGN_IN in session and cast(SessionStore, session).is_guarded


def seconds_left(session: SessionBase) -> int:
    """How long a session lives on if nobody uses it."""
    ends_at = cast(SessionStore, session).ends_at
    return math.ceil(max(0, (ends_at - clock.now()).total_seconds())) if ends_at else 0


def may_live_on(session: SessionBase) -> bool:
    """Whether using a session moves its end on, which its longest life does not allow for ever."""
    began_at, is_guarded = _began_at(session), cast(SessionStore, session).is_guarded
    return clock.now() + _timeout(is_guarded) < began_at + settings.SESSION_LONGEST_LIFE


def touch(session: SessionBase) -> None:
    """Let a session that is used live on; written at most once in a while."""
    store, now = cast(SessionStore, session), clock.now()
    if _SIGN_IN not in store or store.last_seen_at is None:
        return
    if now - store.last_seen_at < _pause(store.is_guarded):
        return
    end = _end_of(_began_at(store), is_guarded=store.is_guarded)
    # Past the store: saving would write back data that another request may have changed. What
    # another request has guarded since is left alone.
    row = Session.objects.filter(pk=store.session_key, is_guarded=store.is_guarded)

    def move_on() -> None:
        # The person first, in the order in which whoever logs them out locks the two.
        User.objects.filter(pk=store["_auth_user_id"]).update(last_active_at=now)
        if row.update(last_seen_at=now, expire_date=end):
            store.last_seen_at, store.ends_at = now, end

    write_if_possible(move_on)


def _began_at(session: SessionBase) -> datetime:
    return datetime.fromisoformat(session[_SIGN_IN]["began_at"])


def _end_of(began_at: datetime, *, is_guarded: bool) -> datetime:
    """Never before it began, even if the clock has jumped back."""
    idle = clock.now() + _timeout(is_guarded)
    return max(began_at, min(idle, began_at + settings.SESSION_LONGEST_LIFE))


def _timeout(is_guarded: bool) -> timedelta:
    usual: timedelta = settings.SESSION_IDLE_TIMEOUT
    return min(usual, settings.HIPAA_IDLE_TIMEOUT) if is_guarded else usual


def _pause(is_guarded: bool) -> timedelta:
    usual: timedelta = settings.SESSION_TOUCH_PAUSE
    return min(usual, settings.HIPAA_IDLE_TIMEOUT / _TOUCHES) if is_guarded else usual
