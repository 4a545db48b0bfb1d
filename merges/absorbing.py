"""How one-person organizations are absorbed, one or very many: each table is written once.

Called inside operations only, in the scope of all of them, with their locks held.
"""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import Account, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from audit import log
from domains.models import Domain
from invitations.models import Invitation
from organizations import stays
from organizations.models import Organization

# What the trail names of each organization, by its key.
Named = dict[int, list[str]]


def absorb_all(
    organizations: Collection[Organization], into: Organization, *, actor: Actor
) -> None:
    """Move the accounts of these organizations and end them; their Owners have no stay then."""
    keys = [organization.pk for organization in organizations]
    moved = _move_accounts(keys, into)
    revoked, removed = _end_what_is_left(keys)
    stays.end_all_stays(keys)
    ending = Organization.objects.filter(pk__in=keys)
    ending.update(owner=None, ended_at=clock.now(), managed_accounts=0)
    for organization in organizations:
        for concerned in (organization, into):
            log.record(
                "organization.absorbed",
                concerned,
                actor=actor,
                subject_sid=organization.sid,
                subject=organization.name,
                into=into.name,
                accounts=moved[organization.pk],
                revoked_invitations=revoked[organization.pk],
                removed_domains=removed[organization.pk],
            )


def _move_accounts(keys: Collection[int], into: Organization) -> Named:
    """Nobody needs to confirm any more that an account is added which is there now."""
    accounts = Account.objects.filter(organization__in=keys)
    into.tally(managed_accounts=accounts.managed().count())
    waiting = Invitation.objects.filter(organization=into, account__organization__in=keys)
    waiting.pending_accounts().revoke()
    moved = _named(accounts, "name")
    accounts.update(organization=into)
    roles = RoleAssignment.objects.on_accounts().filter(organization__in=keys)
    roles.update(organization=into)
    return moved


def _end_what_is_left(keys: Collection[int]) -> tuple[Named, Named]:
    """Revoke their invitations and drop their unverified domains."""
    invitations = Invitation.objects.open().filter(organization__in=keys)
    domains = Domain.objects.filter(organization__in=keys)
    named = _named(invitations, "email"), _named(domains, "name")
    invitations.revoke()
    domains.delete()
    return named


def _named(rows: QuerySet[Account | Invitation | Domain], column: str) -> Named:
    found: Named = defaultdict(list)
    for organization, name in rows.order_by("pk").values_list("organization", column):
        found[organization].append(name)
    return found
