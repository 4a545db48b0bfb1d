"""A backup made while people write, restored elsewhere: the console starts on it, and it holds."""

import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.console import Browser, Console
from tests.servers.installations import Installations
from tests.servers.postgresql import PostgreSQL

INVITE = "/admin-center/users/invite/"
PENDING = "/admin-center/users/pending/"


class Writer(threading.Thread):
    """Invites one address after the other until it is told to stop."""

    def __init__(self, browser: Browser) -> None:
        super().__init__()
        self._browser = browser
        self.is_over = threading.Event()
        self.begun = threading.Event()
        self.written: list[str] = []

    def run(self) -> None:
        while not self.is_over.wait(0.1):
            email = f"n{len(self.written):04}@acme.example"
            answer = self._browser.submit(INVITE, email=email, role="standard")
            assert answer.status == 303, answer
            self.written.append(email)
            if len(self.written) == 5:
                self.begun.set()


@contextmanager
def writing(browser: Browser) -> Iterator[Writer]:
    writer = Writer(browser)
    writer.start()
    try:
        assert writer.begun.wait(30)
        yield writer
    finally:
        writer.is_over.set()
        writer.join()


def assert_it_holds(restored: Console, session: Browser, written: list[str]) -> None:
    """What was written before is there, the console serves it, and old sessions can be ended."""
    restored.manage("check_invariants")
    restored.manage("verify_audit")
    restored.manage("collectstatic", "--no-input")
    restored.serve_web()
    session.url = restored.url
    page = session.get(PENDING)
    assert page.status == 200
    assert [email for email in written if email not in page.text] == []
    restored.manage("end_sessions", "Restored a backup")
    assert session.get(PENDING).status == 302
    ana = Browser(restored.url).log_in("ana@acme.example")
    ana.submit(INVITE, email="afterwards@acme.example", role="standard")
    assert "afterwards@acme.example" in ana.get(PENDING).text
    restored.manage("verify_audit")


def test_the_embedded_database(installations: Installations, tmp_path: Path) -> None:
    kept = tmp_path / "backup.sqlite3"
    with installations.on_sqlite(tmp_path / "run") as console:
        console.serve_web()
        ana = Browser(console.url).log_in("ana@acme.example")
        with writing(ana) as writer:
            before = list(writer.written)
            assert str(kept) in console.manage("backup", str(kept))
        with pytest.raises(AssertionError, match="is there already"):
            console.manage("backup", str(kept))
    with Console(console.run_dir) as stopped:
        damage(stopped.run_dir / "adminctr.sqlite3")
        with pytest.raises(AssertionError, match=r"damaged|malformed"):
            stopped.manage("backup", str(tmp_path / "damaged.sqlite3"))
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [kept.name]
    assert kept.stat().st_mode & 0o777 == 0o600
    restored_dir = tmp_path / "restored"
    restored_dir.mkdir()
    shutil.copy(kept, restored_dir / "adminctr.sqlite3")
    with Console(restored_dir) as restored:
        assert_it_holds(restored, ana, before)


def damage(database: Path) -> None:
    """Zeros where an index of the trail was."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    [size] = connection.execute("PRAGMA page_size").fetchone()
    [page] = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_auditevent'"
    ).fetchone()
    connection.close()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))


def test_postgresql(installations: Installations, cluster: PostgreSQL, tmp_path: Path) -> None:
    kept = tmp_path / "backup.dump"
    with installations.on_postgresql(tmp_path / "run") as console:
        console.serve_web()
        ana = Browser(console.url).log_in("ana@acme.example")
        with writing(ana) as writer:
            before = list(writer.written)
            dump = ["pg_dump", "-Fc", f"--file={kept}", console.environment["DATABASE_URL"]]
            subprocess.run(dump, check=True)
        with pytest.raises(AssertionError, match="pg_dump -Fc"):
            console.manage("backup", str(tmp_path / "no.sqlite3"))
    cluster.execute("CREATE DATABASE restored")
    restore = ["pg_restore", "--exit-on-error", "--no-owner"]
    subprocess.run([*restore, f"--dbname={cluster.url('restored')}", kept], check=True)
    settings = {"DATABASE_URL": cluster.url("restored")}
    with Console(tmp_path / "restored", settings) as restored:
        assert_it_holds(restored, ana, before)
