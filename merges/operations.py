"""Organizations becoming one."""

from dataclasses import dataclass

from accounts import limits
from accounts.models import Account, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import operation
from adminctr.core.tenancy import Tenant
from audit import log
from domains.models import Domain
from invitations.models import Invitation
from merges.absorption import is_absorbable
from organizations import stays
from organizations.models import Membership, Organization, lock_all


@dataclass(frozen=True, slots=True)
class Absorption:
    """A one-person organization and the one that its Owner joins."""

    organization: Organization
    into: Organization


def both(absorption: Absorption) -> tuple[Tenant, ...]:
    return (absorption.organization, absorption.into)


@operation(both)
def absorb(absorption: Absorption, *, actor: Actor) -> None:
    """Move the accounts of a one-person organization and end it; its Owner has no stay then.

    Called by accepting, which has asked its Owner. Raises NotAllowed, or RuleViolation:
    merge_needed, account_limit.
    """
    organization, into = absorption.organization, absorption.into
    lock_all(organization, into)
    if actor.user_id is None or actor.user_id != organization.owner_id:
        raise NotAllowed("Only its Owner can let an organization be absorbed.")
    if organization.ended_at is not None or not is_absorbable(organization):
        raise RuleViolation("merge_needed", "This organization is too large to be absorbed.")
    accounts = Account.objects.filter(organization=organization)
    limits.require_room(into, accounts.counted().count())

    moved = list(accounts.values_list("name", flat=True))
    managed = accounts.managed().count()
    keys = list(accounts.values_list("pk", flat=True))
    accounts.update(organization=into)
    organization.tally(managed_accounts=-managed)
    into.tally(managed_accounts=managed)
    RoleAssignment.objects.on_accounts().filter(organization=organization).update(organization=into)
    ended = _end_what_is_left(organization)
    _withdraw_requests(into, keys)
    stays.end_stay(Membership.objects.open().get(organization=organization))
    organization.owner, organization.ended_at = None, clock.now()
    organization.save(update_fields=["owner", "ended_at"])
    for concerned in (organization, into):
        log.record(
            "organization.absorbed",
            concerned,
            actor=actor,
            subject_sid=organization.sid,
            subject=organization.name,
            into=into.name,
            accounts=moved,
            **ended,
        )


def _end_what_is_left(organization: Organization) -> dict[str, list[str]]:
    """Revoke its invitations and drop its unverified domains; returns what the trail names."""
    invitations = Invitation.objects.open().filter(organization=organization)
    domains = Domain.objects.filter(organization=organization)
    named = {
        "revoked_invitations": list(invitations.values_list("email", flat=True)),
        "removed_domains": list(domains.values_list("name", flat=True)),
    }
    organization.tally(
        pending_users=-invitations.pending().count(),
        pending_accounts=-invitations.pending_accounts().count(),
    )
    invitations.update(revoked_at=clock.now())
    domains.delete()
    return named


def _withdraw_requests(into: Organization, accounts: list[int]) -> None:
    """Nobody needs to confirm any more that an account is added which is there now."""
    waiting = Invitation.objects.filter(organization=into, account__in=accounts)
    into.tally(pending_accounts=-waiting.pending_accounts().count())
    waiting.pending_accounts().update(revoked_at=clock.now())
