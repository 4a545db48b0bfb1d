"""Two web servers and two workers on one database, while their processes are killed.

No proxy stands in front: browsers sign in once, use both servers with one session, and go to
the other one when nobody answers.
"""

import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.servers.console import Answer, Browser, children, end, until
from tests.servers.installations import Installations
from tests.servers.redis import Redis
from tests.servers.smtp import MailServer, Mode
from tests.world import PASSWORD

INVITE = "/admin-center/users/invite/"
LOAD = 20
LOAD_SECONDS = 8
_TASKS = "SELECT count(*) FROM django_tasks_database_dbtaskresult"
_QUEUED = f"{_TASKS} WHERE status IN ('READY', 'RUNNING', 'FAILED')"
_TAKEN_OVER = f"{_TASKS} WHERE jsonb_array_length(worker_ids) > 1"


class Fleet:
    """What stands around the two machines, and what runs on them."""

    def __init__(self, installations: Installations, folder: Path, stack: ExitStack) -> None:
        self.mail = stack.enter_context(MailServer())
        settings = {
            "CACHE_URL": stack.enter_context(Redis()).url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail.port}",
            "TASK_LEASE_SECONDS": "2",
            "TASK_FIRST_PAUSE_SECONDS": "0.2",
        }
        self.first = stack.enter_context(installations.on_postgresql(folder / "first", **settings))
        of_first = {name: self.first.environment[name] for name in ("DATABASE_URL", "BASE_URL")}
        self.second = stack.enter_context(
            installations.beside(folder / "second", **settings, **of_first)
        )
        self._database = of_first["DATABASE_URL"]
        self.web: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Anew: what an earlier test has left running ends."""
        for process in [*self.web, *self.workers]:
            end(process)
        self.web = [machine.serve_web() for machine in (self.first, self.second)]
        self.workers = [machine.serve_worker() for machine in (self.first, self.second)]
        until(self.is_idle)

    @property
    def urls(self) -> list[str]:
        return [self.first.url, self.second.url]

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._database, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def is_idle(self) -> bool:
        return self.execute(_QUEUED) == [(0,)]

    def invited(self) -> set[str]:
        return {email for (email,) in self.execute("SELECT email FROM invitations_invitation")}

    def mails(self) -> dict[str, list[str]]:
        """The Message-IDs that each address has got."""
        found = defaultdict(list)
        for mail in self.mail.mails:
            found[mail["To"]].append(mail["Message-ID"])
        return found


@pytest.fixture(scope="module")
def machines(
    installations: Installations, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    with ExitStack() as stack:
        yield Fleet(installations, tmp_path_factory.mktemp("fleet"), stack)


@pytest.fixture
def fleet(machines: Fleet) -> Fleet:
    machines.start()
    return machines


class Inviter(threading.Thread):
    """Invites one address after the other, each on another server than the one before.

    What nobody has answered is sent again to the other server.
    """

    def __init__(self, fleet: Fleet, email: str) -> None:
        super().__init__()
        self._urls = fleet.urls
        self._browser = Browser(fleet.first.url, timeout=10).log_in(email)
        self._name = email.partition("@")[0]
        self.is_over = threading.Event()
        self.acknowledged: list[str] = []
        self.wrong: list[Answer] = []
        self.moves = 0

    def run(self) -> None:
        while not self.is_over.is_set():
            self._invite(f"{self._name}-{len(self.acknowledged)}@acme.example")

    def _invite(self, email: str) -> None:
        while True:
            self._urls.reverse()
            self._browser.url = self._urls[0]
            try:
                form = self._browser.get(INVITE)
                answer = self._browser.post(INVITE, email=email, role="standard")
            except OSError:
                self.moves += 1
                time.sleep(0.05)
                continue
            self.wrong += [one for one in (form, answer) if one.status not in {200, 303}]
            # A form that is shown again says that the address was invited by the try before.
            assert answer.status == 303 or "invited already" in answer.text, answer
            self.acknowledged.append(email)
            return


def test_a_session_and_a_limit_hold_on_both_servers(fleet: Fleet) -> None:
    ana = Browser(fleet.first.url).log_in("ana@acme.example")
    ana.url = fleet.second.url
    assert ana.get(INVITE).status == 200
    ana.submit("/logout/")
    ana.url = fleet.first.url
    assert ana.get(INVITE).status == 302

    def guess(url: str) -> str:
        fields = {"login": "cy@acme.example", "password": "wrong"}
        return Browser(url).submit("/login/", **fields).text

    for number in range(10):
        assert "Too many failed tries" not in guess(fleet.urls[number % 2])
    assert all("Too many failed tries" in guess(url) for url in fleet.urls)


def test_who_is_demoted_or_deactivated_is_out_on_both_servers(fleet: Fleet) -> None:
    """With the very next request of a session that is open already."""
    ana = Browser(fleet.first.url).log_in("ana@acme.example")
    ben = Browser(fleet.first.url).log_in("ben@acme.example")
    found = ana.get("/admin-center/users/?search=ben").text.partition('scope="row"><a href="')[2]
    page = found.partition('"')[0]

    def answers() -> list[int]:
        told = []
        for url in fleet.urls:
            ben.url = url
            told.append(ben.get("/admin-center/users/").status)
        return told

    assert answers() == [200, 200]
    assert ana.submit(f"{page}change-role/", role="standard").status == 303
    assert answers() == [403, 403]
    assert ana.submit(f"{page}change-role/", role="administrator").status == 303
    assert answers() == [200, 200]
    assert ana.submit(f"{page}deactivate/", password=PASSWORD).status == 303
    assert answers() == [302, 302]
    assert ana.submit(f"{page}reactivate/").status == 303
    assert answers() == [302, 302]


def test_nothing_is_lost_while_processes_are_killed(fleet: Fleet) -> None:
    inviters = [Inviter(fleet, f"{name}@acme.example") for name in ("ana", "ben", "fay")]
    begun = time.monotonic()
    for inviter in inviters:
        inviter.start()
    written = count_of(inviters)
    [web_worker] = children(fleet.web[0])
    until(lambda: written() >= 6)
    os.kill(web_worker, signal.SIGKILL)

    before = written()
    until(lambda: written() >= before + 6)
    os.kill(fleet.web[1].pid, signal.SIGKILL)
    kill_while_sending(fleet)
    until(lambda: time.monotonic() > begun + LOAD_SECONDS and written() >= LOAD)
    for inviter in inviters:
        inviter.is_over.set()
    for inviter in inviters:
        inviter.join()
    until(fleet.is_idle)

    acknowledged = {email for inviter in inviters for email in inviter.acknowledged}
    assert [answer for inviter in inviters for answer in inviter.wrong] == []
    assert len(acknowledged) >= LOAD
    assert acknowledged <= fleet.invited()
    assert sum(inviter.moves for inviter in inviters) > 0
    mails = fleet.mails()
    assert acknowledged <= set(mails)
    assert fleet.execute(_TAKEN_OVER) >= [(1,)]
    assert {email for email in acknowledged if len(set(mails[email])) > 1} == set()
    fleet.first.manage("check_invariants")
    fleet.second.manage("verify_audit")


def count_of(inviters: list[Inviter]) -> Callable[[], int]:
    return lambda: sum(len(inviter.acknowledged) for inviter in inviters)


def kill_while_sending(fleet: Fleet) -> None:
    """Kill one worker while the mail server has its mail and has not answered."""
    fleet.mail.delay = 1.5
    fleet.mail.mode = Mode.SLOW
    tried = fleet.mail.tries
    until(lambda: fleet.mail.tries >= tried + 2)
    os.kill(fleet.workers[0].pid, signal.SIGKILL)
    fleet.mail.mode = Mode.OK
