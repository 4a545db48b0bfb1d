"""Counting in the shared cache keeps the lifetime that a count was begun with."""

import pytest
import time_machine
from django.core.cache import cache

from adminctr.core.limits import Limit

pytestmark = pytest.mark.django_db

NOON = "2027-03-01T12:00:00+00:00"


def test_counting_does_not_shorten_the_life_of_a_count() -> None:
    limit = Limit("long_window", times=2, seconds=3600)
    with time_machine.travel(NOON, tick=False) as clock:
        limit.note("ana")
        limit.note("ana")
        clock.shift(3599)
        assert limit.is_spent("ana")


def test_a_count_that_is_gone_is_not_counted_on() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        cache.set("short", 1, timeout=10)
        assert cache.incr("short", 2) == 3
        clock.shift(11)
        with pytest.raises(ValueError, match="Nothing to add to"):
            cache.incr("short")


def test_a_thousand_counts_live_side_by_side() -> None:
    limit = Limit("crowded", times=1, seconds=3600)
    with time_machine.travel(NOON, tick=False):
        for number in range(1000):
            limit.note(f"{number}")
        assert all(limit.is_spent(f"{number}") for number in range(1000))
