"""Counting in the shared cache keeps the lifetime that a count was begun with."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from adminctr.core.limits import Limit
from adminctr.queue.jobs import tidy_cache
from tests.servers.redis import Redis

pytestmark = pytest.mark.django_db

NOON = "2027-03-01T12:00:00+00:00"


def counts() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM cache")
        return int(cursor.fetchone()[0])


def fill(keys: list[str]) -> None:
    """Rows that live, past the cache, which is slow with so many."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO cache (cache_key, value, expires) VALUES (%s, '', '2027-03-02')",
            [[key] for key in keys],
        )


@pytest.mark.usefixtures("each_cache")
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


@pytest.mark.usefixtures("each_cache")
def test_a_thousand_counts_live_side_by_side() -> None:
    limit = Limit("crowded", times=1, seconds=3600)
    with time_machine.travel(NOON, tick=False):
        for number in range(1000):
            limit.note(f"{number}")
        assert all(limit.is_spent(f"{number}") for number in range(1000))


def test_counts_that_have_expired_are_forgotten_and_no_others() -> None:
    short, long = Limit("short", times=1, seconds=60), Limit("long", times=1, seconds=3600)
    with time_machine.travel(NOON, tick=False) as clock:
        short.note("ana")
        long.note("ana")
        before = counts()
        clock.shift(600)
        tidy_cache.call()
        assert (before, counts()) == (2, 1)
        assert long.is_spent("ana")


def test_a_flood_of_counts_drives_no_living_one_out() -> None:
    limit = Limit("flooded", times=1, seconds=3600)
    with time_machine.travel(NOON, tick=False):
        limit.note("ana")
        fill([f":1:zzz{number}" for number in range(15_000)])
        limit.note("ben")
        limit.note("cy")
        assert limit.is_spent("ana")


@pytest.mark.usefixtures("on_redis")
def test_redis_loses_no_try_of_many_at_once() -> None:
    limit = Limit("at_once", times=400, seconds=3600)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: limit.note("ana"), range(399)))
    assert not limit.is_spent("ana")
    limit.note("ana")
    assert limit.is_spent("ana")


@pytest.mark.usefixtures("on_redis")
def test_redis_forgets_a_count_some_time_after_its_window(redis_server: Redis) -> None:
    limit = Limit("forgotten", times=2, seconds=60)
    limit.note("ana")
    limit.note("ana")
    with redis_server.client() as client:
        [key] = client.keys("*limit:forgotten:*")
        assert 60 < client.ttl(key) <= 120
