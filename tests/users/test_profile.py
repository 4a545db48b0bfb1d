"""What people change about themselves: name, address, password, preferences."""

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from audit.models import AuditEvent
from organizations import policy
from organizations.models import Membership
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import (
    email_change_of,
    founder,
    lose,
    member,
    pending_sign_up,
    prove,
    session_of,
)
from tests.world import PASSWORD
from users.jobs import forget_expired_links
from users.models import EmailChange, Session, SignUp, User
from users.operations import (
    change_email,
    change_name,
    change_password,
    request_password_reset,
    reset_password,
    start_email_change,
    suspend_login,
)
from users.passwords import hash_password

NAME, EMAIL, PASSWORD_PAGE = "/profile/name/", "/profile/email/", "/profile/password/"
PREFERENCES = "/profile/preferences/"
NEW = "cyrus@acme.example"


def newest_event(user: User) -> AuditEvent:
    return AuditEvent.unscoped.filter(actor_sid=user.sid).latest("pk")


def want(client: Client, address: str = NEW, password: str = PASSWORD):
    return client.post(EMAIL, {"email": address, "password": password})


def change(client: Client, new: str, present: str = PASSWORD):
    return client.post(PASSWORD_PAGE, {"password": present, "new_password": new})


@pytest.fixture
def here(sign_in, cy) -> Client:
    """The browser of Cy."""
    return sign_in(cy)


@pytest.fixture
def link(sign_in, cy, deliver) -> str:
    """What Cy finds in the mailbox of the address that he wants."""
    want(sign_in(cy))
    (mail,) = mails_to(NEW, deliver())
    return link_in(mail)


# Name


def test_a_name_is_changed_wherever_it_is_shown(sign_in, cy, ana, acme) -> None:
    response = sign_in(cy).post(NAME, {"first_name": "Cyrus", "last_name": "Zimmer"})
    assert response["Location"] == "/profile/"
    assert User.objects.get(pk=cy.pk).get_full_name() == "Cyrus Zimmer"
    stay = Membership.unscoped.open().get(user=cy)
    assert (stay.name_key, stay.surname_key) == ("cyrus zimmer", "zimmer")
    keys = RoleAssignment.unscoped.open().filter(holder=cy).values_list("name_key", flat=True)
    assert set(keys) == {"cyrus zimmer"}
    assert "Cyrus Zimmer" in sign_in(ana).get("/admin-center/users/").content.decode()
    event = newest_event(cy)
    assert (event.chain, event.action) == (acme.sid, "user.name_changed")
    assert event.details.data["before"] == "Cy Lindqvist"


@pytest.mark.parametrize(
    "first_name", ["", "   ", "x" * 101, "a\nb", "\u202eevil", "a\0b", "\u200b"]
)
def test_a_name_that_cannot_be_is_refused_and_kept_on_the_form(first_name, here) -> None:
    with assert_no_effect():
        response = here.post(NAME, {"first_name": first_name, "last_name": "Kept"})
    assert b'id="id_first_name_error"' in response.content
    assert b'value="Kept"' in response.content


def test_forged_fields_change_nothing_else(sign_in, cy) -> None:
    forged = {"is_staff": "on", "is_superuser": "on", "status": "active", "email": "x@y.example"}
    sign_in(cy).post(NAME, {"first_name": "Cy", "last_name": "Lindqvist", **forged})
    current = User.objects.get(pk=cy.pk)
    assert (current.is_staff, current.is_superuser, current.email) == (False, False, cy.email)


def test_nobody_changes_the_name_of_somebody_else(ana, cy) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        change_name(cy, first_name="No", last_name="", actor=acting(ana))


# Address


def test_the_new_address_is_proven_and_the_former_is_told(sign_in, cy, acme, link, deliver) -> None:
    client = sign_in(cy)
    elsewhere = sign_in(cy)
    assert User.objects.get(pk=cy.pk).email == cy.email
    assert NEW in client.get(link).content.decode()
    response = client.post(link)
    assert response["Location"] == "/profile/"

    assert User.objects.get(pk=cy.pk).email == NEW
    assert EmailAddress.objects.get(user=cy).email == NEW
    assert Membership.unscoped.open().get(user=cy).email == NEW
    told: list[EmailMessage] = deliver()
    assert [mail.to for mail in told] == [[cy.email]]
    assert NEW in str(told[0].body)
    event = newest_event(cy)
    assert (event.chain, event.action) == (acme.sid, "user.email_changed")
    assert event.details.data["before"] == cy.email
    assert client.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302


