"""Recovery codes: each stands in once for a second factor that is out of reach."""

import json
import secrets as randomness

from adminctr.core.tokens import hash_token
from users import secrets

HOW_MANY = 10
CODE_LENGTH = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_MIDDLE = CODE_LENGTH // 2


def make() -> list[str]:
    """Codes of some 49 random bits each, as people read them."""
    return [_make_one() for _ in range(HOW_MANY)]


def seal(codes: list[str]) -> str:
    """What is kept of them: their hashes, encrypted."""
    return _seal([hash_token(plain(code)) for code in codes])


def left(sealed: str) -> int:
    """How many were not used yet. Raises secrets.Unreadable."""
    return len(_open(sealed))


def without(sealed: str, code: str) -> str | None:
    """What is left when this one is used; None where it is not among them.

    Raises secrets.Unreadable.
    """
    hashes, used = _open(sealed), hash_token(plain(code))
    if used not in hashes:
        return None
    return _seal([one for one in hashes if one != used])


def plain(code: str) -> str:
    """A code without what people add or leave out when they type it."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def _make_one() -> str:
    signs = "".join(randomness.choice(_SIGNS) for _ in range(CODE_LENGTH))
    return f"{signs[:_MIDDLE]}-{signs[_MIDDLE:]}"


def _seal(hashes: list[str]) -> str:
    return secrets.encrypt(json.dumps(hashes))


def _open(sealed: str) -> list[str]:
    hashes: list[str] = json.loads(secrets.decrypt(sealed))
    return hashes
