"""Columns whose order and equality are the same on both engines."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class KeyField(models.CharField[str, str]):
    """Text compared byte by byte, so that one index serves equality, prefix range and order."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        binary = "C" if connection.vendor == "postgresql" else None
        return super().db_parameters(connection) | {"collation": binary}
