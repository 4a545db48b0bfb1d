"""What an attacker found once stays shut: links, limits, names and requests out of order."""

import logging

import pytest

from adminctr.core.actor import Actor, Origin
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from adminctr.web.charset import utf8_only
from adminctr.web.logs import LineFormatter, ObjectFormatter
from audit.presenters import sentence
from invitations.operations import accept_invitation_as_newcomer, invite_user, revoke_invitation
from organizations.models import Role, stay_of
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, link_in, mails_to
from tests.races.harness import newcomer
from users.models import User
from users.operations import reset_password
from users.passwords import hash_password


def test_a_demoted_inviter_lets_nobody_in(acme, ana, ben) -> None:
    invitation = invite_user(
        acme, email="ben+again@acme.example", role=Role.ADMINISTRATOR, actor=acting(ben)
    )
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with pytest.raises(RuleViolation) as refused:
        accept_invitation_as_newcomer(invitation, newcomer=newcomer(), actor=acting(ben))
    assert refused.value.code == "inviter_may_not"
    assert not User.objects.filter(email="ben+again@acme.example").exists()


def test_revoking_and_inviting_anew_mails_nobody_without_end(acme, ana, settings) -> None:
    for _ in range(settings.INVITATION_MAX_SENDS):
        invitation = invite_user(
            acme, email="zoe@acme.example", role=Role.STANDARD, actor=acting(ana)
        )
        revoke_invitation(invitation, actor=acting(ana))
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        invite_user(acme, email="zoe@acme.example", role=Role.STANDARD, actor=acting(ana))
    assert refused.value.code == "invited_too_often"


def test_a_reset_that_came_second_changes_nothing(cy) -> None:
    first, second = User.objects.get(pk=cy.pk), User.objects.get(pk=cy.pk)
    actor = Actor.stranger(cy.email)
    reset_password(first, password=hash_password("one long password"), actor=actor)
    with pytest.raises(RuleViolation) as refused:
        reset_password(second, password=hash_password("another password"), actor=actor)
    assert refused.value.code == "password_changed_meanwhile"
    assert User.objects.get(pk=cy.pk).check_password("one long password")


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_limits_count_the_network_that_one_customer_has(ip: str, network: str) -> None:
    assert Origin(ip=ip).network == network


@pytest.mark.parametrize(
    "path",
    ["/signup/{}/", "/invitations/{}/", "/profile/email/{}/", "/password/reset/key/{}/"],
)
def test_no_live_link_stands_in_a_log(path: str) -> None:
    secret = "US0-abc" + "f" * 57
    record = logging.LogRecord("x", 30, "", 0, "Forbidden: %s", (path.format(secret),), None)
    for formatter in (LineFormatter(), ObjectFormatter()):
        written = formatter.format(record)
        assert secret not in written
        assert path.split("{")[0] in written


def test_a_name_cannot_pass_for_the_sentence_around_it() -> None:
    forged = "X” be absorbed by “Y"
    said = sentence("organization.absorbed", {"subject": forged, "into": "Acme"})
    assert said == "let the organization “X be absorbed by Y” be absorbed by “Acme”"


def test_an_address_that_a_mail_program_would_decode_is_refused() -> None:
    with pytest.raises(RuleViolation):
        canonical_address("=?utf-8?q?attacker=40evil.example?=@acme.example")


def test_a_sign_up_link_does_not_replace_somebody_elses_session(ana, cy, sign_in, deliver) -> None:
    browser().post("/signup/", {"email": "mal@mallory.example"})
    mails = deliver()
    link = link_in(mails_to("mal@mallory.example", mails)[0])
    client = sign_in(ana)
    with assert_no_effect():
        page = client.post(link, {"first_name": "Mal", "password": "plum harbour lantern"})
    assert b"You are signed in already" in page.content
    assert str(ana.pk) == client.session["_auth_user_id"]


@pytest.mark.parametrize("charset", ["hex", "zlib", "idna", "unicode_escape", "utf-8"])
@pytest.mark.parametrize("form", ["text/plain; charset={}", "text/plain;x=y;Charset = {}"])
def test_no_charset_reaches_the_application(charset: str, form: str) -> None:
    seen = []
    application = utf8_only(lambda environ, start: seen.append(environ["CONTENT_TYPE"]) or [])
    application({"CONTENT_TYPE": form.format(charset)}, lambda *_: None)
    assert charset not in seen[0]
    assert seen[0].startswith("text/plain")
