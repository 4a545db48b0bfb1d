"""Opening an account: for whom, how many, and with nothing inherited."""

import pytest

from accounts.models import Account, AccountRole, AccountStatus, AccountType, RoleAssignment
from accounts.operations import create_account
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import organization_of
from users.models import User


def open_accounts(organization: Organization, owner: User, count: int) -> None:
    for number in range(count):
        create_account(organization, name=f"No. {number}", owner=owner, actor=acting(owner))


def test_every_member_may_open_one_and_owns_it(acme, cy) -> None:
    account = create_account(acme, name="Lab", owner=cy, actor=acting(cy))
    assert (account.organization, account.owner) == (acme, cy)
    assert (account.type, account.status) == (AccountType.TRIAL, AccountStatus.ACTIVE)
    with every_tenant():
        role = RoleAssignment.objects.get(account=account)
    assert (role.holder, role.role, role.holder_organization) == (cy, AccountRole.OWNER, acme)
    event = AuditEvent.unscoped.get(subject_sid=account.sid)
    assert (event.chain, event.action, event.actor_sid) == (acme.sid, "account.created", cy.sid)


@pytest.mark.parametrize("who", ["ida", "eve"])
def test_its_owner_must_be_a_managed_user(who, acme, ana, request) -> None:
    owner = request.getfixturevalue(who)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        create_account(acme, name="Lab", owner=owner, actor=acting(ana))
    assert (refused.value.code, refused.value.field) == ("owner_not_managed", "owner")


@pytest.mark.parametrize("who", ["ida", "eve"])
def test_nobody_from_outside_opens_one(who, acme, request) -> None:
    person = request.getfixturevalue(who)
    with assert_no_effect(), pytest.raises(NotAllowed):
        create_account(acme, name="Lab", owner=person, actor=acting(person))


def test_a_stranger_opens_none(acme, ana) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        create_account(acme, name="Lab", owner=ana, actor=Actor.stranger(ana.email))


@pytest.mark.parametrize("who", ["ana", "cy"])
def test_the_eleventh_is_refused_and_a_raised_limit_lets_it_in(who, acme, request) -> None:
    person = request.getfixturevalue(who)
    open_accounts(acme, person, 10 - Account.unscoped.filter(organization=acme).count())
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        create_account(acme, name="Eleventh", owner=person, actor=acting(person))
    assert refused.value.code == "account_limit"
    assert "10 accounts" in refused.value.message
    Organization.objects.filter(pk=acme.pk).update(account_limit=11)
    create_account(acme, name="Eleventh", owner=person, actor=acting(person))


@pytest.mark.breaks_invariants
def test_closed_accounts_and_subaccounts_do_not_count(eve) -> None:
    globex = organization_of(eve)
    Organization.objects.filter(pk=globex.pk).update(account_limit=2)
    open_accounts(globex, eve, 1)
    first, second = Account.unscoped.filter(organization=globex).order_by("pk")
    Account.unscoped.filter(pk=second.pk).update(parent=first)
    open_accounts(globex, eve, 1)
    Account.unscoped.filter(organization=globex, name="No. 0", parent=None).update(
        status=AccountStatus.CLOSED
    )
    open_accounts(globex, eve, 1)
    with pytest.raises(RuleViolation):
        open_accounts(globex, eve, 1)


def test_an_account_of_another_organization_is_not_counted(acme, globex, eve, ana) -> None:
    open_accounts(globex, eve, 9)
    assert create_account(acme, name="Lab", owner=ana, actor=acting(ana))
