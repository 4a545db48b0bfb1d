"""Subaccounts: what they take over, how many there may be, and who may have them made."""

from datetime import UTC, datetime
from functools import partial

import pytest
import time_machine
from django.conf import settings as defaults

from accounts import access
from accounts.models import Account, AccountRole, AccountType, Product, RoleAssignment
from accounts.operations import configure_account, create_account, create_subaccount, set_hipaa
from accounts.operations.governing import SELF_SERVICE_SINCE
from adminctr.core.errors import NotAllowed
from organizations.models import Organization, SecondFactor
from tests.accounts.made import (
    OPERATOR,
    being_closed,
    below,
    closed,
    code_of,
    fresh,
    give,
    last_event,
    leave_room,
    outsider,
    owner_of,
    suspended,
    upgraded,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect


def making(parent: Account, **changes):
    return partial(create_subaccount, parent, **{"actor": owner_of(parent), **changes})


def test_it_stands_below_an_account_with_the_same_owner(billing, ben) -> None:
    made = fresh(create_subaccount(billing, name="Lab", actor=acting(ben)))
    assert (made.parent, made.organization, made.owner) == (billing, billing.organization, ben)
    assert made.owner_key == billing.owner_key
    event = last_event(made)
    assert event.action == "account.subaccount_created"
    assert (event.details.data["below"], event.details.data["hipaa"]) == (billing.name, "off")


def test_without_a_name_it_is_called_after_the_moment(billing) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 9, 5, 7, tzinfo=UTC), tick=False):
        made = making(billing)()
    assert made.name == "SubAccount Created at 2026-03-01 09:05:07"
    assert made.name_key == made.name.casefold()


def test_nobody_holds_a_role_on_it_and_who_has_one_above_reaches_it(billing, ben) -> None:
    made = below(billing)
    assert not RoleAssignment.unscoped.filter(account=made).exists()
    proof = access.proof_of(ben.pk, made)
    assert proof
    assert [one.account for one in proof.grounds] == [billing]


def test_a_trial_account_has_one_at_most(billing) -> None:
    first = below(billing)
    assert code_of(making(billing)) == "subaccount_limit"
    being_closed(first)
    below(billing)
    assert code_of(making(billing)) == "subaccount_limit"


def test_an_upgraded_account_has_as_many_as_the_settings_say(billing, settings) -> None:
    assert defaults.SUBACCOUNTS_OF_UPGRADED_ACCOUNT == 1000
    settings.SUBACCOUNTS_OF_UPGRADED_ACCOUNT = 2
    parent = upgraded(billing)
    first, _ = below(parent), below(parent)
    assert code_of(making(parent)) == "subaccount_limit"
    closed(first)
    below(parent)
    assert code_of(making(parent)) == "subaccount_limit"


def test_a_suspended_one_counts(billing) -> None:
    suspended(below(billing))
    assert code_of(making(billing)) == "subaccount_limit"


def test_those_of_other_accounts_do_not_count(billing, marketing) -> None:
    below(marketing)
    assert below(billing)


def test_it_counts_towards_no_limit_of_the_organization(billing, acme, ana) -> None:
    leave_room(acme, 1)
    below(billing)
    assert create_account(acme, name="The last", owner=ana, actor=acting(ana))


def test_none_stands_below_a_subaccount(billing) -> None:
    sub = below(billing)
    assert code_of(making(sub)) == "no_subaccount_below"


def test_it_takes_over_hipaa_second_factor_type_and_product(billing, acme, ana) -> None:
    Organization.objects.filter(pk=acme.pk).update(baa_effective_on=SELF_SERVICE_SINCE)
    Account.unscoped.filter(pk=billing.pk).update(product=Product.FLEX)
    parent = upgraded(billing)
    set_hipaa(parent, enabled=True, actor=acting(ana))
    always = SecondFactor.EVERY_LOG_IN
    configure_account(parent, name=parent.name, second_factor=always, actor=acting(ana))
    made = below(parent)
    assert (made.type, made.product) == (AccountType.FULL, Product.FLEX)
    assert (made.is_hipaa, made.second_factor) == (True, always)


def test_upgrading_takes_those_below_along_and_leaves_no_second_factor_off(billing) -> None:
    sub = below(billing)
    upgraded(billing)
    sub = fresh(sub)
    once = SecondFactor.ONCE_PER_COMPUTER
    assert (sub.type, sub.second_factor) == (AccountType.FULL, once)


def test_a_suspended_account_gets_none(billing, ana) -> None:
    suspended(billing)
    assert code_of(making(billing, actor=acting(ana))) == "account_not_active"


@pytest.mark.parametrize("end", [being_closed, closed])
def test_a_closed_account_gets_none(end, billing, ana) -> None:
    end(billing)
    assert code_of(making(billing, actor=acting(ana))) == "account_closed"


def test_the_same_form_sent_again_makes_one(billing) -> None:
    make = making(billing, form_key="f1")
    made = make()
    with assert_no_effect():
        assert make() == made


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_who_governs_the_account_or_manages_it_makes_one(who, marketing, request) -> None:
    actor = acting(request.getfixturevalue(who))
    assert create_subaccount(marketing, actor=actor)


def test_an_administrator_of_the_account_from_elsewhere_makes_one(marketing) -> None:
    nadia = outsider(marketing, "nadia@ext.example", AccountRole.ADMINISTRATOR)
    assert create_subaccount(marketing, actor=acting(nadia))


@pytest.mark.parametrize("role", [AccountRole.DEVELOPER, AccountRole.SUPPORT])
def test_another_role_on_the_account_does_not_include_it(role, marketing, dora) -> None:
    give(marketing, dora, role)
    with assert_no_effect(), pytest.raises(NotAllowed, match="Owner or Administrator can help"):
        create_subaccount(marketing, actor=acting(dora))


def test_a_standard_user_makes_none_below_anothers(marketing, dora) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        create_subaccount(marketing, actor=acting(dora))


def test_an_operator_makes_one(marketing) -> None:
    assert create_subaccount(marketing, actor=OPERATOR)
