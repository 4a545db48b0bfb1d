"""What the tables of accounts and roles refuse whoever writes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.sids import make_sid
from organizations.models import Organization, Role
from tests.architecture.constraints import Violations, constraints_of, refused_by
from users.models import User

CONSTRAINTS = constraints_of("accounts")
roles = RoleAssignment.unscoped


def billing():
    return Account.unscoped.filter(name="Billing")


def again(row: RoleAssignment, **changes: object) -> None:
    """Write the same row once more, with these changes."""
    row.pk, row.sid = None, make_sid("IY")
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def owner_role() -> RoleAssignment:
    return roles.get(account__name="Billing", role=AccountRole.OWNER)


def make_a_developer_twice() -> None:
    again(owner_role(), role=AccountRole.DEVELOPER)
    again(owner_role(), role=AccountRole.DEVELOPER)


VIOLATIONS: Violations = {
    "accounts_account_has_a_name": lambda: billing().update(name=""),
    "accounts_account_known_status": lambda: billing().update(status="asleep"),
    "accounts_account_known_type": lambda: billing().update(type="free"),
    "accounts_account_known_product": lambda: billing().update(product="fax"),
    "accounts_account_second_factor_once_upgraded": lambda: billing().update(type="full"),
    "accounts_account_suspended_by_somebody": lambda: billing().update(status="suspended"),
    "accounts_account_suspended_by_parent_below_one": lambda: billing().update(
        status="suspended", suspended_by="parent"
    ),
    "accounts_account_closed_step_by_step": lambda: billing().update(status="closed"),
    "accounts_account_one_of_each_form": lambda: Account.unscoped.filter(
        organization__name="Acme"
    ).update(form_key="the same"),
    "accounts_roleassignment_ends_after_it_began": lambda: roles.update(
        ended_at=F("began_at") - timedelta(seconds=1)
    ),
    "accounts_roleassignment_known_source": lambda: roles.update(source="rumour"),
    "accounts_roleassignment_one_organization_role": lambda: again(
        roles.get(email="cy@acme.example", account=None),
        organization=Organization.objects.get(name="Globex"),
    ),
    "accounts_roleassignment_each_account_role_once": make_a_developer_twice,
    "accounts_roleassignment_one_organization_owner": lambda: roles.filter(
        email="ben@acme.example", account=None
    ).update(role=Role.OWNER),
    "accounts_roleassignment_one_account_owner": lambda: again(
        owner_role(), holder=User.objects.get(email="cy@acme.example")
    ),
    "accounts_roleassignment_role_fits_scope": lambda: roles.filter(
        email="ben@acme.example", account=None
    ).update(role=AccountRole.DEVELOPER),
    "accounts_roleassignment_email_lower": lambda: roles.update(email="Cy@acme.example"),
}


# What has no known status stands at no step of closing, which PostgreSQL asks first.
ASKED_FIRST = {"accounts_account_known_status": "accounts_account_closed_step_by_step"}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    first = ASKED_FIRST.get(name, name) if connection.vendor == "postgresql" else name
    with refused_by(CONSTRAINTS[first]):
        VIOLATIONS[name]()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "full", "second_factor": "sometimes"},
        {"type": "trial", "second_factor": "sometimes"},
    ],
)
def test_a_second_factor_is_asked_for_in_a_known_way(db: None, changes: dict[str, str]) -> None:
    with refused_by(CONSTRAINTS["accounts_account_second_factor_once_upgraded"]):
        billing().update(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "suspended", "suspended_by": "the weather"},
        {"status": "active", "suspended_by": "support"},
    ],
)
def test_who_suspended_it_stands_on_what_is_suspended_alone(
    db: None, changes: dict[str, str]
) -> None:
    with refused_by(CONSTRAINTS["accounts_account_suspended_by_somebody"]):
        billing().update(**changes)


NOW = clock.now()


@pytest.mark.parametrize(
    "changes",
    [
        {"closing_at": NOW},
        {"closed_at": NOW},
        {"purged_at": NOW},
        {"status": "pending_closure"},
        {"status": "pending_closure", "closing_at": NOW, "closed_at": NOW},
        {"status": "closed", "closed_at": NOW},
        {"status": "closed", "closing_at": NOW},
        {"status": "suspended", "suspended_by": "support", "closing_at": NOW},
    ],
)
def test_an_account_closes_in_one_order(db: None, changes: dict[str, object]) -> None:
    with refused_by(CONSTRAINTS["accounts_account_closed_step_by_step"]):
        billing().update(**changes)


def test_the_same_form_may_come_from_two_organizations(db: None) -> None:
    firsts = Account.unscoped.filter(name="First account")
    assert firsts.values("organization").distinct().count() > 1
    assert firsts.update(form_key="the same") == firsts.count()


def test_an_organization_role_does_not_fit_an_account(db: None) -> None:
    with refused_by(CONSTRAINTS["accounts_roleassignment_role_fits_scope"]):
        roles.filter(account__name="Billing").update(role=Role.STANDARD)


@pytest.mark.breaks_invariants
def test_a_role_that_ended_may_be_given_again(db: None) -> None:
    role = owner_role()
    again(role, role=AccountRole.DEVELOPER, ended_at=role.began_at)
    again(role, role=AccountRole.DEVELOPER, ended_at=None)
