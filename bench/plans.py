"""How the database answers what a page asks: by an index, or by reading and sorting it all."""

import re
from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.db import connection

from bench.stage import Query

# A planner is right to read a small table as a whole.
_LARGE = 2000
# The hits of a search are sorted, and there are no more of them.
_MOST_SORTED = 1001
_SORT = re.compile(r"TEMP B-TREE FOR (?:LAST TERM OF )?ORDER BY|\bSort +\(cost=\S+ rows=(\d+)")
_READS_WHOLE = {
    "postgresql": r"Seq Scan on {table}\b",
    "sqlite": r"SCAN {table}\b",
}


def faults_of(queries: Iterable[Query]) -> list[str]:
    """Plans that grow with the organization, in words."""
    found = []
    for query in queries:
        if not query.sql.startswith("SELECT"):
            continue
        if query.sql.startswith("SELECT COUNT("):
            # It stops at its bound, wherever it begins to read.
            if " LIMIT " not in query.sql:
                found.append(f"counts without a bound:\n{query.sql[:300]}")
            continue
        plan = query.plan()
        if any(not rows or int(rows) > _MOST_SORTED for rows in _SORT.findall(plan)):
            found.append(f"sorts what it finds:\n{query.sql[:300]}\n{plan}")
        found += [
            f"reads all of {table}:\n{query.sql[:300]}\n{plan}"
            for table in _large_tables()
            if re.search(_READS_WHOLE[connection.vendor].format(table=table), plan)
        ]
    return found


@cache
def _large_tables() -> list[str]:
    tables = [model._meta.db_table for model in apps.get_models()]
    existing = set(connection.introspection.table_names())
    return [table for table in tables if table in existing and _is_large(table)]


def _is_large(table: str) -> bool:
    name = connection.ops.quote_name(table)
    count = f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {_LARGE}) AS first"
    return bool(Query(count, None).run()[0][0] == _LARGE)
