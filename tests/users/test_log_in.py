"""Logging in and out: who may, what is told, and limits that lock no victim out."""

import importlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse

from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization
from tests.pages.effects import assert_no_effect, browser, comparable, follow
from tests.users.people import ANSWERS, invited, pending_sign_up, prove
from tests.world import PASSWORD
from users import passwords
from users.models import Session, User, UserStatus
from users.passwords import OneAtATimeHasher

PAGE = "/login/"
WRONG = "not the password"
LOG_IN_WRITES = ("users.User", "organizations.Membership")

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\t/evil.example",
    "https:evil.example",
    "https:///evil.example",
    "http://evil.example/",
    "https://testserver@evil.example/",
    "http://testserver.evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example%00",
    "http:\x00//evil.example",
    "/" * 10 + "evil.example",
    "x:" + "y" * 10_000,
]


def log_in(client, address: str, password: str = PASSWORD, **extra):
    return client.post(PAGE, {"login": address, "password": password, **extra})


def is_signed_in(client) -> bool:
    return client.get("/console/").status_code == 200


def actions(user: User) -> list[str]:
    events = AuditEvent.unscoped.filter(subject_sid=user.sid, action__startswith="user.log")
    return list(events.order_by("pk").values_list("action", flat=True))


def test_the_right_password_opens_the_console(client, cy) -> None:
    response = log_in(client, cy.email)
    assert (response.status_code, response["Location"]) == (302, "/console/")
    assert is_signed_in(client)
    with every_tenant():
        assert Membership.objects.open().get(user=cy).last_sign_in_at is not None


@pytest.mark.parametrize("spelling", ["CY@acme.example", " cy@ACME.example ", "Cy@Acme.Example"])
def test_an_address_is_known_in_every_spelling_of_the_same(spelling, client, cy) -> None:
    assert log_in(client, spelling)["Location"] == "/console/"


@pytest.mark.parametrize("address", ["cy@acme.examp1e", "cy+x@acme.example", "c.y@acme.example"])
def test_another_address_is_another_address(address, client, cy) -> None:
    log_in(client, address)
    assert not is_signed_in(client)


def test_wrong_unknown_inactive_and_suspended_get_the_same_answer(cy, ben, ana) -> None:
    User.objects.filter(pk=ben.pk).update(status=UserStatus.INACTIVE)
    User.objects.filter(pk=ana.pk).update(status=UserStatus.SUSPENDED)
    pages = set()
    for address in (cy.email, "nobody@acme.example", ben.email, ana.email):
        with assert_no_effect():
            response = log_in(browser(), address, WRONG)
        assert response.status_code == 200
        pages.add(comparable(response.content, address))
    assert len(pages) == 1
    assert b"There is a problem" in pages.pop()
    User.objects.filter(pk__in=[ben.pk, ana.pk]).update(status=UserStatus.ACTIVE)


def test_a_refused_log_in_keeps_the_address_and_not_the_password(client, cy) -> None:
    body = log_in(client, cy.email, WRONG).content.decode()
    assert 'value="cy@acme.example"' in body
    assert WRONG not in body


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_somebody_who_is_not_active_cannot_log_in(status, client, cy) -> None:
    User.objects.filter(pk=cy.pk).update(status=status)
    with assert_no_effect():
        log_in(client, cy.email)
    assert not is_signed_in(client)
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_an_open_session_ends_with_the_next_request(status, sign_in, cy) -> None:
    client = sign_in(cy)
    assert is_signed_in(client)
    User.objects.filter(pk=cy.pk).update(status=status)
    assert client.get("/console/")["Location"].startswith(PAGE)
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)


def test_logging_in_rotates_the_session_and_the_csrf_token(client, cy) -> None:
    session = client.session
    session["before"] = 1
    session.save()
    client.get(PAGE)
    before, token = session.session_key, client.cookies["csrftoken"].value
    log_in(client, cy.email)
    assert client.cookies["sessionid"].value != before
    assert client.cookies["csrftoken"].value != token
    assert not Session.objects.filter(session_key=before).exists()


def test_a_session_key_that_a_stranger_chose_is_not_honoured(client, cy) -> None:
    client.cookies["sessionid"] = "chosenbyastranger0123456789abcde"
    log_in(client, cy.email)
    assert client.cookies["sessionid"].value != "chosenbyastranger0123456789abcde"


