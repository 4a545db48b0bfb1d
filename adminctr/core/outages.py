"""What may be away, full or closed for changes for a while, told from a fault of ours."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from redis.exceptions import RedisError

_READ_ONLY = "25006"  # PostgreSQL's codes
_DISK_FULL = "53100"
_SQLITE_CODES = {sqlite3.SQLITE_FULL: _DISK_FULL, sqlite3.SQLITE_READONLY: _READ_ONLY}
_PRIMARY_CODE = 0xFF
_SHORT_WAIT_SECONDS = 0.1


class Crowded(Exception):
    """More ask for what is slow than may wait for it."""


class Outage(StrEnum):
    """In the words of the page that people see meanwhile."""

    DATABASE = "The database cannot be reached or is very busy."
    READ_ONLY = "The database takes no changes at the moment."
    DISK_FULL = "There is no room left to keep a change."
    CACHE = "Tries cannot be counted at the moment, and this may not be done without."
    CROWDED = "Very many people log in at this moment."


def outage_of(error: BaseException | None) -> Outage | None:
    """Why trying again later may help; None for everything else."""
    if isinstance(error, RedisError):
        return Outage.CACHE
    if isinstance(error, Crowded):
        return Outage.CROWDED
    if isinstance(error, DatabaseError | InterfaceError):
        return _outage_of_database(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Outage.DISK_FULL
    return None


def write_if_possible(write: Callable[[], object]) -> None:
    """What may as well be written later: wait for nobody long, and go on without it."""
    try:
        with _short_wait(), transaction.atomic():
            write()
    except (DatabaseError, InterfaceError) as error:
        if outage_of(error) is None:
            raise


@contextmanager
def _short_wait() -> Iterator[None]:
    """PostgreSQL keeps nobody waiting who changes a row of their own; SQLite has one writer."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    usual = connection.settings_dict["OPTIONS"]["timeout"]
    _set_wait(_SHORT_WAIT_SECONDS)
    try:
        yield
    finally:
        _set_wait(usual)


def _set_wait(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _outage_of_database(error: DatabaseError | InterfaceError) -> Outage | None:
    code = _code_of(error.__cause__)
    if code == _READ_ONLY:
        return Outage.READ_ONLY
    if code == _DISK_FULL:
        return Outage.DISK_FULL
    is_away = isinstance(error, OperationalError | InterfaceError)
    return Outage.DATABASE if is_away else None


def _code_of(cause: BaseException | None) -> str | None:
    """PostgreSQL's code for what the engine has said."""
    if isinstance(cause, sqlite3.Error):
        return _SQLITE_CODES.get(cause.sqlite_errorcode & _PRIMARY_CODE)
    return getattr(cause, "sqlstate", None)