def test_one_logs_in_with_the_new_address_and_not_with_the_former(sign_in, cy, link) -> None:
    sign_in(cy).post(link)
    for address, status in ((cy.email, 200), (NEW, 302)):
        response = Client().post("/login/", {"login": address, "password": PASSWORD})
        assert response.status_code == status


def test_the_profile_shows_what_is_wanted_until_it_is_proven_or_given_up(sign_in, cy, link) -> None:
    client = sign_in(cy)
    assert f"{NEW} is not confirmed yet" in client.get("/profile/").content.decode()
    client.post("/profile/email/cancel/")
    assert NEW not in client.get("/profile/").content.decode().split("not confirmed")[-1]
    assert client.get(link).status_code == 410
    assert not EmailChange.objects.exists()


def test_a_link_works_once_and_for_a_day(sign_in, cy, link) -> None:
    client = sign_in(cy)
    client.post(link)
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_an_expired_link_is_dead(sign_in, cy, link) -> None:
    EmailChange.objects.update(expires_at=clock.now())
    assert sign_in(cy).get(link).status_code == 410
    with pytest.raises(RuleViolation) as refused:
        change_email(EmailChange.objects.get(), keep="", actor=acting(cy))
    assert refused.value.code == "link_dead"


def test_an_address_that_was_never_proven_is_forgotten(cy, ana) -> None:
    expired, alive = email_change_of(cy), email_change_of(ana)
    EmailChange.objects.filter(pk=expired.pk).update(expires_at=clock.now())
    forget_expired_links.call()
    assert list(EmailChange.objects.all()) == [alive]


def test_asking_again_kills_the_link_before(sign_in, cy, link, deliver) -> None:
    client = sign_in(cy)
    want(client, "other@acme.example")
    (mail,) = mails_to("other@acme.example", deliver())
    assert client.get(link).status_code == 410
    assert client.get(link_in(mail)).status_code == 200


def test_a_link_is_of_use_to_nobody_else(sign_in, ana, link, client) -> None:
    assert sign_in(ana).post(link).status_code == 410
    assert client.get(link)["Location"].startswith("/login/?next=/profile/email/")


def test_whose_address_it_is_stands_in_the_mail_and_not_on_the_page(
    sign_in, cy, eve, deliver
) -> None:
    """The page says the same for an address that has a login; no link leaves."""
    lose("globex.example")
    lose("acme.example")
    answers, mails = [], {}
    for address in (eve.email, "nobody@globex.example"):
        client = sign_in(cy)
        response = want(client, address)
        answers.append((response.status_code, response["Location"]))
        page = client.get("/profile/").content.decode()
        assert f"{address} is not confirmed yet" in page
        mails |= {mail.to[0]: mail for mail in deliver()}
    assert answers[0] == answers[1]
    assert "has a login already" in str(mails[eve.email].body)
    assert "http" not in str(mails[eve.email].body)
    assert "Confirm" in mails["nobody@globex.example"].subject


def test_an_address_that_somebody_took_meanwhile_is_refused(sign_in, cy, acme, ana, link) -> None:
    member(acme, NEW)
    client = sign_in(cy)
    with assert_no_effect():
        response = client.post(link)
    assert "another login with this address" in response.content.decode()


