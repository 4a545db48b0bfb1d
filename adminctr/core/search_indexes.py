"""The trigram indexes that adminctr.core.search reads, put in place after every migrate.

They are no migrations, since SQLite drops triggers silently whenever Django re-makes a table: one
idempotent function puts back what is missing, on both engines.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model


class Searched(Protocol):
    """How a model is searched; by SIDs as their first two letters tell."""

    searched_by: Sequence[str]
    searched_by_beginning: Sequence[str]
    searched_by_sid: Mapping[str, str]


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every index in place that is not there, filled from the rows that are."""
    tables = set(connection.introspection.table_names())
    for model in _searched():
        if model._meta.db_table in tables:
            if connection.vendor == "postgresql":
                _install_gin(connection, model)
            elif not (_has_triggers(connection, model) and _indexes_columns(connection, model)):
                _install_fts(connection, model)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take the indexes away for a bulk load; `install` brings them back, filled."""
    for model in _searched():
        name = _name(model)
        if connection.vendor == "postgresql":
            _execute(connection, f"DROP INDEX IF EXISTS {name}")
        else:
            for event in _EVENTS:
                _execute(connection, f"DROP TRIGGER IF EXISTS {name}_{event}")
            _execute(connection, f"DROP TABLE IF EXISTS {name}")


def install_after_migrate(using: str, **_: Any) -> None:
    install(connections[using])


def matching(
    connection: BaseDatabaseWrapper,
    model: type[Model],
    parts: Collection[str],
    organization_ids: Collection[int],
    *,
    most: int,
) -> list[int]:
    """On SQLite: the keys of these organizations' rows that have all the parts."""
    name = _name(model)
    marks = ", ".join("%s" for _ in organization_ids)
    phrases = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid FROM {name} WHERE {name} MATCH %s "
            f"AND organization_id IN ({marks}) LIMIT %s",
            [phrases, *organization_ids, most],
        )
        return [key for (key,) in cursor.fetchall()]


def _searched() -> Iterator[type[Model]]:
    return (model for model in apps.get_models() if hasattr(model, "searched_by"))


def _columns(model: type[Model]) -> list[str]:
    return list(cast(Searched, model).searched_by)


def _name(model: type[Model]) -> str:
    return f"{model._meta.db_table}_search"


def _execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


# PostgreSQL. Its planner knows how many rows an organization has, and takes the index of the
# organization's list instead where that is quicker.


def _install_gin(connection: BaseDatabaseWrapper, model: type[Model]) -> None:
    columns = ", ".join(f"{column} gin_trgm_ops" for column in _columns(model))
    if not _has_columns(connection, model):  # of a former release, which searched by others
        _execute(connection, f"DROP INDEX IF EXISTS {_name(model)}")
    _execute(
        connection,
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        f"CREATE INDEX IF NOT EXISTS {_name(model)} ON {model._meta.db_table} "
        f"USING gin ({columns})",
    )


def _has_columns(connection: BaseDatabaseWrapper, model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) ORDER BY attnum",
            [_name(model)],
        )
        return [name for (name,) in cursor.fetchall()] == _columns(model)


# SQLite: a table beside the rows, without copies of them, that triggers keep

_EVENTS = ("insert", "delete", "update")


def _install_fts(connection: BaseDatabaseWrapper, model: type[Model]) -> None:
    name, table, columns = _name(model), model._meta.db_table, _columns(model)
    indexed = ", ".join(columns)
    _execute(
        connection,
        *(f"DROP TRIGGER IF EXISTS {name}_{event}" for event in _EVENTS),
        f"DROP TABLE IF EXISTS {name}",
        f"CREATE VIRTUAL TABLE {name} USING fts5(organization_id UNINDEXED, {indexed}, "
        f"content='{table}', content_rowid='id', tokenize='trigram case_sensitive 1')",
        f"INSERT INTO {name}({name}) VALUES ('rebuild')",
        f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {_added(name, columns)}; END",
        f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} "
        f"BEGIN {_removed(name, columns)}; END",
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {indexed} ON {table} WHEN "
        + " OR ".join(f"old.{column} <> new.{column}" for column in columns)
        + f" BEGIN {_removed(name, columns)}; {_added(name, columns)}; END",
    )


def _has_triggers(connection: BaseDatabaseWrapper, model: type[Model]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s "
            "AND name IN (%s, %s, %s)",
            [model._meta.db_table, *(f"{_name(model)}_{event}" for event in _EVENTS)],
        )
        return bool(cursor.fetchone()[0] == len(_EVENTS))


def _indexes_columns(connection: BaseDatabaseWrapper, model: type[Model]) -> bool:
    """Whether it is not that of a former release, which searched by others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pragma_table_info(%s) ORDER BY cid", [_name(model)])
        return [name for (name,) in cursor.fetchall()] == ["organization_id", *_columns(model)]


def _added(name: str, columns: list[str]) -> str:
    values = ", ".join(f"new.{column}" for column in columns)
    return f"INSERT INTO {name}(rowid, {', '.join(columns)}) VALUES (new.id, {values})"


def _removed(name: str, columns: list[str]) -> str:
    values = ", ".join(f"old.{column}" for column in columns)
    return (
        f"INSERT INTO {name}({name}, rowid, {', '.join(columns)}) "
        f"VALUES ('delete', old.id, {values})"
    )
