"""A disk is full: what cannot be kept is refused whole, and all goes on once there is room."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.faults.answers import assert_says_come_back
from tests.servers.console import Browser, Console, until
from tests.servers.disk import SmallDisk, small_disk
from tests.servers.postgresql import PostgreSQL

ANA = "ana@acme.example"
INVITE = "/admin-center/users/invite/"
INVITED = "SELECT count(*) FROM invitations_invitation"
EVENTS = "SELECT count(*) FROM audit_auditevent"
FULL = "no room left"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", megabytes=24) as mounted:
        yield mounted


def invite(browser: Browser, number: int) -> int:
    form = {"email": f"n{number}@acme.example", "role": "standard"}
    answer = browser.submit(INVITE, **form)
    if answer.status != 303:
        assert_says_come_back(answer, words=FULL)
    return answer.status


def invite_until_refused(browser: Browser) -> int:
    """How many invitations the room that is left in the database's own pages still took."""
    return next(number for number in count() if invite(browser, number) != 303)


def rows(console: Console) -> tuple[int, int]:
    with closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database:
        invited, events = (database.execute(one).fetchone()[0] for one in (INVITED, EVENTS))
        return invited, events


def test_a_full_disk_of_sqlite_and_of_the_log(disk, on_sqlite) -> None:
    console = on_sqlite(disk.folder)
    console.serve_web()
    ana = Browser(console.url).log_in(ANA)
    invited, events = rows(console)

    disk.fill()
    taken = invite_until_refused(ana)
    assert rows(console) == (invited + taken, events + taken)
    assert ana.get("/admin-center/users/").status == 200
    assert ana.get("/healthz").status == 200
    assert '"database": false' in ana.get("/readyz").text

    disk.free()
    assert invite(ana, taken) == 303
    assert rows(console) == (invited + taken + 1, events + taken + 1)
    assert '"database": true' in ana.get("/readyz").text
    console.manage("check_invariants")
    console.manage("verify_audit")


@pytest.fixture
def disk_of_rows(cluster: PostgreSQL) -> Iterator[SmallDisk]:
    """For rows alone: where its log of writes is full, PostgreSQL itself stops."""
    with small_disk(cluster.folder / "disk", megabytes=48) as mounted:
        shutil.chown(mounted.folder, "postgres")
        yield mounted


def test_a_full_disk_of_postgresql(cluster, disk_of_rows, on_postgresql) -> None:
    disk = disk_of_rows
    console = on_postgresql()
    database = console.environment["DATABASE_URL"].rpartition("/")[2]
    cluster.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder}'")
    cluster.execute(f"ALTER DATABASE {database} SET TABLESPACE small")
    try:
        console.serve_web()
        ana = Browser(console.url).log_in(ANA)
        (before,) = cluster.execute(f"SELECT ({INVITED}), ({EVENTS})", database=database)
        disk.fill()
        taken = invite_until_refused(ana)
        (after,) = cluster.execute(f"SELECT ({INVITED}), ({EVENTS})", database=database)
        assert after == (before[0] + taken, before[1] + taken)
        assert ana.get("/admin-center/users/").status == 200
        disk.free()
        assert invite(ana, taken) == 303
        console.manage("check_invariants")
    finally:
        cluster.execute(f"DROP DATABASE {database} WITH (FORCE)")
        cluster.execute("DROP TABLESPACE small")


def test_a_mail_waits_for_room_in_the_folder(disk, on_sqlite) -> None:
    mails = disk.folder / "mail"
    console = on_sqlite(
        EMAIL_URL=f"filemail://{mails}", TASK_FIRST_PAUSE_SECONDS="0.2", TASK_LEASE_SECONDS="2"
    )
    console.serve_web()
    ana = Browser(console.url).log_in(ANA)
    disk.fill()
    invite(ana, 1)
    worker = console.serve_worker()
    until(lambda: tries(console) > 1)
    disk.free()
    until(lambda: any("n1@acme.example" in mail.read_text() for mail in mails.glob("*")))
    assert worker.poll() is None


def tries(console: Console) -> int:
    with closing(sqlite3.connect(console.run_dir / "adminctr.sqlite3")) as database:
        (most,) = database.execute(
            "SELECT max(json_array_length(worker_ids)) FROM django_tasks_database_dbtaskresult"
        ).fetchone()
        return int(most)


def test_serve_says_plainly_that_there_is_no_room(disk, on_sqlite) -> None:
    elsewhere = disk.folder.parent / "adminctr.sqlite3"
    console = on_sqlite(disk.folder, DATABASE_URL=f"sqlite:///{elsewhere}")
    shutil.copy(disk.folder / "adminctr.sqlite3", elsewhere)
    (disk.folder / "static").unlink()
    disk.fill()
    with pytest.raises(AssertionError, match=FULL) as failed:
        console.manage("serve")
    assert "Traceback" not in str(failed.value)