def test_logging_out_kills_the_session_on_the_server(client, cy) -> None:
    log_in(client, cy.email)
    key = client.cookies["sessionid"].value
    response = client.post("/logout/")
    assert response["Location"] == PAGE
    assert not Session.objects.filter(session_key=key).exists()

    thief = browser()
    thief.cookies["sessionid"] = key
    assert not is_signed_in(thief)


def test_the_log_in_page_says_once_that_one_is_logged_out(sign_in, cy) -> None:
    client = sign_in(cy)
    answer = client.post("/logout/")
    assert b"You are logged out." in follow(client, answer).content
    assert b"You are logged out." not in client.get(PAGE).content
    assert b"You are logged out." not in browser().get(PAGE).content


def test_opening_the_log_out_page_logs_nobody_out(sign_in, cy) -> None:
    client = sign_in(cy)
    assert b"Log out?" in client.get("/logout/").content
    assert is_signed_in(client)


def test_log_in_failure_and_log_out_are_events(client, cy) -> None:
    log_in(client, cy.email, WRONG)
    log_in(client, cy.email)
    client.post("/logout/")
    assert actions(cy) == ["user.log_in_failed", "user.logged_in", "user.logged_out"]


def test_an_event_tells_the_ip_and_never_the_password(client, acme, cy) -> None:
    log_in(client, cy.email, WRONG)
    with every_tenant():
        event = AuditEvent.objects.get(action="user.log_in_failed")
    assert event.chain == acme.sid
    assert event.details.data["ip"] == "127.0.0.1"
    assert WRONG not in str(event.details.data)


def test_a_wrong_password_for_nobody_is_no_event(client, db) -> None:
    before = AuditEvent.unscoped.count()
    log_in(client, "nobody@nowhere.example", WRONG)
    assert AuditEvent.unscoped.count() == before


# Where one goes next


@pytest.mark.parametrize("where", ["/admin-center/users/", "/invitations/" + "0" * 64 + "/?a=b"])
def test_next_leads_on_to_a_page_of_ours(where, client, ana) -> None:
    assert log_in(client, ana.email, next=where)["Location"] == where


@pytest.mark.parametrize("where", ELSEWHERE)
def test_next_never_leads_off_the_site(where, client, ana) -> None:
    assert log_in(client, ana.email, next=where)["Location"] == "/console/"


@pytest.mark.parametrize("where", ELSEWHERE)
def test_next_never_leads_off_the_site_when_signed_in_or_logging_out(where, sign_in, ana) -> None:
    client = sign_in(ana)
    assert client.get(PAGE, {"next": where})["Location"] == "/console/"
    assert client.post("/logout/", {"next": where})["Location"] == PAGE


def test_a_page_that_asks_for_log_in_names_itself_and_no_host(client, db) -> None:
    assert client.get("/admin-center/users/")["Location"] == "/login/?next=/admin-center/users/"


# Guessing


def guess(address: str, ip: str, times: int) -> bytes:
    for _ in range(times):
        response = log_in(browser(ip), address, WRONG)
    return response.content


@pytest.mark.usefixtures("each_cache")
def test_ten_failures_shut_out_this_ip_for_this_address_alone(cy, ben, hour) -> None:
    guess(cy.email, "10.0.0.1", 10)
    stranger = browser("10.0.0.1")
    assert b"Too many failed tries" in log_in(stranger, cy.email).content
    assert not is_signed_in(stranger)
    assert log_in(browser("10.0.0.1"), ben.email)["Location"] == "/console/"
    assert log_in(browser("10.0.0.2"), cy.email)["Location"] == "/console/"


@pytest.mark.usefixtures("each_cache")
def test_the_shut_out_ends_after_five_minutes(cy, hour) -> None:
    guess(cy.email, "10.0.0.1", 10)
    hour.shift(timedelta(minutes=4))
    assert b"Too many failed tries" in log_in(browser("10.0.0.1"), cy.email).content
    hour.shift(timedelta(minutes=1))
    assert log_in(browser("10.0.0.1"), cy.email)["Location"] == "/console/"