def test_an_open_sign_up_for_the_address_is_forgotten(cy) -> None:
    lose("acme.example")
    sign_up = pending_sign_up("free@nowhere.example")
    wanted = start_email_change(cy, email=sign_up.email, actor=acting(cy))
    change_email(wanted, keep=session_of(cy).sid, actor=acting(cy))
    assert not SignUp.objects.filter(email=sign_up.email).exists()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "This field is required"),
        ("not an address", "address"),
        ("a@acme.example, b@acme.example", "address"),
        ("cy@acme.example", "This is your address already"),
        ("CY@ACME.example", "This is your address already"),
        ("cy@gmail.com", "has not verified gmail.com"),
        ("cy@globex.example", "has not verified globex.example"),
    ],
)
def test_an_address_that_may_not_be_is_refused_beside_its_field(address, message, here) -> None:
    with assert_no_effect():
        response = want(here, address)
    page = response.content.decode()
    assert 'id="id_email_error"' in page
    assert message in page


def test_somebody_without_a_managed_address_may_not_take_one_of_a_held_domain(ida) -> None:
    with pytest.raises(RuleViolation) as refused:
        start_email_change(ida, email="ida@acme.example", actor=acting(ida))
    assert refused.value.code == "domain_restricted"
    start_email_change(ida, email="ida@elsewhere.example", actor=acting(ida))


