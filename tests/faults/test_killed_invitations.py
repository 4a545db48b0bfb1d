"""The worker of a table of invitations dies in the middle; another one sends the rest, once."""

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from invitations.operations.batches import ROWS_OF_A_STEP
from tests.servers.console import Browser, Console, end, until
from tests.servers.postgresql import PostgreSQL

ANA = "ana@acme.example"
MANY = "/admin-center/users/invite-many/"
NEW = "new___@acme.example"
ROWS = 200
LEASES = {"TASK_LEASE_SECONDS": "2", "TASK_FIRST_PAUSE_SECONDS": "0.2"}


class Installation:
    """A console in which a table of 200 invitations waits for its first worker."""

    def __init__(self, console: Console, cluster: PostgreSQL) -> None:
        self.console, self.cluster = console, cluster
        self.database = console.environment["DATABASE_URL"].rpartition("/")[2]
        console.serve_web()

    def ask(self, statement: str) -> list[tuple]:
        return list(self.cluster.execute(statement, database=self.database))

    def number(self, statement: str) -> int:
        return int(self.ask(statement)[0][0])

    def send(self) -> str:
        """Paste the table, read it and send it now; the address of the run."""
        browser = Browser(self.console.url).log_in(ANA)
        table = "\n".join(f"new{number:03}@acme.example" for number in range(ROWS))
        answer = browser.submit(MANY, table=table, role="standard")
        answer = browser.submit(f"{answer.location}send/", when="now")
        assert answer.status == 303, answer.text
        return answer.location

    def done(self) -> int:
        return self.number(
            "SELECT count(*) FROM invitations_invitationbatchrow "
            f"WHERE state = 'done' AND email LIKE '{NEW}'"
        )

    def invited(self) -> int:
        return self.number(f"SELECT count(*) FROM invitations_invitation WHERE email LIKE '{NEW}'")

    def kill_in_a_step(self) -> None:
        """Let a worker begin, hold it up where it would write on, and kill it there."""
        worker = self.console.serve_worker()
        until(lambda: self.done() >= ROWS_OF_A_STEP)
        with psycopg.connect(self.cluster.url(self.database)) as holder:
            holder.execute("LOCK TABLE invitations_invitationbatchrow IN EXCLUSIVE MODE")
            time.sleep(0.5)
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            holder.rollback()
        end(worker)

    def release(self) -> None:
        """As if the lease of the killed worker had run out, two minutes later."""
        self.ask(
            "UPDATE invitations_invitationbatch SET leased_until = now() - interval '1 minute'"
        )
        self.ask("UPDATE queue_periodicjob SET due_at = now() - interval '1 minute'")


@pytest.fixture
def installation(on_postgresql, cluster: PostgreSQL, tmp_path: Path) -> Installation:
    return Installation(on_postgresql(**LEASES), cluster)


def test_a_worker_that_is_killed_leaves_no_row_out_and_sends_none_twice(
    installation: Installation,
) -> None:
    run = installation.send()
    installation.kill_in_a_step()
    done = installation.done()
    assert done == installation.invited() < ROWS
    assert done % ROWS_OF_A_STEP == 0
    page = Browser(installation.console.url).log_in(ANA).get(run)
    assert f"{done} of {ROWS}" in page.text
    installation.release()
    installation.console.serve_worker()
    until(lambda: installation.done() == ROWS, 60)
    assert installation.invited() == ROWS
    mails = (
        "SELECT count(*), count(DISTINCT args_kwargs::text) "
        "FROM django_tasks_database_dbtaskresult "
        "WHERE task_path = 'invitations.mail.send_invitation'"
    )
    [(sent, different)] = installation.ask(mails)
    assert sent == different >= ROWS
    installation.console.manage("check_invariants")
    installation.console.manage("verify_audit")
