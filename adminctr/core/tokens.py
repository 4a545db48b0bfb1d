"""Tokens of mailed links: recomputed when a mail is sent, stored only as a hash.

A token is an HMAC over its purpose, the row's SID and the row's generation, so a repeated mail
carries the same link, a new generation kills the old one, and no token is ever stored.
"""

import hashlib

from django.urls.converters import StringConverter
from django.utils.crypto import salted_hmac

from adminctr.core.errors import RuleViolation


def make_token(purpose: str, sid: str, generation: int = 1) -> str:
    """64 hex digits that only this installation can make."""
    digest = salted_hmac(f"link:{purpose}", f"{sid}:{generation}", algorithm="sha256")
    return digest.hexdigest()


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def dead_link() -> RuleViolation:
    """The one wording for a link that is unknown, used, replaced, withdrawn or expired."""
    return RuleViolation(
        "link_dead",
        "It may have been used, replaced by a newer one, withdrawn or cut off by a mail program, "
        "or it has expired.",
    )


class TokenConverter(StringConverter):
    """The path converter `<link_token:…>`: any text, since mail programs cut and extend links."""

    regex = r"[^/\x00]{1,200}"
