"""Hashing, which is slow on purpose and so happens before a transaction opens."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore
from typing import NewType

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password

from adminctr.core.outages import Crowded

PasswordHash = NewType("PasswordHash", str)

# One core for each process, however many log in at once: the others' pages need the rest.
_turn = Semaphore(1)
# Whoever waits holds a thread: half of them stay free for pages, whoever floods the log-in.
_places = Semaphore(max(1, settings.WEB_THREADS // 2))


class OneAtATimeHasher(Argon2PasswordHasher):
    """Argon2id with the first parameters that OWASP's Password Storage Cheat Sheet recommends.

    46 MiB, one pass, one lane: strong enough, and no crowd at the log-in takes all of the memory.
    """

    memory_cost = 46 * 1024
    time_cost = 1
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _in_turn():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _in_turn():
            return bool(super().verify(password, encoded))


@contextmanager
def _in_turn() -> Iterator[None]:
    """Raises Crowded where too many wait already."""
    if not _places.acquire(blocking=False):
        raise Crowded("Too many passwords are being checked.")
    try:
        with _turn:
            yield
    finally:
        _places.release()


def digest_of(stored: str) -> str:
    """What tells whether a hash is the one that it was, without keeping it twice."""
    return hashlib.sha256(stored.encode()).hexdigest()


def hash_password(raw: str) -> PasswordHash:
    return PasswordHash(make_password(raw))
