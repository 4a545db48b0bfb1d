"""The numbers that the overview is made of: read once, each bounded, whatever the size."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from accounts.models import OPEN_STATUSES, Account, AccountStatus
from adminctr.core.addresses import readable_domain
from domains.models import Domain, DomainStatus
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from users.models import Offboarding, UserStatus

# Counting stops one above; pages then say "1,000+".
MOST = 1000


@dataclass(frozen=True, slots=True)
class Named:
    """A domain as sentences name it, and its page."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Figures:
    """How an organization stands; domains by name, everything else counted."""

    has_default_name: bool
    verified_domains: tuple[Named, ...]
    waiting_domains: tuple[Named, ...]
    failing_domains: tuple[Named, ...]
    uncertain_domains: tuple[Named, ...]
    missing_domains: tuple[Named, ...]
    members: int
    administrators: int
    never_signed_in: int
    without_factor: int
    pending: int
    expired: int
    undelivered: int
    accounts: int
    closed_accounts: int
    pending_accounts: int
    account_limit: int
    suspended_accounts: int
    leaving: int
    kept_from_leaving: int


def read(organization: Organization) -> Figures:
    """The figures of the organization whose scope is open: six queries."""
    return Figures(
        has_default_name=organization.has_default_name(),
        members=organization.managed_users,
        pending_accounts=organization.pending_accounts,
        **Invitation.objects.sum_up(most=MOST + 1),
        **_domains(),
        **_administrators(),
        **_accounts(organization),
        **_offboarding(),
    )


def shown(number: int) -> str:
    """A number as pages show it; above the bound it is not known exactly."""
    return f"{MOST:,}+" if number > MOST else f"{number:,}"


def _domains() -> dict[str, Any]:
    """An organization may have so few domains that each is read."""
    rows = list(Domain.objects.order_by("name"))

    def named(
        status: DomainStatus, *, checked: bool | None = None, missing: bool | None = None
    ) -> tuple[Named, ...]:
        return tuple(
            Named(readable_domain(one.name), one.get_absolute_url())
            for one in rows
            if one.status == status
            and checked in (None, one.checked_at is not None)
            and missing in (None, one.missing_since is not None)
        )

    return {
        "verified_domains": named(DomainStatus.VERIFIED),
        "waiting_domains": named(DomainStatus.UNVERIFIED, checked=False),
        "failing_domains": named(DomainStatus.UNVERIFIED, checked=True),
        "uncertain_domains": named(DomainStatus.UNCERTAIN),
        "missing_domains": named(DomainStatus.VERIFIED, missing=True),
    }


def _administrators() -> dict[str, Any]:
    """Who can administer, the Owner included, and which Administrators need a look.

    Who cannot log in administers nothing.
    """
    roles = (Role.OWNER, Role.ADMINISTRATOR)
    active = Q(status=UserStatus.ACTIVE)
    never = active & Q(role=Role.ADMINISTRATOR, last_sign_in_at=None)
    without = active & Q(role=Role.ADMINISTRATOR, has_second_factor=False)
    # Told apart by the count: as a filter, SQLite would rather walk everybody who is active.
    few = Membership.objects.in_force().filter(role__in=roles).order_by()[: MOST + 1]
    return few.aggregate(
        administrators=Count("pk", filter=active),
        never_signed_in=Count("pk", filter=never),
        without_factor=Count("pk", filter=without),
    )


def _accounts(organization: Organization) -> dict[str, Any]:
    """Of all accounts those count that are open, as the limit has it."""
    accounts = Account.objects.managed().order_by()
    closed = accounts.exclude(status__in=OPEN_STATUSES).count()
    suspended = accounts.filter(status=AccountStatus.SUSPENDED)[: MOST + 1].count()
    return {
        "account_limit": organization.account_limit,
        "accounts": organization.managed_accounts - closed,
        "closed_accounts": closed,
        "suspended_accounts": suspended,
    }


def _offboarding() -> dict[str, Any]:
    """Who is to leave on a day, and of them those for whom this was not possible."""
    stopped = ~Q(obstacle="")
    few = Offboarding.objects.waiting().order_by()[: MOST + 1]
    return few.aggregate(
        leaving=Count("pk", filter=~stopped), kept_from_leaving=Count("pk", filter=stopped)
    )
