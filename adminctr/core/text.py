"""What people may write in a name, and how it may leave in a mail."""

import re
import unicodedata

from django.core.exceptions import ValidationError

# Bidirectional overrides and isolates turn text around and hide what is there; they have no
# place in a one-line name. Zero-width joiners stay: some scripts need them.
_REFUSED_FORMAT = frozenset("\u200b\u200e\u200f\u2028\u2029\u2060\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_LINK_MARKS = re.compile(r"[:/\\<>]+")
_DOT_INSIDE = re.compile(r"\.(?=\S)")
_MAIL_NAME_LENGTH = 64


def plain_line(text: str) -> str:
    """One line of visible text with its outer spaces removed, in Unicode's composed form.

    Raises ValidationError for control characters, line breaks and turned-around text.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    for character in composed:
        if unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}:
            raise ValidationError("Remove the control characters.", code="control_characters")
        if character in _REFUSED_FORMAT:
            raise ValidationError("Remove the invisible characters.", code="invisible_characters")
    return composed


def sort_key(text: str) -> str:
    """The form of a name that lists sort and search by."""
    return unicodedata.normalize("NFKC", text).casefold().strip()[:255]


def name_in_mail(name: str) -> str:
    """A name somebody else wrote, shortened and unable to become a link in a mail program."""
    unlinked = _DOT_INSIDE.sub(". ", _LINK_MARKS.sub(" ", name))
    return " ".join(unlinked.replace("@", " ").split())[:_MAIL_NAME_LENGTH]
