"""May this address come in, and how: the only place where that is answered."""

from dataclasses import dataclass
from enum import StrEnum

from adminctr.core.addresses import domain_of
from adminctr.core.errors import RuleViolation
from domains import claims, names
from organizations.models import Organization


class WayIn(StrEnum):
    """The ways in; every one of them asks `decide`."""

    SIGN_UP = "sign_up"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address may come in; a refusal has its code and its reason in words."""

    allowed: bool
    code: str = ""
    reason: str = ""

    def require(self) -> None:
        """Raises RuleViolation with the reason, beside the address."""
        if not self.allowed:
            raise RuleViolation(self.code, self.reason, field="email")


_YES = Verdict(allowed=True)


def decide(address: str, way_in: WayIn, *, into: Organization | None = None) -> Verdict:
    """The verdict on one canonical address; `into` is the organization that invites."""
    domain = domain_of(address)
    if way_in is WayIn.INVITATION:
        if names.is_common(domain):
            return Verdict(
                allowed=False,
                code="domain_common",
                reason=f"{domain} is a mail service that anybody can use; it cannot be verified. "
                "Invite an address of a domain that your organization has verified.",
            )
        if into is None or not claims.holds(into, domain):
            return Verdict(
                allowed=False,
                code="domain_not_verified",
                reason=f"Your organization has not verified {domain}. Verify it under Domains "
                "first, or invite an address of a domain that is verified.",
            )
        return _YES
    if claims.is_held(domain):
        return Verdict(
            allowed=False,
            code="domain_restricted",
            reason=f"An organization manages the addresses of {domain} and lets people in by "
            "invitation only. If you have a login, log in. If you have an invitation, use the link "
            "in it; if not, ask your administrator for one, or sign up with another address.",
        )
    return _YES
