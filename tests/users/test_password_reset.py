"""Resetting a password: one mailed link, once, within 24 hours, to the stored address alone."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from audit.models import AuditEvent
from tests.pages.effects import assert_no_effect, browser, comparable, link_in, mails_to
from tests.world import PASSWORD
from users.models import User, UserStatus
from users.operations import request_password_reset

PAGE, SENT, DONE = "/password/reset/", "/password/reset/sent/", "/password/reset/done/"
KEY = "/password/reset/key/"
NEW = "plum harbour lantern"


@pytest.fixture
def ask(client, deliver):
    def post(address: str) -> str:
        assert client.post(PAGE, {"email": address})["Location"] == SENT
        return link_in(mails_to(address, deliver())[-1])

    return post


def choose(client: Client, link: str, password: str = NEW):
    """Open the link and send a new password to where it leads."""
    response = client.get(link)
    return client.post(response.headers.get("Location", link), {"password1": password})


def has_password(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def test_a_reset_sets_the_password_and_tells_its_owner(client, cy, ask, deliver) -> None:
    response = choose(client, ask(cy.email))
    assert response["Location"] == DONE
    assert client.get(DONE).status_code == 200
    assert has_password(cy, NEW)
    (mail,) = mails_to(cy.email, deliver())
    assert "was changed" in mail.subject
    assert browser().post("/login/", {"login": cy.email, "password": NEW})["Location"]


def test_a_reset_is_in_the_trail(client, acme, cy, ask) -> None:
    choose(client, ask(cy.email))
    events = AuditEvent.unscoped.filter(chain=acme.sid, subject_sid=cy.sid)
    assert list(events.order_by("pk").values_list("action", flat=True))[-2:] == [
        "user.password_reset_requested",
        "user.password_changed",
    ]


def test_unknown_known_and_inactive_get_the_same_page(cy, ben, ana, deliver) -> None:
    User.objects.filter(pk=ben.pk).update(status=UserStatus.INACTIVE)
    User.objects.filter(pk=ana.pk).update(status=UserStatus.SUSPENDED)
    answers = set()
    for address in (cy.email, "nobody@nowhere.example", ben.email, ana.email):
        client = browser()
        response = client.post(PAGE, {"email": address})
        page = comparable(client.get(response["Location"]).content, address)
        answers.add((response.status_code, response["Location"], page))
    assert len(answers) == 1
    links = {mail.to[0] for mail in deliver() if KEY in f"{mail.body}{mail.alternatives}"}
    assert links == {cy.email}
    User.objects.filter(pk__in=[ben.pk, ana.pk]).update(status=UserStatus.ACTIVE)


@pytest.mark.parametrize(
    ("address", "status", "subject"),
    [
        ("CY@Acme.Example ", UserStatus.ACTIVE, "Reset your password"),
        ("nobody@nowhere.example", UserStatus.ACTIVE, "No login for this address"),
        ("cy@acme.example", UserStatus.INACTIVE, None),
        ("cy@acme.example", UserStatus.SUSPENDED, None),
    ],
)
def test_the_address_decides_what_is_mailed_and_recorded(
    address, status, subject, cy, deliver
) -> None:
    User.objects.filter(pk=cy.pk).update(status=status)
    deliver()
    request_password_reset(address, actor=Actor.stranger(address))
    mails = deliver()
    assert [mail.to for mail in mails] == ([[address.strip().lower()]] if subject else [])
    assert all(subject in mail.subject for mail in mails)
    events = AuditEvent.unscoped.filter(action="user.password_reset_requested")
    told = [(event.subject_sid, event.details.data["subject"]) for event in events]
    assert told == ([(cy.sid, cy.email)] if KEY in "".join(mail.body for mail in mails) else [])
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)


@pytest.mark.parametrize("address", ["", "cy", "cy@acme.example, ben@acme.example"])
def test_no_address_is_no_request(address, cy) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        request_password_reset(address, actor=Actor.stranger(address))
    assert refused.value.code.startswith("address_")


def test_a_link_works_once(client, cy, ask) -> None:
    link = ask(cy.email)
    choose(client, link)
    with assert_no_effect():
        response = choose(browser(), link, "another long password")
    assert b"no longer works" in response.content


def test_the_browser_that_used_a_link_cannot_use_it_again(client, cy, ask) -> None:
    link = ask(cy.email)
    form = client.get(link)["Location"]
    client.post(form, {"password1": NEW})
    with assert_no_effect():
        response = client.post(form, {"password1": "another long password"})
    assert b"no longer works" in response.content


def test_a_second_link_dies_with_the_first_one_used(client, cy, ask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = ask(cy.email)
        traveller.shift(timedelta(seconds=5))
        second = ask(cy.email)
        assert first != second
        choose(client, first)
        with assert_no_effect():
            choose(browser(), second, "another long password")


@pytest.mark.parametrize(("minutes", "works"), [(-1, True), (1, False)])
def test_a_link_lives_for_24_hours(minutes, works, client, cy, ask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        link = ask(cy.email)
        traveller.shift(timedelta(hours=24, minutes=minutes))
        choose(client, link)
    assert has_password(cy, NEW) is works


def test_a_link_that_is_opened_in_time_and_sent_too_late_is_dead(client, cy, ask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        form = client.get(ask(cy.email))["Location"]
        traveller.shift(timedelta(hours=24, minutes=1))
        with assert_no_effect():
            client.post(form, {"password1": NEW})


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_a_link_is_dead_for_somebody_who_is_not_active_any_more(status, client, cy, ask) -> None:
    link = ask(cy.email)
    User.objects.filter(pk=cy.pk).update(status=status)
    with assert_no_effect():
        choose(client, link)
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)


def test_the_second_step_alone_does_nothing(client, cy) -> None:
    with assert_no_effect():
        response = client.post(f"/password/reset/key/{cy.sid}-set-password/", {"password1": NEW})
    assert b"no longer works" in response.content


@pytest.mark.parametrize("who", ["cy", "random", "number"])
def test_a_made_up_link_is_dead(who, client, cy) -> None:
    name = {"cy": cy.sid, "random": "US" + "0" * 32, "number": str(cy.pk)}[who]
    with assert_no_effect():
        response = choose(client, f"/password/reset/key/{name}-abc-{'0' * 32}/")
    assert b"no longer works" in response.content


def test_a_link_of_one_person_does_not_open_for_another(client, cy, ben, ask) -> None:
    link = ask(cy.email).replace(cy.sid, ben.sid)
    with assert_no_effect():
        choose(client, link)


def test_no_integer_key_stands_in_a_link_or_a_page(client, cy, ask) -> None:
    link = ask(cy.email)
    assert re.fullmatch(rf"/password/reset/key/{cy.sid}-[a-z0-9]+-[0-9a-f]+/", link)
    form = client.get(link)["Location"]
    assert form == f"/password/reset/key/{cy.sid}-set-password/"
    assert link.split("-", 1)[1].strip("/") not in client.get(form).content.decode()


@pytest.mark.parametrize("password", ["", "short", "password123", "cy@acme.example", "x" * 257])
def test_a_weak_password_is_refused_beside_its_field_and_the_link_lives_on(
    password, client, cy, ask
) -> None:
    link = ask(cy.email)
    with assert_no_effect():
        response = choose(client, link, password)
    assert b'id="id_password1_error"' in response.content
    assert choose(client, link)["Location"] == DONE


def test_every_session_ends_after_a_reset(client, sign_in, cy, ask) -> None:
    elsewhere = [sign_in(cy), sign_in(cy)]
    choose(client, ask(cy.email))
    for session in [*elsewhere, client]:
        assert session.get("/console/")["Location"].startswith("/login/")


def test_a_request_alone_changes_nothing_for_its_victim(client, sign_in, cy, ask) -> None:
    session = sign_in(cy)
    ask(cy.email)
    assert has_password(cy, PASSWORD)
    assert session.get("/console/").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "cy@acme.example,attacker@evil.example",
        "cy@acme.example attacker@evil.example",
        "cy@acme.example\r\nBcc: attacker@evil.example",
        "cy@acme.example%0d%0aBcc:attacker@evil.example",
        '["cy@acme.example","attacker@evil.example"]',
        "<cy@acme.example>",
        "Cy <cy@acme.example>",
        '"cy@acme.example"@evil.example',
        "cy@\uff41cme.example",
        "\uff43y@acme.example",
        "cy@acme.example.",
        "cy@acme.example\x00",
        "",
    ],
)
def test_anything_but_one_plain_address_is_refused(address, client, cy) -> None:
    with assert_no_effect():
        response = client.post(PAGE, {"email": address})
    assert response.status_code == 200
    assert b'id="id_email_error"' in response.content


def test_of_two_addresses_one_is_taken_and_no_link_goes_astray(client, cy, deliver) -> None:
    client.post(PAGE, {"email": [cy.email, "attacker@evil.example"]})
    client.post(PAGE, {"email": ["attacker@evil.example", cy.email]})
    linked = [mail for mail in deliver() if KEY in mail.body]
    assert [mail.to for mail in linked] == [[cy.email]]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "testserver.evil.example"},
        {"Host": "evil.testserver"},
        {"Host": "testserver:1@evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Original-URL": "http://evil.example/"},
        {"X-Forwarded-Proto": "https"},
    ],
)
def test_no_header_changes_a_link(headers, cy, deliver) -> None:
    client = browser()
    responses = [
        client.post(PAGE, {"email": cy.email}, headers=headers),
        client.post("/signup/", {"email": "zoe@fresh.example"}, headers=headers),
        client.get("/console/", headers=headers),
    ]
    for response in responses:
        assert response.status_code in {200, 302, 400}
        assert "evil" not in response.headers.get("Location", "")
    for mail in deliver():
        assert "evil" not in mail.message().as_string()


def test_even_where_every_host_is_allowed_links_follow_the_settings(cy, deliver, settings) -> None:
    deliver()
    settings.ALLOWED_HOSTS = ["*"]
    browser().post(PAGE, {"email": cy.email}, headers={"Host": "evil.example"})
    (mail,) = mails_to(cy.email, deliver())
    assert "evil" not in mail.message().as_string()
    assert link_in(mail).startswith(KEY)


@pytest.mark.usefixtures("each_cache")
def test_one_address_gets_five_mails_an_hour_whoever_asks(cy, deliver, hour) -> None:
    deliver()
    statuses = [
        browser(f"10.0.0.{number}").post(PAGE, {"email": cy.email}).status_code
        for number in range(8)
    ]
    assert set(statuses) <= {302, 429}
    assert len(mails_to(cy.email, deliver())) == 5


@pytest.mark.usefixtures("each_cache")
def test_one_ip_asks_20_times_a_minute(db, hour) -> None:
    statuses = [
        browser().post(PAGE, {"email": f"n{number}@fresh.example"}).status_code
        for number in range(21)
    ]
    assert statuses == [302] * 20 + [429]


def test_one_network_has_30_links_mailed_an_hour_and_is_told_nothing(deliver, hour) -> None:
    def ask(number: int, ip: str) -> int:
        hour.shift(30)
        return browser(ip).post(PAGE, {"email": f"n{number}@fresh.example"}).status_code

    deliver()
    assert {ask(number, "10.0.0.7") for number in range(35)} == {302}
    assert len(deliver()) == 30
    assert ask(35, "10.0.0.8") == 302
    assert len(mails_to("n35@fresh.example", deliver())) == 1
