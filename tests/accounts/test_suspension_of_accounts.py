"""What stops with an account, what runs again with it, and who can lift what."""

from functools import partial

import pytest

from accounts.models import Account, AccountRole, AccountStatus, SuspendedBy
from accounts.operations import reactivate_account, suspend_account
from adminctr.core.errors import NotAllowed
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
    suspended,
    upgraded,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect

ACTIVE = (AccountStatus.ACTIVE, "")
BOTH = [suspend_account, reactivate_account]


def by(who: SuspendedBy) -> tuple[str, str]:
    return AccountStatus.SUSPENDED, who


def state(account: Account) -> tuple[str, str]:
    now = fresh(account)
    return now.status, now.suspended_by


@pytest.fixture
def family(billing) -> tuple[Account, Account, Account]:
    """An account and two subaccounts."""
    parent = upgraded(billing)
    return parent, below(parent, "Lab"), below(parent, "Shop")


def test_what_is_below_stops_with_it_and_runs_again_with_it(family, ana) -> None:
    parent, lab, shop = family
    suspend_account(parent, actor=acting(ana))
    assert state(parent) == by(SuspendedBy.ORGANIZATION)
    assert state(lab) == state(shop) == by(SuspendedBy.PARENT)
    assert last_event(parent).details.data["subaccounts"] == 2
    reactivate_account(parent, actor=acting(ana))
    assert state(parent) == state(lab) == state(shop) == ACTIVE
    assert last_event(parent).details.data["subaccounts"] == 2


def test_what_was_stopped_by_itself_stays_so(family, ana) -> None:
    parent, lab, shop = family
    suspend_account(lab, actor=acting(ana))
    suspend_account(parent, actor=acting(ana))
    assert last_event(parent).details.data["subaccounts"] == 1
    reactivate_account(parent, actor=acting(ana))
    assert (state(lab), state(shop)) == (by(SuspendedBy.ORGANIZATION), ACTIVE)
    reactivate_account(lab, actor=acting(ana))
    assert state(lab) == ACTIVE


def test_other_accounts_go_on(family, marketing, ana) -> None:
    suspend_account(family[0], actor=acting(ana))
    assert state(marketing) == ACTIVE


def test_what_is_closed_below_stays_closed(family, ana) -> None:
    parent, lab, _ = family
    closed(lab)
    suspend_account(parent, actor=acting(ana))
    reactivate_account(parent, actor=acting(ana))
    assert fresh(lab).status == AccountStatus.CLOSED


def test_nothing_runs_below_what_is_suspended(family, ana) -> None:
    parent, lab, shop = family
    suspend_account(lab, actor=acting(ana))
    suspend_account(parent, actor=acting(ana))
    for sub in (lab, shop):
        lift = partial(reactivate_account, sub, actor=acting(ana))
        assert code_of(lift) == "parent_suspended"


def test_what_runs_is_not_reactivated_and_what_stands_is_not_suspended(billing, ana) -> None:
    assert code_of(partial(reactivate_account, billing, actor=acting(ana))) == "not_suspended"
    suspend_account(billing, actor=acting(ana))
    assert code_of(partial(suspend_account, billing, actor=acting(ana))) == "already_suspended"


@pytest.mark.parametrize("operation", BOTH)
@pytest.mark.parametrize("end", [being_closed, closed])
def test_what_is_closed_is_neither(operation, end, billing, ana) -> None:
    end(billing)
    for actor in (acting(ana), OPERATOR):
        assert code_of(partial(operation, billing, actor=actor)) == "account_closed"


# Support


def test_what_support_suspends_support_alone_reactivates(family, support, ana) -> None:
    parent, lab, _ = family
    suspend_account(parent, actor=support)
    assert (state(parent), state(lab)) == (by(SuspendedBy.SUPPORT), by(SuspendedBy.PARENT))
    lift = partial(reactivate_account, parent, actor=acting(ana))
    assert code_of(lift) == "suspended_by_support"
    lift = partial(reactivate_account, lab, actor=acting(ana))
    assert code_of(lift) == "parent_suspended"
    reactivate_account(parent, actor=support)
    assert state(parent) == state(lab) == ACTIVE


