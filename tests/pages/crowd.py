"""Thousands of everything in two organizations, past the operations: for what plans depend on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.models import (
    Account,
    AccountRole,
    AccountStatus,
    AccountType,
    RoleAssignment,
    SuspendedBy,
    owner_key,
)
from adminctr.core import clock
from adminctr.core.periods import Source
from audit.models import AuditEvent
from invitations.models import Invitation, Kind
from organizations.models import Membership, Organization, Role, SecondFactor
from tests.bulk.runs import more_bulk_runs_of
from tests.invitations.tables import more_rows_of
from tests.pages.addresses import account_of, newest_domain_of
from users.models import Departed, Offboarding, User, UserStatus, WayOut

MANY = 2000
_DAY = timedelta(days=1)


def gather(organization: Organization, *, beside: Organization) -> None:
    """Fill two organizations; every tenth row differs from the usual, and some have ended.

    One account of each, its Owner's newest, has as much around it as the organization has.
    """
    busy = {one: account_of(one.owner) for one in (organization, beside)}
    people = {one: _people_of(one) for one in busy}
    accounts = {one: _accounts_of(one, people[one]) for one in busy}
    for here, there in ((organization, beside), (beside, organization)):
        _roles(here, accounts[here], busy[here], people[here], people[there], there)
        _subaccounts(busy[here])
        _invitations(here, busy[here], accounts[there])
        _events(here, busy[here])
        _departed(here, people[here])
        _offboarding(here, people[here])
        more_rows_of(here, MANY)
        for action in ("suspend", "deactivate"):
            more_bulk_runs_of(here, action, MANY)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def hold_everywhere(user: User, home: Organization) -> int:
    """Give one person roles on every account of the crowd; says how many they have."""
    roles = (AccountRole.DEVELOPER, AccountRole.SUPPORT, AccountRole.BILLING_MANAGER)
    accounts = Account.unscoped.exclude(owner=user).filter(parent=None)
    rows = [_role(user, account, home, role) for account in accounts for role in roles]
    RoleAssignment.unscoped.bulk_create(rows, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_roleassignment")
    return RoleAssignment.unscoped.filter(holder=user).count()


def _names() -> list[str]:
    return [f"p{place:05}" for place in range(MANY)]


def _people_of(organization: Organization) -> list[User]:
    users = User.objects.bulk_create(
        User(email=f"{name}@{organization.pk}.example", first_name=name) for name in _names()
    )
    now = clock.now()
    Membership.unscoped.bulk_create(
        Membership(
            organization=organization,
            email=user.email,
            name_key=user.first_name,
            user=user,
            surname_key=user.first_name,
            role=Role.STANDARD if user.pk % 10 else Role.ADMINISTRATOR,
            status=UserStatus.ACTIVE if user.pk % 9 else UserStatus.SUSPENDED,
            source=Source.IMPORT,
            began_at=now - timedelta(hours=user.pk % 997),
            has_second_factor=user.pk % 10 == 3,
            last_sign_in_at=now - timedelta(days=user.pk % 300) if user.pk % 10 else None,
        )
        for user in users
    )
    return users


def _accounts_of(organization: Organization, people: list[User]) -> list[Account]:
    now = clock.now()
    return Account.unscoped.bulk_create(
        Account(
            organization=organization,
            owner=user,
            owner_key=owner_key(user),
            name=user.email,
            name_key=user.first_name,
            is_hipaa=place % 10 == 0,
            last_active_at=now if place % 10 else None,
            **_state(place),
        )
        for place, user in enumerate(people)
    )


def _state(place: int) -> dict[str, Any]:
    if place % 10 == 1:
        return {"status": AccountStatus.SUSPENDED, "suspended_by": SuspendedBy.ORGANIZATION}
    if place % 10 == 2:
        return {"type": AccountType.FULL, "second_factor": SecondFactor.ONCE_PER_COMPUTER}
    return {}


def _subaccounts(parent: Account) -> None:
    Account.unscoped.bulk_create(
        Account(
            organization=parent.organization,
            owner=parent.owner,
            owner_key=parent.owner_key,
            parent=parent,
            name=name,
            name_key=name,
            is_hipaa=place % 10 == 0,
            **_state(place),
        )
        for place, name in enumerate(_names())
    )


def _roles(
    organization: Organization,
    accounts: list[Account],
    busy: Account,
    people: list[User],
    others: list[User],
    theirs: Organization,
) -> None:
    """Of its people on their accounts, and of people of another one on each, some of them over."""
    over = clock.now() - 3 * _DAY
    kinds = (
        (AccountRole.DEVELOPER, None),
        (AccountRole.SUPPORT, None),
        (AccountRole.SUPPORT, over),
    )
    own = zip(people, accounts, strict=True)
    rows = [
        *(_role(user, account, organization, *kind) for user, account in own for kind in kinds),
        *(
            _role(user, account, theirs, AccountRole.BILLING_MANAGER)
            for user, account in zip(others, accounts, strict=True)
        ),
        *(_role(user, busy, organization, AccountRole.DEVELOPER) for user in people),
        *(_role(user, busy, theirs, AccountRole.SUPPORT) for user in others),
    ]
    RoleAssignment.unscoped.bulk_create(rows)


def _role(
    user: User,
    account: Account,
    home: Organization,
    role: AccountRole,
    ended_at: datetime | None = None,
) -> RoleAssignment:
    return RoleAssignment(
        organization=account.organization,
        holder=user,
        holder_organization=home,
        email=user.email,
        name_key=user.first_name,
        account=account,
        role=role,
        source=Source.DIRECT,
        began_at=clock.now() - 40 * _DAY - timedelta(hours=user.pk % 997),
        ended_at=ended_at,
    )


def _invitations(organization: Organization, busy: Account, theirs: Iterable[Account]) -> None:
    """To join, to one account, and for accounts of others to be added."""
    owner = organization.owner
    offers = [
        *({"role": Role.STANDARD} for _ in _names()),
        *(
            {"kind": Kind.ACCESS, "account": busy, "account_roles": AccountRole.SUPPORT}
            for _ in _names()
        ),
        *({"kind": Kind.ADD_ACCOUNT, "account": account} for account in theirs),
    ]
    Invitation.unscoped.bulk_create(
        Invitation(
            organization=organization,
            email=f"ip{place % MANY:05}@{organization.pk}.example",
            invited_by=owner,
            expires_at=clock.now() + _DAY,
            token_hash=f"{organization.pk} {place}",
            **offer,
        )
        for place, offer in enumerate(offers)
    )


def _departed(organization: Organization, people: list[User]) -> None:
    """With its newest domain; half of them are back, and some of the others cannot come."""
    name = newest_domain_of(organization).name
    now = clock.now()
    Departed.unscoped.bulk_create(
        Departed(
            organization=organization,
            user=user,
            domain_name=name,
            email=user.email,
            role=Role.STANDARD,
            password_digest="0" * 64,
            left_at=now,
            returned_at=now if place % 2 else None,
            obstacle="" if place % 10 else "Belongs to another organization now.",
        )
        for place, user in enumerate(people)
    )


def _offboarding(organization: Organization, people: list[User]) -> None:
    """A third waits for a day, a third was done, and the others were called off."""
    now = clock.now()
    Offboarding.unscoped.bulk_create(
        Offboarding(
            organization=organization,
            user=user,
            how=WayOut.REMOVE,
            by=people[0],
            due_at=now + _DAY,
            done_at=now if place % 3 == 1 else None,
            cancelled_at=now if place % 3 == 2 else None,
        )
        for place, user in enumerate(people)
    )


def _events(organization: Organization, busy: Account) -> None:
    now = clock.now()
    AuditEvent.unscoped.bulk_create(
        AuditEvent(
            chain=organization.sid,
            sequence=10**6 + place,
            at=now,
            action="user.signed_up",
            subject_sid=busy.sid if place % 2 else "",
        )
        for place in range(MANY)
    )
