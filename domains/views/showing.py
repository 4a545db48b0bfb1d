"""How domains and their checks stand on pages, in words."""

from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from adminctr.core.addresses import readable_domain
from adminctr.core.mail import link as absolute_link
from adminctr.web.display import moment
from domains import claims, explanations, names, record_links
from domains.dns_hosts import DNS_HOSTS
from domains.forms import ASK, WAYS
from domains.models import Domain, DomainCheck, DomainStatus, Method

_TONES = {
    DomainStatus.UNVERIFIED: "neutral",
    DomainStatus.VERIFIED: "success",
    DomainStatus.UNCERTAIN: "warning",
}
_WAY_LABELS = {Method.DNS.value: "DNS", Method.HTTPS.value: "HTTPS", ASK: "I am not sure"}


def status_of(domain: Domain) -> str:
    """The state in a few words, with the days that are left where they count."""
    label = str(domain.get_status_display())
    if domain.days_left is None:
        return label
    return f"{label}, {domain.days_left} day{'' if domain.days_left == 1 else 's'} left"


def tone_of(domain: Domain) -> str:
    return _TONES[DomainStatus(domain.status)]


def address_of(domain: Domain, way: str) -> str:
    """The page of a domain, with one way to prove it open."""
    url = domain.get_absolute_url()
    return f"{url}?{urlencode({'way': way})}" if way in dict(WAYS) else url


def in_list(domain: Domain, *, is_shared: bool) -> dict[str, Any]:
    return {
        "url": domain.get_absolute_url(),
        "name": readable_domain(domain.name),
        "status": status_of(domain),
        "tone": tone_of(domain),
        "is_shared": is_shared,
        "method": domain.get_method_display() if domain.is_held() else "",
        "added": moment(domain.created_at),
        "verified": moment(domain.verified_at, never="Not yet"),
        "checked": moment(domain.checked_at),
    }


def detail(domain: Domain, way: str) -> dict[str, Any]:
    """Everything about one domain, with `way` as the open way to prove it."""
    way = way if way in _WAY_LABELS else domain.method
    return _proof(domain) | {
        "way": way,
        "ways": [
            {"label": label, "url": address_of(domain, value), "current": value == way}
            for value, label in _WAY_LABELS.items()
        ],
        "status": status_of(domain),
        "tone": tone_of(domain),
        "is_shared": domain.is_held() and claims.is_shared(domain.name),
        "setting": domain.organization.get_domain_setting_display(),
        "added": moment(domain.created_at),
        "verified": moment(domain.verified_at, never="Not yet"),
        "proven": moment(domain.proven_at, never="Not yet"),
        "checked": moment(domain.checked_at),
        "next_check": moment(domain.next_check_at, never="When you check it"),
        "is_missing": domain.missing_since is not None,
        "warning": _warning(domain),
        "patience": explanations.PATIENCE,
        "hosts": DNS_HOSTS,
    }


def _warning(domain: Domain) -> dict[str, str] | None:
    """What is wrong with the proof, and what comes of it if nobody does anything."""
    name = readable_domain(domain.name)
    if domain.is_uncertain():
        return {
            "tone": "danger",
            "title": "The verification record is missing",
            "text": f"{domain.check_result} Until it is back, nobody new can join with an "
            f"address of {name}. If it is not back by {moment(domain.lost_on).text}, the "
            "domain is no longer verified and its people are removed, except the Owner.",
        }
    if domain.missing_since is not None:
        doubted_from = domain.missing_since + settings.DOMAIN_MISSING_FOR
        return {
            "tone": "warning",
            "title": "The verification record was not found",
            "text": f"{domain.check_result} It was last seen on {moment(domain.proven_at).text}. "
            f"If it is not back by {moment(doubted_from).text}, the verification becomes "
            "uncertain.",
        }
    if domain.lost_at is not None:
        return {
            "tone": "warning",
            "title": f"Lost on {moment(domain.lost_at).text}",
            "text": f"{name} is no longer verified, and its people were removed. Verify it "
            "again, and you can bring them back in one step.",
        }
    if domain.check_result and not domain.is_held():
        return {"tone": "warning", "title": "Not verified yet", "text": domain.check_result}
    return None


def check(one: DomainCheck) -> dict[str, Any]:
    return {
        "sid": one.sid,
        "at": moment(one.at),
        "by": one.by,
        "method": one.get_method_display(),
        "is_proof": one.is_proof,
        "meaning": one.meaning,
        "server": one.server,
        "ttl": one.ttl,
        "answer": one.answer,
    }


def mail_to_a_colleague(domain: Domain, sender: str) -> dict[str, Any]:
    """The mail to the IT department, to be copied or opened in a mail program."""
    link = absolute_link(record_links.path_for(domain))
    name = readable_domain(domain.name)
    subject = f"Please publish a DNS record for {name}"
    text = (
        f"Hello,\n\n{domain.organization.name} is proving on {settings.PRODUCT_NAME} that "
        f"{name} is ours. For that, please add this record at our DNS host:\n\n"
        f"Type: TXT\nName: {domain.record_name}\nValue: {domain.record_value}\nTTL: 3600\n\n"
        f"{_typed_in_words(domain)} The record must stay: it is checked every day.\n\n"
        "This page shows the record again and checks whether it is there. It needs no login:\n"
        f"{link}\n\nThank you\n{sender}\n"
    )
    return {
        "mail_subject": subject,
        "mail_text": text,
        "mail_link": f"mailto:?subject={quote(subject)}&body={quote(text)}",
        "record_link": link,
        "record_link_days": settings.DOMAIN_LINK_LIFETIME.days,
    }


def for_colleague(domain: Domain) -> dict[str, Any]:
    """The record, and nothing else."""
    return _proof(domain) | {"patience": explanations.PATIENCE, "hosts": DNS_HOSTS}


def _proof(domain: Domain) -> dict[str, Any]:
    return {
        "domain": domain,
        "name": readable_domain(domain.name),
        "typed": _typed(domain),
    }


def _typed(domain: Domain) -> list[dict[str, str]]:
    """What is left to type where a DNS host adds its zone; most manage the registered name."""
    return [
        {"zone": readable_domain(zone), "label": domain.record_name.removesuffix(f".{zone}")}
        for zone in reversed(names.zones_of(domain.name))
    ]


def _typed_in_words(domain: Domain) -> str:
    return " ".join(
        f"If the form adds {one['zone']} to names by itself, enter just {one['label']}."
        for one in _typed(domain)
    )
