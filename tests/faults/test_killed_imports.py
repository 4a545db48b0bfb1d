"""The worker of an import dies, twice; two workers take it; its starter is demoted; none is there.

The console and its workers are processes; the people are written into their database beforehand.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress

import psycopg
import pytest

from imports.models import PEOPLE_OF_A_STEP
from tests.servers.console import ROOT, Browser, Console, end, until
from tests.servers.postgresql import PostgreSQL

ANA, BEN = "ana@acme.example", "ben@acme.example"
DOMAIN = "acme-labs.example"
PEOPLE = 1000
IMPORT = "/admin-center/users/import/"
LEASES = {"TASK_LEASE_SECONDS": "2", "TASK_FIRST_PAUSE_SECONDS": "0.2"}
MAKE = f"""
import django; django.setup()
from organizations.models import Organization
from tests.imports.crowd import logins
from tests.imports.runs import switched_on
switched_on(Organization.objects.get(name="Acme"), "{DOMAIN}")
logins("{DOMAIN}", {PEOPLE})
"""


class Installation(ABC):
    """A console in which an import of 1,000 people waits for its first worker."""

    def __init__(self, console: Console) -> None:
        self.console = console
        made = subprocess.run(
            [sys.executable, "-c", MAKE], cwd=ROOT, env=console.environment, capture_output=True
        )
        assert made.returncode == 0, made.stderr.decode()
        console.serve_web()

    @abstractmethod
    def ask(self, statement: str) -> list[tuple]: ...

    @abstractmethod
    def held_up(self) -> AbstractContextManager[None]:
        """Whoever writes rows of an import waits meanwhile."""

    def number(self, statement: str) -> int:
        return int(self.ask(statement)[0][0])

    def start(self, who: str, *, is_notifying: bool = False) -> str:
        """Choose everybody, read the plan and start; the address of the run."""
        browser = Browser(self.console.url).log_in(who)
        answer = browser.submit(f"{IMPORT}new/all/", domains=DOMAIN)
        answer = browser.submit(answer.location, is_notifying="yes" if is_notifying else "no")
        answer = browser.submit(answer.location, read="on")
        assert answer.status == 303, answer.text
        return answer.location

    def rows(self) -> int:
        return self.number("SELECT count(*) FROM imports_importrow")

    def people(self) -> int:
        return self.number("SELECT count(*) FROM organizations_membership WHERE source = 'import'")

    def state(self) -> str:
        return str(self.ask("SELECT state FROM imports_importrun")[0][0])

    def release(self) -> None:
        """As if the lease of the killed worker had run out."""
        self.ask("UPDATE imports_importrun SET leased_until = '2000-01-01 00:00:00'")
        self.ask("UPDATE queue_periodicjob SET due_at = '2000-01-01 00:00:00'")

    def kill_after(self, rows: int) -> None:
        """Let a worker write so much at least, hold it up where it would write on, and kill it."""
        worker = self.console.serve_worker()
        until(lambda: self.kill_if_written(rows, worker))
        end(worker)
        assert self.rows() == self.people() < PEOPLE
        assert self.rows() % PEOPLE_OF_A_STEP == 0

    def kill_if_written(self, rows: int, worker: subprocess.Popen[bytes]) -> bool:
        with self.held_up():
            if self.rows() < rows:
                return False
            time.sleep(0.5)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            return True


class OnPostgreSQL(Installation):
    def __init__(self, console: Console, cluster: PostgreSQL) -> None:
        self.cluster = cluster
        self.database = console.environment["DATABASE_URL"].rpartition("/")[2]
        super().__init__(console)

    def ask(self, statement: str) -> list[tuple]:
        return list(self.cluster.execute(statement, database=self.database))

    @contextmanager
    def held_up(self) -> Iterator[None]:
        with psycopg.connect(self.cluster.url(self.database)) as holder:
            holder.execute("LOCK TABLE imports_importrow IN EXCLUSIVE MODE")
            yield
            holder.rollback()


class OnSQLite(Installation):
    def __init__(self, console: Console) -> None:
        self.file = console.environment["DATABASE_URL"].removeprefix("sqlite:///")
        super().__init__(console)

    def ask(self, statement: str) -> list[tuple]:
        with closing(sqlite3.connect(self.file, timeout=20)) as database, database:
            return database.execute(statement).fetchall()

    @contextmanager
    def held_up(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.file, timeout=0)) as holder:
            until(lambda: _is_begun(holder), pause=0.001)  # between two steps is not much time
            yield
            holder.rollback()


def _is_begun(holder: sqlite3.Connection) -> bool:
    with suppress(sqlite3.OperationalError):  # somebody else writes
        holder.execute("BEGIN IMMEDIATE")
    return holder.in_transaction


@pytest.fixture
def installation(on_postgresql, cluster: PostgreSQL) -> Installation:
    return OnPostgreSQL(on_postgresql(**LEASES), cluster)


@pytest.fixture(params=["postgresql", "sqlite"])
def each_installation(request: pytest.FixtureRequest) -> Installation:
    if request.param == "postgresql":
        found: Installation = request.getfixturevalue("installation")
        return found
    return OnSQLite(request.getfixturevalue("on_sqlite")(**LEASES))


def test_a_worker_killed_twice_leaves_nobody_out_and_nobody_twice(
    each_installation: Installation,
) -> None:
    installation = each_installation
    run = installation.start(ANA, is_notifying=True)
    installation.kill_after(PEOPLE_OF_A_STEP)
    installation.release()
    installation.kill_after(2 * PEOPLE_OF_A_STEP)
    page = Browser(installation.console.url).log_in(ANA).get(run)
    assert f"{installation.rows()} of {PEOPLE}" in page.text.replace(",", "")
    installation.release()
    for _ in range(2):
        installation.console.serve_worker()
    until(lambda: installation.state() == "finished", 60)
    assert installation.rows() == installation.people() == PEOPLE
    mails = (
        "SELECT count(*), count(DISTINCT CAST(args_kwargs AS text)) "
        "FROM django_tasks_database_dbtaskresult WHERE task_path = 'imports.mail.send_imported'"
    )
    assert installation.ask(mails) == [(PEOPLE, PEOPLE)]
    told = "SELECT count(*) FROM audit_auditevent WHERE action = 'user.imported'"
    assert installation.number(told) == PEOPLE
    installation.console.manage("check_invariants")
    installation.console.manage("verify_audit")


def test_two_workers_that_get_the_same_task_do_it_once(installation: Installation) -> None:
    installation.start(ANA)
    installation.ask(
        "INSERT INTO django_tasks_database_dbtaskresult SELECT (t.r).* FROM (SELECT "
        "jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid())) AS r FROM "
        "django_tasks_database_dbtaskresult d WHERE task_path = 'imports.jobs.drive_import') t"
    )
    for _ in range(2):
        installation.console.serve_worker()
    until(lambda: installation.state() == "finished", 60)
    assert installation.rows() == installation.people() == PEOPLE
    installation.console.manage("check_invariants")


def test_whoever_started_it_and_is_demoted_stops_it_and_the_report_is_complete(
    installation: Installation,
) -> None:
    run = installation.start(BEN)
    installation.kill_after(PEOPLE_OF_A_STEP)
    done = installation.rows()
    ana = Browser(installation.console.url).log_in(ANA)
    [(sid,)] = installation.ask(f"SELECT sid FROM users_user WHERE email = '{BEN}'")
    demoted = ana.submit(
        f"/admin-center/users/{sid}/change-role/",
        role="standard",
        password="correct horse battery staple",
    )
    assert demoted.status == 303, demoted.text
    installation.release()
    installation.console.serve_worker()
    until(lambda: installation.state() == "failed", 60)
    assert (installation.rows(), installation.people()) == (PEOPLE, done)
    page = ana.get(run).text
    assert "started by somebody who may no longer do this" in page
    installation.console.manage("check_invariants")


def test_without_a_worker_it_is_stored_and_begins_later(installation: Installation) -> None:
    run = installation.start(ANA)
    page = Browser(installation.console.url).log_in(ANA).get(run)
    assert "Waiting to start" in page.text
    assert (installation.state(), installation.rows()) == ("pending", 0)
    installation.console.serve_worker()
    until(lambda: installation.state() == "finished", 60)
    assert installation.people() == PEOPLE
