"""The one canonical form of domain names and e-mail addresses, made once at every edge.

Domain: ASCII A-label by IDNA 2008, without a trailing dot. Address: the local part in lower
case, ASCII only, plus-tags and dots kept as they are. Nothing is guessed: a spelling that
IDNA 2008 does not know is refused rather than mapped to a name that somebody else may hold.
"""

import ipaddress
import re
import string
import unicodedata
from io import StringIO

import idna

from adminctr.core.errors import RuleViolation

ADDRESS_LENGTH = 160
DOMAIN_LENGTH = 253

# What stands for the domain of somebody who was deleted; nobody can ever have an address of it.
DELETED_DOMAIN = "deleted.invalid"

_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_OTHER_DOTS = frozenset("\u3002\uff0e\uff61")  # the idna package splits at them without a word
# One of a list, as mail programs write it, with what stands between it and the next. A name may
# hold a comma where semicolons stand between two, and anything between quotation marks.
_LISTED = r"""
    (?: (?: "[^"]*+"\s*+ | '[^']*+'\s*+ | [^"<>@{marks}]*+ ) < \s*+ (?P<named> {one} ) \s*+ >
      | (?P<plain> {one} ) )
    (?: [\s,;]++ | $ )"""
_ONE = r"""[^\s,;<>@"]++ @ [^\s,;<>@"]++"""
_AMONG_COMMAS, _AMONG_SEMICOLONS = (
    re.compile(_LISTED.format(marks=marks, one=_ONE), re.VERBOSE) for marks in (",;", ";")
)
_AROUND = " \t\r\n\"'"  # a piece may stand between quotation marks
_TOP_LABEL = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_SCRIPTS_WRITTEN_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
# Letters that Unicode names by no script, with the scripts beside which they are at home.
_MARKS_OF_SCRIPTS = {
    "KATAKANA-HIRAGANA": frozenset({"HIRAGANA", "KATAKANA"}),
    "IDEOGRAPHIC": frozenset({"CJK"}),
}


def canonical_domain(text: str) -> str:
    """The A-label form of a domain name.

    Raises RuleViolation: domain_blank, domain_is_url, domain_is_address, domain_wildcard,
    domain_is_ip, domain_invalid, domain_single_label, domain_mixed_scripts.
    """
    name = text.strip(" \t\r\n").translate(_TO_LOWER).removesuffix(".")
    if not name:
        raise _refused("domain_blank", "Enter a domain name, such as example.com.")
    if "://" in name or "/" in name or name.startswith(("http:", "https:")):
        raise _refused("domain_is_url", "Enter the domain name alone, without https:// or a path.")
    if "@" in name:
        raise _refused("domain_is_address", "Enter the part after the @ alone.")
    if "*" in name:
        raise _refused("domain_wildcard", "Enter one exact domain name, without a wildcard.")
    if _is_ip(name):
        raise _refused("domain_is_ip", "Enter a domain name, not an IP address.")
    encoded = _to_a_labels(name)
    if "." not in encoded:
        raise _refused("domain_single_label", "Enter a whole domain name, such as example.com.")
    if not _TOP_LABEL.fullmatch(encoded.rpartition(".")[2]):
        raise _refused("domain_invalid", "No such domain name can exist on the internet.")
    return encoded


def canonical_address(text: str) -> str:
    """The canonical form of an e-mail address.

    Raises RuleViolation: address_blank, address_invalid, address_not_ascii, address_too_long.
    """
    address = text.strip(" \t\r\n")
    if not address:
        raise _address_refused("address_blank", "Enter an email address.")
    local, at, domain = address.rpartition("@")
    local = local.translate(_TO_LOWER)
    if not at or domain.endswith("."):
        raise _address_refused("address_invalid", "Enter an address such as name@example.com.")
    if not local.isascii():
        raise _address_refused(
            "address_not_ascii", "Use plain letters, digits and signs in the part before the @."
        )
    # An encoded word (=?…?=) would be decoded to another address by a mail program.
    if len(local) > 64 or "=?" in local or not _LOCAL_PART.fullmatch(local):
        raise _address_refused("address_invalid", "Enter one address such as name@example.com.")
    try:
        canonical = f"{local}@{canonical_domain(domain)}"
    except RuleViolation as refused:
        raise _address_refused("address_invalid", f"After the @: {refused.message}") from refused
    if len(canonical) > ADDRESS_LENGTH:
        raise _address_refused(
            "address_too_long", f"Use an address of at most {ADDRESS_LENGTH} characters."
        )
    return canonical


