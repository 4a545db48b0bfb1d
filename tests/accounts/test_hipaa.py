"""HIPAA needs an agreement in force, and is flagged account by account."""

from datetime import date, timedelta
from functools import partial

import pytest
import time_machine

from accounts.models import Account
from accounts.operations import create_account, hipaa_refusal, record_baa, set_hipaa
from accounts.operations.governing import SELF_SERVICE_SINCE
from adminctr.core import clock
from adminctr.core.errors import NotAllowed
from audit.models import AuditEvent
from organizations.models import Organization
from organizations.policy import StaffGroup
from tests.accounts.made import (
    OPERATOR,
    being_closed,
    below,
    closed,
    code_of,
    fresh,
    last_event,
    supporting,
    suspended,
    upgraded,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder
from users.operations import appoint_staff

DAY = timedelta(days=1)
OLD = SELF_SERVICE_SINCE - DAY


def flagging(account: Account, actor, *, enabled: bool = True):
    return partial(set_hipaa, account, enabled=enabled, actor=actor)


@pytest.fixture(autouse=True)
def unsigned(acme) -> None:
    """Acme has no agreement, and no account that needs one."""
    for account in Account.unscoped.filter(organization=acme, is_hipaa=True):
        set_hipaa(fresh(account), enabled=False, actor=OPERATOR)
    record_baa(acme, effective_on=None, actor=OPERATOR)
    acme.refresh_from_db()


@pytest.fixture
def agreed(acme) -> Organization:
    return record_baa(acme, effective_on=SELF_SERVICE_SINCE, actor=OPERATOR)


def test_without_an_agreement_nobody_flags_an_account(billing, ana, support) -> None:
    for actor in (acting(ana), support, OPERATOR):
        assert code_of(flagging(billing, actor)) == "baa_missing"


def test_an_agreement_to_come_is_none_yet(acme, billing, ana) -> None:
    begins = clock.now().date() + DAY
    record_baa(acme, effective_on=begins, actor=OPERATOR)
    assert code_of(flagging(billing, acting(ana))) == "baa_missing"
    with time_machine.travel(clock.now() + DAY):
        assert flagging(billing, acting(ana))().is_hipaa


def test_under_an_old_agreement_support_alone_flags(acme, billing, ana, support) -> None:
    record_baa(acme, effective_on=OLD, actor=OPERATOR)
    assert code_of(flagging(billing, acting(ana))) == "baa_self_service"
    flagging(billing, support)()
    assert fresh(billing).is_hipaa
    unflag = flagging(billing, acting(ana), enabled=False)
    assert code_of(unflag) == "baa_self_service"


def test_what_is_there_stays_unflagged_and_what_comes_below_is_flagged(
    agreed, billing, marketing, ana
) -> None:
    parent = upgraded(billing)
    before = below(parent, "S1")
    flagging(parent, acting(ana))()
    after = below(fresh(parent), "S2")
    new = create_account(agreed, name="New", owner=ana, actor=acting(ana))
    flags = [fresh(one).is_hipaa for one in (parent, before, after, new, marketing)]
    assert flags == [True, False, True, False, False]
    assert last_event(parent).action == "account.hipaa_enabled"


def test_taking_the_flag_leaves_it_below(agreed, billing, ana) -> None:
    flagging(billing, acting(ana))()
    sub = below(fresh(billing))
    flagging(billing, acting(ana), enabled=False)()
    assert [fresh(one).is_hipaa for one in (billing, sub)] == [False, True]
    assert last_event(billing).action == "account.hipaa_disabled"


def test_a_subaccount_is_flagged_by_itself(agreed, billing, ana) -> None:
    sub = below(billing)
    flagging(sub, acting(ana))()
    assert [fresh(one).is_hipaa for one in (billing, sub)] == [False, True]


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_so_already_is_refused(enabled, agreed, billing, ana) -> None:
    if enabled:
        flagging(billing, acting(ana))()
    assert code_of(flagging(billing, acting(ana), enabled=enabled)) == "hipaa_unchanged"


def test_a_suspended_account_is_flagged_and_a_closed_one_is_not(
    agreed, billing, marketing, ana
) -> None:
    assert flagging(suspended(marketing), acting(ana))().is_hipaa
    assert code_of(flagging(being_closed(billing), acting(ana))) == "account_closed"


@pytest.mark.parametrize("who", ["cy", "dora", "ida", "eve"])
def test_no_role_on_an_account_flags_it(who, agreed, marketing, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        flagging(marketing, acting(request.getfixturevalue(who)))()


@pytest.mark.parametrize("group", [StaffGroup.AGENTS, StaffGroup.READERS])
def test_of_support_the_leads_alone(group, agreed, marketing) -> None:
    user = founder("new@desk.example")
    appoint_staff(user, group=group, actor=OPERATOR)
    with assert_no_effect(), pytest.raises(NotAllowed):
        flagging(marketing, supporting(user))()


@pytest.mark.parametrize(
    ("since", "by_support", "code"),
    [
        (None, False, "baa_missing"),
        (None, True, "baa_missing"),
        (OLD, False, "baa_self_service"),
        (OLD, True, None),
        (SELF_SERVICE_SINCE, False, None),
        (SELF_SERVICE_SINCE, True, None),
        (date(9999, 1, 1), True, "baa_missing"),
    ],
)
def test_why_not_is_known_before(since, by_support, code, acme) -> None:
    acme.baa_effective_on = since
    refused = hipaa_refusal(acme, enabled=True, by_support=by_support)
    assert (refused.code if refused else None) == code


# The agreement


def test_support_records_an_agreement_and_its_end(acme, support) -> None:
    record_baa(acme, effective_on=SELF_SERVICE_SINCE, actor=support)
    acme.refresh_from_db()
    assert acme.baa_effective_on == SELF_SERVICE_SINCE
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert event.action == "organization.baa_recorded"
    told = event.details.data
    assert (told["before"], told["after"]) == ("none", str(SELF_SERVICE_SINCE))
    record_baa(acme, effective_on=None, actor=support)
    acme.refresh_from_db()
    assert acme.baa_effective_on is None


def test_what_is_recorded_already_is_refused(agreed) -> None:
    record = partial(record_baa, agreed, effective_on=SELF_SERVICE_SINCE, actor=OPERATOR)
    assert code_of(record) == "baa_unchanged"


@pytest.mark.parametrize("later", [None, date(9999, 1, 1)])
def test_an_agreement_under_which_accounts_are_flagged_stays(later, agreed, billing, ana) -> None:
    flagging(billing, acting(ana))()
    record = partial(record_baa, agreed, effective_on=later, actor=OPERATOR)
    assert code_of(record) == "baa_in_use"
    closed(billing)
    record()


@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_customers_record_none(who, acme, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed, match="Only support staff"):
        record_baa(acme, effective_on=OLD, actor=acting(request.getfixturevalue(who)))
