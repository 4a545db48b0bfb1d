"""Whether this process lives, and whether the installation can do its work."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache, caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from adminctr.core.outages import outage_of
from adminctr.queue.worker import is_anybody_working, is_moving

_LEAST_FREE_BYTES = 1024 * 1024
_was_migrated = False


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Red when anything is away that the console stands on, or closed for changes."""
    checks = {"database": _passes(_takes_changes)}
    checks["cache"] = (checks["database"] or not _is_cache_in_database()) and _passes(_has_cache)
    checks["migrations"] = checks["database"] and _passes(_is_migrated)
    checks["worker"] = checks["migrations"] and _passes(is_anybody_working)
    checks["queue"] = checks["migrations"] and _passes(is_moving)
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def _passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:
        if outage_of(error):
            return False
        raise


def _takes_changes() -> bool:
    """A look that changes nothing, and so waits for nobody who is writing."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            return bool(cursor.fetchone() == ("off",))
        cursor.execute("SELECT 1")
    file = Path(connection.settings_dict["NAME"])
    return os.access(file, os.W_OK) and shutil.disk_usage(file.parent).free > _LEAST_FREE_BYTES


def _is_cache_in_database() -> bool:
    return isinstance(caches["default"], BaseDatabaseCache)


def _has_cache() -> bool:
    cache.get("readyz")
    return True


def _is_migrated() -> bool:
    """Remembered once it is true: a process that runs takes no migration back."""
    global _was_migrated
    if not _was_migrated:
        executor = MigrationExecutor(connection)
        _was_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _was_migrated
