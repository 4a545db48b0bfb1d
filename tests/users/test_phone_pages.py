"""Setting up a phone: at a log-in that asks for one, in a session, instead of another number."""

from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from adminctr.core import clock
from organizations.models import Membership, SecondFactor
from tests.pages.effects import assert_no_effect, browser, follow
from tests.users.phones import MINE, OTHER, code_for, messages_to, with_phone, wrong
from tests.world import PASSWORD
from users import phones, sessions
from users.models import Factor, FactorKind, PhoneCode, User

SET_UP = "/second-factor/set-up/phone/"
CODE, AGAIN = f"{SET_UP}code/", f"{SET_UP}again/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.TEXT_MESSAGES = {"folder": tmp_path / "sms"}


@pytest.fixture
def clocks(db: None) -> Any:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def number_of(user: User) -> str:
    factor = Factor.objects.filter(user=user, kind=FactorKind.PHONE).first()
    return factor.number if factor else ""


def ask_one(user: User) -> None:
    everytime = SecondFactor.EVERY_LOG_IN
    Membership.unscoped.open().filter(user=user).update(second_factor=everytime)


def half_way(user: User) -> Client:
    """Who has typed the password and is asked for a second factor."""
    client = browser()
    answer = client.post("/login/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == "/second-factor/"
    return client


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def typed(client: Client, number: str = MINE, **more: str) -> HttpResponse:
    return client.post(SET_UP, {"number": number, **more})


# At a log-in


def test_a_log_in_that_asks_for_one_enrols_a_phone(cy: User, work) -> None:
    ask_one(cy)
    client = half_way(cy)
    answer = typed(client, "+1 500 555 0001")
    assert answer["Location"] == CODE
    page = follow(client, answer).content.decode()
    assert phones.masked(MINE) in page
    assert "some minutes when the network is slow" in page
    assert MINE not in page
    assert not is_signed_in(client)
    answer = client.post(CODE, {"code": code_for(MINE, work)})
    assert answer.status_code in {302, 303}
    assert is_signed_in(client)
    assert sessions.second_factor_of(client.session) == FactorKind.PHONE
    assert number_of(cy) == MINE
    assert client.get("/console/").status_code == 200


def test_who_is_half_way_and_has_one_does_not_set_up_another(cy: User, work, clocks) -> None:
    """Whoever knows the password alone could prove a phone of their own."""
    with_phone(cy, work)
    clocks.shift(31)
    client = half_way(cy)
    with assert_no_effect():
        for url, data in ((SET_UP, {"number": OTHER}), (CODE, {"code": "1"}), (AGAIN, {})):
            assert client.get(url)["Location"].startswith("/second-factor/?next=")
            assert client.post(url, data)["Location"].startswith("/second-factor/?next=")
    assert messages_to(OTHER) == []


def test_who_is_at_no_door_is_sent_to_the_log_in(db: None, client: Client) -> None:
    with assert_no_effect():
        for url in (SET_UP, CODE, AGAIN):
            assert client.post(url, {"number": MINE})["Location"] == "/login/"


# In a session


def test_a_session_that_is_asked_enrols_and_goes_on(cy: User, work, sign_in) -> None:
    client = sign_in(cy, second_factor="")
    ask_one(cy)
    onward = "?next=%2Fprofile%2Fname%2F"
    answer = client.post(f"{SET_UP}{onward}", {"number": MINE, "password": PASSWORD})
    assert answer["Location"] == f"{CODE}{onward}"
    answer = client.post(f"{CODE}{onward}", {"code": code_for(MINE, work)})
    assert "%2Fprofile%2Fname%2F" in answer["Location"] or answer["Location"] == "/profile/name/"
    assert client.get("/profile/name/").status_code == 200


def test_a_borrowed_session_sets_up_nothing(cy: User, sign_in) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        assert typed(client).status_code == 200
        assert typed(client, password="wrong words").status_code == 200


def test_a_session_that_has_not_proven_it_changes_no_number(cy, work, clocks, sign_in) -> None:
    with_phone(cy, work)
    clocks.shift(31)
    for how in ("", sessions.REMEMBERED):
        client = sign_in(cy, second_factor=how)
        answer = typed(client, OTHER, password=PASSWORD)
        assert answer["Location"].startswith("/second-factor/?next=")
    assert number_of(cy) == MINE


def test_the_former_number_works_until_the_new_one_is_proven(cy, work, clocks, sign_in) -> None:
    with_phone(cy, work)
    clocks.shift(31)
    client = sign_in(cy)
    typed(client, OTHER, password=PASSWORD)
    code = code_for(OTHER, work)
    answer = client.post(CODE, {"code": wrong(code)})
    assert 'id="id_code_error"' in answer.content.decode()
    assert number_of(cy) == MINE
    assert client.post(CODE, {"code": code}).status_code == 303
    assert number_of(cy) == OTHER


def test_a_code_for_a_new_number_proves_no_second_factor(cy, work, clocks, sign_in) -> None:
    """It went to a phone that nobody has proven to be theirs."""
    with_phone(cy, work)
    clocks.shift(31)
    client = sign_in(cy)
    typed(client, OTHER, password=PASSWORD)
    code = code_for(OTHER, work)
    thief = half_way(cy)
    thief.post("/second-factor/phone/", {"code": code})
    assert not is_signed_in(thief)


# Both


def test_a_bad_number_is_told_beside_its_field(cy: User, sign_in) -> None:
    answer = typed(sign_in(cy), "5005550001", password=PASSWORD)
    body = answer.content.decode()
    assert 'id="id_number_error"' in body
    assert "country code" in body
    assert 'value="5005550001"' in body


def test_another_code_takes_the_place_of_the_first(cy: User, work, clocks, sign_in) -> None:
    client = sign_in(cy)
    typed(client, password=PASSWORD)
    first = code_for(MINE, work)
    soon = follow(client, client.post(AGAIN)).content.decode()
    assert "A code was sent a moment ago" in soon
    clocks.shift(31)
    assert client.post(AGAIN)["Location"] == CODE
    second = code_for(MINE, work)
    assert client.post(CODE, {"code": first}).status_code == 200
    assert client.post(CODE, {"code": second}).status_code == 303


def test_the_code_is_asked_for_where_one_was_sent_alone(cy: User, sign_in) -> None:
    client = sign_in(cy)
    for url in (CODE, AGAIN):
        assert client.get(url)["Location"] == SET_UP
        assert client.post(url, {"code": "123456"})["Location"] == SET_UP


def test_five_wrong_codes_kill_the_right_one(cy: User, work, sign_in) -> None:
    client = sign_in(cy)
    typed(client, password=PASSWORD)
    code = code_for(MINE, work)
    for _ in range(5):
        client.post(CODE, {"code": wrong(code)})
    answer = client.post(CODE, {"code": code})
    assert "Too many wrong codes" in answer.content.decode()
    assert number_of(cy) == ""
    assert PhoneCode.objects.get(user=cy).tries == 6


def test_fifty_presses_of_the_button_send_one_code(cy: User, work, sign_in) -> None:
    client = sign_in(cy)
    typed(client, password=PASSWORD)
    for _ in range(50):
        client.post(AGAIN)
    work()
    assert len(messages_to(MINE)) == 1


def test_the_mailbox_of_a_demo_shows_the_message(cy: User, work, sign_in) -> None:
    client = sign_in(cy, second_factor="")
    typed(client, password=PASSWORD)
    ask_one(cy)
    code = code_for(MINE, work)
    body = client.get("/mailbox/").content.decode()
    assert f"{code} is your" in body
    assert f"To {MINE}" in body