def test_support_takes_over_what_the_organization_has_suspended(billing, support, ana) -> None:
    suspend_account(billing, actor=acting(ana))
    suspend_account(billing, actor=support)
    assert state(billing) == by(SuspendedBy.SUPPORT)
    lift = partial(reactivate_account, billing, actor=acting(ana))
    assert code_of(lift) == "suspended_by_support"
    assert code_of(partial(suspend_account, billing, actor=support)) == "already_suspended"


def test_support_lifts_what_others_have_suspended(billing, support) -> None:
    suspended(billing)
    reactivate_account(billing, actor=support)
    assert state(billing) == ACTIVE


def test_support_suspends_one_subaccount(family, support, ana) -> None:
    parent, lab, shop = family
    suspend_account(lab, actor=support)
    assert (state(parent), state(lab)) == (ACTIVE, by(SuspendedBy.SUPPORT))
    assert state(shop) == ACTIVE
    lift = partial(reactivate_account, lab, actor=acting(ana))
    assert code_of(lift) == "suspended_by_support"


def test_what_support_suspended_below_stays_so_when_the_account_above_runs_again(
    family, support, ana
) -> None:
    parent, lab, shop = family
    suspend_account(parent, actor=acting(ana))
    suspend_account(lab, actor=support)  # takes over what stopped with the account above
    reactivate_account(parent, actor=acting(ana))
    assert (state(lab), state(shop)) == (by(SuspendedBy.SUPPORT), ACTIVE)


@pytest.mark.parametrize("by_operator", [False, True])
def test_what_support_lifts_below_a_suspended_account_waits_for_that_one(
    by_operator, family, support, ana
) -> None:
    parent, lab, _ = family
    suspend_account(lab, actor=support)
    suspend_account(parent, actor=acting(ana))
    lift = partial(reactivate_account, lab, actor=acting(ana))
    assert code_of(lift) == "suspended_by_support"
    reactivate_account(lab, actor=OPERATOR if by_operator else support)
    assert state(lab) == by(SuspendedBy.PARENT)
    reactivate_account(parent, actor=acting(ana))
    assert state(lab) == ACTIVE


def test_support_cannot_lift_what_merely_stands_with_the_account_above(family, support) -> None:
    parent, lab, _ = family
    suspended(parent)
    lift = partial(reactivate_account, lab, actor=support)
    assert code_of(lift) == "parent_suspended"


# Who may


@pytest.mark.parametrize("operation", BOTH)
@pytest.mark.parametrize("who", ["cy", "dora", "ida", "eve"])
def test_no_role_on_an_account_suspends_it(operation, who, marketing, request) -> None:
    """Cy owns this one."""
    if operation is reactivate_account:
        suspended(marketing)
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        operation(marketing, actor=actor)


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_who_manages_an_account_stops_and_starts_what_is_below(who, marketing, request) -> None:
    lab = below(marketing)
    actor = acting(request.getfixturevalue(who))
    suspend_account(lab, actor=actor)
    assert state(lab) == by(SuspendedBy.ORGANIZATION)
    reactivate_account(lab, actor=actor)
    assert state(lab) == ACTIVE


def test_so_does_an_administrator_of_it_from_elsewhere(marketing) -> None:
    lab = below(marketing)
    actor = acting(outsider(marketing, "nadia@ext.example", AccountRole.ADMINISTRATOR))
    suspend_account(lab, actor=actor)
    reactivate_account(lab, actor=actor)
    assert state(lab) == ACTIVE


def test_a_role_on_the_subaccount_alone_neither_stops_nor_starts_it(marketing, dora) -> None:
    lab = below(marketing)
    give(lab, dora, AccountRole.ADMINISTRATOR)
    with assert_no_effect(), pytest.raises(NotAllowed):
        suspend_account(lab, actor=acting(dora))
    suspended(lab)
    with assert_no_effect(), pytest.raises(NotAllowed):
        reactivate_account(lab, actor=acting(dora))


def test_while_the_account_above_stands_its_owner_lifts_nothing_below(marketing, cy) -> None:
    lab = below(marketing)
    suspended(marketing)
    with assert_no_effect(), pytest.raises(NotAllowed, match="Until it runs again"):
        reactivate_account(lab, actor=acting(cy))
