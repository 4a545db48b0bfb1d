"""The figures of the overview are found by an index, however many people there are."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from adminctr.core.tenancy import tenant
from overview import figures
from tests.populated import populated


def test_who_administers_is_found_by_role(db: None) -> None:
    large = populated(organizations=1, users=3000, accounts=0)
    with tenant(large), CaptureQueriesContext(connection) as captured:
        assert figures.read(large).administrators > 1
    (asked,) = [query["sql"] for query in captured if "last_sign_in_at" in query["sql"]]
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        cursor.execute(f"{explain} {asked}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert re.search(r"Index Cond: .*\brole\b|organization_id=\? AND role=\?", plan), plan
