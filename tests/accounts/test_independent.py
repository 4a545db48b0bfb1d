"""Independent users and accounts: derived from where the holder of a role is at home."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import Q

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import relinquish_access, remove_access
from accounts.operations.roles import Relinquishment
from adminctr.core import clock
from adminctr.core.tenancy import every_tenant, tenant
from invitations.operations import accept_invitation
from tests.accounts.made import give, outsider, owner_of
from tests.conftest import acting
from tests.users.people import invited, organization_of, prove

NADIA, OLGA = "nadia@ext.example", "olga@ext.example"


@pytest.fixture
def independent(acme):
    """The independent users of Acme who came in the test, one row for each."""

    def every() -> list[tuple[str, str, str]]:
        with tenant(acme):
            rows = RoleAssignment.objects.independent().select_related("account")
            first = rows.first_of_each("holder").order_by("pk")
            return [(one.email, one.account.name, one.role) for one in first]

    before = every()
    return lambda: [one for one in every() if one not in before]


def test_managed_users_are_not(independent, billing, dora) -> None:
    give(billing, dora, AccountRole.DEVELOPER)
    assert independent() == []


def test_who_is_at_home_elsewhere_is_listed_once(independent, billing, marketing) -> None:
    nadia = outsider(billing, NADIA, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    olga = outsider(marketing, OLGA, AccountRole.SUPPORT)
    assert independent() == [
        (nadia.email, billing.name, AccountRole.DEVELOPER),
        (olga.email, marketing.name, AccountRole.SUPPORT),
    ]


def test_once_for_each_person_and_account_where_both_are_asked_for(acme, billing) -> None:
    outsider(billing, NADIA, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    outsider(billing, OLGA, AccountRole.SUPPORT)
    with tenant(acme):
        rows = RoleAssignment.objects.independent().filter(account=billing)
        assert rows.count() == 3
        assert rows.first_of_each("holder", "account").count() == 2
        assert rows.first_of_each("account").count() == 1


def test_the_first_that_is_left_takes_its_place(independent, billing) -> None:
    nadia = outsider(billing, NADIA, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    give(billing, nadia, AccountRole.SUPPORT)
    assert independent() == [(NADIA, billing.name, AccountRole.SUPPORT)]
    remove_access(billing, holder=nadia, actor=owner_of(billing))
    assert independent() == []


def test_a_role_past_its_planned_end_makes_nobody_independent(independent, billing) -> None:
    nadia = outsider(billing, NADIA)
    until = clock.now() + timedelta(hours=1)
    give(billing, nadia, AccountRole.DEVELOPER, ends_at=until)
    assert independent()
    with time_machine.travel(until, tick=False):
        assert independent() == []


def test_who_joins_becomes_managed(independent, acme, billing) -> None:
    nadia = outsider(billing, NADIA)
    prove(acme, "ext.example")
    own = organization_of(nadia)
    accept_invitation(invited(acme, NADIA), user=nadia, absorbing=own, actor=acting(nadia))
    assert independent() == []
    with tenant(acme):
        role = RoleAssignment.objects.open().get(account=billing, holder=nadia)
    assert role.holder_organization == acme


@pytest.mark.breaks_invariants
def test_who_belongs_nowhere_is_independent(independent, billing) -> None:
    nadia = outsider(billing, NADIA)
    RoleAssignment.unscoped.filter(holder=nadia, account=billing).update(holder_organization=None)
    assert [email for email, *_ in independent()] == [NADIA]


def test_seen_from_the_holders_organization_it_is_an_independent_account(billing) -> None:
    nadia = outsider(billing, NADIA)
    own = organization_of(nadia)
    with every_tenant():
        rows = RoleAssignment.objects.independent().filter(holder_organization=own)
        assert [one.account for one in rows.first_of_each("account")] == [billing]
    relinquish_access(Relinquishment(own, billing), actor=acting(nadia))
    with every_tenant():
        assert not RoleAssignment.objects.independent().filter(holder_organization=own)


@pytest.mark.parametrize(
    "never", [Q(role=AccountRole.OWNER), Q(account=None)], ids=["own accounts", "organization"]
)
def test_one_s_own_accounts_and_organization_roles_are_never(never, billing) -> None:
    outsider(billing, NADIA)
    with every_tenant():
        assert RoleAssignment.objects.open().filter(never).exists()
        assert not RoleAssignment.objects.independent().filter(never).exists()
