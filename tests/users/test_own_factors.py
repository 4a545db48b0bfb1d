"""What people do about their own second factors while they are signed in."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, SecondFactor
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, mails_to
from tests.users.authenticator import Authenticator
from tests.users.enrolled import (
    APP,
    app_code,
    app_factor,
    factors_of,
    next_code,
    type_code,
    with_app,
    with_phone,
    with_recovery_codes,
)
from tests.users.people import keep_passkey
from tests.users.test_log_in import ELSEWHERE
from tests.world import PASSWORD
from users import app_codes, operations, secrets, sessions
from users.models import Factor, RememberedBrowser, Session, User
from users.passkeys import PasskeyAnswer
from users.sessions import REMEMBERED
from users.views.door import EnrolPage

LIST = "/profile/second-factors/"
SET_UP = "/second-factor/set-up/"
CODES = "/profile/second-factors/recovery-codes/"


def removing(factor: Factor) -> str:
    return reverse("profile:second-factor-remove", args=[factor.sid])


def renaming(factor: Factor) -> str:
    return reverse("profile:passkey-rename", args=[factor.sid])


def actions(user: User) -> list[str]:
    events = AuditEvent.unscoped.filter(subject_sid=user.sid).order_by("pk")
    return list(events.values_list("action", flat=True))


def add_app(client: Client, **fields: str):
    page = client.get(f"{SET_UP}app/")
    secret = page.context["secret"].replace(" ", "")
    return type_code(client, app_code(secret), path=f"{SET_UP}app/?next={LIST}", **fields)


def has_one_on_stay(user: User) -> bool:
    return Membership.unscoped.open().get(user=user).has_second_factor


# Adding


def test_whoever_has_none_is_offered_one_once(cy, sign_in) -> None:
    client = sign_in(cy, second_factor="")
    assert client.get(LIST).content.decode().count("Add a second factor") == 1
    with_app(cy)
    assert client.get(LIST).content.decode().count("Add a second factor") == 1


def test_an_app_is_added_with_the_password_and_comes_with_recovery_codes(
    cy, sign_in, work, mailoutbox
) -> None:
    work()
    mailoutbox.clear()
    client = sign_in(cy, second_factor="")
    refused = add_app(client)
    assert refused.status_code == 200
    assert factors_of(cy) == set()
    answer = add_app(client, password=PASSWORD)
    assert answer.headers["Location"].startswith("/profile/second-factors/recovery-codes/new/")
    assert client.get(answer.headers["Location"]).context["onward_url"] == LIST
    assert factors_of(cy) == {"app", "recovery_codes"}
    assert has_one_on_stay(cy)
    assert actions(cy)[-2:] == ["user.second_factor_added", "user.recovery_codes_made"]
    work()
    mails = mails_to(cy.email, mailoutbox)
    assert [one.subject for one in mails] == [
        "You can log in to Admin Center with another second factor"
    ]
    assert "Authenticator app" in mails[0].body
    page = client.get(LIST).content.decode()
    assert "Authenticator app" in page
    assert "Authenticator app" in client.get("/profile/").content.decode()


def test_a_session_that_was_confirmed_lately_is_not_asked_for_the_password(cy, log_in) -> None:
    client = log_in(cy)
    assert add_app(client).status_code == 303


def test_a_confirmation_is_worth_ten_minutes(cy, log_in, hour) -> None:
    client = log_in(cy)
    hour.shift(timedelta(minutes=10, seconds=1))
    assert add_app(client).status_code == 200
    assert factors_of(cy) == set()


def test_the_key_stays_the_same_while_somebody_tries(cy, log_in) -> None:
    client = log_in(cy)
    first = client.get(f"{SET_UP}app/").context["secret"]
    page = type_code(client, "000000", path=f"{SET_UP}app/")
    assert b"The app shows another code now." in page.content
    assert page.context["secret"] == first


def test_the_key_is_kept_encrypted_until_it_works_and_afterwards(cy, log_in) -> None:
    client = log_in(cy)
    secret = client.get(f"{SET_UP}app/").context["secret"].replace(" ", "")
    assert secret not in str(dict(client.session))
    type_code(client, app_code(secret), path=f"{SET_UP}app/")
    kept = app_factor(cy).secret
    assert secret not in kept
    assert secrets.decrypt(kept) == secret
    assert "app_secret" not in str(dict(client.session))
    with every_tenant():
        assert secret not in str([one.details.data for one in AuditEvent.objects.all()])


def test_a_key_of_somebody_else_in_the_same_browser_is_not_taken_over(cy, ben, log_in) -> None:
    client = log_in(cy)
    theirs = client.get(f"{SET_UP}app/").context["secret"]
    client.force_login(ben, backend="users.sign_in.PasswordBackend")
    assert client.get(f"{SET_UP}app/").context["secret"] != theirs


def test_one_changed_byte_of_a_secret_is_an_error(cy) -> None:
    with_app(cy)
    kept = app_factor(cy).secret
    changed = kept[:40] + ("A" if kept[40] != "A" else "B") + kept[41:]
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(changed)


def test_who_has_one_proves_it_before_adding_another(cy, sign_in) -> None:
    secret = with_app(cy)
    for how in ("", REMEMBERED):
        client = sign_in(cy, second_factor=how)
        page = f"{SET_UP}passkey/"
        answer = client.get(page)
        assert (
            answer.headers["Location"]
            == "/second-factor/?next=%2Fsecond-factor%2Fset-up%2Fpasskey%2F"
        )
    answer = type_code(client, next_code(secret), path=f"{APP}?next={page}")
    assert "next=%2Fsecond-factor%2Fset-up%2Fpasskey%2F" in answer.headers["Location"]
    assert client.get(page).status_code == 200


def test_a_second_app_is_not_set_up(cy, sign_in) -> None:
    with_app(cy)
    assert sign_in(cy).get(f"{SET_UP}app/").headers["Location"] == SET_UP
    with pytest.raises(RuleViolation) as refused:
        with_app(cy)
    assert refused.value.code == "already_set_up"


@pytest.mark.parametrize("has_another", [False, True])
def test_the_lock_refuses_what_the_page_could_not_see_yet(cy, has_another: bool) -> None:
    """Another browser set up the first factor after this one was shown its page."""
    if has_another:
        with_app(cy)
    code = "prove_first" if has_another else None
    secret, mine = app_codes.make_secret(), acting(cy)
    passkey = PasskeyAnswer({}, {})
    for enrol, usual in (
        (partial(operations.enrol_app, secret=secret, code="x"), "factor_wrong"),
        (partial(operations.add_passkey, name="Mine", answer=passkey), "passkey_not_made"),
        (partial(operations.put_phone, code="123456"), "code_expired"),
    ):
        with pytest.raises(RuleViolation) as refused:
            enrol(cy, actor=mine)
        assert refused.value.code == (code or usual)


def test_a_page_that_was_open_adds_nothing_beside_anothers_factor(cy, log_in, monkeypatch) -> None:
    """The same through the pages, with the factor put there between the look and the lock."""
    client = log_in(cy)
    page = client.get(f"{SET_UP}app/")
    secret = page.context["secret"].replace(" ", "")
    late = EnrolPage.has_proven

    def meanwhile(page: EnrolPage) -> bool:
        if not factors_of(cy):
            with_phone(cy)
        return late(page)

    monkeypatch.setattr(EnrolPage, "has_proven", meanwhile)
    answer = type_code(client, app_code(secret), path=f"{SET_UP}app/")
    assert b"You already have a second factor" in answer.content
    assert factors_of(cy) == {"phone"}


# With the first one


def test_the_first_one_ends_every_other_session_and_says_so(cy, sign_in, log_in, deliver) -> None:
    thief, client = sign_in(cy, second_factor=""), log_in(cy)
    answer = add_app(client)
    shown = client.get(answer.headers["Location"]).content
    assert b"You were logged out of every other browser" in shown
    assert Session.objects.filter(user=cy).count() == 1
    assert thief.get("/profile/").status_code == 302
    assert client.get(LIST).status_code == 200
    [mail] = [one for one in mails_to(cy.email, deliver()) if "another second" in one.subject]
    assert "logged out of every other browser" in mail.body


def test_another_one_ends_no_session(cy, sign_in, log_in, deliver) -> None:
    with_phone(cy)
    deliver()
    other, client = sign_in(cy), log_in(cy)
    session = client.session
    sessions.note_second_factor(session, "phone")
    session.save()
    answer = add_app(client)
    assert b"logged out of every other" not in client.get(answer.headers["Location"]).content
    assert other.get(LIST).status_code == 200
    [mail] = [one for one in mails_to(cy.email, deliver()) if "another second" in one.subject]
    assert "logged out" not in mail.body


# Proving in a session


def test_proving_in_a_session_counts_for_it_and_confirms_it(cy, sign_in, hour) -> None:
    secret = with_app(cy)
    with_recovery_codes(cy)
    client = sign_in(cy, second_factor=REMEMBERED)
    answer = type_code(client, next_code(secret), path=f"{APP}?next=/profile/name/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/profile/name/")
    assert sessions.second_factor_of(client.session) == "app"
    assert sessions.is_confirmed(client.session)


@pytest.mark.parametrize("where", ELSEWHERE)
def test_next_never_leads_off_the_site(where, cy, sign_in) -> None:
    secret = with_app(cy)
    with_recovery_codes(cy)
    client = sign_in(cy)
    answer = client.post(APP, {"code": next_code(secret)}, query_params={"next": where})
    assert answer.headers["Location"] == "/console/"


def test_a_wrong_answer_in_a_session_changes_nothing_in_it(cy, sign_in) -> None:
    with_app(cy)
    client = sign_in(cy, second_factor="")
    type_code(client, "000000")
    assert sessions.second_factor_of(client.session) == ""
    assert not sessions.is_confirmed(client.session)


def test_a_browser_is_remembered_at_a_log_in_alone(cy, sign_in) -> None:
    secret = with_app(cy)
    client = sign_in(cy)
    assert "remember" not in client.get(APP).context["form"].fields
    type_code(client, next_code(secret), remember="on")
    assert not RememberedBrowser.objects.filter(user=cy).exists()


# Removing, renaming, new recovery codes


def test_a_factor_is_removed_with_the_password(cy, sign_in, work, mailoutbox) -> None:
    with_app(cy)
    with_phone(cy)
    with_recovery_codes(cy)
    client = sign_in(cy)
    factor = app_factor(cy)
    assert "Your recovery codes stop working" not in client.get(removing(factor)).content.decode()
    with assert_no_effect():
        assert client.post(removing(factor)).status_code == 200
    answer = client.post(removing(factor), {"password": PASSWORD})
    assert answer.headers["Location"] == LIST
    assert factors_of(cy) == {"phone", "recovery_codes"}
    work()
    mail = mails_to(cy.email, mailoutbox)[-1]
    assert mail.subject == "A second factor was removed from your login for Admin Center"


def test_recovery_codes_and_remembered_browsers_go_with_the_last_factor(cy, sign_in) -> None:
    with_app(cy)
    with_recovery_codes(cy)
    operations.remember_browser(cy, token_hash="0" * 64, instead_of=None, actor=acting(cy))
    client = sign_in(cy)
    page = client.get(removing(app_factor(cy))).content.decode()
    assert "Your recovery codes stop working" in page
    client.post(removing(app_factor(cy)), {"password": PASSWORD})
    assert factors_of(cy) == set()
    assert not RememberedBrowser.objects.filter(user=cy).exists()
    assert not has_one_on_stay(cy)


def test_the_last_factor_stays_where_one_is_asked_for(cy, acme, sign_in) -> None:
    with_app(cy)
    level = SecondFactor.ONCE_PER_COMPUTER
    Organization.objects.filter(pk=acme.pk).update(second_factor=level)
    client = sign_in(cy)
    with assert_no_effect():
        answer = client.post(removing(app_factor(cy)), {"password": PASSWORD})
    assert b"Add another one before you remove this one." in answer.content
    with_phone(cy)
    client.post(removing(app_factor(cy)), {"password": PASSWORD})
    assert factors_of(cy) == {"phone"}


def test_recovery_codes_are_not_removed_alone(cy) -> None:
    with_app(cy)
    with_recovery_codes(cy)
    codes = Factor.objects.get(user=cy, kind="recovery_codes")
    with pytest.raises(RuleViolation) as refused:
        operations.remove_factor(codes, actor=acting(cy))
    assert refused.value.code == "recovery_codes_stay"


def test_there_are_no_recovery_codes_without_a_factor(cy, log_in) -> None:
    answer = log_in(cy).post(CODES)
    assert b"Set up a second factor first." in answer.content
    assert factors_of(cy) == set()


def test_new_recovery_codes_are_shown_once_and_told_by_mail(cy, sign_in, work, mailoutbox) -> None:
    with_app(cy)
    with_recovery_codes(cy)
    work()
    assert "recovery" not in str([one.subject for one in mails_to(cy.email, mailoutbox)])
    client = sign_in(cy)
    answer = client.post(CODES, {"password": PASSWORD})
    shown = client.get(answer.headers["Location"])
    codes = shown.context["codes"]
    assert len(set(codes)) == 10
    assert codes[0] in shown.content.decode()
    assert all(code in shown.context["file"] for code in codes)
    assert client.get(answer.headers["Location"]).headers["Location"] == LIST
    work()
    assert "You have new recovery codes" in mails_to(cy.email, mailoutbox)[-1].subject
    kept = Factor.objects.get(user=cy, kind="recovery_codes").secret
    assert not any(code in kept or code in secrets.decrypt(kept) for code in codes)


def test_a_passkey_is_renamed(cy, sign_in) -> None:
    passkey = keep_passkey(cy, Authenticator(), "Laptop")
    client = sign_in(cy)
    client.post(renaming(passkey), {"name": " Key ring ", "password": PASSWORD})
    passkey.refresh_from_db()
    assert passkey.name == "Key ring"
    assert "Passkey “Key ring”" in client.get(LIST).content.decode()


def test_an_app_has_no_name_to_change(cy, sign_in) -> None:
    with_app(cy)
    assert sign_in(cy).get(renaming(app_factor(cy))).status_code == 404


@pytest.mark.parametrize("how", ["", REMEMBERED])
def test_a_password_alone_is_not_enough_to_change_factors(how, cy, sign_in) -> None:
    with_app(cy)
    passkey = keep_passkey(cy, Authenticator())
    client = sign_in(cy, second_factor=how)
    for path in (removing(app_factor(cy)), renaming(passkey), CODES):
        with assert_no_effect():
            answer = client.post(path, {"password": PASSWORD, "name": "Mine"})
        assert answer.headers["Location"].startswith("/second-factor/?next=")


def test_factors_of_somebody_else_are_not_there(cy, ben, sign_in) -> None:
    with_app(cy)
    passkey = keep_passkey(cy, Authenticator())
    client = sign_in(ben)
    for path in (removing(app_factor(cy)), removing(passkey), renaming(passkey)):
        with assert_no_effect():
            assert client.get(path).status_code == 404
            assert client.post(path, {"password": PASSWORD, "name": "Mine"}).status_code == 404
    assert "Laptop" not in client.get(LIST).content.decode()


def test_operations_are_for_the_person_alone(cy, ben) -> None:
    with_app(cy)
    for attempt in (
        lambda: operations.remove_factor(app_factor(cy), actor=acting(ben)),
        lambda: operations.make_recovery_codes(cy, actor=acting(ben)),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert factors_of(cy) == {"app"}


def test_a_factor_that_is_gone_is_said_to_be(cy) -> None:
    with_app(cy)
    factor = app_factor(cy)
    operations.remove_factor(factor, actor=acting(cy))
    with pytest.raises(RuleViolation) as refused:
        operations.remove_factor(factor, actor=acting(cy))
    assert refused.value.code == "factor_gone"