def test_other_spellings_and_forged_proxies_do_not_give_more_tries(cy, hour) -> None:
    for number in range(10):
        spelling = cy.email.upper() if number % 2 else f" {cy.email}"
        headers = {"X-Forwarded-For": f"9.9.9.{number}", "X-Real-IP": f"9.9.9.{number}"}
        data = {"login": spelling, "password": WRONG}
        browser("10.0.0.1").post(PAGE, data, headers=headers)
    assert b"Too many failed tries" in log_in(browser("10.0.0.1"), cy.email).content


def test_unknown_addresses_are_limited_in_the_same_words(cy, hour) -> None:
    known = guess(cy.email, "10.0.0.1", 11)
    unknown = guess("nobody@acme.example", "10.0.0.2", 11)
    assert comparable(known, cy.email) == comparable(unknown, "nobody@acme.example")


def test_an_ip_that_guesses_at_everybody_is_shut_out(cy, hour) -> None:
    for number in range(100):
        hour.shift(timedelta(seconds=1.1))
        log_in(browser("10.0.0.1"), f"n{number}@acme.example", WRONG)
    assert b"Too many failed tries" in log_in(browser("10.0.0.1"), cy.email).content
    assert log_in(browser("10.0.0.2"), cy.email)["Location"] == "/console/"


@pytest.mark.usefixtures("each_cache")
def test_unknown_browsers_are_shut_out_and_a_known_one_is_free(cy, hour) -> None:
    own = browser("10.1.0.1")
    log_in(own, cy.email)
    own.post("/logout/")
    for number in range(100):
        log_in(browser(f"10.2.0.{number}"), cy.email, WRONG)

    stranger = browser("10.3.0.1")
    assert b"never used for it" in log_in(stranger, cy.email).content
    assert not is_signed_in(stranger)
    assert log_in(own, cy.email)["Location"] == "/console/"


def sign_up_in(client, address: str) -> None:
    client.post(f"/signup/{pending_sign_up(address).token()}/", ANSWERS)


def accept_in(client, address: str) -> None:
    acme = Organization.objects.get(name="Acme")
    prove(acme, "fresh.example")
    client.post(reverse("invitations:show", args=[invited(acme, address).token()]), ANSWERS)


@pytest.mark.parametrize("come_in", [sign_up_in, accept_in])
def test_the_browser_in_which_an_address_was_proven_is_a_known_one(come_in, db, hour) -> None:
    address, own = "zoe@fresh.example", browser("10.1.0.1")
    come_in(own, address)
    own.post("/logout/")
    for number in range(100):
        log_in(browser(f"10.2.0.{number}"), address, WRONG)

    stranger = browser("10.3.0.1")
    assert b"never used for it" in log_in(stranger, address, ANSWERS["password"]).content
    assert log_in(own, address, ANSWERS["password"])["Location"] == "/console/"


def test_a_browser_of_somebody_else_is_no_known_one(cy, ben, hour) -> None:
    colleague = browser("10.1.0.1")
    log_in(colleague, ben.email)
    colleague.post("/logout/")
    for number in range(100):
        log_in(browser(f"10.2.0.{number}"), cy.email, WRONG)
    assert b"never used for it" in log_in(colleague, cy.email).content


def test_a_known_browser_cannot_be_forged(cy, hour) -> None:
    for number in range(100):
        log_in(browser(f"10.2.0.{number}"), cy.email, WRONG)
    forger = browser("10.3.0.1")
    forger.cookies[settings.KNOWN_BROWSER_COOKIE] = cy.sid
    assert b"never used for it" in log_in(forger, cy.email).content


def test_passwords_are_hashed_by_argon2_as_owasp_recommends() -> None:
    shipped = importlib.import_module("adminctr.settings")
    assert shipped.PASSWORD_HASHERS[0] == "users.passwords.OneAtATimeHasher"
    assert (
        OneAtATimeHasher()
        .encode("a", "salt5678")
        .startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    )


def test_one_password_is_hashed_at_a_time() -> None:
    hasher = OneAtATimeHasher()
    with ThreadPoolExecutor() as threads:
        with passwords._turn:
            waiting = threads.submit(hasher.encode, "a", "salt5678")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1)
        encoded = waiting.result(timeout=10)
        assert threads.submit(hasher.verify, "a", encoded).result(timeout=10)
