"""How domains are written down: in the audit trail, and check by check."""

from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from audit import log
from domains import explanations
from domains.models import Domain, DomainCheck, Method
from domains.probes import Finding

MOST_TEXTS = 10
TEXT_LENGTH = 255


def note(domain: Domain, action: str, actor: Actor, **details: str) -> None:
    """Record what an operation did to a domain."""
    log.record(
        action,
        domain.organization,
        actor=actor,
        subject_sid=domain.sid,
        subject=readable_domain(domain.name),
        **details,
    )


def check_of(
    domain: Domain, method: Method, finding: Finding, hint: str = "", *, by: str
) -> DomainCheck:
    """One look as its row, which is not written yet, with what it means.

    What came back is cut to what people read.
    """
    return DomainCheck(
        organization_id=domain.organization_id,
        domain=domain,
        by=by,
        method=method,
        outcome=finding.outcome,
        is_proof=explanations.proves(domain, finding),
        server=finding.server,
        ttl=finding.ttl,
        answer=[_readable(text) for text in finding.texts[:MOST_TEXTS]],
        meaning=explanations.explain(domain, method, finding, hint),
    )


def _readable(text: bytes) -> str:
    """Whatever bytes a stranger's server sends, as text that every database keeps."""
    return text[:TEXT_LENGTH].decode(errors="backslashreplace").replace("\0", "\\x00")[:TEXT_LENGTH]
