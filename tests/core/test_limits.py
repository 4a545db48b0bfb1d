"""Tries are counted per key in windows that begin anew, in the database as on Redis."""

import pytest
import time_machine
from django.core.cache import cache

from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit

LIMIT = Limit("a_test", times=3, seconds=60)
NOON = "2027-03-01T12:00:00+00:00"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_cache")]


def test_the_last_try_counts_and_the_next_is_refused() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            LIMIT.spend("ana")
        with pytest.raises(RuleViolation) as refused:
            LIMIT.spend("ana")
    assert refused.value.code == "too_many_tries"
    assert "Wait a minute" in refused.value.message


def test_a_new_window_begins_anew() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            LIMIT.note("ana")
        assert LIMIT.is_spent("ana")
        clock.shift(59)
        assert LIMIT.is_spent("ana")
        clock.shift(1)
        assert not LIMIT.is_spent("ana")


@pytest.mark.parametrize("other", [("ben",), ("ana", "10.0.0.1"), ("an", "a"), ()])
def test_each_key_has_its_own_count(other: tuple[str, ...]) -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            LIMIT.note("ana")
        assert LIMIT.is_spent("ana")
        assert not LIMIT.is_spent(*other)


def test_two_limits_do_not_share_a_count() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            LIMIT.note("ana")
        assert not Limit("another_test", times=3, seconds=60).is_spent("ana")


def test_a_lost_count_begins_anew_rather_than_failing() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(3):
            LIMIT.note("ana")
        cache.clear()
        LIMIT.spend("ana")


def test_a_longer_wait_is_told_in_minutes() -> None:
    never = Limit("never", times=0, seconds=3600)
    with pytest.raises(RuleViolation, match="Wait 60 minutes"):
        never.spend("ana")


def test_a_wait_of_a_day_is_told_in_hours() -> None:
    never = Limit("never", times=0, seconds=86_400)
    with pytest.raises(RuleViolation, match="Wait 24 hours"):
        never.require_left("ana")
