"""Thousands of everything in two organizations, past the operations: for what plans depend on."""

from datetime import timedelta

from django.apps import apps
from django.db import connection

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.periods import Source
from audit.models import AuditEvent
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from users.models import User, UserStatus

MANY = 2000
_DAY = timedelta(days=1)


def gather(organization: Organization, *, beside: Organization) -> None:
    """Fill two organizations; every tenth row differs from the usual, and some have ended."""
    _fill(organization, MANY)
    _fill(beside, MANY)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _fill(organization: Organization, number: int) -> None:
    now = clock.now()
    names = [f"p{place:05}" for place in range(number)]
    users = User.objects.bulk_create(
        User(email=f"{name}@{organization.pk}.example", first_name=name) for name in names
    )
    people = [
        (user, {"organization": organization, "email": user.email, "name_key": user.first_name})
        for user in users
    ]
    Membership.unscoped.bulk_create(
        Membership(
            **keys,
            user=user,
            surname_key=user.first_name,
            role=Role.STANDARD if user.pk % 10 else Role.ADMINISTRATOR,
            status=UserStatus.ACTIVE if user.pk % 9 else UserStatus.SUSPENDED,
            source=Source.IMPORT,
            began_at=now - timedelta(hours=user.pk % 997),
        )
        for user, keys in people
    )
    accounts = Account.unscoped.bulk_create(
        Account(organization=organization, owner=user, name=user.email, name_key=keys["name_key"])
        for user, keys in people
    )
    RoleAssignment.unscoped.bulk_create(
        RoleAssignment(
            **keys,
            holder=user,
            account=account,
            role=role,
            source=Source.DIRECT,
            began_at=now - 40 * _DAY - timedelta(hours=user.pk % 997),
            ended_at=ended_at,
        )
        for (user, keys), account in zip(people, accounts, strict=True)
        for role, ended_at in (
            (AccountRole.DEVELOPER, None),
            (AccountRole.SUPPORT, None),
            (AccountRole.DEVELOPER, now - 3 * _DAY),
        )
    )
    Invitation.unscoped.bulk_create(
        Invitation(
            organization=organization,
            email=f"i{name}@{organization.pk}.example",
            role=Role.STANDARD,
            invited_by=users[0],
            expires_at=now + _DAY,
            token_hash=f"{organization.pk}{name}",
        )
        for name in names
    )
    AuditEvent.unscoped.bulk_create(
        AuditEvent(chain=organization.sid, sequence=10**6 + place, at=now, action="user.signed_up")
        for place in range(number)
    )
