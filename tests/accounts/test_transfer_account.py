"""Another owner for an account: who may decide it, who may become it, and what the former keeps."""

from functools import partial

import pytest

from accounts import access
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import transfer_account
from adminctr.core.errors import NotAllowed
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from organizations import members
from organizations.models import Membership
from organizations.policy import StaffGroup
from tests.accounts.made import (
    OPERATOR,
    being_closed,
    below,
    closed,
    code_of,
    fresh,
    give,
    last_event,
    outsider,
    queued,
    roles_on,
    supporting,
    suspended,
    upgraded,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder
from users.models import User, UserStatus
from users.operations import appoint_staff, change_name


def test_the_new_one_owns_it_and_the_former_administers_it(billing, ana, ben, dora) -> None:
    transfer_account(billing, to=dora, actor=acting(ana))
    account = fresh(billing)
    assert (account.owner, account.owner_key) == (dora, f"dora marín {dora.email}")
    assert roles_on(account, dora) == {AccountRole.OWNER}
    assert roles_on(account, ben) == {AccountRole.ADMINISTRATOR}
    begun = RoleAssignment.unscoped.open().filter(account=account)
    assert {(one.source, one.by) for one in begun} == {(Source.TRANSFER, ana)}
    event = last_event(account)
    assert event.action == "account.transferred"
    assert (event.details.data["before"], event.details.data["after"]) == (ben.email, dora.email)


def test_what_either_held_before_ends_and_is_kept(billing, ana, ben, dora) -> None:
    give(billing, dora, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    transfer_account(billing, to=dora, actor=acting(ana))
    ended = RoleAssignment.unscoped.filter(account=billing, ended_at__isnull=False)
    assert {(one.holder, one.role) for one in ended} == {
        (ben, AccountRole.OWNER),
        (dora, AccountRole.DEVELOPER),
        (dora, AccountRole.SUPPORT),
    }


def test_others_keep_their_roles(billing, ana, cy, dora) -> None:
    give(billing, cy, AccountRole.BILLING_MANAGER)
    transfer_account(billing, to=dora, actor=acting(ana))
    assert roles_on(billing, cy) == {AccountRole.BILLING_MANAGER}


def test_subaccounts_follow_closed_ones_too(billing, ana, dora) -> None:
    parent = upgraded(billing)
    subs = [below(parent, "Lab"), closed(below(parent, "Shop"))]
    transfer_account(parent, to=dora, actor=acting(ana))
    for sub in map(fresh, subs):
        assert (sub.owner, sub.owner_key) == (dora, fresh(parent).owner_key)
    assert access.proof_of(dora.pk, fresh(subs[0]))


def test_it_comes_back_the_same_way(billing, ana, ben, dora) -> None:
    transfer_account(billing, to=dora, actor=acting(ana))
    transfer_account(billing, to=ben, actor=acting(ana))
    assert roles_on(billing, ben) == {AccountRole.OWNER}
    assert roles_on(billing, dora) == {AccountRole.ADMINISTRATOR}


def test_both_are_told(billing, ana, ben, dora) -> None:
    transfer_account(billing, to=dora, actor=acting(ana))
    told = [[billing.pk, ben.pk, dora.pk]]
    assert queued("send_account_given", billing) == queued("send_account_received", billing) == told


def test_the_copies_are_those_of_the_new_owner_as_of_now(billing, ana, dora) -> None:
    stale = User.objects.get(pk=dora.pk)
    change_name(dora, first_name="Dorothea", last_name="", actor=acting(dora))
    transfer_account(billing, to=stale, actor=acting(ana))
    assert fresh(billing).owner_key == f"dorothea {dora.email}"


def test_a_suspended_account_changes_hands(billing, ana, dora) -> None:
    suspended(billing)
    assert transfer_account(billing, to=dora, actor=acting(ana)).owner == dora


# To whom


@pytest.mark.parametrize("who", ["ida", "eve", "sue"])
def test_nobody_from_elsewhere_becomes_it(who, billing, ana, request) -> None:
    give_to = partial(transfer_account, billing, to=request.getfixturevalue(who), actor=acting(ana))
    assert code_of(give_to) == "owner_not_managed"


def test_an_independent_user_of_the_account_does_not_become_it(billing, ana) -> None:
    nadia = outsider(billing, "nadia@ext.example", AccountRole.ADMINISTRATOR)
    give_to = partial(transfer_account, billing, to=nadia, actor=acting(ana))
    assert code_of(give_to) == "owner_not_managed"


def test_who_owns_it_already_does_not_become_it(billing, ana, ben) -> None:
    assert code_of(partial(transfer_account, billing, to=ben, actor=acting(ana))) == (
        "owner_unchanged"
    )


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_whose_login_is_not_active_does_not_become_it(status, billing, ana, dora) -> None:
    Membership.unscoped.filter(user=dora).update(status=status)
    User.objects.filter(pk=dora.pk).update(status=status)
    assert code_of(partial(transfer_account, billing, to=dora, actor=acting(ana))) == (
        "owner_not_active"
    )


def test_a_subaccount_has_no_owner_of_its_own(billing, ana, dora) -> None:
    give_to = partial(transfer_account, below(billing), to=dora, actor=acting(ana))
    assert code_of(give_to) == "account_is_subaccount"


@pytest.mark.parametrize("end", [being_closed, closed])
def test_a_closed_account_keeps_its_owner(end, billing, ana, dora) -> None:
    end(billing)
    assert code_of(partial(transfer_account, billing, to=dora, actor=acting(ana))) == (
        "account_closed"
    )


@pytest.mark.parametrize("name", ["email", "sid"])
def test_an_owner_is_named_by_address_or_sid(name, acme, dora) -> None:
    with tenant(acme):
        assert members.owner_named(getattr(dora, name)).user == dora


@pytest.mark.parametrize("name", ["email", "sid"])
def test_nobody_from_elsewhere_is_named(name, acme, eve) -> None:
    with tenant(acme):
        assert members.named(getattr(eve, name)) is None
        assert code_of(lambda: members.owner_named(getattr(eve, name))) == "owner_not_managed"


# Who may


@pytest.mark.parametrize(
    ("who", "may"),
    [("ana", True), ("ben", True), ("cy", False), ("dora", False), ("ida", False), ("eve", False)],
)
def test_owner_and_administrators_of_the_organization_alone(who, may, marketing, request) -> None:
    """Cy owns this account, which does not suffice."""
    to = User.objects.get(email="emil@acme.example")
    give_to = partial(
        transfer_account, marketing, to=to, actor=acting(request.getfixturevalue(who))
    )
    if may:
        assert give_to().owner == to
        return
    with assert_no_effect(), pytest.raises(NotAllowed):
        give_to()


def test_an_administrator_of_the_account_does_not(marketing, dora) -> None:
    nadia = outsider(marketing, "nadia@ext.example", AccountRole.ADMINISTRATOR)
    with assert_no_effect(), pytest.raises(NotAllowed):
        transfer_account(marketing, to=dora, actor=acting(nadia))


@pytest.mark.parametrize(
    ("group", "may"),
    [(StaffGroup.LEADS, True), (StaffGroup.AGENTS, False), (StaffGroup.READERS, False)],
)
def test_of_support_the_leads_alone(group, may, marketing, dora) -> None:
    user = founder("new@desk.example")
    appoint_staff(user, group=group, actor=OPERATOR)
    give_to = partial(transfer_account, marketing, to=dora, actor=supporting(user))
    if may:
        assert give_to().owner == dora
        return
    with assert_no_effect(), pytest.raises(NotAllowed):
        give_to()


def test_an_account_of_another_organization_is_out_of_reach(globex, ana, dora) -> None:
    account = fresh(Account.unscoped.get(organization=globex))
    with assert_no_effect(), pytest.raises(NotAllowed):
        transfer_account(account, to=dora, actor=acting(ana))
