"""Finding rows by any part of their keys, at a cost that does not grow with the table.

A model names the columns in `searched_by`. From three characters on a trigram index answers: GIN
on PostgreSQL, an FTS5 table on SQLite (adminctr.core.search_indexes). Anything shorter is compared
with how the columns of `searched_by_beginning` begin, each by its own index. No more than MOST rows
are found.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, cast

from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.db.models.sql.datastructures import BaseTable

from adminctr.core import search_indexes, text
from adminctr.core.columns import starts_with
from adminctr.core.search_indexes import Searched
from adminctr.core.sids import is_sid
from adminctr.core.tenancy import TenantModel, TenantRequired, current_scope

MOST = 1000
_SHORTEST_PART = 3
# SQLite's index knows no organizations: up to so many rows, reading all of one is quicker.
_FEW_ROWS = 5 * MOST
_MOST_PARTS = 5 * MOST

# Where a row stands in a list: the value that the list is ordered by, and its key.
Place = tuple[Any, int]


@dataclass(frozen=True, slots=True)
class Found:
    """Where the rows stand that fit, and whether there are more than were looked at."""

    places: list[Place]
    has_more: bool


def find(rows: QuerySet[Any], sought: str, *, order: str) -> Found:
    """The places of the rows that have every word of `sought` in a key, by the column `order`.

    Raises TenantRequired outside the scope of organizations.
    """
    organization_ids = _organizations_in_scope()
    model, rows = cast(Searched, rows.model), rows.order_by()
    if is_sid(sid := sought[:2].upper() + sought[2:].lower()):
        column = model.searched_by_sid.get(sid[:2])
        return _found([rows.filter(**{column: sid})] if column else [], order)
    key = text.sort_key(sought)
    parts = [word for word in key.split() if len(word) >= _SHORTEST_PART]
    if not parts:
        beginnings = (starts_with(column, key) for column in model.searched_by_beginning)
        return _found([rows.filter(beginning) for beginning in beginnings], order)
    fitting = rows.filter(*(_has(word, model.searched_by) for word in key.split()))
    if connections[rows.db].vendor == "sqlite" and _has_many(rows.model):
        keys = search_indexes.matching(
            connections[rows.db], rows.model, parts, organization_ids, most=_MOST_PARTS
        )
        if len(keys) < _MOST_PARTS:
            return _found([by_keys(fitting, keys)], order)
        # The index has more, and may have none of those that the list's filters leave. What is so
        # common is soon found in the list itself; where it is not, the filters leave few to read.
    return _found([fitting], order)


def by_keys[RowT: Model](rows: QuerySet[RowT], keys: Iterable[int]) -> QuerySet[RowT]:
    """Those of the rows that have one of these keys, looked up by the keys and nothing else."""
    chosen = rows.filter(pk__in=list(keys))
    alias = chosen.query.get_initial_alias()
    chosen.query.alias_map[alias] = _ByKeyAlone(chosen.model._meta.db_table, alias)
    return chosen


class _ByKeyAlone(BaseTable):
    """SQLite would rather walk the whole index of the organization than look some keys up."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        sql, parameters = super().as_sql(compiler, connection)
        return (f"{sql} NOT INDEXED" if connection.vendor == "sqlite" else sql), parameters


def _has(word: str, columns: Iterable[str]) -> Q:
    return reduce(or_, (Q(**{f"{column}__contains": word}) for column in columns))


def _found(groups: Iterable[QuerySet[Any]], order: str) -> Found:
    places: set[Place] = set()
    for rows in groups:
        places.update(rows.values_list(order, "pk")[: MOST + 1])
        if len(places) > MOST:
            break
    return Found(sorted(places)[:MOST], has_more=len(places) > MOST)


def _has_many(model: type[Model]) -> bool:
    rows = cast(type[TenantModel], model).objects.order_by()
    return rows[: _FEW_ROWS + 1].count() > _FEW_ROWS


def _organizations_in_scope() -> Collection[int]:
    scope = current_scope()
    if scope is None or not scope.organization_ids:
        raise TenantRequired("A list was searched outside a tenant scope")
    return scope.organization_ids
