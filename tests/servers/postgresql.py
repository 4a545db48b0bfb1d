"""A PostgreSQL cluster of the tests' own, which may be stopped, cut off, filled and thrown away."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import psycopg
import pytest

from tests.servers.ports import free_port

_USER = "postgres"


class PostgreSQL:
    """Runs while the context is open; `start` takes settings such as `max_connections=5`.

    Its files are in a folder of its own below `parent`, since the server does not run as root.
    """

    def __init__(self, *, port: int = 0, parent: Path | None = None) -> None:
        self.port = port or free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="adminctr-postgresql-", dir=parent))
        self._binaries = _binaries()

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self.folder, _USER, _USER)
        self._fill()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fill(self) -> None:
        self._run("initdb", "--auth=trust", f"--username={_USER}", "--no-sync", "--encoding=UTF8")

    def start(self, **settings: object) -> None:
        own = {"listen_addresses": "127.0.0.1", "fsync": "off", "max_connections": 50}
        options = [f"-c {name}={value}" for name, value in (own | settings).items()]
        options += [f"-p {self.port}", f"-k {self.folder}"]
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder}/log", f"-o{' '.join(options)}")

    def stop(self) -> None:
        """At once, as if the machine had lost its power; stopping twice does nothing."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode=immediate")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = _USER) -> str:
        return f"postgres://{_USER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, *, database: str = _USER) -> list[tuple[Any, ...]]:
        """One statement of the superuser, in no transaction; the rows that it answers."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), f"--pgdata={self.data}", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _USER, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


def initdb() -> str | None:
    """Debian keeps the programs of each version off the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    return str(installed[-1]) if installed else shutil.which("initdb")


def _binaries() -> Path:
    found = initdb()
    if not found:
        leave_out("PostgreSQL's initdb is not installed")
    if os.geteuid() == 0 and _USER not in {entry.pw_name for entry in pwd.getpwall()}:
        leave_out("PostgreSQL does not run as root, and there is no user postgres")
    return Path(found).parent


def _version(initdb: Path) -> float:
    return float(initdb.parts[-3])


def leave_out(reason: str) -> NoReturn:
    """Skip the test that is running; in CI, where nothing may be left out, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
