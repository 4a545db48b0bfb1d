"""The password is asked for again before what a borrowed session must not do, and not too often."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from adminctr.core import clock
from audit.models import AuditEvent
from tests.conftest import acting
from tests.pages.addresses import path_to
from tests.pages.effects import assert_no_effect, mails_to
from tests.users.people import prove, session_of
from tests.world import PASSWORD
from users import reauthentication, sessions
from users.models import EmailChange, User
from users.operations import end_guessing_session

EMAIL, OWNERSHIP = "/profile/email/", "/admin-center/settings/ownership/"
NEW = "cyrus@acme.example"


@pytest.fixture
def here(sign_in, cy) -> Client:
    return sign_in(cy)


@pytest.fixture
def clocks(db: None) -> Any:
    """Time stands still until a test moves it; it begins with a day, as limits do."""
    begun = clock.now().replace(hour=0, minute=0, second=1, microsecond=7) + timedelta(days=1)
    with time_machine.travel(begun, tick=False) as traveller:
        yield traveller


@pytest.fixture
def guesser(clocks: Any, sign_in: Any, cy: User) -> Client:
    """Signed in only now that this day has begun: a session from before may be over."""
    return sign_in(cy)


def asks(client: Client, url: str) -> bool:
    return 'name="password"' in client.get(url).content.decode()


def want(client: Client, address: str = NEW, **typed: str) -> Any:
    return client.post(EMAIL, {"email": address} | typed)


def test_it_is_asked_for_once_and_then_not_for_ten_minutes(here: Client) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        assert asks(here, EMAIL)
        assert want(here, password=PASSWORD).status_code == 303
        traveller.shift(599)
        assert not asks(here, EMAIL)
        assert want(here, "cyril@acme.example").status_code == 303
        traveller.shift(1)
        assert asks(here, EMAIL)
        with assert_no_effect():
            answer = want(here)
        assert answer.status_code == 200
        assert 'id="id_password_error"' in answer.content.decode()


@pytest.mark.parametrize("typed", ["", "wrong words", "x" * 10_000, "a\0b", PASSWORD.upper()])
def test_a_wrong_password_does_nothing_and_confirms_nothing(here, typed: str) -> None:
    with assert_no_effect():
        answer = want(here, password=typed)
    assert answer.status_code == 200
    body = answer.content.decode()
    assert 'id="id_password_error"' in body
    assert f'value="{NEW}"' in body
    assert asks(here, EMAIL)


def test_it_is_not_looked_at_before_the_rest_is_right(here: Client, cy: User) -> None:
    want(here, "not an address", password="wrong words")
    newest = AuditEvent.unscoped.filter(actor_sid=cy.sid).order_by("-pk").first()
    assert newest is None or newest.action != "user.password_wrong"


def test_the_right_password_counts_although_the_rest_is_refused(here: Client, cy: User) -> None:
    answer = want(here, cy.email, password=PASSWORD)
    assert 'id="id_email_error"' in answer.content.decode()
    assert 'name="password"' not in answer.content.decode()
    assert want(here).status_code == 303


def test_who_tries_too_often_waits(here: Client) -> None:
    for _ in range(5):
        want(here, password="wrong words")
    answer = want(here, password=PASSWORD)
    assert "Too many tries" in answer.content.decode()
    assert not EmailChange.objects.filter(user__email="cy@acme.example").exists()


def guess(client: Client, clocks: Any, times: int) -> bytes:
    """Wrong passwords as fast as the other limit allows; the last answer."""
    body = b""
    for place in range(times):
        if place % reauthentication.TRIES.times == 0:
            clocks.shift(reauthentication.TRIES.seconds)
        body = want(client, password="wrong words").content
        assert b"Too many tries" not in body
    return body


def test_a_session_that_guesses_all_day_ends_and_its_person_is_told(
    guesser: Client, cy: User, sign_in, clocks, deliver
) -> None:
    other = sign_in(cy)
    deliver()
    most = reauthentication.GUESSES.times
    guess(guesser, clocks, most - 1)
    assert guesser.get(EMAIL).status_code == 200
    clocks.shift(reauthentication.TRIES.seconds)
    body = want(guesser, password="wrong words").content
    assert b"Too many wrong passwords. You were logged out; log in again." in body
    assert guesser.get(EMAIL)["Location"].startswith("/login/")
    assert other.get(EMAIL).status_code == 200
    [mail] = mails_to(cy.email, deliver())
    assert mail.subject.startswith("Somebody tried to guess your password")
    assert "/password/reset/" in mail.body
    events = AuditEvent.unscoped.filter(subject_sid=cy.sid, action="user.password_guessed")
    assert events.count() == 1


def test_a_right_password_forgives_the_guesses_of_a_day_nothing(guesser, clocks) -> None:
    """It may be typed by its person, in the session that somebody else has stolen."""
    guess(guesser, clocks, reauthentication.GUESSES.times - 1)
    clocks.shift(reauthentication.TRIES.seconds)
    assert want(guesser, password=PASSWORD).status_code == 303
    clocks.shift(600)
    assert b"You were logged out" in want(guesser, password="wrong words").content


def test_a_session_that_has_ended_meanwhile_is_ended_once(cy, deliver) -> None:
    session = session_of(cy)
    deliver()
    for _ in range(2):
        end_guessing_session(cy, session=session.sid, actor=acting(cy))
    assert len(mails_to(cy.email, deliver())) == 1


def test_it_counts_for_this_session_alone(here: Client, sign_in, cy: User) -> None:
    want(here, password=PASSWORD)
    assert asks(sign_in(cy), EMAIL)


def test_it_counts_for_every_sensitive_page(acme, ana, sign_in) -> None:
    prove(acme, "acme-labs.example")
    client = sign_in(ana)
    pages = [
        EMAIL,
        OWNERSHIP,
        reverse("users:require-of-all-level", args=["every_log_in"]),
        reverse("users:second-factor-set-up-phone"),
    ]
    assert all(asks(client, page) for page in pages)
    client.post(EMAIL, {"email": "anna@acme.example", "password": PASSWORD})
    assert not any(asks(client, page) for page in pages)


def test_a_clock_that_jumps_back_confirms_nothing(cy: User, sign_in) -> None:
    session = sign_in(cy).session
    with time_machine.travel(clock.now(), tick=False) as traveller:
        sessions.note_confirmation(session)
        assert sessions.is_confirmed(session)
        traveller.shift(-1)
        assert not sessions.is_confirmed(session)


def test_changing_the_password_always_asks_for_the_present_one(here: Client) -> None:
    want(here, password=PASSWORD)
    answer = here.post("/profile/password/", {"new_password": "plum harbour lantern"})
    assert answer.status_code == 200
    assert 'id="id_password_error"' in answer.content.decode()


def test_even_the_right_password_is_looked_at_only_so_often(cy, sign_in, clocks) -> None:
    """Each is slow to look at, and others wait for it."""
    here = sign_in(cy)
    form = {"password": PASSWORD, "new_password": PASSWORD}
    for _ in range(20):
        assert here.post("/profile/password/", form).status_code == 303
    answers = [here.post("/profile/password/", form) for _ in range(9)]
    assert all("Too many tries" in answer.content.decode() for answer in answers)
    assert reauthentication.TRIES.is_spent(cy.sid, sessions.sid_of(here.session))
    clocks.shift(3600)
    assert here.post("/profile/password/", form).status_code == 303


def test_what_nobody_depends_on_is_given_up_without(ana, sign_in, sids) -> None:
    """The domain of these addresses is not proven."""
    client = sign_in(ana)
    assert not asks(client, path_to("domains:remove", sids))


def test_a_domain_that_is_held_is_not_given_up_without(acme, ana, sign_in, sids) -> None:
    url = path_to("domains:remove", sids)
    from domains.models import Domain

    prove(acme, Domain.unscoped.get(sid=sids["domain"]).name)
    held = Domain.unscoped.get(organization=acme, name=Domain.unscoped.get(sid=sids["domain"]).name)
    assert asks(sign_in(ana), url.replace(sids["domain"], held.sid))


def test_the_ownership_is_not_handed_over_without(acme, ana, cy, sign_in) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        client.post(OWNERSHIP, {"to": cy.email})
    client.post(OWNERSHIP, {"to": "nobody@acme.example", "password": PASSWORD})
    assert client.post(OWNERSHIP, {"to": cy.email}).status_code == 303
    acme.refresh_from_db()
    assert acme.owner == cy


def test_a_password_that_nobody_asked_for_is_ignored(here: Client) -> None:
    want(here, password=PASSWORD)
    assert want(here, "cyril@acme.example", password="wrong words").status_code == 303
