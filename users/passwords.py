"""Hashing, which is slow on purpose and so happens before a transaction opens."""

from typing import NewType

from django.contrib.auth.hashers import make_password

PasswordHash = NewType("PasswordHash", str)


def hash_password(raw: str) -> PasswordHash:
    return PasswordHash(make_password(raw))
