"""What people may write in a name, and how it may leave in a mail."""

import re
import unicodedata

from django.core.exceptions import ValidationError

_JOINERS = frozenset("\u200c\u200d")  # some scripts need them; other format marks hide or turn text
_LINE_ENDS = frozenset("\u2028\u2029")
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols with nothing to see
_VISIBLE = frozenset("LNPS")
_MOST_MARKS = 4  # on one letter; no script needs more, and a pile of them covers the lines around
_LINK_MARKS = re.compile(r"[:/\\<>]+")
_DOT_INSIDE = re.compile(r"\.(?=\S)")
_MAIL_NAME_LENGTH = 64


def plain_line(text: str) -> str:
    """One line of visible text with its outer spaces removed, in Unicode's composed form.

    Raises ValidationError for control characters, line breaks and turned-around text.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    marks = 0
    for character in composed:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Co", "Cn"}:
            raise ValidationError("Remove the control characters.", code="control_characters")
        if _is_invisible(character, category):
            raise ValidationError("Remove the invisible characters.", code="invisible_characters")
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MOST_MARKS:
            raise ValidationError("Remove some of the accents.", code="too_many_marks")
    if composed and not any(unicodedata.category(one)[0] in _VISIBLE for one in composed):
        raise ValidationError("Write something that can be seen.", code="invisible_characters")
    return composed


def _is_invisible(character: str, category: str) -> bool:
    if character in _LINE_ENDS or character in _FILLERS:
        return True
    return category == "Cf" and character not in _JOINERS


def sort_key(text: str) -> str:
    """The form of a name that lists sort and search by."""
    return unicodedata.normalize("NFKC", text).casefold().strip()[:255]


def name_in_mail(name: str) -> str:
    """A name somebody else wrote, shortened and unable to become a link in a mail program."""
    unlinked = _DOT_INSIDE.sub(". ", _LINK_MARKS.sub(" ", name))
    return " ".join(unlinked.replace("@", " ").split())[:_MAIL_NAME_LENGTH]
