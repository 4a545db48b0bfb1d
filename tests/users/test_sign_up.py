"""Signing up: one address, one mailed link, and everything made behind it at once."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from accounts.models import Account, AccountType, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.tenancy import every_tenant
from adminctr.web.newcomer import PASSWORDS_PER_NETWORK
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, comparable, link_in, mails_to
from tests.users.people import lose, newcomer, pending_sign_up, prove
from users.jobs import forget_expired_links
from users.models import SignUp, User
from users.operations import sign_up

PAGE = "/signup/"
NEW = "zoe@fresh.example"
ANOTHER_SECRET = "another-installation-0123456789-abcdefghijk"
ANSWERS = {
    "first_name": "Zoë",
    "last_name": "Quist",
    "organization_name": "Fresh",
    "password": "plum harbour lantern",
}


@pytest.fixture
def ask(client, deliver):
    def post(address: str = NEW) -> str:
        deliver()
        assert client.post(PAGE, {"email": address}).status_code == 200
        return link_in(deliver()[-1])

    return post


def test_a_visitor_becomes_owner_of_an_organization_with_one_trial_account(client, ask) -> None:
    response = client.post(ask(), ANSWERS)

    assert (response.status_code, response["Location"]) == (303, "/console/")
    user = User.objects.get(email=NEW)
    organization = Organization.objects.get(owner=user)
    assert organization.name == "Fresh"
    with every_tenant():
        stay = Membership.objects.open().get(user=user)
        account = Account.objects.get(organization=organization)
        roles = set(RoleAssignment.objects.filter(holder=user).values_list("role", flat=True))
    assert (stay.organization, stay.role) == (organization, Role.OWNER)
    assert (account.owner, account.type) == (user, AccountType.TRIAL)
    assert roles == {"owner"}
    assert not SignUp.objects.exists()


def test_who_has_signed_up_is_signed_in_and_may_log_in_again(client, ask) -> None:
    client.post(ask(), ANSWERS)
    assert "Zoë" in client.get("/console/").content.decode()
    again = browser().post("/login/", {"login": NEW, "password": ANSWERS["password"]})
    assert again["Location"] == "/console/"


def test_signing_up_is_in_the_trail(client, ask) -> None:
    client.post(ask(), ANSWERS)
    organization = Organization.objects.get(name="Fresh")
    actions = AuditEvent.unscoped.filter(chain=organization.sid).values_list("action", flat=True)
    assert set(actions) == {"account.created", "user.signed_up", "user.logged_in"}
    assert AuditEvent.unscoped.filter(chain="system", action="sign_up.started").exists()


def test_a_blank_organization_name_becomes_one_of_the_persons(client, ask) -> None:
    client.post(ask(), ANSWERS | {"organization_name": ""})
    assert Organization.objects.get(owner__email=NEW).name == "Zoë's organization"


def test_a_known_address_gets_the_same_answer_and_a_mail_of_another_kind(ida, deliver) -> None:
    unknown = browser().post(PAGE, {"email": NEW})
    known = browser().post(PAGE, {"email": ida.email})

    assert known.status_code == unknown.status_code == 200
    assert comparable(known.content, ida.email) == comparable(unknown.content, NEW)
    mails = {mail.to[0]: mail for mail in deliver()}
    assert mails[NEW].subject.startswith("Confirm your address")
    assert mails[ida.email].subject.startswith("You have a login")
    assert "/signup/" not in mails[ida.email].body
    assert not SignUp.objects.filter(email=ida.email).exists()


@pytest.mark.parametrize("address", ["new@acme.example", "NEW@ACME.example", "New@acme.example "])
def test_an_address_of_a_claimed_domain_is_refused_beside_the_field(address, client, acme) -> None:
    with assert_no_effect():
        response = client.post(PAGE, {"email": address})
    assert b'id="id_email_error"' in response.content
    assert b"by invitation only" in response.content
    assert b"Acme" not in response.content.replace(b"acme.example", b"")


def test_a_claimed_domain_does_not_tell_who_has_a_login(cy) -> None:
    known = browser().post(PAGE, {"email": cy.email})
    unknown = browser().post(PAGE, {"email": "nobody@acme.example"})
    assert comparable(known.content, cy.email) == comparable(unknown.content, "nobody@acme.example")


@pytest.mark.parametrize("address", ["u@evilacme.example", "u@sub.acme.example"])
def test_a_domain_that_only_looks_like_a_claimed_one_is_free(address, client, work) -> None:
    client.post(PAGE, {"email": address})
    work()
    assert SignUp.objects.filter(email=address).exists()


def test_a_domain_that_is_not_proven_claims_nobody(client, work) -> None:
    client.post(PAGE, {"email": "new@acme-labs.example"})
    work()
    assert SignUp.objects.filter(email="new@acme-labs.example").exists()


def test_a_domain_claimed_before_the_worker_comes_lets_nobody_begin(client, acme, deliver) -> None:
    client.post(PAGE, {"email": "new@acme-labs.example"})
    prove(acme, "acme-labs.example")
    assert mails_to("new@acme-labs.example", deliver()) == []
    assert not SignUp.objects.filter(email="new@acme-labs.example").exists()


def test_a_domain_claimed_between_the_two_steps_is_asked_again(acme) -> None:
    row = pending_sign_up("new@acme-labs.example")
    prove(acme, "acme-labs.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        sign_up(row, newcomer=newcomer(), actor=Actor.stranger(row.email))
    assert refused.value.code == "domain_restricted"


def test_the_page_says_that_the_domain_was_claimed_meanwhile(client, acme, ask) -> None:
    link = ask("new@acme-labs.example")
    prove(acme, "acme-labs.example")
    with assert_no_effect():
        response = client.post(link, ANSWERS)
    assert b"by invitation only" in response.content
    assert b'value="Quist"' in response.content


def test_a_link_is_dead_after_use(client, ask) -> None:
    link = ask()
    client.post(link, ANSWERS)
    with assert_no_effect():
        for response in (browser().get(link), browser().post(link, ANSWERS)):
            assert response.status_code == 410
            assert b"log in" in response.content


@pytest.mark.parametrize(("minutes", "status"), [(-1, 200), (1, 410)])
def test_a_link_lives_for_24_hours(minutes, status, client, ask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        link = ask()
        traveller.shift(timedelta(hours=24, minutes=minutes))
        assert client.get(link).status_code == status
        with assert_no_effect():
            assert client.post(link, ANSWERS | {"password": ""}).status_code == status


@pytest.mark.parametrize("token", ["0" * 64, "0" * 63, "x" * 64, "0" * 64 + ".", "0"])
def test_a_link_that_nobody_was_sent_or_that_was_cut_off_is_dead(token, client, db) -> None:
    assert client.get(f"/signup/{token}/").status_code == 410


def test_every_dead_link_looks_the_same(client, ask) -> None:
    link = ask()
    client.post(link, ANSWERS)
    used, unknown = browser().get(link), browser().get(f"/signup/{'0' * 64}/")
    assert used.content == unknown.content


def test_asking_again_makes_a_new_link_and_the_former_one_is_dead(client, ask) -> None:
    """Whoever read the first mail may not read the mailbox any more."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = ask()
        traveller.shift(timedelta(hours=23))
        second = ask()
        assert client.post(first, ANSWERS).status_code == 410
        traveller.shift(timedelta(hours=23))
        assert client.post(second, ANSWERS).status_code == 303
    assert not SignUp.objects.exists()


