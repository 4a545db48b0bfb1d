"""How long a link works is said as it is set."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from adminctr.core import lifetimes


@pytest.mark.parametrize(
    ("hours", "said"), [(24, "24 hours"), (1, "1 hour"), (0.5, "0.5 hours"), (168, "168 hours")]
)
def test_a_lifetime_is_said_in_hours(hours: float, said: str, settings: Settings) -> None:
    settings.SIGN_UP_LIFETIME = timedelta(hours=hours)
    settings.EMAIL_CHANGE_LIFETIME = timedelta(hours=hours)
    settings.PASSWORD_RESET_TIMEOUT = int(hours * 3600)
    settings.HIPAA_IDLE_TIMEOUT = timedelta(minutes=15)
    settings.PHONE_CODE_LIFETIME = timedelta(minutes=5)
    settings.REMEMBERED_BROWSER_AGE = timedelta(days=30)
    assert lifetimes.in_words() == {
        "sign_up_lifetime": said,
        "email_change_lifetime": said,
        "reset_lifetime": said,
        "idle_lifetime": "15 minutes",
        "phone_code_lifetime": "5 minutes",
        "remembered_lifetime": "30 days",
    }


@pytest.mark.parametrize(("minutes", "said"), [(15, "15 minutes"), (1, "1 minute")])
def test_a_time_out_is_said_in_minutes(minutes: float, said: str, settings: Settings) -> None:
    settings.HIPAA_IDLE_TIMEOUT = timedelta(minutes=minutes)
    assert lifetimes.in_words()["idle_lifetime"] == said


@pytest.mark.parametrize(("days", "said"), [(30, "30 days"), (1, "1 day")])
def test_how_long_a_browser_is_remembered_is_said_in_days(
    days: float, said: str, settings: Settings
) -> None:
    settings.REMEMBERED_BROWSER_AGE = timedelta(days=days)
    assert lifetimes.in_words()["remembered_lifetime"] == said


def test_pages_and_mails_say_it(client, cy, deliver, settings: Settings) -> None:
    settings.SIGN_UP_LIFETIME = timedelta(hours=5)
    settings.PASSWORD_RESET_TIMEOUT = 7 * 3600
    pages = client.get("/password/reset/").content + client.get("/password/reset/sent/").content
    assert pages.count(b"7 hours") == 2
    sent = client.post("/signup/", {"email": "zoe@fresh.example"}).content
    assert b"5 hours" in sent
    client.post("/password/reset/", {"email": cy.email})
    mails = {mail.to[0]: mail for mail in deliver()}
    for address, said in (("zoe@fresh.example", "5 hours"), (cy.email, "7 hours")):
        assert said in mails[address].body
        assert said in mails[address].alternatives[0].content
