"""SQLite has one writer: while it is held for long, readers go on, and writers are told to wait."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.answers import assert_says_come_back
from tests.servers.console import Answer, Browser, Console
from tests.world import PASSWORD

ANA = "ana@acme.example"
LONGEST_PAGE_SECONDS = 2
WAIT_SECONDS = 5  # the product's own
EVENTS = "SELECT count(*) FROM audit_auditevent"
TOUCHED = "SELECT count(*) FROM users_session WHERE user_id AND last_seen_at > '2020-01-02'"
NOT_SEEN_LATELY = "UPDATE users_session SET last_seen_at = '2020-01-01 00:00:00'"
INVITATION = {"email": "nell@acme.example", "role": "standard"}


@contextmanager
def written_to(console: Console) -> Iterator[None]:
    """Another process holds the one lock for writing."""
    with closing(sqlite3.connect(file_of(console), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")


def file_of(console: Console) -> Path:
    return console.run_dir / "adminctr.sqlite3"


def query(console: Console, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file_of(console))) as connection, connection:
        return connection.execute(statement).fetchall()


def test_readers_go_on_and_writers_are_told_to_come_back(on_sqlite) -> None:
    console = on_sqlite(WEB_WORKERS="2")
    console.serve_web()
    readers = [Browser(console.url).log_in(ANA) for _ in range(10)]
    strangers = [Browser(console.url) for _ in range(10)]
    forms = [stranger.hidden_fields("/login/") for stranger in strangers]
    query(console, NOT_SEEN_LATELY)
    before = query(console, EVENTS)

    def log_in(number: int) -> Answer:
        return strangers[number].post("/login/", **forms[number], login=ANA, password="x")

    def look(number: int) -> Answer:
        return readers[number].get("/admin-center/users/")

    with ThreadPoolExecutor(20) as threads, written_to(console):
        log_ins = [threads.submit(log_in, number) for number in range(10)]
        pages = list(threads.map(look, range(10)))
        refusals = [log_in.result() for log_in in log_ins]

    assert [page.status for page in pages] == [200] * 10
    assert max(page.seconds for page in pages) < LONGEST_PAGE_SECONDS
    for refusal in refusals:
        assert_says_come_back(refusal)
    assert min(refusal.seconds for refusal in refusals) >= WAIT_SECONDS
    assert query(console, EVENTS) == before
    assert look(0).status == 200
    assert query(console, TOUCHED) == [(1,)]
    assert strangers[0].post("/login/", **forms[0], login=ANA, password=PASSWORD).status == 302


def test_a_writer_waits_for_one_who_is_done_soon(on_sqlite) -> None:
    console = on_sqlite()
    console.serve_web()
    ana = Browser(console.url).log_in(ANA)
    form = ana.hidden_fields("/admin-center/users/invite/") | INVITATION
    query(console, NOT_SEEN_LATELY)  # what is written by the way waits for less
    with ThreadPoolExecutor(1) as threads, written_to(console):
        answer = threads.submit(ana.post, "/admin-center/users/invite/", **form)
        time.sleep(1)
    assert answer.result().status == 303
    assert answer.result().seconds > 1
