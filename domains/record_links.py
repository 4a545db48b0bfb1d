"""The link for a colleague who is to publish the proof: it shows the record, and nothing else."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from domains.models import Domain

_SALT = "domain-record"


def path_for(domain: Domain) -> str:
    """Good until the domain is removed, for thirty days at most; nothing is stored."""
    return reverse("domains:record", args=[signing.dumps(domain.sid, salt=_SALT)])


def find(token: str) -> Domain | None:
    try:
        sid = signing.loads(token, salt=_SALT, max_age=settings.DOMAIN_LINK_LIFETIME)
    except signing.BadSignature:
        return None
    return Domain.unscoped.select_related("organization").filter(sid=sid).first()
