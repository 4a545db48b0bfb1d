"""The mail of an invitation: one recipient, no link but ours, and a token that stands nowhere."""

import logging
from datetime import timedelta
from email import policy

import pytest
import time_machine
from django.urls import reverse
from django.utils.html import escape
from django_tasks_db.models import DBTaskResult

from adminctr.core import clock
from adminctr.core.text import sort_key
from adminctr.queue.worker import revive
from audit.models import AuditDetails, AuditEvent
from invitations import mail
from invitations.models import SENDING_TIME, Invitation
from invitations.operations import resend_invitation
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.effects import browser, link_in, mails_to
from tests.users.people import ANSWERS, invited, rename

NEW = "new@acme.example"
ANOTHER_SECRET = "another-installation-0123456789-abcdefghijk"
NOBODY_LISTENS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
    }
}


@pytest.fixture
def sent(acme, deliver):
    """Invite and return the one mail to the invitee."""

    def send():
        invited(acme, NEW)
        (message,) = mails_to(NEW, deliver())
        return message

    return send


def test_the_mail_says_who_invites_to_what_as_what_and_until_when(sent) -> None:
    message = sent()
    html = message.alternatives[0].content
    invitation = Invitation.unscoped.get(email=NEW)
    link = f"http://testserver{reverse('invitations:show', args=[invitation.token()])}"
    for text in (message.body, html):
        for part in ("Ana Silva", "ana@acme.example", "Acme", "Standard User", link, "UTC"):
            assert part in text


def test_the_mail_is_text_and_html_for_one_recipient_from_a_fixed_sender(sent, settings) -> None:
    message = sent()
    raw = message.message(policy=policy.default)
    assert (message.to, message.cc, message.bcc) == ([NEW], [], [])
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    kinds = [part.get_content_type() for part in raw.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html"]
    assert raw["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "name",
    [
        "Win at https://evil.example/now",
        "evil.example",
        "<a href='http://evil.example'>x</a>",
        "mailto:x@evil.example",
        "//evil.example\\x",
        "javascript:alert(1)",
        "x" * 64,
    ],
)
def test_names_bring_no_link_into_a_mail(name, acme, ana, sent) -> None:
    Organization.objects.filter(pk=acme.pk).update(name=name, name_key=sort_key(name))
    rename(ana, name * 3)
    message = sent()
    html = message.alternatives[0].content
    for text in (message.subject, message.body, html):
        assert "evil.example" not in text
        assert "javascript:" not in text
    assert html.count("<a ") == 1
    assert message.body.count("://") == 1
    assert len(message.subject) < 200


@pytest.mark.parametrize("name", ["{{7*7}}{% debug %}", "%s{0}{x!r}", "& \" ' <3"])
def test_names_are_written_as_they_are(name, acme, sent) -> None:
    Organization.objects.filter(pk=acme.pk).update(name=name, name_key=sort_key(name))
    message = sent()
    written = name.replace("<", "").replace("  ", " ")
    assert f"to join {written} on" in message.body
    assert f"<strong>{escape(written)}</strong>" in message.alternatives[0].content


def test_a_line_break_in_a_name_makes_no_header(acme, ana, sent) -> None:
    rename(ana, "Ana\r\nBcc: evil@evil.example")
    raw = sent().message(policy=policy.default)
    assert raw["Bcc"] is None
    assert "\n" not in raw["Subject"]


def test_the_token_stands_nowhere_but_in_the_mail(sent, sign_in, ana, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    token = link_in(sent()).strip("/").rpartition("/")[2]
    invitation = Invitation.unscoped.get(email=NEW)
    client = sign_in(ana)
    pages = [
        client.get(url).content.decode()
        for url in (
            reverse("users:pending"),
            reverse("users:pending-detail", args=[invitation.sid]),
            reverse("audit:list"),
            reverse("users:invite"),
        )
    ]
    assert NEW in pages[0]
    stored = [
        *Invitation.unscoped.values(),
        *DBTaskResult.objects.values(),
        *AuditEvent.unscoped.values(),
        *AuditDetails.objects.values(),
    ]
    assert invitation.token() == token
    for text in (*pages, str(stored), caplog.text):
        assert token not in text


def test_a_mail_server_that_is_away_loses_nothing(
    acme, sign_in, ana, deliver, settings, work
) -> None:
    with_mail = settings.MAILERS
    settings.MAILERS = NOBODY_LISTENS
    invitation = invited(acme, NEW)
    assert deliver() == []

    client = sign_in(ana)
    for url in (reverse("users:pending"), invitation.get_absolute_url()):
        assert b"Being sent" in client.get(url).content
        with time_machine.travel(invitation.last_sent_at + SENDING_TIME):
            assert b"Not sent yet" in client.get(url).content
    invitation.refresh_from_db()
    assert invitation.is_open()
    assert not invitation.is_delivered()

    settings.MAILERS = with_mail
    settings.TASK_FIRST_PAUSE *= 0
    assert revive() > 0
    (message,) = mails_to(NEW, deliver())
    assert link_in(message) == reverse("invitations:show", args=[invitation.token()])
    assert b"Waiting" in client.get(invitation.get_absolute_url()).content


def test_a_task_that_runs_twice_mails_once(acme, deliver) -> None:
    invitation = invited(acme, NEW)
    mail.send_invitation.enqueue(invitation.pk, invitation.generation)
    assert len(mails_to(NEW, deliver())) == 1


def test_a_changed_secret_does_not_break_a_mail_that_waits(acme, deliver, settings) -> None:
    invitation = invited(acme, NEW)
    settings.SECRET_KEY = ANOTHER_SECRET
    (message,) = mails_to(NEW, deliver())
    assert browser().post(link_in(message), ANSWERS).status_code == 303
    assert Invitation.unscoped.get(pk=invitation.pk).accepted_at


def test_a_changed_secret_and_a_mail_sent_again_leave_one_link_that_works(
    acme, ana, deliver, settings
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        invitation = invited(acme, NEW)
        (old,) = mails_to(NEW, deliver())
        settings.SECRET_KEY = ANOTHER_SECRET
        traveller.shift(timedelta(minutes=6))
        resend_invitation(invitation, actor=acting(ana))
        (new,) = mails_to(NEW, deliver())
        assert browser().get(link_in(old)).status_code == 410
        assert browser().get(link_in(new)).status_code == 200


def test_a_task_of_an_older_link_mails_nothing(acme, deliver) -> None:
    invitation = invited(acme, NEW)
    Invitation.unscoped.filter(pk=invitation.pk).update(generation=2)
    assert mails_to(NEW, deliver()) == []
