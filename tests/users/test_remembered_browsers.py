"""Browsers in which a second factor is asked for once in a while, and what makes them forgotten."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as project
from django.http import HttpResponse
from django.test import Client, RequestFactory

from adminctr.core import clock
from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tokens import hash_token
from audit.models import AuditEvent
from organizations.models import SecondFactor, stay_of
from tests.conftest import acting
from tests.pages.effects import follow
from tests.users.people import FIREFOX, email_change_of, remembered_browser_of, session_of
from tests.users.phones import with_phone
from users import remembered
from users.jobs import forget_sessions_that_are_over
from users.models import RememberedBrowser, Session, User
from users.operations import (
    change_email,
    change_password,
    forget_browser,
    remember_browser,
    reset_password,
    reset_second_factor,
    reset_user_password,
)
from users.passwords import hash_password

PAGE = "/profile/browsers/"
COOKIE = project.REMEMBERED_BROWSER_COOKIE


class Browser:
    """A browser, which keeps one cookie."""

    def __init__(self) -> None:
        self.cookie = ""

    def request(self, ip: str = "192.0.2.1", agent: str = FIREFOX) -> Any:
        request = RequestFactory().get("/")
        request.COOKIES = {COOKIE: self.cookie} if self.cookie else {}
        request.origin = Origin(ip=ip, user_agent=agent)
        return request

    def remember(self, user: User) -> HttpResponse:
        response = HttpResponse()
        remembered.remember(response, self.request(), user)
        if COOKIE in response.cookies:
            self.cookie = response.cookies[COOKIE].value
        return response

    def knows(self, user: User, **origin: str) -> bool:
        return remembered.is_remembered(self.request(**origin), user)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.TEXT_MESSAGES = {"folder": tmp_path / "sms"}


@pytest.fixture
def having(work) -> Any:
    """Somebody who has a second factor from now on."""

    def make(user: User, number: str) -> User:
        with_phone(user, work, number)
        return user

    return make


@pytest.fixture
def cy_having_one(cy: User, having) -> User:
    return having(cy, "+15005550001")


def rows(user: User) -> int:
    return RememberedBrowser.objects.filter(user=user).count()


# The cookie


def test_a_browser_is_remembered_for_thirty_days(cy_having_one: User) -> None:
    browser, cy = Browser(), cy_having_one
    assert not browser.knows(cy)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        cookie = browser.remember(cy).cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        assert cookie["max-age"] == 30 * 24 * 3600
        traveller.shift(timedelta(days=30) - timedelta(seconds=1))
        assert browser.knows(cy)
        traveller.shift(1)
        assert not browser.knows(cy)


def test_only_the_hash_of_the_token_is_kept(cy_having_one: User) -> None:
    browser = Browser()
    browser.remember(cy_having_one)
    row = RememberedBrowser.objects.get(user=cy_having_one)
    assert row.token_hash == hash_token(browser.cookie)
    assert browser.cookie not in str(vars(row))
    assert len(browser.cookie) >= 43


def test_several_people_use_one_browser(cy_having_one, ben, eve, having) -> None:
    browser, people = Browser(), [cy_having_one]
    people += [having(ben, "+15005550002"), having(eve, "+15005550003")]
    for person in people:
        browser.remember(person)
    assert all(browser.knows(person) for person in people)
    browser.remember(ben)
    assert all(browser.knows(person) for person in people)
    assert [rows(person) for person in people] == [1, 1, 1]
    assert browser.cookie.count(".") == 2


def test_what_is_over_leaves_the_cookie(cy_having_one, ben, having) -> None:
    browser = Browser()
    browser.remember(cy_having_one)
    RememberedBrowser.objects.filter(user=cy_having_one).delete()
    browser.remember(having(ben, "+15005550002"))
    assert "." not in browser.cookie


def test_nobody_is_known_by_the_cookie_of_somebody_else(cy_having_one, ben, having) -> None:
    browser = Browser()
    browser.remember(having(ben, "+15005550002"))
    assert not browser.knows(cy_having_one)


@pytest.mark.parametrize("cookie", ["", ".", "x", "x" * 5000, "....", "\udcff", "a.b.c.d.e.f"])
def test_a_cookie_that_makes_no_sense_remembers_nobody(cy_having_one, cookie: str) -> None:
    browser = Browser()
    browser.cookie = cookie.encode("utf-8", "replace").decode()
    assert not browser.knows(cy_having_one)
    browser.remember(cy_having_one)
    assert browser.knows(cy_having_one)


def test_a_log_in_notes_where_a_browser_was_used_last(cy_having_one: User) -> None:
    browser = Browser()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        browser.remember(cy_having_one)
        before = RememberedBrowser.objects.get(user=cy_having_one)
        traveller.shift(timedelta(days=3))
        assert browser.knows(cy_having_one, ip="198.51.100.9", agent="Another")
    row = RememberedBrowser.objects.get(user=cy_having_one)
    assert (row.ip, row.user_agent) == ("198.51.100.9", "Another")
    assert row.last_used_at == before.last_used_at + timedelta(days=3)
    assert row.expires_at == before.expires_at


# Who is remembered


def test_who_has_no_second_factor_is_not_remembered(cy: User) -> None:
    browser = Browser()
    assert COOKIE not in browser.remember(cy).cookies
    assert rows(cy) == 0


def test_who_is_asked_every_time_is_not_remembered(cy_having_one, acme) -> None:
    acme.second_factor = SecondFactor.EVERY_LOG_IN
    acme.save()
    browser = Browser()
    assert COOKIE not in browser.remember(cy_having_one).cookies
    assert rows(cy_having_one) == 0


def test_nobody_is_remembered_by_others(cy_having_one: User, ben: User) -> None:
    with pytest.raises(NotAllowed):
        remember_browser(cy_having_one, token_hash="x", instead_of=None, actor=acting(ben))


def test_a_suspended_login_is_not_remembered(cy_having_one: User) -> None:
    actor = acting(cy_having_one)
    User.objects.filter(pk=cy_having_one.pk).update(status="suspended")
    with pytest.raises(RuleViolation) as refused:
        remember_browser(cy_having_one, token_hash="x", instead_of=None, actor=actor)
    assert refused.value.code == "login_not_active"
    User.objects.filter(pk=cy_having_one.pk).update(status="active")


# What makes it forgotten


def by_password_change(cy: User, ana: User) -> None:
    keep = session_of(cy)
    Session.objects.filter(pk=keep.pk).update(sid="SE" + "0" * 32)
    new = hash_password("plum harbour lantern")
    change_password(cy, password=new, keep="SE" + "0" * 32, actor=acting(cy))


def by_a_mailed_link(cy: User, ana: User) -> None:
    new = hash_password("plum harbour lantern")
    reset_password(cy, password=new, actor=Actor.stranger(cy.email))


def by_an_administrators_reset(cy: User, ana: User) -> None:
    reset_user_password(stay_of(cy), actor=acting(ana))


def by_a_reset_of_the_second_factor(cy: User, ana: User) -> None:
    reset_second_factor(stay_of(cy), actor=acting(ana))


def by_another_address(cy: User, ana: User) -> None:
    keep = session_of(cy)
    Session.objects.filter(pk=keep.pk).update(sid="SE" + "0" * 32)
    change_email(email_change_of(cy), keep="SE" + "0" * 32, actor=acting(cy))


@pytest.mark.parametrize(
    "change",
    [
        by_password_change, by_a_mailed_link, by_an_administrators_reset,
        by_a_reset_of_the_second_factor, by_another_address,
    ],
)  # fmt: skip
def test_a_change_of_credentials_forgets_every_browser(change, cy_having_one, ana) -> None:
    browser, other = Browser(), Browser()
    browser.remember(cy_having_one)
    other.remember(cy_having_one)
    change(cy_having_one, ana)
    assert not browser.knows(cy_having_one)
    assert not other.knows(cy_having_one)
    assert rows(cy_having_one) == 0


def test_what_is_over_is_deleted(cy: User) -> None:
    browser = remembered_browser_of(cy)
    forget_sessions_that_are_over.call()
    assert rows(cy) == 1
    past = clock.now() - timedelta(days=31)
    RememberedBrowser.objects.filter(pk=browser.pk).update(created_at=past, expires_at=past)
    forget_sessions_that_are_over.call()
    assert rows(cy) == 0


# The page


def test_the_page_lists_ones_own_and_marks_this_one(cy_having_one, ben, sign_in) -> None:
    client, browser = sign_in(cy_having_one), Browser()
    assert "No browser is remembered" in client.get(PAGE).content.decode()
    browser.remember(cy_having_one)
    remembered_browser_of(cy_having_one)
    remembered_browser_of(ben)
    client.cookies[COOKIE] = browser.cookie
    body = client.get(PAGE).content.decode()
    assert body.count("Firefox on Windows</span></button>") == 2
    assert body.count("This browser") == 1
    assert ">2 remembered " in client.get("/profile/").content.decode()


def test_one_is_forgotten_and_the_others_stay(cy_having_one: User, sign_in) -> None:
    client, browser = sign_in(cy_having_one), Browser()
    browser.remember(cy_having_one)
    other = remembered_browser_of(cy_having_one)
    page = follow(client, client.post(f"{PAGE}{other.sid}/forget/")).content.decode()
    assert "The next log-in in Firefox on Windows asks for a second factor." in page
    assert browser.knows(cy_having_one)
    assert rows(cy_having_one) == 1
    assert client.post(f"{PAGE}{other.sid}/forget/").status_code == 404


def test_all_are_forgotten_at_once(cy_having_one: User, sign_in) -> None:
    client, browser = sign_in(cy_having_one), Browser()
    browser.remember(cy_having_one)
    client.post(f"{PAGE}forget/")
    assert not browser.knows(cy_having_one)
    event = AuditEvent.unscoped.filter(actor_sid=cy_having_one.sid).latest("pk")
    assert event.action == "user.browsers_forgotten"


def test_nobody_forgets_the_browsers_of_others(cy: User, ben: User, sign_in) -> None:
    theirs = remembered_browser_of(ben)
    client: Client = sign_in(cy)
    assert client.post(f"{PAGE}{theirs.sid}/forget/").status_code == 404
    with pytest.raises(NotAllowed):
        forget_browser(theirs, actor=acting(cy))
    client.post(f"{PAGE}forget/")
    assert rows(ben) == 1
