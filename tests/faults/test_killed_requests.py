"""A web process dies between the commit and the answer; or the database ends what was begun."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.faults.answers import assert_says_come_back
from tests.faults.mails import link_mailed_to, mails_to
from tests.servers.console import Answer, Browser, Console, children, until
from tests.servers.postgresql import PostgreSQL
from tests.world import PASSWORD

ANA = "ana@acme.example"
BEN = "ben@acme.example"
NELL = "nell@acme.example"
ZOE = "zoe@fresh.example"
INVITE = "/admin-center/users/invite/"
INVITATION = {"email": NELL, "role": "standard"}
PERSON = {"first_name": "Zoë", "last_name": "Quist", "password": "plum harbour lantern"}


class Installation:
    """A console with its worker, whose requests a test can hold up at a table and kill."""

    def __init__(self, console: Console, cluster: PostgreSQL) -> None:
        self.console, self.cluster = console, cluster
        self.database = console.environment["DATABASE_URL"].rpartition("/")[2]
        self.web = console.serve_web()
        console.serve_worker()

    def count(self, table: str, condition: str) -> int:
        statement = f"SELECT count(*) FROM {table} WHERE {condition}"
        return int(self.cluster.execute(statement, database=self.database)[0][0])

    @contextmanager
    def held_up(self, table: str, call: Callable[[], Answer]) -> Iterator[Future[Answer]]:
        """A request that is under way, and waits where it wants to write to the table."""
        with (
            ThreadPoolExecutor(1) as threads,
            psycopg.connect(self.cluster.url(self.database)) as holder,
        ):
            holder.execute(f"LOCK TABLE {table} IN SHARE MODE")
            answer = threads.submit(call)
            until(self._waiting)
            yield answer
            holder.rollback()

    def kill_before_the_answer(self, call: Callable[[], Answer]) -> None:
        """What a request has decided is committed, and its session is about to be written."""
        with self.held_up("users_session", call) as answer:
            for pid in children(self.web):
                os.kill(pid, signal.SIGKILL)
            with pytest.raises(ConnectionError):
                answer.result()
            self.terminate_waiting()
        until(self._is_up)

    def terminate_waiting(self) -> None:
        for (pid,) in self._waiting():
            self.cluster.execute(f"SELECT pg_terminate_backend({pid})")

    def _waiting(self) -> list[tuple[object, ...]]:
        return self.cluster.execute(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            f"AND datname = '{self.database}'"
        )

    def _is_up(self) -> bool:
        try:
            return Browser(self.console.url).get("/healthz").status == 200
        except OSError:
            return False


@pytest.fixture
def installation(cluster: PostgreSQL, on_postgresql: Callable[..., Console]) -> Installation:
    return Installation(on_postgresql(TASK_LEASE_SECONDS="4"), cluster)


def test_what_is_made_before_a_kill_is_made_once(installation) -> None:
    console = installation.console
    ana = Browser(console.url).log_in(ANA)

    form = ana.hidden_fields(INVITE) | INVITATION
    installation.kill_before_the_answer(lambda: ana.post(INVITE, **form))
    again = ana.post(INVITE, **form)
    assert "is waiting" in again.text
    assert installation.count("invitations_invitation", f"email = '{NELL}'") == 1
    link = link_mailed_to(NELL, console)

    add = "/admin-center/domains/add/"
    form = ana.hidden_fields(add) | {"name": "acme.org"}
    installation.kill_before_the_answer(lambda: ana.post(add, **form))
    assert "in your list already" in ana.post(add, **form).text
    assert installation.count("domains_domain", "name = 'acme.org'") == 1

    nell = Browser(console.url)
    form = nell.hidden_fields(link) | PERSON
    installation.kill_before_the_answer(lambda: nell.post(link, **form))
    again = nell.post(link, **form)
    assert again.status == 410
    assert 'href="/login/"' in again.text
    assert installation.count("organizations_membership", f"email = '{NELL}'") == 1
    Browser(console.url).log_in(NELL, PERSON["password"])

    ownership = "/admin-center/settings/ownership/"
    form = ana.hidden_fields(ownership) | {"to": BEN, "password": PASSWORD}
    installation.kill_before_the_answer(lambda: ana.post(ownership, **form))
    again = ana.post(ownership, **form)
    assert again.status == 403
    assert BEN in again.text
    event = "action = 'organization.transferred'"
    assert installation.count("audit_auditevent", event) == 1

    until(lambda: mails_to(BEN, console))
    time.sleep(1)
    assert [len(mails_to(one, console)) for one in (NELL, BEN, ANA)] == [1, 1, 1]
    console.manage("check_invariants")
    console.manage("verify_audit")


def test_a_sign_up_that_was_cut_off_is_made_once(installation) -> None:
    console = installation.console
    zoe = Browser(console.url)
    assert zoe.submit("/signup/", email=ZOE).status == 200
    link = link_mailed_to(ZOE, console)
    form = zoe.hidden_fields(link) | PERSON
    installation.kill_before_the_answer(lambda: zoe.post(link, **form))
    again = zoe.post(link, **form)
    assert again.status == 410
    assert 'href="/login/"' in again.text
    assert installation.count("users_user", f"email = '{ZOE}'") == 1
    owned = f"owner_id = (SELECT id FROM users_user WHERE email = '{ZOE}')"
    assert installation.count("organizations_organization", owned) == 1
    assert installation.count("accounts_account", owned) == 1
    Browser(console.url).log_in(ZOE, PERSON["password"])
    console.manage("check_invariants")


def test_what_the_database_ends_half_way_leaves_nothing(installation) -> None:
    """The trail is written last: a request that waits there has made everything else."""
    console = installation.console
    ana = Browser(console.url).log_in(ANA)
    assert ana.submit(INVITE, **INVITATION).status == 303
    link = link_mailed_to(NELL, console)
    nell = Browser(console.url)
    until(lambda: installation.count("queue_periodicjob", "due_at < now()") == 0)
    requests = [
        (ana, INVITE, {"email": "olga@acme.example", "role": "standard"}),
        (ana, "/admin-center/domains/add/", {"name": "acme.org"}),
        (nell, link, PERSON),
    ]
    for browser, path, fields in requests:
        form = browser.hidden_fields(path) | fields
        before = _counts(installation)
        with installation.held_up("audit_auditevent", lambda: browser.post(path, **form)) as answer:  # noqa: B023
            installation.terminate_waiting()
            assert_says_come_back(answer.result())
        assert _counts(installation) == before
        assert browser.post(path, **form).status == 303
        assert _counts(installation) != before
    console.manage("check_invariants")
    console.manage("verify_audit")


def _counts(installation: Installation) -> dict[str, int]:
    tables = (
        "accounts_account", "audit_auditevent", "domains_domain", "invitations_invitation",
        "organizations_membership", "organizations_organization", "users_user",
    )  # fmt: skip
    return {table: installation.count(table, "true") for table in tables}
