"""Where a second factor is asked for, of whom, and what is reached without one."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountRole, AccountType
from accounts.operations import set_roles, suspend_account
from adminctr.core.tenancy import tenant
from adminctr.web import second_factor
from organizations.models import Membership, Organization, SecondFactor, stay_of
from tests.accounts.made import opened
from tests.conftest import acting
from tests.pages.addresses import path_to, routes
from tests.pages.effects import follow
from users import requirements, sessions
from users.models import User

DISABLED, ONCE, EVERY = SecondFactor
DOOR = "/second-factor/"
REMEMBERED = sessions.REMEMBERED


def ask_everybody(organization: Organization, level: SecondFactor) -> None:
    Organization.objects.filter(pk=organization.pk).update(second_factor=level)


def ask_one(user: User, level: SecondFactor) -> None:
    Membership.unscoped.open().filter(user=user).update(second_factor=level)


def asking(owner: User, level: SecondFactor) -> Account:
    account = opened(owner, f"Asking {level}")
    account.type, account.second_factor = AccountType.FULL, level
    if level == DISABLED:
        account.type = AccountType.TRIAL
    account.save()
    return account


def leads_to(response: Any) -> str:
    assert response.status_code == 303, response.status_code
    return str(response["Location"])


# What is asked of whom


@pytest.mark.parametrize(
    ("organization", "person", "level"),
    [
        (DISABLED, DISABLED, DISABLED),
        (ONCE, DISABLED, ONCE),
        (DISABLED, ONCE, ONCE),
        (ONCE, EVERY, EVERY),
        (EVERY, ONCE, EVERY),
    ],
)
def test_the_stronger_of_organization_and_person_holds(
    cy, acme, organization, person, level
) -> None:
    ask_everybody(acme, organization)
    ask_one(cy, person)
    stay = stay_of(cy)
    assert requirements.level_of(stay) == level
    assert requirements.is_asked_of(cy, stay) == (level != DISABLED)
    assert requirements.may_remember(cy, stay) == (level != EVERY)


def test_nothing_is_asked_of_whoever_has_no_organization() -> None:
    user = User(email="x@y.example")
    assert requirements.level_of(None) == DISABLED
    assert not requirements.is_asked_of(user, None)


def test_a_reset_asks_whatever_the_levels_say(cy: User) -> None:
    cy.is_factor_due = True
    assert requirements.is_asked_of(cy, stay_of(cy))


def test_an_account_counts_at_the_log_in_of_whoever_has_a_role_on_it(cy, ben, eve) -> None:
    account = asking(ben, EVERY)
    with tenant(account.organization):
        set_roles(account, holder=cy, roles=[AccountRole.SUPPORT], actor=acting(ben))
    for person in (ben, cy):
        assert requirements.level_at_log_in(person, stay_of(person)) == EVERY
        assert not requirements.may_remember(person, stay_of(person))
        assert not requirements.is_asked_of(person, stay_of(person))
    assert requirements.may_remember(eve, stay_of(eve))


@pytest.fixture
def marketing(cy: User) -> Account:
    return opened(cy, "Campaigns")


def test_a_closed_account_asks_nobody(cy, ben, acme) -> None:
    account = asking(cy, EVERY)
    suspend_account(account, actor=acting(ben))
    assert not requirements.may_remember(cy, stay_of(cy))
    then = account.created_at
    Account.unscoped.filter(pk=account.pk).update(
        status="closed", suspended_by="", closing_at=then, closed_at=then
    )
    assert requirements.may_remember(cy, stay_of(cy))
    Account.unscoped.filter(pk=account.pk).update(
        status="suspended", suspended_by="organization", closing_at=None, closed_at=None
    )


def test_what_is_asked_costs_one_query_at_a_log_in_and_none_later(cy, count_queries) -> None:
    stay = stay_of(cy)
    assert count_queries(lambda: requirements.is_asked_of(cy, stay)) == 0
    assert count_queries(lambda: requirements.may_remember(cy, stay)) == 1
    stay.second_factor = EVERY
    assert count_queries(lambda: requirements.may_remember(cy, stay)) == 0


# What a session must have proven


@pytest.mark.parametrize(
    ("how", "meets"),
    [("", [DISABLED]), (REMEMBERED, [DISABLED, ONCE]), ("app", [DISABLED, ONCE, EVERY])],
)
def test_a_session_meets_what_it_has_proven(cy, sign_in, how: str, meets: list[str]) -> None:
    session = sign_in(cy, second_factor=how).session
    assert [level for level in SecondFactor if sessions.meets(session, level)] == meets
    assert sessions.is_proven(session) == (how == "app")


# Everywhere


def reached(client: Client, names: Any, sids: dict[str, str], method: str) -> set[str]:
    """The pages that do not lead to the second factor."""
    found = set()
    for name in names:
        answer = client.generic(method, path_to(name, sids))
        location = answer.headers.get("Location", "")
        if not location.startswith(f"{DOOR}?next="):
            found.add(name)
    return found


@pytest.mark.parametrize("who", ["ben", "sue"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_session_that_lacks_one_reaches_nothing_else(
    who: str, method: str, sids, sign_in, request
) -> None:
    user = request.getfixturevalue(who)
    User.objects.filter(pk=user.pk).update(is_factor_due=True)
    client = sign_in(user)
    names = [name for name in routes() if name != "account_logout"]
    door = {name for name in names if path_to(name, sids).startswith(DOOR)}
    allowed = door | (second_factor.REACHABLE - {"account_logout"})
    assert reached(client, names, sids, method) <= allowed
    assert len(names) > 150
    assert "SE" in sessions.sid_of(client.session)
    assert client.post(reverse("account_logout")).status_code == 302
    assert not client.session.get("_auth_user_id")


@pytest.mark.parametrize(
    ("level", "how", "is_let_in"),
    [
        (DISABLED, "", True), (ONCE, "", False), (ONCE, REMEMBERED, True), (ONCE, "app", True),
        (EVERY, "", False), (EVERY, REMEMBERED, False), (EVERY, "app", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("asks", [ask_everybody, ask_one])
def test_a_level_that_is_raised_holds_at_the_very_next_request(
    asks, level, how, is_let_in, cy, acme, sign_in
) -> None:
    client = sign_in(cy, second_factor=how)
    assert client.get("/console/").status_code == 200
    asks(acme if asks is ask_everybody else cy, level)
    answer = client.get("/console/?page=2")
    if is_let_in:
        assert answer.status_code == 200
    else:
        assert leads_to(answer) == f"{DOOR}?next=%2Fconsole%2F%3Fpage%3D2"


def test_after_a_reset_nothing_that_was_proven_before_counts(cy, sign_in) -> None:
    client = sign_in(cy)
    User.objects.filter(pk=cy.pk).update(is_factor_due=True)
    assert leads_to(client.get("/console/")).startswith(DOOR)


def test_others_go_on_where_one_person_is_asked(cy, ben, sign_in) -> None:
    ask_one(cy, EVERY)
    assert sign_in(ben, second_factor="").get("/console/").status_code == 200


def test_a_form_that_is_turned_away_says_so_and_changes_nothing(cy, acme, sign_in) -> None:
    client = sign_in(cy, second_factor="")
    ask_everybody(acme, ONCE)
    answer = client.post("/profile/name/", {"first_name": "Cyrus"})
    assert leads_to(answer) == f"{DOOR}?next=%2Fprofile%2Fname%2F"
    cy.refresh_from_db()
    assert cy.first_name == "Cy"
    page = follow(client, follow(client, answer))
    assert second_factor.TURNED_AWAY in page.content.decode()


def test_to_be_led_away_costs_no_more_than_a_page(cy, acme, sign_in, count_queries) -> None:
    client = sign_in(cy, second_factor="")
    page = count_queries(lambda: client.get("/console/shortcuts/"))
    ask_everybody(acme, ONCE)
    assert count_queries(lambda: client.get("/console/shortcuts/")) <= page


def test_who_is_not_logged_in_is_asked_to_log_in(client: Client) -> None:
    assert client.get("/console/")["Location"].startswith("/login/")


# At the door of an account


@pytest.mark.parametrize(
    ("level", "how", "is_let_in"),
    [
        (DISABLED, "", True), (ONCE, "", False), (ONCE, REMEMBERED, True),
        (EVERY, REMEMBERED, False), (EVERY, "app", True),
    ],
)  # fmt: skip
def test_an_account_asks_at_its_own_door(level, how, is_let_in, ben, sign_in) -> None:
    account = asking(ben, level)
    client = sign_in(ben, second_factor=how)
    for page in ("", "users/", "activity/", "close/"):
        url = f"/console/accounts/{account.sid}/{page}"
        answer = client.get(url)
        if is_let_in:
            assert answer.status_code == 200, page
        else:
            assert leads_to(answer) == f"{DOOR}?next={url.replace('/', '%2F')}"
    governed = client.get(f"/admin-center/accounts/{account.sid}/")
    assert governed.status_code == 200
    assert client.get("/console/").status_code == 200


def test_a_button_of_an_account_does_nothing_before(ben: User, sign_in) -> None:
    account = asking(ben, ONCE)
    client = sign_in(ben, second_factor="")
    answer = client.post(f"/console/accounts/{account.sid}/suspend/")
    assert leads_to(answer).startswith(DOOR)
    account.refresh_from_db(from_queryset=Account.unscoped)
    assert account.status == "active"


def test_who_has_no_role_learns_nothing_of_the_account(cy, ben, sign_in) -> None:
    account = asking(ben, EVERY)
    answer = sign_in(cy, second_factor="").get(f"/console/accounts/{account.sid}/")
    assert answer.status_code == 404


# The staff site


@pytest.mark.parametrize("how", ["", REMEMBERED])
def test_support_staff_prove_one_at_their_door(sue: User, sign_in, how: str) -> None:
    client = sign_in(sue, second_factor=how)
    assert leads_to(client.get("/staff/")) == f"{DOOR}?next=%2Fstaff%2F"
    assert client.get("/console/").status_code == 200
    assert sign_in(sue).get("/staff/").status_code == 200


def test_others_find_no_staff_site_with_or_without_one(cy: User, sign_in) -> None:
    for how in ("", "app"):
        assert sign_in(cy, second_factor=how).get("/staff/").status_code == 404
