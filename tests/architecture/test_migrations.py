"""After migrating, the trail is append-only, the models are all there and each step has a name."""

import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, migrations, transaction
from django.db.migrations.loader import MigrationLoader

from adminctr.core.operations import itself, operation
from adminctr.core.tenancy import TenantModel
from audit import log, triggers
from organizations.models import Organization
from tests import world
from tests.architecture import source
from tests.conftest import acting
from users.models import User

EVENT, DETAILS, HEAD = "audit_auditevent", "audit_auditdetails", "audit_chainhead"
REFUSED = [
    f"UPDATE {EVENT} SET action = 'x'",
    f"UPDATE {EVENT} SET hash = hash",
    f"DELETE FROM {EVENT}",
    f"UPDATE {DETAILS} SET data = '{{}}'",
    f"UPDATE {DETAILS} SET salt = 'x'",
    f"DELETE FROM {HEAD}",
    f"UPDATE {HEAD} SET sequence = sequence - 1",
    f"UPDATE {HEAD} SET hash = 'x'",
]
REPLACEMENTS = [f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in (EVENT, HEAD)]
TRUNCATIONS = [f"TRUNCATE {table} CASCADE" for table in (EVENT, DETAILS, HEAD)]
OURS = {
    config.label
    for config in apps.get_app_configs()
    if config.name.partition(".")[0] in source.PACKAGES
}
MIGRATIONS = {
    f"{label}.{name}": migration
    for (label, name), migration in MigrationLoader(None).disk_migrations.items()
    if label in OURS
}

REFUSED += TRUNCATIONS if connection.vendor == "postgresql" else REPLACEMENTS


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def assert_append_only() -> None:
    for statement in REFUSED:
        with pytest.raises(DatabaseError, match="the audit trail is append-only"):
            execute(statement)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_trail_refuses_to_be_changed(db: None, statement: str) -> None:
    with pytest.raises(DatabaseError, match="the audit trail is append-only"):
        execute(statement)


def test_what_is_refused_would_have_been_possible_without_the_triggers(db: None) -> None:
    triggers.lift(connection)
    execute(f"UPDATE {HEAD} SET sequence = sequence")
    execute(f"UPDATE {EVENT} SET hash = hash")


def test_details_may_be_erased(db: None) -> None:
    execute(f"DELETE FROM {DETAILS} WHERE event_id = (SELECT min(event_id) FROM {DETAILS})")


def test_the_triggers_come_back_with_every_migrate(transactional_db: None) -> None:
    assert_append_only()
    triggers.lift(connection)
    call_command("migrate", verbosity=0, interactive=False)
    assert_append_only()


@pytest.mark.breaks_invariants
def test_the_triggers_stand_after_a_flush(transactional_db: None) -> None:
    triggers.lift(connection)
    call_command("flush", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0, interactive=False)
    world.build()
    assert_append_only()


def test_the_triggers_come_back_when_a_table_was_made_anew(transactional_db: None) -> None:
    """SQLite drops triggers without a word with the table that Django re-makes."""
    model = apps.get_model("audit", "AuditEvent")
    field = model._meta.get_field("via")
    wider = field.clone()
    wider.max_length = 11
    wider.set_attributes_from_name("via")
    wider.model = model
    with connection.schema_editor() as editor:
        editor.alter_field(model, field, wider)
    with connection.schema_editor() as editor:
        editor.alter_field(model, wider, field)
    call_command("migrate", verbosity=0, interactive=False)
    assert_append_only()


def test_installing_twice_is_installing_once(acme: Organization, ana: User) -> None:
    triggers.install(connection)
    triggers.install(connection)

    @operation(itself)
    def note(organization: Organization, *, actor: object) -> None:
        log.record("test.noted", organization, actor=acting(ana))

    note(acme, actor=acting(ana))


def test_the_migrations_make_what_the_models_say(db: None) -> None:
    said = StringIO()
    call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=said)
    assert "No changes detected" in said.getvalue()


def test_nothing_waits_to_be_migrated(db: None) -> None:
    call_command("migrate", check_unapplied=True, verbosity=0, stdout=StringIO())


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_migration_is_named_after_what_it_does(name: str) -> None:
    step = name.partition(".")[2]
    assert re.fullmatch(r"\d{4}_[a-z][a-z0-9_]*", step)
    assert not re.search(r"_auto_\d|_and_more$|\d{4}_alter_", step)
    assert not step.endswith("_initial") or step.startswith("0001_")


@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_data_step_can_be_reversed_and_stands_apart(name: str) -> None:
    steps = MIGRATIONS[name].operations
    data = [one for one in steps if isinstance(one, migrations.RunPython | migrations.RunSQL)]
    assert all(step.reversible for step in data)
    assert not data or len(data) == len(steps)


def test_people_point_at_nothing_of_ours() -> None:
    """Users stand first: nothing of ours is there when their table is made."""
    first = MIGRATIONS["users.0001_user"]
    assert {label for label, _ in first.dependencies} == {"auth"}
    models = apps.get_app_config("users").get_models()
    for model in [one for one in models if not issubclass(one, TenantModel)]:
        related = {field.related_model for field in model._meta.get_fields() if field.concrete}
        labels = {one._meta.app_label for one in related if one}
        assert labels <= {"auth", "users"}


def test_each_model_stands_in_one_file() -> None:
    """A model scattered over files was made in the wrong order."""
    made: dict[str, Callable[..., object] | str] = {}
    for name, migration in MIGRATIONS.items():
        for step in migration.operations:
            if isinstance(step, migrations.CreateModel):
                made[f"{migration.app_label}.{step.name}"] = name
            if isinstance(step, migrations.AddField) and "_initial" in name:
                assert made.get(f"{migration.app_label}.{step.model_name}") == name
