"""Which invariants a test may have broken: those that read a table which it wrote to."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection

from adminctr.core.tenancy import every_tenant
from adminctr.web import invariants

_READ = re.compile(r'\b(?:FROM|JOIN) "(\w+)"')
_WRITTEN = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "(\w+)"', re.IGNORECASE)
_READING = re.compile(
    r"\s*(?:SELECT|EXPLAIN|PRAGMA|SHOW|SET|BEGIN|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE
)

Execute = Callable[..., Any]


class Watch:
    """A wrapper around every statement that notes the tables which are written to."""

    def __init__(self) -> None:
        self._reads: dict[invariants.Check, set[str]] = {}
        self._written: set[str] = set()
        self._is_anything = False

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if written := _WRITTEN.match(sql):
            self._written.add(written[1])
        elif not _READING.match(sql):
            self._is_anything = True
        return execute(sql, params, many, context)

    def begin(self) -> None:
        """Forget what was written until now."""
        self._written, self._is_anything = set(), False

    def woken(self) -> list[invariants.Check]:
        """The checks that read what was written; all of them where nobody can tell."""
        if self._is_anything:
            return list(invariants.CHECKS)
        return [check for check in invariants.CHECKS if self._of(check) & self._written]

    def faults(self) -> list[str]:
        """What is wrong now, as far as it can have become so."""
        with every_tenant():
            return [fault for check in self.woken() for fault in check()]

    def _of(self, check: invariants.Check) -> set[str]:
        """The tables that a check reads; found by running it once."""
        if check not in self._reads:
            tables: set[str] = set()

            def note(execute: Execute, sql: str, *rest: Any) -> Any:
                tables.update(_READ.findall(sql))
                return execute(sql, *rest)

            with every_tenant(), connection.execute_wrapper(note):
                list(check())
            self._reads[check] = tables
        return self._reads[check]
