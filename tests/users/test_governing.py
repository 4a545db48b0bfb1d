"""What administrators do about the sign-in of a managed user, and what they are refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts import conditions as account_conditions
from accounts.models import RoleAssignment
from accounts.operations import transfer_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit import presenters
from audit.models import AuditEvent
from organizations.models import Membership, Role, SecondFactor
from organizations.operations import change_role, transfer_ownership
from tests.conftest import acting
from tests.pages.addresses import account_of
from tests.pages.effects import browser, link_in, mails_to
from tests.users.people import app_of, email_change_of, founder, member, session_of, stay_of
from tests.world import PASSWORD
from users.models import (
    EmailChange,
    Factor,
    RememberedBrowser,
    Session,
    User,
    UserStatus,
)
from users.operations import (
    RESET_MAILS_PER_PERSON,
    deactivate_user,
    end_user_sessions,
    lift_suspension,
    reactivate_user,
    rename_user,
    request_password_reset,
    require_second_factor,
    reset_factor_outside,
    reset_second_factor,
    reset_user_password,
    suspend_login,
)

NEW_PASSWORD = "plum harbour lantern"
OPERATOR = Actor.operator("test")


def remembered_by(user: User) -> RememberedBrowser:
    expires = clock.now() + timedelta(days=30)
    token = f"hash of {user.pk}"
    return RememberedBrowser.objects.create(user=user, token_hash=token, expires_at=expires)


def with_everything(user: User) -> None:
    """A second factor, a remembered browser, a session and a wanted address."""
    app_of(user)
    remembered_by(user)
    session_of(user)
    email_change_of(user)


def kept_by(user: User) -> dict[str, int]:
    return {
        model.__name__: model.objects.filter(user=user).count()
        for model in (Factor, RememberedBrowser, Session, EmailChange)
    }


def can_log_in(user: User, password: str) -> bool:
    client = browser()
    client.post("/login/", {"login": user.email, "password": password})
    return "_auth_user_id" in client.session


def newest_event() -> AuditEvent:
    return AuditEvent.unscoped.select_related("details").latest("pk")


# Names


def test_a_new_name_stands_wherever_lists_keep_a_copy(ben, cy) -> None:
    stay = rename_user(stay_of(cy), first_name="Zacharias", last_name="Quist", actor=acting(ben))
    assert stay.user.get_full_name() == "Zacharias Quist"
    assert stay_of(cy).name_key == "zacharias quist"
    held = RoleAssignment.unscoped.open().filter(holder=cy)
    assert set(held.values_list("name_key", flat=True)) == {"zacharias quist"}
    assert "changed the name of cy@acme.example" in presenters.line(newest_event())


def test_the_same_name_is_no_change(ben, cy) -> None:
    with pytest.raises(RuleViolation, match="their name already"):
        rename_user(
            stay_of(cy), first_name=cy.first_name, last_name=cy.last_name, actor=acting(ben)
        )


# Reset Password


def test_a_reset_ends_everything_but_second_factors(ben, cy) -> None:
    with_everything(cy)
    reset_user_password(stay_of(cy), actor=acting(ben))
    assert kept_by(cy) == {"Factor": 1, "RememberedBrowser": 0, "Session": 0, "EmailChange": 0}
    cy.refresh_from_db()
    assert not cy.has_usable_password()
    assert not can_log_in(cy, PASSWORD)


def test_the_mail_carries_a_link_that_sets_a_new_password_once(ben, cy, deliver) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    mail = mails_to(cy.email, deliver())[-1]
    assert "An administrator of Acme has reset your password" in mail.body
    link = link_in(mail)
    assert set_password(link) == 302
    assert set_password(link) != 302
    cy.refresh_from_db()
    assert cy.check_password(NEW_PASSWORD)


def set_password(link: str, password: str = NEW_PASSWORD) -> int:
    """What the form behind a link answers; 302 where the password is set."""
    client = Client()
    at = client.get(link).headers.get("Location", link)
    return client.post(at, {"password1": password}).status_code


def test_a_second_reset_kills_the_link_of_the_first(ben, cy, deliver) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    first = link_in(mails_to(cy.email, deliver())[-1])
    reset_user_password(stay_of(cy), actor=acting(ben))
    second = link_in(mails_to(cy.email, deliver())[-1])
    assert set_password(first) != 302
    assert set_password(second) == 302


def test_a_reset_kills_the_link_that_somebody_asked_for_before(ben, cy, deliver) -> None:
    request_password_reset(cy.email, actor=Actor.stranger(cy.email))
    before = link_in(mails_to(cy.email, deliver())[-1])
    reset_user_password(stay_of(cy), actor=acting(ben))
    assert set_password(before) != 302


@pytest.mark.parametrize(
    ("after", "works"),
    [(timedelta(hours=23, minutes=59), True), (timedelta(hours=24, minutes=1), False)],
)
def test_the_link_works_for_a_day(after: timedelta, works: bool, ben, cy, deliver) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        reset_user_password(stay_of(cy), actor=acting(ben))
        link = link_in(mails_to(cy.email, deliver())[-1])
        traveller.shift(after)
        assert (set_password(link) == 302) is works


def test_the_link_is_dead_once_the_address_has_changed(ben, cy, deliver) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    link = link_in(mails_to(cy.email, deliver())[-1])
    cy.refresh_from_db()
    cy.email = "cy-new@acme.example"
    cy.save(update_fields=["email"])
    try:
        assert set_password(link) != 302
    finally:
        cy.email = "cy@acme.example"
        cy.save(update_fields=["email"])


def test_the_link_is_dead_while_somebody_is_deactivated(ben, cy, deliver) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    link = link_in(mails_to(cy.email, deliver())[-1])
    deactivate_user(stay_of(cy), actor=acting(ben))
    assert set_password(link) != 302


def test_a_mail_that_was_late_carries_no_link_once_there_is_a_password(ben, cy, deliver) -> None:
    deliver()
    reset_user_password(stay_of(cy), actor=acting(ben))
    cy.refresh_from_db()
    cy.set_password(NEW_PASSWORD)
    cy.save(update_fields=["password"])
    assert mails_to(cy.email, deliver()) == []


def test_at_most_five_mails_go_to_a_person_in_an_hour(hour, ben, cy, deliver) -> None:
    app_of(cy)
    reset_second_factor(stay_of(cy), actor=acting(ben))
    for _ in range(RESET_MAILS_PER_PERSON.times - 1):
        reset_user_password(stay_of(cy), actor=acting(ben))
    with pytest.raises(RuleViolation) as refused:
        reset_user_password(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "too_many_tries"
    to_cy = [one for one in deliver() if "reset" in one.subject or "removed" in one.subject]
    assert len(to_cy) == RESET_MAILS_PER_PERSON.times
    hour.shift(timedelta(hours=1))
    reset_user_password(stay_of(cy), actor=acting(ben))


# Reset 2FA


def test_a_reset_of_2fa_takes_all_of_it_and_makes_one_due(ben, cy, deliver) -> None:
    with_everything(cy)
    deliver()
    reset_second_factor(stay_of(cy), actor=acting(ben))
    assert set(kept_by(cy).values()) == {0}
    cy.refresh_from_db()
    assert cy.is_factor_due
    assert cy.check_password(PASSWORD)
    assert not stay_of(cy).has_second_factor
    (mail,) = mails_to(cy.email, deliver())
    assert "An administrator of Acme has reset your 2FA" in mail.body


def test_without_a_second_factor_there_is_nothing_to_reset(ben, cy) -> None:
    with pytest.raises(RuleViolation) as refused:
        reset_second_factor(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "no_second_factor"


# Require 2FA, End sessions


def test_what_is_required_of_a_person_stands_on_their_stay(ben, cy) -> None:
    require_second_factor(stay_of(cy), level=SecondFactor.EVERY_LOG_IN, actor=acting(ben))
    assert stay_of(cy).second_factor == SecondFactor.EVERY_LOG_IN
    line = presenters.line(newest_event())
    assert line.endswith("from Disabled to Every log-in")
    with pytest.raises(RuleViolation) as refused:
        require_second_factor(stay_of(cy), level=SecondFactor.EVERY_LOG_IN, actor=acting(ben))
    assert refused.value.code == "second_factor_unchanged"


def test_every_session_ends_and_the_next_request_is_nobodys(ben, cy, sign_in) -> None:
    browsers = [sign_in(cy), sign_in(cy)]
    assert end_user_sessions(stay_of(cy), actor=acting(ben)) == 2
    for one in browsers:
        assert one.get("/profile/").status_code == 302
    with pytest.raises(RuleViolation) as refused:
        end_user_sessions(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "no_sessions"


# Deactivate, Reactivate


def test_who_is_deactivated_is_out_at_once_and_loses_nothing_else(ben, cy, sign_in) -> None:
    with_everything(cy)
    roles = RoleAssignment.unscoped.in_force().filter(holder=cy).count()
    browser = sign_in(cy)
    deactivate_user(stay_of(cy), actor=acting(ben))
    assert browser.get("/profile/").status_code == 302
    assert not can_log_in(cy, PASSWORD)
    assert kept_by(cy) == {"Factor": 1, "RememberedBrowser": 0, "Session": 0, "EmailChange": 0}
    assert stay_of(cy).status == UserStatus.INACTIVE
    assert RoleAssignment.unscoped.in_force().filter(holder=cy).count() == roles


def test_who_is_reactivated_logs_in_with_what_they_had(ben, cy) -> None:
    deactivate_user(stay_of(cy), actor=acting(ben))
    reactivate_user(stay_of(cy), actor=acting(ben))
    assert stay_of(cy).status == UserStatus.ACTIVE
    assert can_log_in(cy, PASSWORD)


def test_who_has_no_password_is_reactivated_with_a_new_link(ben, cy, deliver) -> None:
    deliver()
    reset_user_password(stay_of(cy), actor=acting(ben))
    old = link_in(mails_to(cy.email, deliver())[-1])
    deactivate_user(stay_of(cy), actor=acting(ben))
    reactivate_user(stay_of(cy), actor=acting(ben))
    (mail,) = mails_to(cy.email, deliver())
    assert set_password(old) != 302
    assert set_password(link_in(mail)) == 302
    assert can_log_in(cy, NEW_PASSWORD)


def test_who_has_a_password_is_sent_no_link_when_they_are_reactivated(ben, cy, deliver) -> None:
    deactivate_user(stay_of(cy), actor=acting(ben))
    deliver()
    reactivate_user(stay_of(cy), actor=acting(ben))
    assert mails_to(cy.email, deliver()) == []


def test_links_of_a_reactivation_count_among_the_five_of_an_hour(hour, ben, cy) -> None:
    for _ in range(RESET_MAILS_PER_PERSON.times):
        reset_user_password(stay_of(cy), actor=acting(ben))
    deactivate_user(stay_of(cy), actor=acting(ben))
    with pytest.raises(RuleViolation) as refused:
        reactivate_user(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "too_many_tries"
    assert stay_of(cy).status == UserStatus.INACTIVE
    hour.shift(timedelta(hours=1))
    reactivate_user(stay_of(cy), actor=acting(ben))


def test_who_owns_accounts_keeps_them_and_gets_no_more(ana, ben, cy, acme) -> None:
    account = account_of(ana)
    transfer_account(account, to=ben, actor=acting(ana))
    deactivate_user(stay_of(ben), actor=acting(ana))
    account.refresh_from_db()
    assert account.owner_id == ben.pk
    with tenant(acme), pytest.raises(RuleViolation) as refused:
        account_conditions.require_fit_to_own(ben)
    assert refused.value.code == "owner_not_active"
    with pytest.raises(RuleViolation) as refused:
        transfer_ownership(acme, to=ben.email, actor=acting(ana))
    assert refused.value.code == "owner_not_active"


Operation = Callable[..., Any]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (deactivate_user, "already_inactive"),
        (reset_user_password, "login_not_active"),
    ],
)
def test_what_makes_no_sense_for_an_inactive_login(operation: Operation, code, ben, cy) -> None:
    deactivate_user(stay_of(cy), actor=acting(ben))
    with pytest.raises(RuleViolation) as refused:
        operation(stay_of(cy), actor=acting(ben))
    assert refused.value.code == code


def test_who_is_active_is_not_reactivated(ben, cy) -> None:
    with pytest.raises(RuleViolation) as refused:
        reactivate_user(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "already_active"


@pytest.mark.parametrize(
    "operation", [deactivate_user, reactivate_user, reset_user_password, reset_second_factor]
)
def test_what_support_has_suspended_nobody_touches(operation: Operation, ben, cy) -> None:
    suspend_login(cy, actor=OPERATOR)
    with pytest.raises(RuleViolation) as refused:
        operation(stay_of(cy), actor=acting(ben))
    assert refused.value.code == "login_suspended"
    lift_suspension(cy, actor=OPERATOR)


def test_who_has_left_meanwhile_is_nobodys_to_govern(ben, cy) -> None:
    stay = stay_of(cy)
    Membership.unscoped.filter(pk=stay.pk).end()
    try:
        with pytest.raises(RuleViolation) as refused:
            deactivate_user(stay, actor=acting(ben))
        assert refused.value.code == "not_a_member"
    finally:
        Membership.unscoped.filter(pk=stay.pk).update(ended_at=None)


def test_pages_say_how_long_a_link_works_and_a_browser_is_remembered(
    ben, cy, sign_in, settings
) -> None:
    settings.PASSWORD_RESET_TIMEOUT = 3600
    settings.REMEMBERED_BROWSER_AGE = timedelta(days=7)
    client = sign_in(ben)
    reset = client.get(reverse("users:reset-password", args=[cy.sid])).content.decode()
    assert "The link works once, for 1 hour." in reset
    require = client.get(reverse("users:require-2fa", args=[cy.sid])).content.decode()
    assert "asks again after 7 days." in require


# Ranks


def test_somebody_who_was_demoted_a_moment_ago_is_refused(ana, ben, cy) -> None:
    before = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with pytest.raises(NotAllowed):
        deactivate_user(stay_of(cy), actor=before)
    assert stay_of(cy).status == UserStatus.ACTIVE


def test_whoever_became_the_owner_meanwhile_is_nobodys_to_govern(ana, ben, acme) -> None:
    stale = stay_of(ben)
    transfer_ownership(acme, to=ben.email, actor=acting(ana))
    with pytest.raises(NotAllowed, match="Owner"):
        deactivate_user(stale, actor=acting(ana))


def test_an_open_session_of_an_administrator_is_worth_nothing_after(ana, ben, cy, sign_in) -> None:
    client = sign_in(ben)
    users = reverse("users:list")
    assert client.get(users).status_code == 200
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    assert client.get(users).status_code == 403
    change_role(stay_of(ben), role=Role.ADMINISTRATOR, actor=acting(ana))
    assert client.get(users).status_code == 200
    deactivate_user(stay_of(ben), actor=acting(ana))
    assert client.get(users).status_code == 302


# The way out for who has lost everything


def test_an_operator_helps_even_the_owner(ana, deliver) -> None:
    with_everything(ana)
    deliver()
    reset_second_factor(stay_of(ana), actor=OPERATOR)
    reset_user_password(stay_of(ana), actor=OPERATOR)
    bodies = [one.body for one in mails_to(ana.email, deliver())]
    assert len(bodies) == 2
    assert all(body.startswith("Support has reset your") for body in bodies)


def test_an_operator_helps_somebody_without_an_organization(db, deliver) -> None:
    loner = User.objects.create(email="loner@nowhere.example")
    EmailAddress.objects.create(user=loner, email=loner.email, primary=True, verified=True)
    app_of(loner)
    deliver()
    reset_factor_outside(loner, actor=OPERATOR)
    loner.refresh_from_db()
    assert loner.is_factor_due
    assert len(mails_to(loner.email, deliver())) == 1


def test_somebody_of_an_organization_is_governed_there(cy) -> None:
    with pytest.raises(RuleViolation) as refused:
        reset_factor_outside(cy, actor=OPERATOR)
    assert refused.value.code == "has_organization"


def test_a_newcomer_of_another_organization_is_out_of_reach(ben, db) -> None:
    other = founder("zoe@fresh.example")
    with pytest.raises(NotAllowed):
        deactivate_user(stay_of(other), actor=acting(ben))


def test_administrators_govern_each_other(ana, ben, acme) -> None:
    colleague = member(acme, "kim@acme.example", Role.ADMINISTRATOR)
    deactivate_user(stay_of(colleague), actor=acting(ben))
    assert stay_of(colleague).status == UserStatus.INACTIVE
