"""What the tests of database constraints share: which there are, and which one has refused."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import BaseConstraint, CheckConstraint

from tests.architecture import source

# Writes past the operations, with the database's refusal as the only net.
Violations = dict[str, Callable[[], object]]


def constraints_of(app_label: str) -> dict[str, BaseConstraint]:
    """The constraints that the models of an app declare, by name."""
    models = apps.get_app_config(app_label).get_models()
    return {one.name: one for model in models for one in model._meta.constraints}


def apps_with_constraints() -> set[str]:
    ours = [one for one in apps.get_app_configs() if one.name.partition(".")[0] in source.PACKAGES]
    return {one.label for one in ours if constraints_of(one.label)}


@contextmanager
def refused_by(constraint: BaseConstraint) -> Iterator[None]:
    """The block ends in this constraint's refusal; SQLite names a unique index by its columns."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        yield
    said = str(refused.value)
    if connection.vendor == "postgresql" or isinstance(constraint, CheckConstraint):
        assert constraint.name in said
    else:
        columns = said.partition("UNIQUE constraint failed: ")[2].split(", ")
        assert [one.partition(".")[2].removesuffix("_id") for one in columns] == [
            *(field.removesuffix("_id") for field in constraint.fields)
        ]


@contextmanager
def refused_as_second(column: str) -> Iterator[None]:
    """The block ends in the refusal of a value that this unique column holds already."""
    with pytest.raises(IntegrityError, match=column), transaction.atomic():
        yield
