"""The database stops, takes no changes, or has no connection left: clear pages, then recovery."""

import json
import socket
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django_tasks_db.models import DBTaskResult

from tests.faults.answers import assert_says_come_back
from tests.servers.console import Browser, Console, until
from tests.servers.postgresql import PostgreSQL

ANA = "ana@acme.example"
INVITE = "/admin-center/users/invite/"
FORM = {"email": "nell@acme.example", "role": "standard"}


@pytest.fixture
def stoppable(cluster: PostgreSQL) -> Iterator[PostgreSQL]:
    """The cluster, running as before when the test is over."""
    yield cluster
    cluster.stop()
    cluster.start()


def checks(console: Console) -> dict[str, bool]:
    answer = Browser(console.url).get("/readyz")
    found: dict[str, bool] = json.loads(answer.text)
    assert answer.status == (200 if all(found.values()) else 503)
    return found


def is_ready(console: Console) -> bool:
    return all(checks(console).values())


def test_a_database_that_stops_and_comes_back(stoppable, on_postgresql) -> None:
    console = on_postgresql(TASK_LEASE_SECONDS="4")
    web, worker = console.serve_web(), console.serve_worker()
    ana, stranger = Browser(console.url).log_in(ANA), Browser(console.url)
    login_form = stranger.hidden_fields("/login/")
    until(lambda: is_ready(console))

    stoppable.stop()
    for answer in (ana.get("/admin-center/users/"), ana.post(INVITE, **FORM)):
        assert_says_come_back(answer)
    log_in = stranger.post("/login/", **login_form, login=ANA, password="wrong horse")
    assert_says_come_back(log_in)
    style = log_in.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert stranger.get(style).status == 200
    assert ana.get("/healthz").status == stranger.get("/healthz").status == 200
    assert checks(console) == dict.fromkeys(checks(console), False)

    until(lambda: "The worker waits" in console.log)
    stoppable.start()
    assert ana.get("/admin-center/users/").status == 200
    assert ana.submit(INVITE, **FORM).status == 303
    mails = console.run_dir / "mail"
    until(lambda: any("nell@acme.example" in mail.read_text() for mail in mails.glob("*")))
    until(lambda: is_ready(console))
    assert web.poll() is None
    assert worker.poll() is None
    assert console.log.count("The worker waits") == 1


def test_a_console_that_starts_before_its_database(stoppable, on_postgresql) -> None:
    console = on_postgresql()
    stoppable.stop()
    console.serve_web()
    worker = console.serve_worker()
    browser = Browser(console.url)
    page = browser.submit("/signup/", email="new@fresh.example")
    assert_says_come_back(page)
    until(lambda: "The worker waits" in console.log)
    stoppable.start()
    browser.log_in(ANA)
    until(lambda: is_ready(console))
    assert worker.poll() is None


def test_serve_says_in_one_line_that_the_database_is_away(stoppable, on_postgresql) -> None:
    console = on_postgresql()
    stoppable.stop()
    serve = console.start([sys.executable, "manage.py", "serve"])
    assert serve.wait(30) == 1
    assert "Traceback" not in console.log
    assert "database cannot be reached" in console.log


def test_a_database_that_takes_no_changes(cluster, on_postgresql) -> None:
    console = on_postgresql(TASK_LEASE_SECONDS="4")
    name = console.environment["DATABASE_URL"].rpartition("/")[2]
    console.serve_web()
    worker = console.serve_worker()
    ana = Browser(console.url).log_in(ANA)
    until(lambda: is_ready(console))

    set_read_only(cluster, name, "on")
    assert ana.get("/admin-center/users/").status == 200
    assert_says_come_back(ana.submit(INVITE, **FORM), words="takes no changes")
    stranger = Browser(console.url)
    assert_says_come_back(
        stranger.submit("/login/", login=ANA, password="x"), words="takes no changes"
    )
    assert checks(console)["database"] is False
    until(lambda: "The worker waits" in console.log)

    set_read_only(cluster, name, "off")
    assert ana.submit(INVITE, **FORM).status == 303
    until(lambda: is_ready(console))
    assert worker.poll() is None


def set_read_only(cluster: PostgreSQL, database: str, value: str) -> None:
    """For every connection that is made from now on, and none that was made before lives on."""
    cluster.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = {value}")
    cluster.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
    )


def test_a_database_without_a_connection_left(stoppable, on_postgresql) -> None:
    console = on_postgresql()
    stoppable.stop()
    stoppable.start(max_connections=6, superuser_reserved_connections=0)
    console.serve_web()
    taken = [psycopg.connect(stoppable.url()) for _ in range(6)]
    browser = Browser(console.url)
    assert_says_come_back(browser.submit("/login/", login=ANA, password="wrong horse"))
    assert checks(console)["database"] is False
    for one in taken:
        one.close()
    until(lambda: checks(console)["database"])
    browser.log_in(ANA)


def test_a_database_that_is_silent_holds_nobody_for_long(on_postgresql) -> None:
    """A host that takes the connection and never answers, as behind a broken route."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://postgres@127.0.0.1:{silent.getsockname()[1]}/adminctr"
        console = on_postgresql(DATABASE_URL=url)
        console.serve_web()
        browser = Browser(console.url)
        ready = browser.get("/readyz")
        assert ready.status == 503
        assert ready.seconds < 3
        page = browser.post("/signup/", email="new@fresh.example")
        assert page.seconds < 3
        assert browser.get("/healthz").seconds < 0.5


def test_readiness_names_what_is_missing(cluster, on_postgresql) -> None:
    console = on_postgresql()
    database = console.environment["DATABASE_URL"].rpartition("/")[2]
    console.serve_web()
    nobody_works = checks(console)
    assert [name for name, passes in nobody_works.items() if not passes] == ["worker"]
    cluster.execute(
        "INSERT INTO queue_workerheartbeat VALUES ('deaf', now() + interval '1 hour')",
        database=database,
    )
    cluster.execute(
        f"UPDATE {DBTaskResult._meta.db_table} SET status = 'READY', "
        "enqueued_at = now() - interval '11 minutes'",
        database=database,
    )
    assert [name for name, passes in checks(console).items() if not passes] == ["queue"]
