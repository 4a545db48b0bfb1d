"""Installations of real processes, whose database, cache, disk or mail server a test takes away."""

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

_numbers = count(1)
# Else what waits in a copy would be as old as what it was copied from, and too old for `readyz`.
_WAITS_SINCE_NOW = f"UPDATE {DBTaskResult._meta.db_table} SET enqueued_at = CURRENT_TIMESTAMP"

Install = Callable[..., Console]


@pytest.fixture(scope="session")
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as running:
        yield running


@pytest.fixture(scope="session")
def prepared(cluster: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo in a database of either engine, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("prepared")
    cluster.execute("CREATE DATABASE prepared")
    for settings in ({}, {"DATABASE_URL": cluster.url("prepared")}):
        with Console(folder, settings) as console:
            console.prepare()
    return folder


@pytest.fixture
def on_postgresql(cluster: PostgreSQL, prepared: Path, tmp_path: Path) -> Iterator[Install]:
    """Makes a console on a copy of the demo in the cluster, which the test may take away."""
    with ExitStack() as stack:

        def make(**settings: str) -> Console:
            name = f"copy_{next(_numbers)}"
            cluster.execute(f"CREATE DATABASE {name} TEMPLATE prepared")
            cluster.execute(_WAITS_SINCE_NOW, database=name)
            # Sequences of a copy step back in a crash until they are written out once.
            cluster.execute("CHECKPOINT")
            own = {"DATABASE_URL": cluster.url(name)} | settings
            return stack.enter_context(_console(prepared, tmp_path, own))

        yield make


@pytest.fixture
def on_sqlite(prepared: Path, tmp_path: Path) -> Iterator[Install]:
    """Makes a console on a copy of the demo in a file of `run_dir`."""
    with ExitStack() as stack:

        def make(run_dir: Path = tmp_path, **settings: str) -> Console:
            copied = shutil.copy(prepared / "adminctr.sqlite3", run_dir)
            with closing(sqlite3.connect(copied)) as database, database:
                database.execute(_WAITS_SINCE_NOW)
            return stack.enter_context(_console(prepared, run_dir, settings))

        yield make


def _console(prepared: Path, run_dir: Path, settings: dict[str, str]) -> Console:
    (run_dir / "static").symlink_to(prepared / "static")
    return Console(run_dir, settings)
