"""Looking for the proof of a domain where it must stand, and around it for what went wrong."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from adminctr.core.addresses import canonical_domain
from adminctr.core.errors import RuleViolation
from domains import explanations, files, names, probes
from domains.explanations import shorten
from domains.models import Domain, Method
from domains.probes import MISSING, Finding, Outcome

# Somebody waits for the answer: five seconds, of which the page needs some.
_SECONDS_IN_ALL = 4.5


@dataclass(frozen=True, slots=True)
class Look:
    """What stands where the proof must be, and a hint on what to do where that can be told."""

    finding: Finding
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """A name where the record may stand by mistake, and what to do then."""

    name: str
    hint: str


def look(domain: Domain, method: Method) -> Look:
    """Look now, within one budget of time for all questions."""
    if method == Method.HTTPS:
        finding = files.fetch(domain.name, domain.file_name)
        return Look(finding, _where_it_leads(domain, finding))
    until = time.monotonic() + _SECONDS_IN_ALL
    finding = probes.look_up_txt(domain.record_name)
    is_told = finding.outcome in MISSING
    if not is_told or explanations.resembles(domain, finding):
        return Look(finding)
    return Look(finding, _look_around(domain, until - time.monotonic()))


def look_again(domain: Domain) -> tuple[Finding, ...]:
    """The worker's daily look: resolver after resolver, until one leads to the proof."""
    findings = []
    for finding in _everywhere(domain):
        findings.append(finding)
        if explanations.proves(domain, finding):
            break
    return tuple(findings)


def _everywhere(domain: Domain) -> Iterator[Finding]:
    if domain.method == Method.HTTPS:
        return files.fetch_everywhere(domain.name, domain.file_name)
    return probes.look_up_txt_everywhere(domain.record_name)


def _where_it_leads(domain: Domain, finding: Finding) -> str:
    """A redirect's target, where that is a name that can be shown."""
    if finding.outcome is not Outcome.REDIRECTED:
        return ""
    try:
        target = canonical_domain(urlsplit(finding.texts[-1].decode()).hostname or domain.name)
    except (RuleViolation, ValueError):
        return ""
    here = shorten(domain.name)
    if target == domain.name:
        return f"It leads to another address of {here}. Let it answer with the file itself."
    return f"It leads to {shorten(target)}. Let {here} itself answer with the file."


def _look_around(domain: Domain, seconds: float) -> str:
    """The hint for the first of the other places where the value stands; all are asked at once."""
    places = list(_other_places(domain))
    with ThreadPoolExecutor(len(places)) as pool:
        found = list(pool.map(lambda place: probes.look_up_txt(place.name, seconds), places))
    for place, finding in zip(places, found, strict=True):
        if explanations.resembles(domain, finding):
            return place.hint
    return ""


def _other_places(domain: Domain) -> Iterator[_Place]:
    """The domain itself, what a DNS host makes of a whole name, and what people mix up."""
    label, name, right = settings.DOMAIN_TXT_LABEL, domain.name, domain.record_name
    zones = _zones(name)
    yield _misplaced(name, right, " itself")
    for zone in zones:
        yield _doubled(right, zone)
    for zone in zones[1:]:
        yield _misplaced(f"{label}.{zone}", right)
    for mixed_up in (f"{label}.www.{name}", f"www.{name}", f"{label.strip('_')}.{name}"):
        yield _misplaced(mixed_up, right)


def _zones(name: str) -> list[str]:
    """The names that DNS hosts may manage this one under; a mail service's own is not asked."""
    zones = names.zones_of(name)
    return [zone for zone in zones if zone == name or not names.is_common(zone)]


def _misplaced(name: str, right: str, itself: str = "") -> _Place:
    hint = f"The value was found at {shorten(name)}{itself}. Move it to the name {shorten(right)}."
    return _Place(name, hint)


def _doubled(right: str, zone: str) -> _Place:
    name, typed = f"{right}.{zone}", right.removesuffix(f".{zone}")
    hint = (
        f"Your DNS host added the domain by itself: the record was found at {shorten(name)}. "
        f"Enter just {shorten(typed)} as the name."
    )
    return _Place(name, hint)
