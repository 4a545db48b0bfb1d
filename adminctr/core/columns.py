"""Columns whose order and equality are the same on both engines."""

from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

if TYPE_CHECKING:
    TextColumn = models.CharField[str, str]
else:  # Django's own fields take no type arguments when they run
    TextColumn = models.CharField

_LAST_CHARACTER = "\U0010ffff"


class KeyField(TextColumn):
    """Text compared byte by byte, so that one index serves equality, prefix range and order."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        binary = "C" if connection.vendor == "postgresql" else None
        return super().db_parameters(connection) | {"collation": binary}


class ComputedField(models.GeneratedField):
    """A column that the database computes; both engines that we support can.

    Django would ask the database whether it can before any command runs, even while it is away.
    """

    def check(self, **options: Any) -> list[CheckMessage]:
        return super().check(**options | {"databases": None})


def starts_with(column: str, beginning: str) -> Q:
    """Rows whose key begins so, as a range that one index serves on both engines."""
    return Q(**{f"{column}__gte": beginning, f"{column}__lt": beginning + _LAST_CHARACTER})
