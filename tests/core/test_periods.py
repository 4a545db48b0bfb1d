"""Grants as periods: ended once and never before they began, and in force until a planned end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.models import RoleAssignment
from adminctr.core import clock
from adminctr.core.tenancy import tenant
from organizations.models import Membership, MembershipQuerySet, Organization

pytestmark = pytest.mark.breaks_invariants

HOUR = timedelta(hours=1)


@pytest.fixture
def stays(acme: Organization) -> Iterator[MembershipQuerySet]:
    with tenant(acme):
        yield Membership.objects.filter(email="cy@acme.example")


def test_what_has_ended_is_neither_open_nor_in_force_and_still_there(
    stays: MembershipQuerySet,
) -> None:
    assert stays.end() == 1
    assert not stays.open().exists()
    assert not stays.in_force().exists()
    assert stays.get().ended_at is not None


def test_ending_twice_keeps_the_first_end(stays: MembershipQuerySet) -> None:
    stays.end()
    first = stays.get().ended_at
    with time_machine.travel(clock.now() + HOUR):
        assert stays.end() == 0
    assert stays.get().ended_at == first


def test_it_ends_at_the_moment_that_is_said(stays: MembershipQuerySet) -> None:
    moment = stays.get().began_at + HOUR
    stays.end(moment)
    assert stays.get().ended_at == moment


def test_it_never_ends_before_it_began_even_if_the_clock_jumps_back(
    stays: MembershipQuerySet,
) -> None:
    began = stays.get().began_at
    with time_machine.travel(began - 24 * HOUR, tick=False):
        stays.end()
    assert stays.get().ended_at == began


@pytest.mark.parametrize(
    ("planned", "in_force", "overdue"),
    [(None, True, False), (HOUR, True, False), (timedelta(), False, True), (-HOUR, False, True)],
)
def test_a_planned_end_counts_from_its_very_moment(
    stays: MembershipQuerySet, planned: timedelta | None, in_force: bool, overdue: bool
) -> None:
    now = clock.now()
    with time_machine.travel(now, tick=False):
        now = clock.now()
        stays.update(ends_at=None if planned is None else now + planned)
        assert stays.open().exists()
        assert stays.in_force().exists() == in_force
        assert stays.overdue().exists() == overdue


def test_what_has_ended_is_not_overdue(stays: MembershipQuerySet) -> None:
    stays.update(ends_at=clock.now() - HOUR)
    stays.end()
    assert not stays.overdue().exists()


def test_only_the_rows_that_are_meant_end(acme: Organization) -> None:
    with tenant(acme):
        before = RoleAssignment.objects.open().count()
        held = RoleAssignment.objects.on_organization().filter(email="cy@acme.example")
        assert held.end() == 1
        assert RoleAssignment.objects.open().count() == before - 1


@pytest.mark.parametrize("column", ["ended_at", "ends_at"])
@pytest.mark.parametrize(
    ("start", "end", "held", "over"),
    [
        (-2, -1, False, False),
        (-2, 0, False, False),  # until just before it began
        (-1, 1, True, False),
        (4, 5, True, False),
        (9, 20, True, False),
        (10, 11, False, True),  # from the moment of its end
        (11, 12, False, True),
    ],
)
def test_who_had_access_at_some_time_stays_answerable(
    column: str, start: int, end: int, held: bool, over: bool, stays: MembershipQuerySet
) -> None:
    began: datetime = stays.get().began_at
    stays.update(**{column: began + 10 * HOUR})
    at = began + start * HOUR
    assert stays.in_force_between(at, began + end * HOUR).exists() == held
    assert stays.no_longer_in_force_at(at).exists() == over


@pytest.mark.parametrize("column", ["ended_at", "ends_at"])
def test_a_row_is_in_force_or_no_longer(column: str, stays: MembershipQuerySet) -> None:
    assert (stays.in_force().exists(), stays.no_longer_in_force().exists()) == (True, False)
    stays.update(**{column: stays.get().began_at})
    assert (stays.in_force().exists(), stays.no_longer_in_force().exists()) == (False, True)
