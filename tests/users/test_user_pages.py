"""The pages about one managed user: their tabs, and what each of them tells."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import set_roles
from adminctr.core import clock
from organizations.models import Membership, SecondFactor
from tests.conftest import acting
from tests.pages.addresses import account_of
from tests.pages.effects import follow
from tests.users.people import app_of, session_of, stay_of
from tests.world import PASSWORD
from users.models import User, UserStatus
from users.operations import (
    deactivate_user,
    reactivate_user,
    require_second_factor,
    reset_second_factor,
    reset_user_password,
)

TABS = ("detail", "sign-in", "access", "activity")
VERBS = (
    "rename",
    "reset-password",
    "reset-2fa",
    "require-2fa",
    "end-sessions",
    "deactivate",
    "reactivate",
)


def page(name: str, user: User, *sids: str) -> str:
    return reverse(f"users:{name}", args=[user.sid, *sids])


def told(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("name", TABS)
def test_every_tab_is_an_address_of_its_own(name, ben, cy, sign_in) -> None:
    answer = sign_in(ben).get(page(name, cy))
    current = [tab["url"] for tab in answer.context["tabs"] if tab["current"]]
    assert current == [page(name, cy)]


@pytest.mark.parametrize("name", [*TABS, *VERBS])
def test_somebody_elsewhere_is_nobody_here(name, ben, eve, sign_in) -> None:
    assert sign_in(ben).get(page(name, eve)).status_code == 404


def test_the_profile_says_who_somebody_is_and_what_may_be_done(ben, cy, sign_in) -> None:
    html = told(sign_in(ben), page("detail", cy))
    for name in ("rename", "reset-password", "deactivate", "change-role"):
        assert page(name, cy) in html
    assert "Remove User" in html
    assert "Delete User" in html
    assert html.index("Profile</h2>") < html.index("End their access</h2>")


def test_nothing_is_offered_on_the_owner_or_on_oneself(ben, ana, sign_in) -> None:
    client = sign_in(ben)
    for user, reason in ((ana, "This cannot be done to the Owner"), (ben, "to yourself")):
        html = told(client, page("detail", user)) + told(client, page("sign-in", user))
        assert reason in html
        for name in VERBS:
            assert f'href="{page(name, user)}"' not in html


@pytest.mark.parametrize("name", VERBS)
def test_a_page_of_what_is_refused_says_so_and_offers_no_button(name, ben, ana, sign_in) -> None:
    answer = sign_in(ben).get(page(name, ana))
    assert "This cannot be done to the Owner" in answer.content.decode()
    assert b"novalidate" not in answer.content


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("rename", "primary"),
        ("require-2fa", "primary"),
        ("reset-password", "danger"),
        ("deactivate", "danger"),
    ],
)
def test_only_what_takes_something_away_is_red(name, variant, ben, cy, sign_in) -> None:
    html = told(sign_in(ben), page(name, cy))
    assert re.findall(r'<button class="button button--(primary|danger)"', html) == [variant]


def test_who_waits_for_a_new_password_is_shown_so(ben, cy, sign_in) -> None:
    client = sign_in(ben)
    assert "Waiting for a new password" not in told(client, page("detail", cy))
    reset_user_password(stay_of(cy), actor=acting(ben))
    html = told(client, page("detail", cy))
    assert "Waiting for a new password" in html
    assert "works for 24 hours at most, and no longer once they were logged out since" in html


def test_to_reactivate_promises_no_password_that_was_reset(ben, cy, sign_in) -> None:
    client, before = sign_in(ben), "with the password and the second factors they had"
    deactivate_user(stay_of(cy), actor=acting(ben))
    assert before in told(client, page("reactivate", cy))
    reactivate_user(stay_of(cy), actor=acting(ben))
    reset_user_password(stay_of(cy), actor=acting(ben))
    deactivate_user(stay_of(cy), actor=acting(ben))
    html = told(client, page("reactivate", cy))
    assert before not in html
    assert "they get an email with a new link to set it" in html
    answer = follow(client, client.post(page("reactivate", cy)))
    assert f"A link to set a new password is on its way to {cy.email}." in answer.content.decode()


@pytest.mark.parametrize(
    ("level", "told_so"),
    [
        (SecondFactor.ONCE_PER_COMPUTER, "must now use a second factor once per computer."),
        (SecondFactor.EVERY_LOG_IN, "must now use a second factor at every log-in."),
    ],
)
def test_what_is_required_from_now_on_is_told_in_a_sentence(
    level, told_so, ben, cy, sign_in
) -> None:
    client = sign_in(ben)
    answer = client.post(page("require-2fa", cy), {"level": level, "password": PASSWORD})
    assert f"{cy.email} {told_so}" in follow(client, answer).content.decode()


def test_second_factors_are_shown_without_their_secrets(ben, cy, sign_in) -> None:
    factor = app_of(cy)
    html = told(sign_in(ben), page("sign-in", cy))
    assert "Authenticator app" in html
    assert factor.secret not in html


def test_a_reset_is_offered_where_there_is_something_to_reset(ben, cy, sign_in) -> None:
    client = sign_in(ben)
    assert client.get(page("sign-in", cy)).context["required"] == "Nothing"
    app_of(cy)
    assert page("reset-2fa", cy) in told(client, page("sign-in", cy))
    reset_second_factor(stay_of(cy), actor=acting(ben))
    assert page("reset-2fa", cy) not in told(client, page("sign-in", cy))
    assert client.get(page("sign-in", cy)).context["required"] == "To be set up"


def test_what_is_required_says_where_it_comes_from(ben, cy, acme, sign_in) -> None:
    client = sign_in(ben)
    require_second_factor(stay_of(cy), level=SecondFactor.ONCE_PER_COMPUTER, actor=acting(ben))
    context = client.get(page("sign-in", cy)).context
    assert context["required_of_person"] == "Once per computer"
    assert context["required_of_everybody"] == "Disabled"


def test_sessions_and_the_history_tell_where_from(ben, cy, sign_in, log_in) -> None:
    session_of(cy)
    log_in(cy)
    html = told(sign_in(ben), page("sign-in", cy))
    assert "Firefox on Windows" in html
    assert "192.0.2.7" in html
    assert "logged in" in html


def test_a_failed_log_in_is_in_the_history(ben, cy, sign_in, db) -> None:
    Client().post("/login/", {"login": cy.email, "password": "wrong by far"})
    html = told(sign_in(ben), page("sign-in", cy))
    assert f"tried to log in as {cy.email} with a wrong password" in html


def test_the_last_sign_in_and_the_last_activity_are_true(cy, log_in, settings) -> None:
    begun = clock.now()
    with time_machine.travel(begun, tick=False) as clock_of_test:
        client = log_in(cy)
        cy.refresh_from_db()
        assert cy.last_active_at == cy.last_login == stay_of(cy).last_sign_in_at
        clock_of_test.shift(settings.SESSION_TOUCH_PAUSE - timedelta(seconds=1))
        client.get("/profile/")
        cy.refresh_from_db()
        assert cy.last_active_at == cy.last_login
        clock_of_test.shift(2)
        client.get("/profile/")
        cy.refresh_from_db()
        assert cy.last_active_at == clock.now()
        assert stay_of(cy).last_sign_in_at == cy.last_login


def test_access_tells_of_each_role_since_when_by_whom_and_why(ben, cy, ana, sign_in) -> None:
    account = account_of(ana)
    until = clock.now() + timedelta(days=9)
    set_roles(
        account,
        holder=cy,
        roles=[AccountRole.DEVELOPER],
        ends_at=until,
        reason="Audit of May",
        actor=acting(ana),
    )
    html = told(sign_in(ben), page("access", cy))
    for words in (account.name, "Developer", ana.get_full_name(), "Audit of May"):
        assert words in html
    assert "button--danger" not in html
    assert reverse("accounts:roles", args=[account.sid, cy.sid]) in html


def test_access_is_given_by_choosing_an_account_and_then_its_roles(ben, cy, ana, sign_in) -> None:
    client, account = sign_in(ben), account_of(ana)
    answer = client.post(page("access-give", cy), {"account": account.sid})
    assert answer["Location"] == reverse("accounts:roles", args=[account.sid, cy.sid])


def test_an_account_is_chosen_by_its_name_where_no_other_has_it(acme, ben, cy, ana, sign_in):
    client, account = sign_in(ben), account_of(ana)
    answer = client.post(page("access-give", cy), {"account": account.name.upper()})
    assert answer["Location"] == reverse("accounts:roles", args=[account.sid, cy.sid])
    Account.unscoped.filter(organization=acme).update(name=account.name, name_key=account.name_key)
    answer = client.post(page("access-give", cy), {"account": account.name})
    assert "Several accounts have this name." in answer.content.decode()


def test_an_account_of_others_is_not_known(ben, cy, eve, sign_in) -> None:
    answer = sign_in(ben).post(page("access-give", cy), {"account": account_of(eve).sid})
    assert "No account of your organization has this name or SID." in answer.content.decode()


def test_access_is_ended_and_the_page_stays(ben, cy, ana, sign_in) -> None:
    account = account_of(ana)
    set_roles(account, holder=cy, roles=[AccountRole.DEVELOPER], actor=acting(ana))
    client = sign_in(ben)
    answer = client.post(page("access-end", cy, account.sid))
    assert answer["Location"] == page("access", cy)
    held = RoleAssignment.unscoped.in_force().filter(account=account, holder=cy)
    assert not held.exists()
    again = follow(client, client.post(page("access-end", cy, account.sid)))
    assert "no longer has a role on the account" in again.content.decode()


def test_the_activity_is_about_somebody_or_by_them(ben, cy, ana, sign_in) -> None:
    reset_user_password(stay_of(cy), actor=acting(ben))
    client = sign_in(ana)
    about = told(client, page("activity", cy))
    assert f"reset the password of {cy.email}" in about
    by_ben = told(client, page("activity-by", ben))
    assert f"reset the password of {cy.email}" in by_ben
    assert f"reset the password of {cy.email}" not in told(client, page("activity", ben))


def test_the_pages_of_a_suspended_login_say_who_can_help(ben, cy, sign_in) -> None:
    User.objects.filter(pk=cy.pk).update(status=UserStatus.SUSPENDED)
    Membership.unscoped.filter(user=cy).update(status=UserStatus.SUSPENDED)
    client = sign_in(ben)
    for name in ("reset-password", "reset-2fa", "deactivate", "reactivate"):
        assert "only support can lift that" in told(client, page(name, cy)), name
