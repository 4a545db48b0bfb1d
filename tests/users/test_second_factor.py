"""A second factor at a log-in: when it is asked for, what proves it, and what does not."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from adminctr.core.actor import Actor
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, SecondFactor
from tests.conftest import acting
from tests.pages.addresses import routes
from tests.pages.effects import assert_no_effect, browser, follow, mails_to
from tests.users.enrolled import (
    APP,
    RECOVERY,
    WRONG,
    app_code,
    app_factor,
    factors_of,
    is_signed_in,
    next_code,
    text_code,
    type_code,
    type_password,
    with_app,
    with_phone,
    with_recovery_codes,
)
from tests.users.people import ANSWERS, invited, prove, stay_of
from users import secrets
from users.models import FactorKind, RememberedBrowser, Session, User, UserStatus
from users.operations import prove_factor, reset_password, reset_second_factor
from users.passwords import hash_password
from users.sessions import REMEMBERED
from users.stages import SecondFactorStage

DOOR = "/second-factor/"
SET_UP = "/second-factor/set-up/"
PHONE = "/second-factor/phone/"
TOO_MANY = b"Too many tries. Wait 15 minutes"
NOT_RIGHT = b"This is not the code"


def half_way(user: User, client: Client | None = None) -> Client:
    """A browser in which somebody has typed their password and proven nothing else."""
    client = client or browser()
    answer = type_password(client, user)
    assert answer.headers["Location"] == DOOR
    return client


def actions(user: User) -> list[str]:
    events = AuditEvent.unscoped.filter(subject_sid=user.sid).order_by("pk")
    return list(events.values_list("action", flat=True))


def method_of(user: User) -> str:
    """How somebody logged in last, as the trail has it."""
    with every_tenant():
        event = AuditEvent.objects.filter(action="user.logged_in", subject_sid=user.sid).latest(
            "pk"
        )
    return event.details.data["method"]


def ask_of_everybody(organization: Organization, level: SecondFactor) -> None:
    Organization.objects.filter(pk=organization.pk).update(second_factor=level)


# When it is asked for


def test_who_has_none_and_is_asked_for_none_logs_in_with_the_password(client, cy) -> None:
    assert type_password(client, cy).headers["Location"] == "/console/"
    assert method_of(cy) == "password"


def test_who_has_one_is_in_only_after_proving_it(client, cy) -> None:
    secret = with_app(cy)
    half_way(cy, client)
    assert not is_signed_in(client)
    assert client.get(DOOR).headers["Location"] == APP
    answer = type_code(client, next_code(secret))
    assert answer.status_code == 303
    assert is_signed_in(client)
    assert method_of(cy) == "password, app"
    assert actions(cy)[-3:] == [
        "user.second_factor_proven",
        "user.logged_in",
        "user.recovery_codes_made",
    ]


def test_a_log_in_leads_to_where_it_was_asked_for(client, ana) -> None:
    secret = with_app(ana)
    with_recovery_codes(ana)
    type_password(client, ana, next="/admin-center/users/")
    answer = type_code(client, next_code(secret), path=f"{APP}?next=https://evil.example/")
    assert answer.headers["Location"] == "/admin-center/users/"


@pytest.mark.parametrize("level", [SecondFactor.ONCE_PER_COMPUTER, SecondFactor.EVERY_LOG_IN])
def test_who_has_none_sets_one_up_where_the_organization_asks(level, client, cy, acme) -> None:
    ask_of_everybody(acme, level)
    half_way(cy, client)
    assert client.get(DOOR).headers["Location"] == SET_UP
    assert b"Your organization requires a second factor" in client.get(SET_UP).content
    assert not is_signed_in(client)
    set_up_app(client)
    assert is_signed_in(client)
    assert method_of(cy) == "password, app"


def test_who_has_none_sets_one_up_where_it_is_asked_of_them_alone(client, cy, ben) -> None:
    level = SecondFactor.ONCE_PER_COMPUTER
    Membership.unscoped.filter(user=cy).update(second_factor=level)
    half_way(cy, client)
    assert type_password(browser(), ben).headers["Location"] == "/console/"


def test_after_a_reset_one_is_set_up_before_anything_else(client, cy) -> None:
    User.objects.filter(pk=cy.pk).update(is_factor_due=True)
    half_way(cy, client)
    assert b"Your second factor was reset" in client.get(SET_UP).content
    set_up_app(client)
    assert is_signed_in(client)
    cy.refresh_from_db()
    assert not cy.is_factor_due
    with every_tenant():
        assert Membership.objects.open().get(user=cy).has_second_factor


def test_somebody_new_sets_one_up_where_their_organization_asks(client, acme) -> None:
    ask_of_everybody(acme, SecondFactor.ONCE_PER_COMPUTER)
    prove(acme, "fresh.example")
    invitation = invited(acme, "zoe@fresh.example")
    answer = client.post(reverse("invitations:show", args=[invitation.token()]), ANSWERS)
    assert (answer.status_code, answer.headers["Location"]) == (303, DOOR)
    assert not is_signed_in(client)
    set_up_app(client)
    assert is_signed_in(client)


def set_up_app(client: Client) -> None:
    """Scan what the page shows and type what the app shows then."""
    page = client.get(f"{SET_UP}app/")
    secret = page.context["secret"].replace(" ", "")
    answer = type_code(client, app_code(secret), path=f"{SET_UP}app/")
    assert answer.status_code == 303, answer.content.decode()


# Half-way


@pytest.fixture
def half(cy) -> Client:
    with_app(cy)
    with_recovery_codes(cy)
    return half_way(cy)


def test_the_door_is_there_for_nobody_who_has_not_typed_a_password(client, db) -> None:
    pages = [path for name, path in door_pages()]
    assert len(pages) >= 9
    for url in pages:
        for answer in (client.get(url), client.post(url, {"code": WRONG})):
            assert (answer.status_code, answer.headers["Location"]) == (303, "/login/")


def door_pages() -> list[tuple[str, str]]:
    names = [name for name in routes() if name.startswith("users:second-factor")]
    return [(name, reverse(name)) for name in names]


def test_half_a_log_in_is_over_after_a_while(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    hour.shift(timedelta(minutes=15, seconds=1))
    assert type_code(client, next_code(secret)).headers["Location"] == "/login/"
    assert not is_signed_in(client)


def test_half_a_log_in_is_over_when_the_password_is_changed(cy) -> None:
    secret = with_app(cy)
    thief = half_way(cy)
    reset_password(
        cy, password=hash_password("plum harbour lantern"), actor=Actor.stranger(cy.email)
    )
    assert type_code(thief, next_code(secret)).headers["Location"] == "/login/"
    assert not is_signed_in(thief)


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_half_a_log_in_is_over_when_the_login_is_closed(status, cy) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    User.objects.filter(pk=cy.pk).update(status=status)
    assert type_code(client, next_code(secret)).headers["Location"] == "/login/"
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)
    assert not is_signed_in(client)


def test_half_a_log_in_can_be_given_up(half) -> None:
    assert half.post(f"{DOOR}cancel/").headers["Location"] == "/login/"
    assert half.get(DOOR).headers["Location"] == "/login/"


def test_who_has_a_factor_cannot_set_another_up_half_way(half) -> None:
    for page in ("", "app/", "passkey/", "phone/"):
        answer = half.get(f"{SET_UP}{page}")
        assert answer.headers["Location"].startswith(DOOR)
        with assert_no_effect():
            assert half.post(f"{SET_UP}{page}").headers["Location"].startswith(DOOR)


def test_proving_a_factor_rotates_the_session_and_keeps_nothing_of_the_half(client, cy) -> None:
    secret = with_app(cy)
    half_way(cy, client)
    before = client.cookies["sessionid"].value
    assert Session.objects.get(session_key=before).user is None
    type_code(client, next_code(secret))
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()
    assert "account_login" not in client.session

    thief = browser()
    thief.cookies["sessionid"] = before
    assert not is_signed_in(thief)


def test_a_factor_proven_by_one_person_lets_nobody_else_in(cy, ben) -> None:
    """Both halves in one browser: the second person proves their own, or nothing."""
    secret, theirs = with_app(cy), with_app(ben)
    client = half_way(cy)
    client.post(f"{DOOR}cancel/")
    half_way(ben, client)
    assert NOT_RIGHT in type_code(client, next_code(secret)).content
    type_code(client, next_code(theirs))
    assert client.get("/profile/").context["person"] == ben


def test_a_key_that_was_shown_half_way_is_nobody_elses(cy, ben, client) -> None:
    User.objects.filter(pk__in=[cy.pk, ben.pk]).update(is_factor_due=True)
    half_way(cy, client)
    theirs = client.get(f"{SET_UP}app/").context["secret"]
    client.post(f"{DOOR}cancel/")
    half_way(ben, client)
    assert client.get(f"{SET_UP}app/").context["secret"] != theirs


# Codes of an app


def test_a_code_works_once(cy) -> None:
    secret = with_app(cy)
    code = next_code(secret)
    type_code(half_way(cy), code)
    again = half_way(cy)
    assert NOT_RIGHT in type_code(again, code).content
    assert not is_signed_in(again)


def test_the_code_that_has_set_the_app_up_is_used_up(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    assert NOT_RIGHT in type_code(client, app_code(secret)).content


@pytest.mark.parametrize(("steps", "is_accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(steps, is_accepted, cy, hour) -> None:
    secret = with_app(cy)
    hour.shift(timedelta(minutes=10))
    client = half_way(cy)
    type_code(client, app_code(secret, steps))
    assert is_signed_in(client) == is_accepted


def test_an_older_code_than_the_last_one_is_used_up(cy, hour) -> None:
    secret = with_app(cy)
    hour.shift(timedelta(minutes=10))
    type_code(half_way(cy), app_code(secret, 1))
    again = half_way(cy)
    assert NOT_RIGHT in type_code(again, app_code(secret)).content


@pytest.mark.parametrize(
    "code",
    ["", " ", "000000", "12345", "1234567", "abcdef", "٠١٢٣٤٥", "0x1234", "-12345", "\0" * 6],
)
def test_what_is_no_code_is_refused(code, half) -> None:
    answer = type_code(half, code)
    assert answer.status_code == 200
    assert b"There is a problem" in answer.content
    assert not is_signed_in(half)


def test_a_list_of_codes_is_no_better_than_its_last(cy) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    type_code(client, [next_code(secret), WRONG])
    assert not is_signed_in(client)
    answer = client.post(APP, {"code[]": [next_code(secret)], "code[0]": next_code(secret)})
    assert answer.status_code == 200
    assert not is_signed_in(client)
    client.post(APP, f'{{"code": ["{next_code(secret)}"]}}', content_type="application/json")
    assert not is_signed_in(client)


def test_spaces_and_dashes_in_a_code_are_nobodys_mistake(cy) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    code = next_code(secret)
    type_code(client, f" {code[:3]} - {code[3:]} ")
    assert is_signed_in(client)


def test_another_persons_code_is_worth_nothing(cy, ben) -> None:
    theirs = with_app(ben)
    with_app(cy)
    client = half_way(cy)
    assert NOT_RIGHT in type_code(client, next_code(theirs)).content
    assert not is_signed_in(client)


# Guessing


def guess(client: Client, times: int) -> bytes:
    for _ in range(times):
        answer = type_code(client, WRONG)
    return answer.content


@pytest.mark.usefixtures("each_cache")
def test_five_wrong_answers_shut_the_person_out_for_a_quarter_of_an_hour(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    assert NOT_RIGHT in guess(client, 5)
    assert TOO_MANY in type_code(client, next_code(secret)).content
    assert not is_signed_in(client)
    hour.shift(timedelta(minutes=14))
    assert TOO_MANY in type_code(half_way(cy, client), next_code(secret)).content
    hour.shift(timedelta(minutes=1))
    type_code(half_way(cy), next_code(secret))
    assert actions(cy).count("user.second_factor_wrong") == 5


@pytest.mark.usefixtures("each_cache")
def test_a_new_log_in_or_another_way_does_not_give_more_tries(cy, hour) -> None:
    secret = with_app(cy)
    codes = with_recovery_codes(cy)
    for number in range(5):
        client = half_way(cy, browser(f"10.0.0.{number}"))
        assert NOT_RIGHT in type_code(client, WRONG).content
        client.post(f"{DOOR}cancel/")
    elsewhere = half_way(cy, browser("10.9.0.1"))
    assert TOO_MANY in type_code(elsewhere, next_code(secret)).content
    assert TOO_MANY in type_code(elsewhere, codes[0], path=RECOVERY).content
    assert not is_signed_in(elsewhere)


def test_tries_in_a_session_and_at_a_log_in_are_the_same(cy, sign_in, hour) -> None:
    secret = with_app(cy)
    guess(sign_in(cy), 5)
    assert TOO_MANY in type_code(half_way(cy), next_code(secret)).content


def test_the_right_answer_forgets_the_wrong_ones(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    guess(client, 4)
    type_code(client, next_code(secret))
    assert NOT_RIGHT in guess(half_way(cy), 5)


def test_what_cannot_be_a_code_uses_no_try_up(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    for _ in range(10):
        type_code(client, "")
    type_code(client, next_code(secret))
    assert is_signed_in(client)


def test_wrong_answers_of_one_person_do_not_shut_another_out(cy, ben, hour) -> None:
    secret = with_app(ben)
    with_app(cy)
    guess(half_way(cy), 6)
    client = half_way(ben)
    type_code(client, next_code(secret))
    assert is_signed_in(client)


# Recovery codes


def test_a_recovery_code_stands_in_once(cy, work, mailoutbox) -> None:
    with_app(cy)
    codes = with_recovery_codes(cy)
    client = half_way(cy)
    assert any(one["url"] == RECOVERY for one in client.get(APP).context["others"])
    answer = type_code(client, codes[3].upper().replace("-", " "), path=RECOVERY)
    assert answer.headers["Location"] == "/console/"
    assert is_signed_in(client)
    assert method_of(cy) == "password, recovery_codes"
    work()
    mails = mails_to(cy.email, mailoutbox)
    assert "A recovery code of yours was used" in mails[-1].subject
    assert "9 of them are left." in mails[-1].body

    again = half_way(cy)
    assert b"not one of your recovery codes" in type_code(again, codes[3], path=RECOVERY).content
    type_code(again, codes[4], path=RECOVERY)
    assert is_signed_in(again)


def test_whoever_used_a_recovery_code_is_told_how_many_are_left(cy) -> None:
    with_app(cy)
    codes = with_recovery_codes(cy)
    for place, left in ((0, "You have 9 recovery codes left."), (1, "You have 8 recovery")):
        client = half_way(cy)
        answer = follow(client, type_code(client, codes[place], path=RECOVERY))
        assert left in answer.content.decode()
    assert left not in client.get("/profile/").content.decode()


def test_whoever_used_the_last_recovery_code_is_told_to_make_new_ones(cy) -> None:
    with_app(cy)
    codes = with_recovery_codes(cy)
    for code in codes[:-1]:
        assert prove_factor(cy, kind=FactorKind.RECOVERY_CODES, answer=code, actor=acting(cy))
    client = half_way(cy)
    answer = follow(client, type_code(client, codes[-1], path=RECOVERY))
    assert "You have no recovery code left." in answer.content.decode()


def test_former_recovery_codes_stop_working(cy) -> None:
    with_app(cy)
    former, new = with_recovery_codes(cy), with_recovery_codes(cy)
    client = half_way(cy)
    assert not set(former) & set(new)
    type_code(client, former[0], path=RECOVERY)
    assert not is_signed_in(client)
    type_code(client, new[0], path=RECOVERY)
    assert is_signed_in(client)


def test_another_persons_recovery_code_is_worth_nothing(cy, ben) -> None:
    for one in (cy, ben):
        with_app(one)
    theirs, _ = with_recovery_codes(ben), with_recovery_codes(cy)
    client = half_way(cy)
    type_code(client, theirs[0], path=RECOVERY)
    assert not is_signed_in(client)


# Phones


def test_a_code_sent_to_the_phone_lets_its_person_in(cy, hour) -> None:
    with_phone(cy)
    with_recovery_codes(cy)
    hour.shift(timedelta(minutes=5))
    client = half_way(cy)
    assert client.get(DOOR).headers["Location"] == PHONE
    assert b"+15005550006" not in client.get(PHONE).content
    answer = client.post(f"{PHONE}send/")
    assert answer.headers["Location"] == PHONE
    assert b"on its way" in client.get(PHONE).content
    assert NOT_RIGHT in type_code(client, WRONG, path=PHONE).content
    type_code(client, text_code(cy), path=PHONE)
    assert is_signed_in(client)
    assert method_of(cy) == "password, phone"


def test_opening_the_page_sends_no_code(cy, hour) -> None:
    with_phone(cy)
    client = half_way(cy)
    with assert_no_effect():
        client.get(PHONE)
        client.get(f"{PHONE}send/")


def test_a_way_that_the_person_does_not_have_is_not_there(half, ben) -> None:
    with_phone(ben)
    assert half.get(PHONE).status_code == 404
    assert half.post("/second-factor/passkey/", {"answer": "{}"}).status_code == 404


def test_a_reset_in_the_middle_of_a_log_in_ends_it_and_the_next_sets_one_up(half, cy, ben) -> None:
    reset_second_factor(stay_of(cy), actor=acting(ben))
    answer = half.post("/second-factor/app/", {"code": WRONG})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/")
    half_way(cy, half)
    assert half.get(DOOR).headers["Location"] == SET_UP
    assert "was reset" in half.get(SET_UP).content.decode()


# Remembered browsers


def tick(client: Client, secret: str) -> None:
    type_code(client, next_code(secret), remember="on")
    assert is_signed_in(client)


def test_a_remembered_browser_is_not_asked_again(cy, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    tick(client, secret)
    client.post("/logout/")
    assert type_password(client, cy).headers["Location"] == "/console/"
    assert method_of(cy) == f"password, {REMEMBERED}"
    half_way(cy, browser())
    client.post("/logout/")
    hour.shift(settings.REMEMBERED_BROWSER_AGE + timedelta(seconds=1))
    half_way(cy, client)


def test_a_browser_is_not_remembered_unless_that_was_ticked(cy) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    type_code(client, next_code(secret))
    assert not RememberedBrowser.objects.filter(user=cy).exists()
    client.post("/logout/")
    half_way(cy, client)


def test_a_browser_is_remembered_for_one_person_alone(cy, ben) -> None:
    secret = with_app(cy)
    with_app(ben)
    client = half_way(cy)
    tick(client, secret)
    client.post("/logout/")
    half_way(ben, client)


def test_every_log_in_means_every_log_in(cy, acme, hour) -> None:
    secret = with_app(cy)
    client = half_way(cy)
    tick(client, secret)
    client.post("/logout/")
    ask_of_everybody(acme, SecondFactor.EVERY_LOG_IN)
    half_way(cy, client)
    assert "remember" not in client.get(APP).context["form"].fields
    hour.shift(timedelta(minutes=5))
    type_code(client, next_code(secret), remember="on")
    assert RememberedBrowser.objects.filter(user=cy).count() == 1


# What is kept of it


def test_a_secret_that_cannot_be_read_any_more_says_what_to_do(cy, settings) -> None:
    secret = with_app(cy)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-of-tests-0123456789", []
    client = half_way(cy)
    answer = type_code(client, next_code(secret))
    assert b"ask your administrator to reset your 2FA" in answer.content


def test_a_secret_outlives_a_change_of_the_key_and_is_written_anew(cy, settings) -> None:
    secret = with_app(cy)
    kept = app_factor(cy).secret
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-tests-0123456789"
    client = half_way(cy)
    type_code(client, next_code(secret))
    assert is_signed_in(client)
    assert app_factor(cy).secret != kept
    settings.SECRET_KEY_FALLBACKS = []
    assert secrets.decrypt(app_factor(cy).secret) == secret


def test_the_step_of_a_log_in_is_listed_once() -> None:
    assert SecondFactorStage.urlname == "users:second-factor"


def test_first_factors_bring_recovery_codes_which_are_shown_once(client, cy, acme) -> None:
    ask_of_everybody(acme, SecondFactor.ONCE_PER_COMPUTER)
    half_way(cy, client)
    page = client.get(f"{SET_UP}app/")
    secret = page.context["secret"].replace(" ", "")
    answer = type_code(client, app_code(secret), path=f"{SET_UP}app/")
    shown = client.get(answer.headers["Location"])
    codes = shown.context["codes"]
    assert len(codes) == 10
    assert shown.context["onward_url"] == "/console/"
    assert factors_of(cy) == {"app", "recovery_codes"}
    assert client.get(answer.headers["Location"]).headers["Location"] == "/profile/second-factors/"
    with every_tenant():
        trail = str([one.details.data for one in AuditEvent.objects.select_related("details")])
    for told in (secret, *codes):
        assert told not in trail
        assert told not in client.get("/profile/second-factors/").content.decode()
