"""Installations of real processes, each on a copy of a database with the world in it."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest
from django_tasks_db.models import DBTaskResult

from tests.servers.console import Console
from tests.servers.postgresql import PostgreSQL

# Else what waits in a copy would be as old as what it was copied from, and too old for `readyz`.
_WAITS_SINCE_NOW = f"UPDATE {DBTaskResult._meta.db_table} SET enqueued_at = CURRENT_TIMESTAMP"

Install = Callable[..., Console]


class Installations:
    """Made once on either engine, and copied for whoever asks; a copy is not begun yet."""

    def __init__(self, folder: Path, cluster: PostgreSQL) -> None:
        self._folder, self._cluster = folder, cluster
        self._numbers = count(1)
        cluster.execute("CREATE DATABASE prepared")
        for settings in ({}, {"DATABASE_URL": cluster.url("prepared")}):
            with Console(folder, settings) as console:
                console.prepare()

    def on_postgresql(self, run_dir: Path, **settings: str) -> Console:
        """One whose database is in the cluster of the tests."""
        name = f"copy_{next(self._numbers)}"
        self._cluster.execute(f"CREATE DATABASE {name} TEMPLATE prepared")
        self._cluster.execute(_WAITS_SINCE_NOW, database=name)
        # Sequences of a copy step back in a crash until they are written out once.
        self._cluster.execute("CHECKPOINT")
        return self.beside(run_dir, **{"DATABASE_URL": self._cluster.url(name)} | settings)

    def on_sqlite(self, run_dir: Path, **settings: str) -> Console:
        """One whose database is a file of `run_dir`."""
        run_dir.mkdir(exist_ok=True)
        copied = shutil.copy(self._folder / "adminctr.sqlite3", run_dir)
        with closing(sqlite3.connect(copied)) as database, database:
            database.execute(_WAITS_SINCE_NOW)
        return self.beside(run_dir, **settings)

    def beside(self, run_dir: Path, **settings: str) -> Console:
        """One with the static files alone: its database is another's."""
        run_dir.mkdir(exist_ok=True)
        (run_dir / "static").symlink_to(self._folder / "static")
        return Console(run_dir, settings)


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as running:
        yield running


@pytest.fixture(scope="session")
def installations(cluster: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Installations:
    return Installations(tmp_path_factory.mktemp("prepared"), cluster)


@pytest.fixture
def on_postgresql(installations: Installations, tmp_path: Path) -> Iterator[Install]:
    """Makes a console on a copy in the cluster, which the test may take away."""
    with ExitStack() as stack:

        def make(**settings: str) -> Console:
            return stack.enter_context(installations.on_postgresql(tmp_path, **settings))

        yield make


@pytest.fixture
def on_sqlite(installations: Installations, tmp_path: Path) -> Iterator[Install]:
    """Makes a console on a copy in a file of `run_dir`."""
    with ExitStack() as stack:

        def make(run_dir: Path = tmp_path, **settings: str) -> Console:
            return stack.enter_context(installations.on_sqlite(run_dir, **settings))

        yield make
