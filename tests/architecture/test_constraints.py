"""Every app whose models declare constraints has a test that tries each of them."""

from importlib import import_module

import pytest
from django.db.models import UniqueConstraint

from tests.architecture.constraints import apps_with_constraints, constraints_of

APPS = sorted(apps_with_constraints())


@pytest.mark.parametrize("app", APPS)
def test_each_constraint_is_tried_and_none_that_is_gone(app: str) -> None:
    module = import_module(f"tests.{app}.test_constraints")
    assert set(module.VIOLATIONS) == set(constraints_of(app))


@pytest.mark.parametrize("app", APPS)
def test_a_constraint_is_named_as_a_sentence_about_its_model(app: str) -> None:
    for name, constraint in constraints_of(app).items():
        assert name.startswith(f"{app}_")
        assert name.count("_") >= 2
        assert len(name) <= 63, "PostgreSQL would cut it off"
        assert not (isinstance(constraint, UniqueConstraint) and constraint.deferrable)
