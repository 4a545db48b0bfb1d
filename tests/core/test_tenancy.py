"""A scope shows its own rows, ends where its block ends, and without one nothing is shown."""

import threading

import pytest

from accounts.models import Account, RoleAssignment
from adminctr.core.tenancy import TenantRequired, current_scope, every_tenant, person, tenant
from invitations.models import Invitation
from organizations.models import Membership, Organization
from users.models import User


def test_there_is_no_scope_unless_one_is_opened() -> None:
    assert current_scope() is None


def test_without_a_scope_a_query_is_refused_before_it_runs(db: None) -> None:
    with pytest.raises(TenantRequired, match="Account"):
        Account.objects.all()


def test_a_tenant_sees_its_own_rows_and_no_other(acme: Organization, globex: Organization) -> None:
    with tenant(acme):
        assert {one.organization_id for one in Account.objects.all()} == {acme.pk}
        assert not Membership.objects.filter(email="eve@globex.example").exists()
    with tenant(acme, globex):
        assert {one.organization_id for one in Account.objects.all()} == {acme.pk, globex.pk}


def test_no_tenant_at_all_sees_nothing(db: None) -> None:
    with tenant():
        assert not Account.objects.exists()


def test_everything_is_seen_only_where_that_is_said(db: None) -> None:
    with every_tenant():
        assert Account.objects.count() == Account.unscoped.count() > 0


def test_a_person_sees_what_is_about_them_wherever_it_stands(ben: User) -> None:
    with person(ben):
        assert {one.user_id for one in Membership.objects.all()} == {ben.pk}
        assert {one.holder_id for one in RoleAssignment.objects.all()} == {ben.pk}
        assert {one.email for one in Invitation.objects.all()} == {ben.email}


def test_a_person_sees_nothing_that_is_about_nobody(ben: User) -> None:
    with person(ben), pytest.raises(TenantRequired, match="no rows about a person"):
        Account.objects.all()


def test_the_scope_around_comes_back(acme: Organization, globex: Organization, ben: User) -> None:
    with tenant(acme):
        around = current_scope()
        with person(ben), tenant(globex), every_tenant():
            assert current_scope() != around
        assert current_scope() == around
    assert current_scope() is None


def test_a_scope_ends_with_an_error_in_it(acme: Organization) -> None:
    with pytest.raises(LookupError), tenant(acme):
        raise LookupError
    assert current_scope() is None


def test_another_thread_does_not_inherit_the_scope(acme: Organization) -> None:
    seen: list[object] = []
    with tenant(acme):
        thread = threading.Thread(target=lambda: seen.append(current_scope()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_writing_through_the_manager_stays_inside(acme: Organization, eve: User) -> None:
    with tenant(acme):
        stays = Membership.objects.filter(user=eve)
        assert stays.update(reason="x") == 0
        assert stays.delete() == (0, {})
