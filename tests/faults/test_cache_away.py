"""What counts tries is away or wiped: nobody guesses passwords meanwhile, and pages go on."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.faults.answers import assert_says_come_back
from tests.servers.console import Browser
from tests.servers.redis import Redis

ANA = "ana@acme.example"
CY = "cy@acme.example"
PAGES = (
    "/console/",
    "/profile/",
    "/admin-center/",
    "/admin-center/users/",
    "/admin-center/access/",
)
TRIES = 10


def guess(browser: Browser, address: str = CY) -> str:
    return browser.submit("/login/", login=address, password="wrong horse").text


def test_without_redis_nobody_guesses_and_pages_go_on(on_sqlite) -> None:
    with Redis() as cache:
        console = on_sqlite(CACHE_URL=cache.url)
        console.serve_web()
        ana, stranger = Browser(console.url).log_in(ANA), Browser(console.url)
        for _ in range(TRIES):
            assert "Too many failed tries" not in guess(stranger)
        assert "Too many failed tries" in guess(stranger)

        cache.stop()
        for page in PAGES:
            answer = ana.get(page)
            assert (page, answer.status) == (page, 200)
            assert answer.seconds < 2
        form = {"email": "nell@acme.example", "role": "standard"}
        assert ana.submit("/admin-center/users/invite/", **form).status == 303
        for password in ("correct horse battery staple", "wrong horse"):
            refusal = stranger.submit("/login/", login=CY, password=password)
            assert_says_come_back(refusal, words="Tries cannot be counted")
        ready = json.loads(ana.get("/readyz").text)
        assert ready == {name: name not in {"cache", "worker"} for name in ready}

        cache.start()
        assert json.loads(ana.get("/readyz").text)["cache"] is True
        Browser(console.url).log_in(CY)


@pytest.mark.parametrize("where", ["redis", "database"])
def test_a_wiped_cache_begins_to_count_anew_and_ends_no_session(where, on_sqlite) -> None:
    with Redis() as cache:
        console = on_sqlite(**({"CACHE_URL": cache.url} if where == "redis" else {}))
        console.serve_web()
        ana, stranger = Browser(console.url).log_in(ANA), Browser(console.url)
        for _ in range(TRIES):
            guess(stranger)
        assert "Too many failed tries" in guess(stranger)
        if where == "redis":
            cache.client().flushall()
        else:
            with (
                closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database,
                database,
            ):
                database.execute("DELETE FROM cache")
        assert ana.get("/admin-center/users/").status == 200
        assert "Too many failed tries" not in guess(stranger)
