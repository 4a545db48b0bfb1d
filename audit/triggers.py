"""What makes the trail append-only: triggers on both engines, installed after every migrate.

SQLite drops triggers silently whenever Django re-makes a table, so they are not a migration:
one idempotent function puts them back each time.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_EVENT, _DETAILS, _HEAD = "audit_auditevent", "audit_auditdetails", "audit_chainhead"

# (table, what is refused, when): details may be deleted, which is how they are erased.
_REFUSED = (
    (_EVENT, "UPDATE", ""),
    (_EVENT, "DELETE", ""),
    (_DETAILS, "UPDATE", ""),
    (_HEAD, "DELETE", ""),
    (_HEAD, "UPDATE", "NEW.sequence <= OLD.sequence"),
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every trigger in place, whether or not it stands already."""
    statements = _postgresql() if connection.vendor == "postgresql" else _sqlite()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away, so that a test database can be flushed."""
    with connection.cursor() as cursor:
        for table, verb in (*((table, verb) for table, verb, _ in _REFUSED), *_truncations()):
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, verb)} ON {table}")
            elif verb != "TRUNCATE":
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, verb)}")


def install_after_migrate(using: str, **_: Any) -> None:
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if {_EVENT, _DETAILS, _HEAD} <= tables:
        install(connection)


def _sqlite() -> list[str]:
    statements = []
    for table, verb, when in _REFUSED:
        condition = f"WHEN {when} " if when else ""
        statements += [
            f"DROP TRIGGER IF EXISTS {_name(table, verb)}",
            f"CREATE TRIGGER {_name(table, verb)} BEFORE {verb} ON {table} {condition}"
            f"BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        ]
    return statements


def _postgresql() -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
    ]
    rows = [(table, verb, "FOR EACH ROW", when) for table, verb, when in _REFUSED]
    whole = [(table, verb, "FOR EACH STATEMENT", "") for table, verb in _truncations()]
    for table, verb, each, when in rows + whole:
        condition = f"WHEN ({when}) " if when else ""
        statements.append(
            f"CREATE OR REPLACE TRIGGER {_name(table, verb)} BEFORE {verb} ON {table} "
            f"{each} {condition}EXECUTE FUNCTION audit_refuse()"
        )
    return statements


def _truncations() -> tuple[tuple[str, str], ...]:
    return tuple((table, "TRUNCATE") for table in (_EVENT, _DETAILS, _HEAD))


def _name(table: str, verb: str) -> str:
    return f"{table}_refuse_{verb.lower()}"
