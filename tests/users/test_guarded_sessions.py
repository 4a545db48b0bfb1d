"""Sessions that have looked at a HIPAA account: they end soon, and people are warned before."""

import re
from datetime import timedelta
from threading import Thread
from urllib.parse import quote

import pytest
import time_machine
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import path, reverse

import adminctr.urls
from adminctr.core import clock
from audit.models import AuditEvent
from tests.pages.addresses import routes
from tests.world import PASSWORD
from users import sessions
from users.models import Session
from users.sessions import SessionStore

STAY, IDLE, LEFT = "/profile/stay/", "/profile/idle/", "/profile/idle/left/"
JUST_BEFORE, JUST_AFTER = timedelta(minutes=14, seconds=59), timedelta(minutes=15, seconds=1)
HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "http:///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "https:evil.example",
    " //evil.example",
    "\x00//evil.example",
    "https://testserver@evil.example/",
    "",
]


def flagged(request: HttpRequest) -> HttpResponse:
    """A page that shows a flagged account."""
    sessions.guard(request.session)
    return TemplateResponse(request, "web/shortcuts.html")


urlpatterns = [path("flagged/", flagged), *adminctr.urls.urlpatterns]
handler400, handler500 = adminctr.urls.handler400, adminctr.urls.handler500


@pytest.fixture(autouse=True)
def _flagged_page(settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def time():
    """Stands still until a test shifts it."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def client(cy, time) -> Client:
    return log_in(cy)


@pytest.fixture
def guarded(client: Client) -> Client:
    assert client.get("/flagged/").status_code == 200
    return client


def log_in(user) -> Client:
    client = Client()
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/console/").status_code == 200


def row_of(user) -> Session:
    return Session.objects.get(user=user)


# How long they live


def test_a_guarded_session_lives_for_fifteen_minutes_without_use(guarded, time) -> None:
    time.shift(JUST_BEFORE)
    assert is_signed_in(guarded)


def test_a_guarded_session_ends_after_fifteen_minutes_without_use(guarded, time) -> None:
    time.shift(JUST_AFTER)
    assert not is_signed_in(guarded)


def test_a_session_that_saw_no_such_account_lives_on(client, time) -> None:
    time.shift(JUST_AFTER)
    assert is_signed_in(client)


def test_using_a_guarded_session_lets_it_live_on(guarded, time) -> None:
    for _ in range(5):
        time.shift(JUST_BEFORE)
        assert is_signed_in(guarded)
    time.shift(JUST_AFTER)
    assert not is_signed_in(guarded)


def test_every_use_counts_within_a_quarter_of_a_minute(guarded, cy, time) -> None:
    time.shift(timedelta(seconds=16))
    guarded.get("/console/")
    assert row_of(cy).expire_date == clock.now() + timedelta(minutes=15)


def test_a_guarded_session_never_lives_longer_than_any_may(guarded, cy, time) -> None:
    began_at = row_of(cy).began_at
    for _ in range(7 * 24 * 5 - 1):
        time.shift(timedelta(minutes=12))
        assert "_auth_user_id" in guarded.session
        sessions.touch(guarded.session)
    assert is_signed_in(guarded)
    assert row_of(cy).expire_date == began_at + timedelta(days=7)
    time.move_to(began_at + timedelta(days=7))
    assert not is_signed_in(guarded)


def test_the_time_out_is_a_setting(client, time, settings) -> None:
    settings.HIPAA_IDLE_TIMEOUT = timedelta(minutes=2)
    client.get("/flagged/")
    time.shift(timedelta(minutes=2, seconds=1))
    assert not is_signed_in(client)


def test_it_never_makes_a_session_live_longer_than_others(client, cy, settings) -> None:
    settings.SESSION_IDLE_TIMEOUT = timedelta(minutes=5)
    client.get("/flagged/")
    assert row_of(cy).expire_date == clock.now() + timedelta(minutes=5)


# How it is written


def test_a_session_is_guarded_once_and_not_on_every_page(guarded, count_queries) -> None:
    assert count_queries(lambda: guarded.get("/flagged/")) == count_queries(
        lambda: guarded.get("/console/shortcuts/")
    )


def test_other_processes_see_it(guarded, cy) -> None:
    elsewhere = SessionStore(row_of(cy).pk)
    assert sessions.is_guarded(elsewhere)
    assert sessions.seconds_left(elsewhere) == 15 * 60


def test_guarding_writes_no_session_data_back(client, cy) -> None:
    stale = client.session
    assert "_auth_user_id" in stale
    client.post("/profile/name/", {"first_name": "Cyrus"})  # a message is kept in the session
    before = row_of(cy).session_data
    sessions.guard(stale)
    assert row_of(cy).session_data == before


def test_what_is_saved_later_leaves_a_session_guarded(client, cy) -> None:
    """By a request that has read the session before it was guarded."""
    stale = client.session
    assert "_auth_user_id" in stale
    client.get("/flagged/")
    stale["anything"] = "else"
    stale.save()
    assert row_of(cy).is_guarded
    assert row_of(cy).expire_date == clock.now() + timedelta(minutes=15)


def test_a_use_that_began_before_leaves_a_session_guarded(client, cy, time) -> None:
    time.shift(timedelta(minutes=6))
    stale = client.session
    assert "_auth_user_id" in stale
    client.get("/flagged/")
    sessions.touch(stale)
    assert row_of(cy).expire_date == clock.now() + timedelta(minutes=15)


def test_a_change_of_the_secret_leaves_a_session_guarded(guarded, cy, settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-installation-0123456789-abcdefghijk"
    assert is_signed_in(guarded)
    assert row_of(cy).is_guarded


def test_a_new_password_leaves_a_session_guarded(guarded, cy) -> None:
    form = {"password": PASSWORD, "new_password": "plum harbour lantern"}
    guarded.post("/profile/password/", form)
    assert is_signed_in(guarded)
    assert row_of(cy).is_guarded


def test_logging_in_anew_begins_unguarded(guarded, cy) -> None:
    guarded.post("/logout/")
    guarded.post("/login/", {"login": cy.email, "password": PASSWORD})
    assert not row_of(cy).is_guarded


@pytest.mark.parametrize("end", ["delete", "expire"])
def test_a_session_that_was_ended_is_not_brought_back(end, client, cy) -> None:
    stale = client.session
    assert "_auth_user_id" in stale
    if end == "delete":
        row_of(cy).delete()
    else:
        Session.objects.update(expire_date=clock.now())
    with pytest.raises(SessionInterrupted):
        sessions.guard(stale)
    assert not Session.objects.live().filter(user=cy).exists()
    assert not sessions.is_guarded(stale)


def test_who_is_logged_out_meanwhile_sees_nothing_of_the_account(client, cy, monkeypatch) -> None:
    monkeypatch.setattr(sessions, "touch", lambda session: row_of(cy).delete())
    answer = client.get("/flagged/")
    assert answer.status_code == 400
    assert b"You were logged out" in answer.content


def test_nothing_is_shown_when_a_session_cannot_be_guarded(client, cy) -> None:
    def refuse(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "is_guarded" in sql:
            raise DatabaseError("No change is taken.")
        return execute(sql, params, many, context)

    client.raise_request_exception = False
    with transaction.atomic(), connection.execute_wrapper(refuse):
        assert client.get("/flagged/").status_code == 500
    assert not row_of(cy).is_guarded


def test_nobody_without_a_log_in_is_guarded(db) -> None:
    with pytest.raises(KeyError):
        sessions.guard(SessionStore())


@pytest.mark.django_db(transaction=True)
def test_two_pages_at_once_guard_a_session(cy) -> None:
    log_in(cy)
    stores = [SessionStore(row_of(cy).pk) for _ in range(2)]

    def guard(store: SessionStore) -> None:
        sessions.guard(store)
        connection.close()

    threads = [Thread(target=guard, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert row_of(cy).is_guarded
    assert all(map(sessions.is_guarded, stores))


def test_the_trail_says_nothing_of_it(client, guarded) -> None:
    assert not AuditEvent.unscoped.filter(action__contains="guard").exists()


# The warning


def test_a_page_of_a_guarded_session_can_warn(guarded, time) -> None:
    time.shift(timedelta(minutes=3))
    page = guarded.get("/console/").content.decode()
    assert 'data-left="900" data-lead="120"' in page
    assert 'action="/profile/stay/?next=%2Fconsole%2F"' in page
    assert (
        '<noscript><meta http-equiv="refresh" '
        'content="780;url=/profile/idle/?next=%2Fconsole%2F"></noscript>'
    ) in page


def test_the_page_that_guards_can_warn_at_once(client) -> None:
    assert 'data-left="900"' in client.get("/flagged/").content.decode()


def test_other_pages_carry_no_warning(client) -> None:
    page = client.get("/console/").content.decode()
    assert "idle.js" not in page
    assert "<dialog" not in page
    assert "http-equiv" not in page


def test_a_short_time_out_warns_when_half_of_it_is_over(client, settings) -> None:
    settings.HIPAA_IDLE_TIMEOUT = timedelta(minutes=1)
    assert 'data-left="60" data-lead="30"' in client.get("/flagged/").content.decode()


def test_no_warning_is_given_that_nobody_can_answer(guarded, cy, time) -> None:
    """The longest life ends a session however it is used."""
    time.move_to(row_of(cy).began_at + timedelta(days=7, minutes=-5))
    Session.objects.update(expire_date=clock.now() + timedelta(minutes=1))
    page = guarded.get("/console/").content.decode()
    assert 'data-left="300" data-lead="0"' in page
    assert 'content="300;' in page


def test_the_staff_site_warns_too(sue, time) -> None:
    client = log_in(sue)
    session = client.session
    sessions.note_second_factor(session, "app")
    session.save()
    client.get("/flagged/")
    page = client.get("/staff/").content.decode()
    assert 'data-left="900"' in page
    assert 'content="780;url=/profile/idle/?next=%2Fstaff%2F"' in page


def test_asking_how_long_is_left_is_no_use(guarded, time) -> None:
    for minutes in (14, 8, 2):
        time.move_to(clock.now() + timedelta(minutes=1 if minutes == 14 else 6))
        assert guarded.get(LEFT).json() == {"seconds": minutes * 60}
    time.shift(timedelta(minutes=2, seconds=1))
    assert guarded.get(LEFT).status_code == 302


def test_another_tab_is_respected(guarded, time) -> None:
    time.shift(timedelta(minutes=13))
    guarded.get("/profile/")
    assert guarded.get(LEFT).json() == {"seconds": 15 * 60}


def test_the_page_that_asks_is_no_use(guarded, time) -> None:
    time.shift(timedelta(minutes=13))
    page = guarded.get(f"{IDLE}?next=/profile/").content.decode()
    assert "Are you still there?" in page
    assert '<noscript><meta http-equiv="refresh" content="121"></noscript>' in page
    assert guarded.get(LEFT).json() == {"seconds": 120}


def test_the_page_that_asks_leaves_messages_for_later(guarded, cy, time) -> None:
    guarded.post("/profile/name/", {"first_name": "Cyrus"})
    before = row_of(cy)
    time.shift(timedelta(minutes=13))
    assert b"Your name is saved" not in guarded.get(IDLE).content
    assert row_of(cy).expire_date == before.expire_date
    assert b"Your name is saved" in guarded.get("/profile/").content


def test_staying_leads_back_and_lets_the_session_live_on(guarded, time) -> None:
    time.shift(timedelta(minutes=13))
    page = guarded.get(f"{IDLE}?next=/profile/%3Fa=1%26b=2").content.decode()
    (action,) = re.findall(r'action="(/profile/stay/[^"]*)"', page)
    answer = guarded.post(action)
    assert (answer.status_code, answer["Location"]) == (303, "/profile/?a=1&b=2")
    assert guarded.get(LEFT).json() == {"seconds": 15 * 60}


def test_staying_needs_a_token(guarded, cy, time) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = guarded.cookies
    time.shift(timedelta(minutes=13))
    assert strict.post(STAY).status_code == 403
    assert strict.get(LEFT).json() == {"seconds": 120}


def test_who_comes_too_late_is_told_why_at_the_log_in(guarded, time) -> None:
    time.shift(JUST_AFTER)
    answer = guarded.get(f"{IDLE}?next=/profile/")
    assert answer["Location"] == "/login/?next=%2Fprofile%2F&idle=1"
    page = guarded.get(answer["Location"]).content.decode()
    assert "A session that has opened a HIPAA account ends after 15 minutes without use." in page
    form = {"login": "cy@acme.example", "password": PASSWORD, "next": "/profile/"}
    assert guarded.post(answer["Location"], form)["Location"] == "/profile/"


def test_who_stays_too_late_comes_back_after_logging_in(guarded, cy, time) -> None:
    time.shift(JUST_AFTER)
    log_in_url = guarded.post(f"{STAY}?next=/profile/")["Location"]
    form = {"login": cy.email, "password": PASSWORD, "next": f"{STAY}?next=/profile/"}
    assert log_in_url == f"/login/?next={quote(form['next'])}"
    back = guarded.post(log_in_url, form)["Location"]
    assert guarded.get(back)["Location"] == "/profile/"


def test_who_is_not_guarded_is_not_asked(client) -> None:
    assert client.get(f"{IDLE}?next=/profile/")["Location"] == "/profile/"


@pytest.mark.parametrize("target", HOSTILE)
def test_nobody_is_led_to_another_site(target, client, time) -> None:
    query = f"?next={quote(target)}"
    assert client.post(STAY + query)["Location"] == "/console/"
    assert client.get(STAY + query)["Location"] == "/console/"
    assert client.get(IDLE + query)["Location"] == "/console/"
    assert Client().get(IDLE + query)["Location"] == "/login/?next=%2Fconsole%2F&idle=1"
    client.get("/flagged/")
    assert 'action="/profile/stay/?next=%2Fconsole%2F"' in client.get(IDLE + query).content.decode()


def test_no_other_page_goes_unnoticed(guarded, time) -> None:
    unnoticed = set()
    for name, inside in routes().items():
        if inside or name in {"account_logout", "None"}:
            continue
        time.shift(timedelta(minutes=1))
        guarded.get(reverse(name))
        if guarded.get(LEFT).json() != {"seconds": 15 * 60}:
            unnoticed.add(name)
            guarded.get("/console/")
    assert unnoticed - {"healthz", "readyz", "metrics"} == {"profile:idle", "profile:idle-left"}


def test_the_list_of_sessions_says_which_ends_soon(guarded, cy) -> None:
    log_in(cy)
    page = guarded.get("/profile/sessions/").content.decode()
    assert page.count("Ends after 15 minutes without use") == 1
