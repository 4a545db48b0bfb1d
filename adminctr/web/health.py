"""Whether this process lives, and whether the installation can do its work."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from adminctr.queue.worker import is_anybody_working


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Red when the database is away, a migration is missing or no worker is alive."""
    checks = {"database": False, "migrations": False, "queue": False}
    try:
        connection.ensure_connection()
        checks["database"] = True
        executor = MigrationExecutor(connection)
        targets = executor.loader.graph.leaf_nodes()
        checks["migrations"] = not executor.migration_plan(targets)
        checks["queue"] = checks["migrations"] and is_anybody_working()
    except DatabaseError:
        pass
    ready = all(checks.values())
    return JsonResponse(checks, status=200 if ready else 503)
