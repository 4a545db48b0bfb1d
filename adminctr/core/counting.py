"""Django's cache in the database, with a counter that loses no try and keeps its lifetime."""

import base64
import pickle
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, connections, router, transaction

from adminctr.core import clock
from adminctr.core.outages import outage_of

Execute = Callable[..., Any]


class CountingDatabaseCache(DatabaseCache):
    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Add under a lock on the row; Django's own reads and writes apart, and for 5 minutes.

        Raises ValueError where there is nothing to add to, as every cache does.
        """
        alias = router.db_for_write(self.cache_model_class)
        connection = connections[alias]
        table = connection.ops.quote_name(self._table)  # type: ignore[attr-defined]
        for_update = " FOR UPDATE" if connection.features.has_select_for_update else ""
        row = self.make_and_validate_key(key, version=version)
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE cache_key = %s{for_update}", [row])  # noqa: S608
            value = self.get(key, version=version)
            if value is None:
                raise ValueError(f"Nothing to add to at {key}")
            pickled = base64.b64encode(pickle.dumps(value + delta, self.pickle_protocol))
            cursor.execute(
                f"UPDATE {table} SET value = %s WHERE cache_key = %s",  # noqa: S608
                [pickled.decode("latin1"), row],
            )
        return int(value + delta)

    def forget_expired(self) -> None:
        """Django does so only once the table is full."""
        alias = router.db_for_write(self.cache_model_class)
        with connections[alias].cursor() as cursor:
            self._cull(alias, cursor, clock.now(), 0)  # type: ignore[attr-defined]

    def _base_set(self, *arguments: Any, **options: Any) -> bool:
        """Raises what Django keeps to itself when the table cannot be written: no try is free."""
        outages: list[DatabaseError] = []

        def note_outage(execute: Execute, *statement: Any) -> Any:
            try:
                return execute(*statement)
            except DatabaseError as error:
                if outage_of(error):
                    outages.append(error)
                raise

        alias = router.db_for_write(self.cache_model_class)
        with connections[alias].execute_wrapper(note_outage):
            stored: bool = super()._base_set(*arguments, **options)  # type: ignore[misc]
        if outages:
            raise outages[0]
        return stored
