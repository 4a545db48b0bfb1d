"""The databases that the bench measures on: made for it, populated, and taken away again."""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.run import postgresql_url

ROOT = Path(__file__).resolve().parent.parent
SQLITE, POSTGRESQL = "sqlite", "postgresql"
PASSWORD = "correct horse battery staple"

_USERS_PER_ORGANIZATION = 10
_MOST_ACCOUNTS = 100_000
_USERS_IN_A_SMALL_ONE = 2


@dataclass(frozen=True, slots=True)
class Database:
    """One populated database, and the environment in which the product uses it."""

    engine: str
    size: int
    environment: dict[str, str]

    def run(self, *command: str) -> None:
        """A Python command in this environment; raises CalledProcessError."""
        subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def available() -> list[str]:
    return [SQLITE, POSTGRESQL] if postgresql_url() else [SQLITE]


@contextmanager
def populated(engine: str, size: int) -> Iterator[Database]:
    """A database with `size` users in its first organization, and many small organizations."""
    with (
        tempfile.TemporaryDirectory(prefix="adminctr-bench-") as folder,
        _database(engine, size, folder) as url,
    ):
        database = Database(engine, size, environment(url, folder))
        database.run("manage.py", "migrate", "--verbosity", "0")
        database.run("manage.py", "collectstatic", "--verbosity", "0", "--no-input")
        database.run("manage.py", "populate", *_amounts(size))
        yield database


def environment(url: str, folder: str) -> dict[str, str]:
    """The product's variables; every visitor says where it comes from, as behind a proxy."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "READ_DOT_ENV": "false",
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "RUN_DIR": folder,
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_hex(24),
        "BASE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "EMAIL_URL": f"filemail://{folder}/mail",
        "TRUSTED_PROXY_COUNT": "1",
        "LOG_LEVEL": "ERROR",
    }


@contextmanager
def _database(engine: str, size: int, folder: str) -> Iterator[str]:
    if engine == SQLITE:
        yield f"sqlite:///{folder}/adminctr.sqlite3"
        return
    server = postgresql_url().rpartition("/")[0]
    name = f"adminctr_bench_{size}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(drop)


def _amounts(size: int) -> list[str]:
    organizations = max(2, size // _USERS_PER_ORGANIZATION)
    small = organizations - 1
    amounts = {
        "organizations": organizations,
        "users": size + _USERS_IN_A_SMALL_ONE * small,
        "accounts": min(size, _MOST_ACCOUNTS) + small,
        "invitations": size // 100,
        "events": size,
    }
    return [part for name, amount in amounts.items() for part in (f"--{name}", str(amount))]
