"""Writing very many rows: by COPY on PostgreSQL, by one prepared statement on SQLite.

Nothing is checked but what the database refuses, and no row is read back: keys are given before.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import batched, chain
from operator import attrgetter
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from adminctr.core import search_indexes

BATCH = 2000
_MANY = 20

# Pages are written in the order of every index, so they must fit into memory together.
_SQLITE_CACHE_KIB = 262_144

Progress = Callable[[int], object]


def first_free_key(model: type[models.Model]) -> int:
    """The primary key behind all others of a model."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {_quoted(model._meta.db_table)}")  # noqa: S608
        highest: int | None = cursor.fetchone()[0]
    return (highest or 0) + 1


def insert[M: models.Model](manager: models.Manager[M], rows: Sequence[M]) -> None:
    """Write new rows beside whoever else writes, in the transaction of an operation.

    Their keys are taken here. As many as one person makes are written in Django's own way.
    """
    if len(rows) < _MANY:
        manager.bulk_create(rows)
        return
    missing = [row for row in rows if row.pk is None]
    for row, key in zip(missing, _taken(manager.model, len(missing)), strict=True):
        row.pk = key
    columns = _columns_of(rows[0])
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            _send(manager.model, columns, _stored(rows, columns))
        else:
            _send_together(manager.model, columns, _stored(rows, columns))
    for row in rows:
        row._state.adding = False


def write[M: models.Model](rows: Iterable[M], progress: Progress | None = None) -> None:
    """Write rows of one model, a batch at a time; the database numbers on behind their keys."""
    written: set[type[models.Model]] = set()
    for batch in batched(rows, BATCH):
        columns = _columns_of(batch[0])
        _send(type(batch[0]), columns, _stored(batch, columns))
        written.add(type(batch[0]))
        if progress:
            progress(len(batch))
    _number_on(written)


@contextmanager
def loading() -> Iterator[None]:
    """Entered inside the transaction that writes: searches are indexed once, at its end."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Else every reference of every row is kept in memory until the end.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        else:
            cursor.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIB}")
    search_indexes.lift(connection)
    yield
    search_indexes.install(connection)


def analyze() -> None:
    """Tell the planner how the tables look now."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _columns_of(row: models.Model) -> list[models.Field[Any, Any]]:
    """Every column that the row has a value for; the database makes the others."""
    return [
        field
        for field in row._meta.concrete_fields
        if not field.generated and not isinstance(getattr(row, field.attname), DatabaseDefault)
    ]


def _stored(
    rows: Sequence[models.Model], columns: Sequence[models.Field[Any, Any]]
) -> list[list[Any]]:
    """The values of each row as the database keeps them."""
    read = attrgetter(*(field.attname for field in columns))
    keepers = [(place, keep) for place, field in enumerate(columns) if (keep := _keeper(field))]
    found = []
    for row in rows:
        values = list(read(row))
        for place, keep in keepers:
            values[place] = keep(values[place])
        found.append(values)
    return found


def _keeper(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What turns a value of this column into what is stored; None where nothing does."""
    if isinstance(field, models.JSONField):
        return _as_json
    if field.choices:
        return _plain
    if connection.vendor == "sqlite":
        return _KEPT_BY_SQLITE.get(field.get_internal_type())
    return None


def _as_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _plain(value: Any) -> Any:
    """What stands behind the name of a choice."""
    return value.value if isinstance(value, Enum) else value


_KEPT_BY_SQLITE: dict[str, Callable[[Any], Any]] = {
    "DateTimeField": lambda value: connection.ops.adapt_datetimefield_value(value),
    "UUIDField": lambda value: value.hex,
}


def _taken(model: type[models.Model], number: int) -> Sequence[int]:
    """So many keys that nobody else gets."""
    table, column = model._meta.db_table, model._meta.pk.column
    if not number:
        return ()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [_quoted(table), column, number],
            )
            return [key for (key,) in cursor.fetchall()]
        # Nobody else writes before this transaction ends.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        [last] = cursor.fetchone() or [0]
        return range(last + 1, last + 1 + number)


def _send(
    model: type[models.Model],
    columns: Sequence[models.Field[Any, Any]],
    rows: Sequence[list[Any]],
) -> None:
    table = _quoted(model._meta.db_table)
    names = ", ".join(_quoted(field.column) for field in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608


def _send_together(
    model: type[models.Model],
    columns: Sequence[models.Field[Any, Any]],
    rows: Sequence[list[Any]],
) -> None:
    """As few statements as SQLite takes: each puts what it adds to a search into order anew."""
    table, names = _quoted(model._meta.db_table), ", ".join(_quoted(one.column) for one in columns)
    places = f"({', '.join(['%s'] * len(columns))})"
    most = connection.features.max_query_params or 0
    with connection.cursor() as cursor:
        for batch in batched(rows, most // len(columns)):
            values = ", ".join([places] * len(batch))
            parameters = list(chain.from_iterable(batch))
            cursor.execute(f"INSERT INTO {table} ({names}) VALUES {values}", parameters)  # noqa: S608


def _number_on(written: Iterable[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
