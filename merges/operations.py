"""Organizations becoming one."""

from dataclasses import dataclass

from accounts import limits
from accounts.models import Account
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import operation
from adminctr.core.tenancy import Tenant
from merges import absorbing
from merges.absorption import is_absorbable
from organizations.models import Organization, lock_all


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
    limits.require_room(into, Account.objects.counted().filter(organization=organization).count())
    absorbing.absorb_all([organization], into, actor=actor)
