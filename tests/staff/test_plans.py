"""Every question that a staff search asks is answered by an index, across all organizations."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.periods import Source
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import every_tenant
from adminctr.web.staff import site
from audit.models import AuditEvent
from domains.models import Domain, MailDomain
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from users.models import User

MANY = 3000
ONE = "somebody1234@many.example"
READS_IT_ALL = {
    "postgresql": re.compile(r"Seq Scan"),
    "sqlite": re.compile(r"SCAN |ANY\("),
}


def searches() -> dict[str, QuerySet[Any]]:
    """What each list asks: for each column by its beginning, and for each kind of SID."""
    asked = {}
    with every_tenant():
        for model, looking in site._registry.items():
            rows = model._default_manager.order_by()
            for place, found in enumerate(looking.found(rows, ONE)):
                asked[f"{model.__name__} by beginning {place}"] = found
            for kind, column in looking.sids.items():
                asked[f"{model.__name__} by {column}"] = looking.search(rows, make_sid(kind))
        events, chain = AuditEvent.objects.order_by(), make_sid("OR")
        for term in (chain, f"{chain} {make_sid('US')}"):
            asked[f"AuditEvent by {term}"] = site._registry[AuditEvent].search(events, term)
    return asked


def crowd() -> None:
    """Many organizations, each with one of everything."""
    now = clock.now()
    names = [f"somebody{number}@many.example" for number in range(MANY)]
    users = User.objects.bulk_create(User(email=name) for name in names)
    homes = Organization.objects.bulk_create(
        Organization(name=one.email, name_key=one.email, owner=one) for one in users
    )
    pairs = list(zip(users, homes, strict=True))
    named = [
        {"organization": home, "email": one.email, "name_key": one.email} for one, home in pairs
    ]
    Membership.unscoped.bulk_create(
        Membership(
            **keys, user=one, surname_key=one.email, role=Role.OWNER, status=one.status,
            source=Source.SIGN_UP,
        )
        for keys, one in zip(named, users, strict=True)
    )  # fmt: skip
    accounts = Account.unscoped.bulk_create(
        Account(organization=home, owner=one, name=one.email, name_key=one.email)
        for one, home in pairs
    )
    RoleAssignment.unscoped.bulk_create(
        RoleAssignment(
            **keys, holder=account.owner, account=account, role=AccountRole.OWNER,
            source=Source.DIRECT,
        )
        for keys, account in zip(named, accounts, strict=True)
    )  # fmt: skip
    Domain.unscoped.bulk_create(
        Domain(organization=home, name=f"{one.email.partition('@')[0]}.many.example")
        for one, home in pairs
    )
    MailDomain.objects.bulk_create(MailDomain(name=one.email, is_common=True) for one in users)
    Invitation.unscoped.bulk_create(
        Invitation(
            organization=home, email=one.email, role=Role.STANDARD, invited_by=one,
            expires_at=now + timedelta(days=1), token_hash=one.sid,
        )
        for one, home in pairs
    )  # fmt: skip
    AuditEvent.unscoped.bulk_create(
        AuditEvent(chain=home.sid, sequence=1, at=now, action="a", subject_sid=one.sid)
        for one, home in pairs
    )


def analyze() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


@pytest.mark.breaks_invariants
def test_no_search_reads_a_whole_table(db: None) -> None:
    """One test for all, since the crowd is dear."""
    crowd()
    analyze()
    plans = {name: search.explain() for name, search in searches().items()}
    assert len(plans) > 25
    whole = READS_IT_ALL[connection.vendor]
    assert {name: plan for name, plan in plans.items() if whole.search(plan)} == {}
