"""Sessions: how long they live, what they tell, and how they end."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from audit.models import AuditEvent
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import FIREFOX, session_of
from tests.world import PASSWORD
from users import operations
from users.jobs import forget_sessions_that_are_over
from users.models import Session
from users.operations import end_other_sessions

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
ANOTHER_SECRET = "another-installation-0123456789-abcdefghijk"
SESSIONS = "/profile/sessions/"


def log_in(user, agent: str = FIREFOX, ip: str = "203.0.113.7") -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=ip)
    client.post("/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/console/").status_code == 200


def test_a_session_that_is_not_used_ends_after_twelve_hours(cy) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        client = log_in(cy)
        traveller.shift(timedelta(hours=12, seconds=1))
        assert not is_signed_in(client)


def test_a_session_that_is_used_lives_on_and_ends_after_seven_days(cy) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        client = log_in(cy)
        for _ in range(15):
            traveller.shift(timedelta(hours=11))
            assert is_signed_in(client)
        traveller.shift(timedelta(hours=3, seconds=1))
        assert not is_signed_in(client)


def test_a_cookie_lives_as_long_as_a_session_may(cy, settings) -> None:
    cookie = log_in(cy).cookies["sessionid"]
    assert cookie["max-age"] == timedelta(days=7).total_seconds()


def test_using_a_session_is_written_once_in_a_while(cy, count_queries) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        client = log_in(cy)
        client.get("/console/")
        at_once = count_queries(lambda: client.get("/console/"))
        traveller.shift(timedelta(minutes=6))
        assert count_queries(lambda: client.get("/console/")) > at_once
        assert count_queries(lambda: client.get("/console/")) == at_once
        assert Session.objects.get(user=cy).last_seen_at == clock.now()


def test_what_another_request_wrote_is_not_written_back(cy) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        client = log_in(cy)
        before = Session.objects.get(user=cy).session_data
        traveller.shift(timedelta(minutes=6))
        client.get("/console/")
        assert Session.objects.get(user=cy).session_data == before


def test_a_session_tells_who_where_and_since_when(cy) -> None:
    log_in(cy)
    session = Session.objects.get(user=cy)
    assert (session.ip, session.user_agent) == ("203.0.113.7", FIREFOX)
    assert session.sid.startswith("SE")
    assert session.began_at <= session.last_seen_at


def test_a_session_keeps_its_identity_when_it_is_saved_again(cy) -> None:
    client = log_in(cy)
    before = Session.objects.get(user=cy)
    client.post("/profile/name/", {"first_name": "Cyrus"})  # a message is kept in the session
    after = Session.objects.get(user=cy)
    assert after.session_data != before.session_data
    assert (after.sid, after.began_at) == (before.sid, before.began_at)


def test_one_browser_is_logged_out_and_the_others_stay(cy) -> None:
    here, phone, elsewhere = log_in(cy), log_in(cy, SAFARI), log_in(cy)
    page = here.get(SESSIONS).content.decode()
    assert "Mobile Safari on iOS" in page
    assert "Firefox on Windows" in page
    assert "203.0.113.7" in page
    sid = Session.objects.get(user=cy, user_agent=SAFARI).sid
    assert here.post(f"{SESSIONS}{sid}/end/")["Location"] == SESSIONS
    assert [is_signed_in(one) for one in (here, phone, elsewhere)] == [True, False, True]
    assert AuditEvent.unscoped.filter(action="user.session_ended", actor_sid=cy.sid).count() == 1


def test_every_other_browser_is_logged_out_at_once(cy) -> None:
    here, phone, elsewhere = log_in(cy), log_in(cy, SAFARI), log_in(cy)
    here.post(f"{SESSIONS}end-others/")
    assert [is_signed_in(one) for one in (here, phone, elsewhere)] == [True, False, False]
    event = AuditEvent.unscoped.get(action="user.other_sessions_ended", actor_sid=cy.sid)
    assert event.details.data["count"] == "2"


def test_pressing_twice_is_harmless(cy) -> None:
    here, sid = log_in(cy), session_of(cy).sid
    assert here.post(f"{SESSIONS}{sid}/end/").status_code == 303
    assert here.post(f"{SESSIONS}{sid}/end/").status_code == 404
    assert here.post(f"{SESSIONS}end-others/").status_code == 303
    assert not AuditEvent.unscoped.filter(action="user.other_sessions_ended").exists()


def test_nobody_ends_or_sees_the_session_of_somebody_else(ana, cy, sign_in) -> None:
    theirs = session_of(cy)
    client = sign_in(ana)
    with assert_no_effect():
        assert client.post(f"{SESSIONS}{theirs.sid}/end/").status_code == 404
    client.post(f"{SESSIONS}end-others/")
    assert Session.objects.filter(pk=theirs.pk).exists()
    assert theirs.sid not in client.get(SESSIONS).content.decode()


@pytest.mark.parametrize(
    "agent", ["", "<svg onload=alert(1)>", "{{7*7}}", "x" * 5000, "\u202emoc", "%s{0.__class__}"]
)
def test_whatever_a_browser_calls_itself_is_shown_as_text(agent, cy) -> None:
    client = log_in(cy, agent)
    page = client.get(SESSIONS)
    assert page.status_code == 200
    assert b"<svg onload" not in page.content
    assert len(Session.objects.get(user=cy).user_agent) <= 300


def test_sessions_of_nobody_have_no_owner_and_are_not_listed(client, cy, sign_in) -> None:
    client.get("/password/reset/")
    assert sign_in(cy).get(SESSIONS).content.decode().count("<tr>") == 2  # head and this browser


def test_sessions_that_are_over_are_forgotten(cy) -> None:
    alive, over = log_in(cy), session_of(cy)
    Session.objects.filter(pk=over.pk).update(expire_date=clock.now())
    forget_sessions_that_are_over.call()
    assert not Session.objects.filter(pk=over.pk).exists()
    assert is_signed_in(alive)


def test_a_made_up_key_is_never_taken(cy) -> None:
    client = Client()
    client.cookies["sessionid"] = "chosen-by-an-attacker"
    client.post("/login/", {"login": cy.email, "password": PASSWORD})
    assert client.cookies["sessionid"].value != "chosen-by-an-attacker"
    assert not Session.objects.filter(pk="chosen-by-an-attacker").exists()


def test_an_operation_ends_sessions_for_oneself_alone(cy) -> None:
    log_in(cy)
    assert end_other_sessions(cy, keep=session_of(cy).sid, actor=acting(cy)) == 1


def test_who_was_logged_out_logs_no_others_out(cy) -> None:
    here, over = log_in(cy), session_of(cy)
    Session.objects.filter(pk=over.pk).delete()
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        end_other_sessions(cy, keep=over.sid, actor=acting(cy))
    assert refused.value.code == "session_over"
    assert is_signed_in(here)


def test_who_is_logged_out_while_sending_is_told_so(cy, monkeypatch) -> None:
    """The session goes between reading and saving it: a message waits in it to be saved."""
    client = log_in(cy)
    rename = operations.change_name

    def and_ended(user, **given):
        rename(user, **given)
        Session.objects.filter(user=user).delete()

    monkeypatch.setattr(operations, "change_name", and_ended)
    response = client.post("/profile/name/", {"first_name": "Cyrus"})
    assert response.status_code == 400
    assert "You were logged out" in response.content.decode()
    assert "Nothing was changed" not in response.content.decode()


def test_more_sessions_than_are_shown_are_told_of(cy) -> None:
    client = log_in(cy)
    expires = clock.now() + timedelta(hours=1)
    Session.objects.bulk_create(
        Session(session_key=f"many-{n}", user=cy, expire_date=expires) for n in range(105)
    )
    assert "These are the first 100; there are more." in client.get(SESSIONS).content.decode()


def test_a_session_lives_on_while_the_secret_is_changed(cy, settings) -> None:
    client = log_in(cy)
    before = Session.objects.get(user=cy)
    former, settings.SECRET_KEY = settings.SECRET_KEY, ANOTHER_SECRET
    settings.SECRET_KEY_FALLBACKS = [former]
    assert client.get("/console/").status_code == 200
    after = Session.objects.get(user=cy)
    assert (after.sid, after.pk) == (before.sid, before.pk)
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/console/").status_code == 200


def test_a_session_of_a_lost_secret_is_over(cy, settings) -> None:
    client = log_in(cy)
    settings.SECRET_KEY = ANOTHER_SECRET
    assert client.get("/console/").status_code == 302
