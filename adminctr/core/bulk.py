"""Writing very many rows: by COPY on PostgreSQL, by one prepared statement on SQLite.

Nothing is checked but what the database refuses, and no row is read back: keys are given before.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched
from operator import attrgetter
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from adminctr.core import search_indexes

BATCH = 2000

# Pages are written in the order of every index, so they must fit into memory together.
_SQLITE_CACHE_KIB = 262_144

Progress = Callable[[int], object]


def first_free_key(model: type[models.Model]) -> int:
    """The primary key behind all others of a model."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(id) FROM {_quoted(model._meta.db_table)}")  # noqa: S608
        highest: int | None = cursor.fetchone()[0]
    return (highest or 0) + 1


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
    """Every column that the row has a value for; the others have a default in the database."""
    return [
        field
        for field in row._meta.concrete_fields
        if not isinstance(getattr(row, field.attname), DatabaseDefault)
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
        return json.dumps
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value
    return None


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


def _number_on(written: Iterable[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
