"""Faults: a clear page, no details, a retry that is safe, and probes that tell the truth."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django_tasks_db.models import DBTaskResult

import adminctr.urls
from adminctr.core import clock
from adminctr.queue.models import WorkerHeartbeat
from adminctr.web import health
from tests.pages.effects import assert_no_effect


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("A secret that no page may show")


def busy(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database is locked")


@pytest.fixture
def nothing_queued(db: None) -> None:
    """A world whose own mail was sent long ago."""
    DBTaskResult.objects.all().delete()


CHECKS = ("database", "cache", "migrations", "worker", "queue")

urlpatterns = [
    path("broken/", broken),
    path("busy/", busy),
    *adminctr.urls.urlpatterns,
]
handler500 = adminctr.urls.handler500


def without_database[T](call: Callable[[], T]) -> T:
    """Call in a thread whose own connection leads nowhere."""
    outcome: list[T] = []

    def run() -> None:
        away = {"NAME": "/nonexistent/database"}
        if connection.vendor == "postgresql":
            away = {"HOST": "127.0.0.1", "PORT": "1"}
        connection.settings_dict = connection.settings_dict | away
        try:
            outcome.append(call())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return outcome[0]


@pytest.fixture
def client(ana, sign_in) -> Client:
    made = sign_in(ana)
    made.raise_request_exception = False
    return made


@pytest.mark.parametrize("where", ["/console/", "/admin-center/users/", "/login/?next=/console/"])
def test_while_the_database_is_away_pages_ask_to_come_back(where, client) -> None:
    response = without_database(lambda: client.get(where))
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"
    body = response.content.decode()
    assert "Nothing was changed" in body
    for detail in ("nonexistent", "sqlite", "psycopg", "Traceback", "127.0.0.1"):
        assert detail not in body.lower()


def test_while_the_database_is_away_nothing_is_taken(client) -> None:
    form = {"email": "new@acme.example", "role": "standard"}
    with assert_no_effect():
        response = without_database(lambda: client.post("/admin-center/users/invite/", form))
    assert response.status_code == 503


def test_when_the_database_is_back_the_same_browser_goes_on(client) -> None:
    assert without_database(lambda: client.get("/console/")).status_code == 503
    assert client.get("/console/").status_code == 200


@override_settings(ROOT_URLCONF=__name__)
def test_a_busy_database_never_shows_its_own_words(client) -> None:
    response = client.get("/busy/")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert b"locked" not in response.content


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_shows_a_number_and_nothing_else(client) -> None:
    response = client.get("/broken/")
    assert response.status_code == 500
    assert response["X-Request-ID"].encode() in response.content
    for detail in (b"secret", b"RuntimeError", b"Traceback", b".py", b"ana@acme.example"):
        assert detail not in response.content


@override_settings(ROOT_URLCONF=__name__)
def test_what_somebody_sent_is_not_thrown_back(client) -> None:
    response = client.post("/broken/", {"password": "plum harbour lantern"})
    assert b"plum" not in response.content


@pytest.mark.parametrize(
    ("where", "status"), [("/nowhere/", 404), ("/admin-center/users/x/", 404), ("/signup/x/", 410)]
)
def test_an_unknown_address_is_not_echoed(where, status, client) -> None:
    response = client.get(where + "?q=<script>x</script>")
    assert response.status_code == status
    assert b"nowhere" not in response.content
    assert b"<script>" not in response.content


@pytest.mark.parametrize(("where", "status"), [("/nowhere/", 404), ("/admin-center/users/", 403)])
def test_an_error_leads_back_to_where_somebody_may_go(where, status, cy, ana, sign_in) -> None:
    leads = 'href="/admin-center/"'
    refused = sign_in(cy).get(where)
    assert refused.status_code == status
    assert leads not in refused.content.decode()
    assert leads in sign_in(ana).get("/nowhere/").content.decode()
    assert leads not in Client().get("/nowhere/").content.decode()


def test_an_administrator_who_is_refused_is_led_to_the_admin_center(ana, ben, sign_in) -> None:
    answer = sign_in(ben).get(f"/admin-center/users/{ana.sid}/leave/")
    assert answer.status_code == 403
    assert 'href="/admin-center/"' in answer.content.decode()


def test_an_error_page_asks_a_stranger_for_nothing_more(db) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert Client().get("/nowhere/").status_code == 404
    assert len(asked) == 0


def test_the_process_lives_even_without_a_database(db) -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}
    response = without_database(lambda: Client().get("/healthz"))
    assert response.status_code == 200


def test_it_is_not_ready_without_a_database(db) -> None:
    response = without_database(lambda: Client().get("/readyz"))
    assert response.status_code == 503
    assert response.json() == dict.fromkeys(CHECKS, False)


def test_it_is_not_ready_without_a_worker(nothing_queued) -> None:
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json() == dict.fromkeys(CHECKS, True) | {"worker": False}


@pytest.mark.parametrize(("silence", "status"), [(0, 200), (29, 200), (31, 503)])
def test_it_is_ready_while_a_worker_shows_that_it_lives(silence, status, nothing_queued) -> None:
    seen = clock.now() - timedelta(seconds=silence)
    WorkerHeartbeat.objects.create(worker_id="w", seen_at=seen)
    assert Client().get("/readyz").status_code == status


def test_it_is_not_ready_when_a_migration_is_missing(db, monkeypatch) -> None:
    WorkerHeartbeat.objects.create(worker_id="w")
    monkeypatch.setattr(health, "_was_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'invitations'")
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"] is False


def test_the_probes_tell_a_stranger_no_more_than_that(db) -> None:
    for where in ("/healthz", "/readyz"):
        body = Client().get(where).content.decode()
        for detail in ("sqlite", "postgres", "version", "Django", "acme"):
            assert detail not in body