def test_an_expired_sign_up_is_taken_up_again(client, ask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        ask()
        traveller.shift(timedelta(days=30))
        assert client.post(ask(), ANSWERS).status_code == 303


def test_the_token_stands_in_no_column_and_no_task(client, ask) -> None:
    token = ask().strip("/").rpartition("/")[2]
    row = SignUp.objects.get()
    assert token == row.token()
    assert token not in str(SignUp.objects.values())
    assert token not in str(list(DBTaskResult.objects.values()))


@pytest.mark.parametrize(
    "password", ["short", "1234567890123", "password123", "zoe@fresh.example", "quist-fresh-zoe"]
)
def test_a_weak_password_is_refused_beside_its_field_and_nothing_typed_is_lost(
    password, client, ask
) -> None:
    link = ask()
    with assert_no_effect():
        response = client.post(link, ANSWERS | {"password": password, "last_name": "Quist-Fresh"})
    body = response.content.decode()
    assert response.status_code == 200
    assert 'id="id_password_error"' in body
    for value in ("Zoë", "Quist-Fresh", "Fresh"):
        assert f'value="{value}"' in body
    assert f'value="{password}"' not in body


@pytest.mark.parametrize("password", [" leading space here", "🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", "x7 " * 40])
def test_a_strong_password_is_taken_as_it_was_typed(password, client, ask) -> None:
    client.post(ask(), ANSWERS | {"password": password})
    assert User.objects.get(email=NEW).check_password(password)


def test_everything_is_made_or_nothing(db, settings) -> None:
    row = pending_sign_up(NEW)
    settings.ACCOUNTS_PER_ORGANIZATION = 0
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        sign_up(row, newcomer=newcomer(), actor=Actor.stranger(NEW))
    assert refused.value.code == "account_limit"


def test_an_address_that_got_a_login_meanwhile_is_refused(db) -> None:
    row = pending_sign_up(NEW)
    sign_up(row, newcomer=newcomer(), actor=Actor.stranger(NEW))
    late = SignUp.objects.create(email=NEW, token_hash="0" * 64, expires_at=row.expires_at)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        sign_up(late, newcomer=newcomer(), actor=Actor.stranger(NEW))
    assert refused.value.code == "already_registered"


def expire(row: SignUp) -> None:
    SignUp.objects.filter(pk=row.pk).update(expires_at=clock.now())


def forget(row: SignUp) -> None:
    expire(row)
    forget_expired_links.call()


def replace(row: SignUp) -> None:
    forget(row)
    assert pending_sign_up(row.email).token() != row.token()


@pytest.mark.parametrize("change", [expire, forget, replace])
def test_a_sign_up_that_ended_while_its_page_was_open_makes_nobody(change, db) -> None:
    row = pending_sign_up(NEW)
    change(row)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        sign_up(row, newcomer=newcomer(), actor=Actor.stranger(NEW))
    assert refused.value.code == "link_dead"


def test_a_forgotten_sign_up_is_asked_for_anew_with_another_link(client, ask) -> None:
    first = ask()
    forget(SignUp.objects.get())
    second = ask()
    assert browser().get(first).status_code == 410
    assert client.post(second, ANSWERS).status_code == 303


def test_a_changed_secret_does_not_break_a_mail_that_waits(client, deliver, settings, db) -> None:
    client.post(PAGE, {"email": NEW})
    settings.SECRET_KEY = ANOTHER_SECRET
    (message,) = mails_to(NEW, deliver())
    assert client.post(link_in(message), ANSWERS).status_code == 303
    assert User.objects.filter(email=NEW).exists()


def test_after_a_changed_secret_asking_again_gives_the_one_link_that_works(ask, settings) -> None:
    old = ask()
    settings.SECRET_KEY = ANOTHER_SECRET
    assert browser().get(old).status_code == 200
    new = ask()
    assert new != old
    assert browser().get(old).status_code == 410
    assert browser().post(new, ANSWERS).status_code == 303


def test_an_invitation_that_is_used_first_makes_the_user_and_kills_the_sign_up(
    client, acme, ana, ask, deliver
) -> None:
    address = "new@acme-labs.example"
    sign_up_link = ask(address)
    prove(acme, "acme-labs.example")
    invite_user(acme, email=address, role=Role.STANDARD, actor=acting(ana))
    invitation_link = link_in(mails_to(address, deliver())[0])

    browser().post(invitation_link, ANSWERS)

    with every_tenant():
        assert Membership.objects.open().get(email=address).organization == acme
    response = client.get(sign_up_link)
    assert response.status_code == 410
    assert b"log in" in response.content


def test_a_sign_up_that_is_used_first_makes_the_user_and_the_invitation_says_log_in(
    client, acme, ana, ask
) -> None:
    address = "new@acme-labs.example"
    prove(acme, "acme-labs.example")
    invitation = invite_user(acme, email=address, role=Role.STANDARD, actor=acting(ana))
    lose("acme-labs.example")
    client.post(ask(address), ANSWERS)

    link = reverse("invitations:show", args=[invitation.token()])
    page = browser().get(link)
    assert "Log in to go on" in page.content.decode()
    with assert_no_effect():
        browser().post(link, ANSWERS)
    assert Invitation.unscoped.get(pk=invitation.pk).is_open()


def test_one_address_gets_five_mails_an_hour_and_the_answer_stays_the_same(
    deliver, db, hour
) -> None:
    bodies = {browser(f"10.0.0.{i}").post(PAGE, {"email": NEW}).content for i in range(8)}
    assert len(bodies) == 1
    assert len(mails_to(NEW, deliver())) == 5


def test_the_limit_of_an_address_knows_its_other_spellings(deliver, db, hour) -> None:
    for spelling in (NEW, NEW.upper(), f" {NEW}", "Zoe@fresh.example", "zoe@FRESH.example", NEW):
        browser().post(PAGE, {"email": spelling})
    assert len(mails_to(NEW, deliver())) == 5


def test_one_ip_asks_for_30_sign_ups_an_hour_and_another_is_free(work, hour) -> None:
    for number in range(30):
        browser().post(PAGE, {"email": f"n{number}@fresh.example"})
    spoofed = {"headers": {"X-Forwarded-For": "9.9.9.9", "X-Real-IP": "9.9.9.9"}}
    with assert_no_effect():
        response = browser().post(PAGE, {"email": "n31@fresh.example"}, **spoofed)
    assert b"Too many tries" in response.content
    assert b'value="n31@fresh.example"' in response.content
    browser("10.0.0.9").post(PAGE, {"email": "n31@fresh.example"})
    work()
    assert SignUp.objects.filter(email="n31@fresh.example").exists()


def test_a_link_has_ten_passwords_hashed_an_hour(client, ask, hour, settings) -> None:
    link = ask()
    most, settings.ACCOUNTS_PER_ORGANIZATION = settings.ACCOUNTS_PER_ORGANIZATION, 0
    refused = [client.post(link, ANSWERS).content.decode() for _ in range(11)]
    assert ["Too many tries" in page for page in refused] == [False] * 10 + [True]
    settings.ACCOUNTS_PER_ORGANIZATION = most
    assert "Wait 60 minutes" in browser("10.0.0.9").post(link, ANSWERS).content.decode()
    hour.shift(3600)
    assert client.post(link, ANSWERS).status_code == 303


def test_a_network_has_300_passwords_hashed_an_hour_and_another_is_free(client, ask, hour) -> None:
    link = ask()
    for _ in range(300):
        PASSWORDS_PER_NETWORK.note("127.0.0.1")
    with assert_no_effect():
        assert "Too many tries" in client.post(link, ANSWERS).content.decode()
    assert browser("10.0.0.9").post(link, ANSWERS).status_code == 303


def test_what_the_page_does_not_offer_is_refused_before_a_password_is_hashed(client, ask) -> None:
    link = ask()
    for _ in range(11):
        page = client.post(link, ANSWERS | {"joining": f"OR{'0' * 32}"}).content.decode()
        assert "What signing up means for you has changed" in page
    assert client.post(link, ANSWERS).status_code == 303


def test_somebody_signed_in_has_no_use_for_the_page(sign_in, cy) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        assert client.get(PAGE)["Location"] == "/console/"
        assert client.post(PAGE, {"email": NEW})["Location"] == "/console/"
