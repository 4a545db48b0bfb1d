"""What Prometheus reads: requests of this machine's processes, and the queue of them all."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from adminctr.queue import figures

REQUESTS = Counter("adminctr_requests", "Requests answered", ["page", "method", "status"])
SECONDS = Histogram(
    "adminctr_request_seconds",
    "Time until the answer began",
    ["page"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
IN_PROGRESS = Gauge(
    "adminctr_requests_in_progress",
    "Requests being answered",
    ["method"],
    multiprocess_mode="livesum",
)

_METHODS = frozenset(("GET", "HEAD", "POST", "OPTIONS"))


def method_of(request: HttpRequest) -> str:
    return request.method if request.method in _METHODS else "other"


def note_answer(request: HttpRequest, status: int, seconds: float) -> None:
    """Count by the name of the page: an address may be anything, and there is no end to them."""
    match = request.resolver_match
    page = match.view_name if match else "none"
    REQUESTS.labels(page, method_of(request), f"{status // 100}xx").inc()
    SECONDS.labels(page).observe(seconds)


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has the token; for anybody else there is no such page."""
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, wanted):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(InstallationCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class InstallationCollector(Collector):
    """The database and the queue, read at the moment of asking; the same on every machine."""

    def collect(self) -> Iterator[Metric]:
        try:
            queue = figures.read()
        except (DatabaseError, InterfaceError):
            yield GaugeMetricFamily("adminctr_database_up", "Whether it answers", value=0)
            return
        yield GaugeMetricFamily("adminctr_database_up", "Whether it answers", value=1)
        tasks = GaugeMetricFamily("adminctr_tasks", "Tasks in the queue", labels=["state"])
        for state in ("ready", "due", "running", "failed"):
            tasks.add_metric([state], getattr(queue, state))
        yield tasks
        age = queue.oldest_due.total_seconds()
        yield GaugeMetricFamily("adminctr_oldest_due_task_seconds", "Its wait", value=age)
        yield GaugeMetricFamily("adminctr_workers", "Workers that live", value=queue.workers)
