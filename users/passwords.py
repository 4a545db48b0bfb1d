"""Hashing, which is slow on purpose and so happens before a transaction opens."""

from threading import Semaphore
from typing import NewType

from django.contrib.auth.hashers import Argon2PasswordHasher, make_password

PasswordHash = NewType("PasswordHash", str)

# One core for each process, however many log in at once: the others' pages need the rest.
_turn = Semaphore(1)


class OneAtATimeHasher(Argon2PasswordHasher):
    """Argon2id with the first parameters that OWASP's Password Storage Cheat Sheet recommends.

    46 MiB, one pass, one lane: strong enough, and no crowd at the log-in takes all of the memory.
    """

    memory_cost = 46 * 1024
    time_cost = 1
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        with _turn:
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        with _turn:
            return bool(super().verify(password, encoded))


def hash_password(raw: str) -> PasswordHash:
    return PasswordHash(make_password(raw))
