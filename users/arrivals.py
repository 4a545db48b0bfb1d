"""Where somebody arrives who signs up: said on the page before they finish, and done after."""

from dataclasses import dataclass

from adminctr.core.errors import RuleViolation
from adminctr.core.tenancy import tenant
from invitations.models import Invitation
from invitations.standing import inviter_may
from organizations.models import Organization, Role
from users.admission import Verdict, decide
from users.models import WayIn


@dataclass(frozen=True, slots=True)
class Arrival:
    """What comes of signing up with one address.

    An invitation that could be accepted at this moment is accepted by it: both prove the same
    address, and who was invited as an Administrator is expected to be one.
    """

    verdict: Verdict
    invitation: Invitation | None = None

    @property
    def organization(self) -> Organization | None:
        """Whose member they become; None for who gets an organization of their own."""
        return self.verdict.joins

    @property
    def organization_sid(self) -> str:
        return self.organization.sid if self.organization else ""

    @property
    def role(self) -> Role:
        """What they are in the organization that they join."""
        return Role(self.invitation.role) if self.invitation else Role.STANDARD

    def require_agreed(self, joining: str) -> None:
        """`joining` is the SID of the organization that they were told they join, or empty.

        Raises RuleViolation: consent_outdated, or why the address may not come in.
        """
        self.verdict.require()
        if self.organization_sid != joining:
            raise consent_outdated()


def arrival_of(email: str) -> Arrival:
    """As things stand now; signing up asks again under the lock of the organization."""
    verdict = decide(email, WayIn.SIGN_UP)
    if verdict.joins is None:
        return Arrival(verdict)
    with tenant(verdict.joins):
        return Arrival(verdict, _acceptable(email))


def consent_outdated() -> RuleViolation:
    return RuleViolation(
        "consent_outdated", "What signing up means for you has changed. Read it again."
    )


def _acceptable(email: str) -> Invitation | None:
    invitations = Invitation.objects.pending().to(email)
    waiting = invitations.select_related("organization", "account").first()
    stands = waiting and not waiting.is_expired() and inviter_may(waiting)
    return waiting if stands else None
