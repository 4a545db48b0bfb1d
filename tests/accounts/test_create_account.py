"""Opening an account: for whom, how many, and with nothing inherited."""

from functools import partial

import pytest

from accounts.models import (
    Account,
    AccountRole,
    AccountStatus,
    AccountType,
    Product,
    RoleAssignment,
)
from accounts.operations import create_account, set_hipaa
from accounts.operations.governing import SELF_SERVICE_SINCE
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.periods import Source
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, SecondFactor
from tests.accounts.made import (
    being_closed,
    below,
    code_of,
    fresh,
    leave_room,
    opened,
    roles_on,
    suspended,
    upgraded,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, member, organization_of, prove
from users.models import User, UserStatus
from users.operations import change_name


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


@pytest.mark.parametrize("who", ["owner", "standard user"])
def test_the_eleventh_is_refused_and_a_raised_limit_lets_it_in(who, db) -> None:
    person = founder("one@fresh.example")
    organization = organization_of(person)
    if who == "standard user":
        prove(organization, "fresh.example")
        person = member(organization, "two@fresh.example")
    open_accounts(organization, person, 9)  # The founder has a first one.
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        create_account(organization, name="Eleventh", owner=person, actor=acting(person))
    assert refused.value.code == "account_limit"
    assert "10 accounts" in refused.value.message
    Organization.objects.filter(pk=organization.pk).update(account_limit=11)
    create_account(organization, name="Eleventh", owner=person, actor=acting(person))


def test_closed_accounts_and_subaccounts_do_not_count(eve) -> None:
    globex = organization_of(eve)
    Organization.objects.filter(pk=globex.pk).update(account_limit=2)
    open_accounts(globex, eve, 1)
    first, second = map(fresh, Account.unscoped.filter(organization=globex).order_by("pk"))
    below(first)
    assert code_of(partial(open_accounts, globex, eve, 1)) == "account_limit"
    being_closed(second)
    open_accounts(globex, eve, 1)
    assert code_of(partial(open_accounts, globex, eve, 1)) == "account_limit"


def test_a_suspended_account_counts(acme, ana, billing) -> None:
    leave_room(acme, 0)
    suspended(billing)
    assert code_of(partial(open_accounts, acme, ana, 1)) == "account_limit"


@pytest.mark.parametrize("who", ["ana", "ben"])
def test_owner_and_administrators_open_one_for_somebody_else(who, acme, cy, request) -> None:
    actor = acting(request.getfixturevalue(who))
    account = create_account(acme, name="Lab", owner=cy, actor=actor)
    assert account.owner == cy
    role = RoleAssignment.unscoped.get(account=account)
    assert (role.holder, role.by_id, role.source) == (cy, actor.user_id, Source.DIRECT)


def test_a_standard_user_opens_one_for_themselves_alone(acme, cy, ana) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        create_account(acme, name="Lab", owner=ana, actor=acting(cy))


def test_the_same_form_sent_again_makes_one(acme, ana) -> None:
    make = partial(create_account, acme, name="Lab", owner=ana, form_key="f1", actor=acting(ana))
    made = make()
    with assert_no_effect():
        assert make() == made
    assert create_account(acme, name="Lab", owner=ana, form_key="f2", actor=acting(ana)) != made


def test_the_same_form_is_answered_though_the_limit_was_reached_with_it(acme, ana) -> None:
    leave_room(acme, 1)
    make = partial(create_account, acme, name="Lab", owner=ana, form_key="f1", actor=acting(ana))
    assert make() == make()


def test_a_form_without_a_key_makes_one_each_time(acme, ana) -> None:
    make = partial(create_account, acme, name="Lab", owner=ana, actor=acting(ana))
    assert make() != make()


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_whose_login_is_not_active_owns_none(status, acme, ana, cy) -> None:
    Membership.unscoped.filter(user=cy).update(status=status)
    User.objects.filter(pk=cy.pk).update(status=status)
    make = partial(create_account, acme, name="Lab", owner=cy, actor=acting(ana))
    assert code_of(make) == "owner_not_active"


def test_it_is_opened_for_a_product(acme, ana) -> None:
    flex = create_account(acme, name="Lab", owner=ana, product=Product.FLEX, actor=acting(ana))
    assert Account.unscoped.get(pk=flex.pk).product == Product.FLEX
    assert Account.unscoped.get(pk=opened(ana).pk).product == Product.TWILIO
    told = AuditEvent.unscoped.get(subject_sid=flex.sid).details.data
    assert (told["owner"], told["product"]) == (ana.email, "Flex")


def test_nothing_is_inherited(acme, ana, billing) -> None:
    Organization.objects.filter(pk=acme.pk).update(baa_effective_on=SELF_SERVICE_SINCE)
    for account in (opened(ana, "Hers"), billing):
        set_hipaa(upgraded(account), enabled=True, actor=acting(ana))
    made = opened(ana)
    assert (made.type, made.second_factor) == (AccountType.TRIAL, SecondFactor.DISABLED)
    assert not made.is_hipaa
    assert roles_on(made, ana) == {AccountRole.OWNER}
    assert RoleAssignment.unscoped.filter(account=made).count() == 1


def test_the_copies_are_those_of_the_owner_as_of_now(acme, ana, cy) -> None:
    stale = User.objects.get(pk=cy.pk)
    change_name(cy, first_name="Cyrus", last_name="", actor=acting(cy))
    account = create_account(acme, name="Lab", owner=stale, actor=acting(ana))
    assert account.owner_key == f"cyrus {cy.email}"
    assert RoleAssignment.unscoped.get(account=account).name_key == "cyrus"


def test_the_counter_counts_it(acme, ana) -> None:
    before = acme.managed_accounts
    opened(ana)
    acme.refresh_from_db()
    assert acme.managed_accounts == before + 1


def test_an_account_of_another_organization_is_not_counted(acme, globex, eve, ana) -> None:
    open_accounts(globex, eve, 9)
    assert create_account(acme, name="Lab", owner=ana, actor=acting(ana))
