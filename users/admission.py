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
    EMAIL_CHANGE = "email_change"
    ACCOUNT_ACCESS = "account_access"
    ACCOUNT_ADDED = "account_added"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address may come in; a refusal has its code and its reason in words."""

    allowed: bool
    code: str = ""
    reason: str = ""

    def require(self, *, field: str = "email") -> None:
        """Raises RuleViolation with the reason, beside what was typed."""
        if not self.allowed:
            raise RuleViolation(self.code, self.reason, field=field)


_YES = Verdict(allowed=True)


def decide(
    address: str, way_in: WayIn, *, into: Organization | None = None, present: str = ""
) -> Verdict:
    """The verdict on one canonical address.

    `into` is the organization that invites, or in which the person is who wants this address in
    place of their `present` one.
    """
    domain = domain_of(address)
    if way_in is WayIn.INVITATION:
        return _on_invitation(domain, into)
    if way_in is WayIn.ACCOUNT_ACCESS:
        return _on_access(domain, into)
    if way_in is WayIn.ACCOUNT_ADDED:
        return _on_account(domain, into)
    if way_in is WayIn.EMAIL_CHANGE and into is not None:
        if claims.is_held_by(into, domain):
            return _YES
        if claims.is_held_by(into, domain_of(present)):
            return Verdict(
                allowed=False,
                code="domain_not_verified",
                reason=f"Your organization manages the addresses of {domain_of(present)} and has "
                f"not verified {domain}. Take an address of a domain that it has verified, or ask "
                "an Administrator to verify this one.",
            )
    if claims.is_held(domain):
        return Verdict(
            allowed=False,
            code="domain_restricted",
            reason=_RESTRICTED[way_in].format(domain=domain),
        )
    return _YES


_RESTRICTED = {
    WayIn.SIGN_UP: "An organization manages the addresses of {domain} and lets people in by "
    "invitation only. If you have a login, log in. If you have an invitation, use the link "
    "in it; if not, ask your administrator for one, or sign up with another address.",
    WayIn.EMAIL_CHANGE: "An organization manages the addresses of {domain}. Take another address, "
    "or ask its administrator for an invitation.",
}


def _on_invitation(domain: str, into: Organization | None) -> Verdict:
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


def _on_access(domain: str, into: Organization | None) -> Verdict:
    """For somebody who is no managed user of the organization that owns the account."""
    if into is not None and claims.is_held_by(into, domain):
        return Verdict(
            allowed=False,
            code="membership_required",
            reason=f"This organization manages the addresses of {domain}, so whoever has one must "
            "be a managed user. Invite them to the organization first.",
        )
    if claims.is_held(domain):
        return Verdict(
            allowed=False,
            code="domain_managed_elsewhere",
            reason=f"The addresses of {domain} are managed by an Organization, which decides where "
            "its people have access. Ask the person for another address of theirs.",
        )
    return _YES


def _on_account(domain: str, into: Organization | None) -> Verdict:
    """For the owner of an account that is to be added, who comes along."""
    if names.is_common(domain):
        return Verdict(
            allowed=False,
            code="owner_domain_common",
            reason="The owner of this account uses an address of a mail service that anybody can "
            "use. They can change it to one of a domain that your organization has verified.",
        )
    if into is None or not claims.holds(into, domain):
        return Verdict(
            allowed=False,
            code="owner_domain_not_verified",
            reason="The owner of this account has an address of a domain that your organization "
            "has not verified. Verify that domain first, or ask them to change their address.",
        )
    return _YES