def test_the_rule_is_asked_again_when_the_link_is_opened(ida, globex) -> None:
    wanted = start_email_change(ida, email="ida@late.example", actor=acting(ida))
    prove(globex, "late.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change_email(wanted, keep=session_of(ida).sid, actor=acting(ida))
    assert refused.value.code == "domain_restricted"


def test_a_wrong_password_is_refused_and_the_address_stays_typed(here) -> None:
    with assert_no_effect():
        response = want(here, NEW, "wrong")
    page = response.content.decode()
    assert 'id="id_password_error"' in page
    assert f'value="{NEW}"' in page


def test_mails_are_bounded(sign_in, cy, deliver) -> None:
    client = sign_in(cy)
    deliver()
    for number in range(8):
        response = want(client, f"cy{number}@acme.example")
    assert "Too many tries" in response.content.decode()
    assert len(deliver()) <= 5


def test_a_link_to_reset_the_password_dies_with_the_address(sign_in, cy, link, deliver) -> None:
    request_password_reset(cy.email, actor=Actor.stranger(cy.email))
    (mail,) = mails_to(cy.email, deliver())
    sign_in(cy).post(link)
    assert "does not work" in Client().get(link_in(mail), follow=True).content.decode()


def test_the_former_address_is_free_for_somebody_else(ida) -> None:
    wanted = start_email_change(ida, email="ida@new.example", actor=acting(ida))
    change_email(wanted, keep=session_of(ida).sid, actor=acting(ida))
    assert founder("ida@freelance.example").pk != ida.pk


# Password


def test_a_password_is_changed_and_only_this_browser_stays(sign_in, cy, deliver) -> None:
    deliver()
    here, elsewhere = sign_in(cy), sign_in(cy)
    session_of(cy)
    response = change(here, "plum harbour lantern")
    assert response["Location"] == "/profile/"
    assert User.objects.get(pk=cy.pk).check_password("plum harbour lantern")
    assert here.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302
    assert Session.objects.live().filter(user=cy).count() == 1
    (mail,) = mails_to(cy.email, deliver())
    assert "password" in mail.subject


@pytest.mark.parametrize("weak", ["", "short", "password123", "cy@acme.example", "x" * 257])
def test_a_weak_password_is_refused(weak, here) -> None:
    with assert_no_effect():
        response = change(here, weak)
    assert b'id="id_new_password_error"' in response.content


def test_without_the_present_password_nothing_is_changed(sign_in, cy) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        response = change(client, "plum harbour lantern", present="wrong")
    assert b'id="id_password_error"' in response.content
    assert b"plum harbour" not in response.content


def test_guessing_the_present_password_is_bounded(sign_in, cy) -> None:
    client = sign_in(cy)
    for _ in range(6):
        response = change(client, "plum harbour lantern", present="wrong")
    assert "Too many tries" in response.content.decode()
    assert "Too many tries" in change(client, "plum harbour lantern").content.decode()


def test_nobody_changes_the_password_of_somebody_else(ana, eve, cy) -> None:
    for actor in (acting(eve), acting(ana), Actor.stranger("eve@globex.example")):
        with assert_no_effect(), pytest.raises(NotAllowed):
            reset_password(cy, password=hash_password("not his"), actor=actor)
        with assert_no_effect(), pytest.raises(NotAllowed):
            change_password(cy, password=hash_password("not his"), keep="", actor=actor)


def test_a_change_on_its_way_brings_no_ended_session_back(here, cy) -> None:
    """The session was ended while the new password was hashed."""
    sid = Session.objects.get(user=cy).sid
    user = User.objects.get(pk=cy.pk)
    Session.objects.filter(user=cy).delete()
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change_password(user, password=hash_password("new"), keep=sid, actor=acting(cy))
    assert refused.value.code == "session_over"


def test_a_change_on_its_way_stops_at_a_suspension(cy, sue) -> None:
    user, keep = User.objects.get(pk=cy.pk), session_of(cy).sid
    suspend_login(cy, actor=policy.staff_actor(sue).with_reason("Stolen"))
    with pytest.raises(RuleViolation) as refused:
        change_password(user, password=hash_password("new"), keep=keep, actor=acting(cy))
    assert refused.value.code == "login_not_active"


@pytest.mark.parametrize("how", ["changed", "reset"])
def test_a_pending_address_dies_with_the_password(how, here, cy, link) -> None:
    if how == "changed":
        change(here, "plum harbour lantern")
    else:
        password = hash_password("plum harbour lantern")
        reset_password(cy, password=password, actor=Actor.stranger(cy.email))
    assert not EmailChange.objects.exists()


def test_a_wrong_password_is_an_event(here, cy) -> None:
    change(here, "plum harbour lantern", present="wrong")
    assert newest_event(cy).action == "user.password_wrong"


# Preferences


def prefer(client: Client, **choices: str):
    given = {"appearance": "auto", "time_zone": "UTC", "has_shortcuts": "on"} | choices
    return client.post(PREFERENCES, given)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_person_chooses_the_theme_of_every_page(theme, sign_in, cy) -> None:
    client = sign_in(cy)
    assert b"data-theme" not in client.get("/console/").content
    prefer(client, appearance=theme)
    for path in ("/console/", "/profile/", "/admin-center/", "/nowhere/"):
        assert f'data-theme="{theme}"' in client.get(path).content.decode(), path


def test_dates_are_shown_in_the_persons_own_time_zone(sign_in, ana, cy) -> None:
    client = sign_in(ana)
    assert " UTC</time>" in client.get("/admin-center/activity/").content.decode()
    prefer(client, time_zone="Asia/Kathmandu")
    page = client.get("/admin-center/activity/").content.decode()
    assert " UTC+05:45</time>" in page
    assert " UTC</time>" not in page
    assert " UTC</time>" in sign_in(cy).get("/profile/").content.decode()


def test_a_zone_that_is_gone_falls_back_to_utc(sign_in, cy) -> None:
    User.objects.filter(pk=cy.pk).update(time_zone="Atlantis/Capital")
    assert " UTC</time>" in sign_in(cy).get("/profile/").content.decode()


def test_shortcuts_are_switched_off(sign_in, cy) -> None:
    client = sign_in(cy)
    prefer(client, has_shortcuts="")
    assert User.objects.get(pk=cy.pk).has_shortcuts is False


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("appearance", "sepia"),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc"),
        ("time_zone", ""),
    ],
)
def test_a_choice_that_is_none_is_refused(field, value, here) -> None:
    with assert_no_effect():
        response = prefer(here, **{field: value})
    assert f'id="id_{field}_error"' in response.content.decode()


def test_preferences_leave_an_event(sign_in, cy) -> None:
    prefer(sign_in(cy), appearance="dark")
    assert newest_event(cy).action == "user.preferences_changed"


def test_somebody_without_an_organization_has_a_profile_too(sign_in, db) -> None:
    loner = User.objects.create(email="loner@nowhere.example", first_name="Lo")
    EmailAddress.objects.create(user=loner, email=loner.email, verified=True, primary=True)
    client = sign_in(loner)
    assert client.get("/profile/").status_code == 200
    assert client.post(NAME, {"first_name": "Lola"}).status_code == 303
    assert email_change_of(loner).email == "new-loner@nowhere.example"
