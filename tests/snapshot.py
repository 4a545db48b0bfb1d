"""The database of the tests with the world in it, put back after each test that really commits."""

import sqlite3
from typing import Protocol

from django.db import connection, connections


class Snapshot(Protocol):
    """What stood in the database when this was taken."""

    def put_back(self) -> None: ...

    def forget(self) -> None:
        """Leave nothing of it behind."""


class _InMemory:
    """Of SQLite: a copy, page by page."""

    def __init__(self) -> None:
        self._kept = sqlite3.connect(":memory:")
        connection.ensure_connection()
        connection.connection.backup(self._kept)

    def put_back(self) -> None:
        connections.close_all()
        connection.ensure_connection()
        self._kept.backup(connection.connection)

    def forget(self) -> None:
        self._kept.close()


class _InTemplate:
    """Of PostgreSQL: a database beside it, from which it is made again."""

    def __init__(self) -> None:
        self._name: str = connection.settings_dict["NAME"]
        self._kept = f"{self._name}_kept"
        self._copy(self._name, self._kept)

    def put_back(self) -> None:
        self._copy(self._kept, self._name)

    def forget(self) -> None:
        self._run(f'DROP DATABASE "{self._kept}"')

    def _copy(self, source: str, target: str) -> None:
        connections.close_all()
        self._run(
            f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)',
            f'CREATE DATABASE "{target}" TEMPLATE "{source}"',
        )

    def _run(self, *statements: str) -> None:
        with connection._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def take() -> Snapshot:
    """Take one on the engine that the tests run on."""
    return _InMemory() if connection.vendor == "sqlite" else _InTemplate()
