"""Public identifiers: two letters and 32 random lower-case hex digits, in the original's form."""

import re
import secrets
from functools import partial
from typing import Any

from django.urls.converters import StringConverter

from adminctr.core.columns import TextColumn

SID_PATTERN = r"[A-Z]{2}[0-9a-f]{32}"
_SID = re.compile(SID_PATTERN)


def make_sid(prefix: str) -> str:
    """A new SID such as AC0f…; 128 random bits, so it cannot be guessed."""
    return prefix + secrets.token_hex(16)


def is_sid(text: str, prefix: str = "") -> bool:
    return bool(_SID.fullmatch(text)) and text.startswith(prefix)


class SidField(TextColumn):
    """The SID of a row, made once when the row is."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options |= {"max_length": 34, "unique": True, "editable": False}
        options |= {"default": partial(make_sid, prefix), "verbose_name": "SID"}
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _, options = super().deconstruct()
        for given in ("max_length", "unique", "editable", "default", "verbose_name"):
            options.pop(given, None)
        return name, path, [self.prefix], options


class SidConverter(StringConverter):
    """The path converter `<sid:…>`; anything else is a 404 before a view is asked."""

    regex = SID_PATTERN
