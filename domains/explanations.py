"""What a look for the proof means: whether it proves the claim, and in words what to do next."""

from collections.abc import Collection
from enum import Enum, auto

from django.conf import settings
from django.utils.text import Truncator

from domains.models import Domain, Method
from domains.probes import MISSING, Finding, Outcome
from domains.states import Seen

PATIENCE = "A change may need up to 72 hours to be seen."

# So that a sentence fits its column however long the names in it are.
_LONGEST_NAME = 100


def proves(domain: Domain, answer: Finding) -> bool:
    """Whether the exact value stands at the exact place."""
    return _match(domain, answer) is _Match.EXACT


def resembles(domain: Domain, answer: Finding) -> bool:
    """Whether something of the value stands at that place, right or not."""
    return _match(domain, answer) is not _Match.NONE


def weigh(domain: Domain, findings: Collection[Finding]) -> tuple[Seen, Finding]:
    """What several resolvers say together, and the finding that tells it best.

    One that has the proof is enough. Missing it is only where every one that was asked says so.
    """
    for finding in findings:
        if proves(domain, finding):
            return Seen.THERE, finding
    unknown = [one for one in findings if one.outcome not in MISSING]
    if unknown:
        return Seen.UNKNOWN, unknown[0]
    [first, *_] = findings
    return Seen.MISSING, first


def explain(domain: Domain, method: Method, answer: Finding, hint: str = "") -> str:
    """What a look found, and then the hint, or else what is usually to be done about it."""
    if answer.outcome is Outcome.FOUND:
        fact, advice = _FOUND[method][_match(domain, answer)]
    else:
        fact, advice = _NOT_FOUND[answer.outcome]
    name = domain.name if method == Method.HTTPS else domain.record_name
    said = fact.format(name=shorten(name), prefix=settings.DOMAIN_TXT_PREFIX)
    return f"{said} {hint or advice}".strip()


def shorten(name: str) -> str:
    """A name as sentences here have it."""
    return Truncator(name).chars(_LONGEST_NAME)


class _Match(Enum):
    """How near to the value the nearest of the texts comes."""

    EXACT = auto()
    BARE = auto()
    AMONG_OTHERS = auto()
    NONE = auto()


def _match(domain: Domain, answer: Finding) -> _Match:
    if answer.outcome is not Outcome.FOUND:
        return _Match.NONE
    token = domain.token.encode()
    if domain.record_value.encode() in answer.texts:
        return _Match.EXACT
    if any(text.strip(b" \"'") == token for text in answer.texts):
        return _Match.BARE
    is_among = any(token in text for text in answer.texts)
    return _Match.AMONG_OTHERS if is_among else _Match.NONE


_FOUND = {
    Method.DNS: {
        _Match.EXACT: ("The record was found at {name}.", ""),
        _Match.BARE: (
            "The value at {name} lacks its beginning, {prefix}.",
            "Copy the whole value.",
        ),
        _Match.AMONG_OTHERS: (
            "The record at {name} holds the value among other characters, such as quotation marks "
            "or spaces.",
            "The record's whole text must be the value.",
        ),
        _Match.NONE: (
            "There is a TXT record at {name}, but with another value.",
            "Replace it with the value shown here, or add a second TXT record. " + PATIENCE,
        ),
    },
    Method.HTTPS: {
        _Match.EXACT: ("The file was found on the website of {name}.", ""),
        _Match.BARE: (
            "The value in the file on the website of {name} lacks its beginning, {prefix}.",
            "Copy the whole value.",
        ),
        _Match.AMONG_OTHERS: (
            "The file on the website of {name} holds the value among other characters.",
            "The file's whole content must be the value, without any markup.",
        ),
        _Match.NONE: (
            "The website of {name} has something else in place of the file.",
            "Put the file there exactly as it was downloaded, under its own name.",
        ),
    },
}

_NOT_FOUND = {
    Outcome.NO_NAME: (
        "There is no record named {name} yet.",
        "Add it at your DNS host. " + PATIENCE,
    ),
    Outcome.NO_RECORD: (
        "The name {name} exists but has no TXT record.",
        "Add one with the value shown here.",
    ),
    Outcome.ALIAS: (
        "The name {name} is an alias (CNAME) of another name.",
        "Remove the alias; the TXT record must be at this name itself.",
    ),
    Outcome.TIMED_OUT: (
        "The name servers of this domain did not answer in time.",
        "Nothing has changed; try again in a few minutes.",
    ),
    Outcome.REFUSED: (
        "The name servers refused to answer for this domain.",
        "Nothing has changed; ask your DNS host whether they serve the domain.",
    ),
    Outcome.SERVER_FAILED: (
        "The name servers of this domain answered with an error.",
        "Nothing has changed; try again later, or ask your DNS host whether the zone is in order.",
    ),
    Outcome.UNREADABLE: (
        "The name servers of this domain sent an answer that cannot be read.",
        "Nothing has changed; ask your DNS host whether the zone is in order.",
    ),
    Outcome.NO_WEBSITE: (
        "There is no website at {name}: the name has no address.",
        "Publish the DNS record instead, or set the website up first.",
    ),
    Outcome.WEBSITE_UNKNOWN: (
        "The name servers of {name} did not say where its website is.",
        "Nothing has changed; try again in a few minutes.",
    ),
    Outcome.NOT_PUBLIC: (
        "The website of {name} is not on the public internet, so nobody asked it for the file.",
        "Nothing has changed; publish the DNS record instead.",
    ),
    Outcome.NO_CONNECTION: (
        "The website of {name} cannot be reached by HTTPS.",
        "Nothing has changed; make sure that everybody can open it, then try again.",
    ),
    Outcome.BAD_CERTIFICATE: (
        "The certificate of the website of {name} is not valid for this name now.",
        "Nothing has changed; renew the certificate, or publish the DNS record instead.",
    ),
    Outcome.NO_FILE: (
        "The website of {name} does not have the file yet.",
        "Put it into the topmost folder of the website, under the name that it was downloaded by.",
    ),
    Outcome.REDIRECTED: (
        "The website of {name} leads elsewhere instead of answering with the file.",
        "Let it answer with the file itself, or publish the DNS record instead.",
    ),
    Outcome.OTHER_STATUS: (
        "The website of {name} answered with an error instead of the file.",
        "Nothing has changed; make sure that everybody can open the file, then try again.",
    ),
    Outcome.TOO_LARGE: (
        "What the website of {name} has in place of the file is far too large.",
        "Put the file there exactly as it was downloaded, under its own name.",
    ),
    Outcome.TOO_SLOW: (
        "The website of {name} did not answer in time.",
        "Nothing has changed; try again in a few minutes.",
    ),
    Outcome.GARBLED: (
        "The website of {name} sent an answer that cannot be read.",
        "Nothing has changed; make sure that everybody can open the file, then try again.",
    ),
}