def listed_addresses(text: str) -> list[tuple[int, str]] | None:
    """The addresses in a text that begins with one, each with its line; None for any other text.

    They are taken as they stand, out of the angle brackets where a name is written before them.
    What stands among them and is none comes along as it is, so that it can be told by itself; but
    where no line holds addresses alone, the text is a table without the names of its columns.
    """
    if "@" not in text.lstrip().partition("\n")[0]:
        return None
    found: list[tuple[int, str]] = []
    is_list = False
    for number, line in enumerate(StringIO(text, newline=None), start=1):
        in_line = _addresses_in(line.strip())
        is_list = is_list or bool(in_line)
        pieces = _pieces_of(line) if in_line is None else in_line
        found += [(number, piece) for piece in pieces]
    return found if is_list else None


def domain_of(address: str) -> str:
    """The domain of a canonical address."""
    return address.rpartition("@")[2]


def readable_domain(name: str) -> str:
    """A canonical domain as people write it, such as bücher.example."""
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def _addresses_in(line: str) -> list[str] | None:
    listed = _AMONG_SEMICOLONS if ";" in line else _AMONG_COMMAS
    found: list[str] = []
    place = len(line) - len(line.lstrip(",; \t"))
    while place < len(line):
        one = listed.match(line, place)
        if one is None:
            return None
        found.append(one["named"] or one["plain"])
        place = one.end()
    return found


def _pieces_of(line: str) -> list[str]:
    """What stands in a line that holds more than addresses.

    One address with something beside it may be a row of a table, and stays one piece.
    """
    pieces = [piece.strip(_AROUND) for piece in line.split(";" if ";" in line else ",")]
    if sum("@" in piece for piece in pieces) < 2:
        return [line.strip(_AROUND)]
    return [one for piece in pieces if piece for one in _addresses_in(piece) or [piece]]


def _to_a_labels(name: str) -> str:
    if len(name) > DOMAIN_LENGTH:
        raise _refused("domain_invalid", f"Use at most {DOMAIN_LENGTH} characters.")
    if _OTHER_DOTS.intersection(name):
        raise _refused("domain_invalid", "Separate the parts of the name with plain dots.")
    labels = name.split(".")
    if not all(labels):
        raise _refused("domain_invalid", "Remove the empty part between two dots.")
    encoded = ".".join(_to_a_label(label) for label in labels)
    if len(encoded) > DOMAIN_LENGTH:
        raise _refused("domain_invalid", f"Use at most {DOMAIN_LENGTH} characters.")
    return encoded


def _to_a_label(label: str) -> str:
    try:
        readable = idna.decode(label) if label.startswith("xn--") else label
        encoded = idna.encode(readable).decode("ascii")
    except (idna.IDNAError, UnicodeError) as invalid:
        raise _refused(
            "domain_invalid",
            "Use lower-case letters, digits and hyphens; no spaces or signs.",
        ) from invalid
    if not label.isascii() or label.startswith("xn--"):
        _refuse_mixed_scripts(readable)
    return encoded


def _refuse_mixed_scripts(label: str) -> None:
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in label if letter.isalpha()}
    scripts -= {mark for mark, home in _MARKS_OF_SCRIPTS.items() if home & scripts}
    if len(scripts) > 1 and not any(scripts <= together for together in _SCRIPTS_WRITTEN_TOGETHER):
        raise _refused("domain_mixed_scripts", "Do not mix alphabets in one part of a domain name.")


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field="name")


def _address_refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field="email")
