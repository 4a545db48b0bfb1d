"""The settings of an organization, and handing it over behind the password."""

import re
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts import policy as account_policy
from accounts.models import AccountRole
from adminctr.core import clock
from audit.models import AuditEvent
from organizations.models import Membership, Role
from organizations.policy import GRANTS, OWNER_ALONE, STAFF_ALONE, WORDS, Action
from tests.pages.addresses import routes
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import doubt, member, prove, stay_of
from tests.world import PASSWORD
from users import reauthentication
from users.models import User, UserStatus

SETTINGS, OWNERSHIP = "/admin-center/settings/", "/admin-center/settings/ownership/"
FORM = {"to": "cy@acme.example", "password": PASSWORD}
WRONG = FORM | {"password": "plum harbour lantern"}


@pytest.fixture
def owner(sign_in: Callable[[User], Client], ana: User) -> Client:
    return sign_in(ana)


@pytest.fixture
def administrator(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


def test_the_addresses_are_those_of_the_menu() -> None:
    assert reverse("organizations:settings") == SETTINGS
    assert reverse("organizations:ownership") == OWNERSHIP


# The name


@pytest.mark.parametrize("name", ["x" * 64, "Ä" * 64, "A", "Acme & Söhne <Works>"])
def test_a_name_of_up_to_64_characters_is_taken(name, owner, acme) -> None:
    response = owner.post(SETTINGS, {"name": name})
    assert response["Location"] == SETTINGS
    assert escape(f"The name is {name} now.") in follow(owner, response).content.decode()
    acme.refresh_from_db()
    assert acme.name == name


def test_spaces_around_a_name_are_dropped(owner, acme) -> None:
    owner.post(SETTINGS, {"name": "  Acme Works "})
    acme.refresh_from_db()
    assert acme.name == "Acme Works"


@pytest.mark.parametrize(
    "name", ["x" * 65, "", "   ", "a\x00b", "a\x07b", "a\nb", "a\u202eb", "Acme"]
)
def test_another_name_is_refused_beside_the_field_and_kept(name, owner) -> None:
    with assert_no_effect():
        response = owner.post(SETTINGS, {"name": name})
    body = response.content.decode()
    assert response.status_code == 200
    assert 'id="id_name_error"' in body
    assert f'value="{name}"' in body or not name


def test_the_form_shows_the_name_that_is_there(owner) -> None:
    assert 'value="Acme"' in owner.get(SETTINGS).content.decode()


def test_an_administrator_renames_too(administrator, acme) -> None:
    assert administrator.post(SETTINGS, {"name": "Acme Works"}).status_code == 303
    acme.refresh_from_db()
    assert acme.name == "Acme Works"


# The rule book


def rows_of(body: str, caption: str) -> dict[str, list[tuple[str, str]]]:
    """A table of roles as it is read: by words, the columns with their answers."""
    table = re.search(rf"<caption[^>]*>{caption}</caption>(.*?)</table>", body, re.DOTALL)
    assert table
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table[1], re.DOTALL)
    return {words: re.findall(r'<td data-label="(.*?)">(Yes|No)</td>', row) for words, row in rows}


def test_the_table_of_roles_is_the_rule_book(owner) -> None:
    shown = rows_of(owner.get(SETTINGS).content.decode(), "What each organization role may do")
    assert shown == {
        escape(WORDS[action]): [
            (role.label, "Yes" if action in GRANTS[role] else "No") for role in Role
        ]
        for action in Action
        if action not in STAFF_ALONE
    }


def test_the_table_of_account_roles_is_theirs(owner) -> None:
    shown = rows_of(owner.get(SETTINGS).content.decode(), "What each account role may do")
    assert shown == {
        account_policy.WORDS[one]: [
            (role.label, "Yes" if one in account_policy.GRANTS[role] else "No")
            for role in AccountRole
        ]
        for one in account_policy.Permission
    }


# What else one must know


def test_the_domain_setting_in_force_is_restricted_and_the_others_may_be_chosen(owner) -> None:
    body = owner.get(SETTINGS).content.decode()
    card = body[body.index('id="domain-setting"') :]
    names = ["Restricted", "In force", "Choose Auto-enrollment", "Choose Blocked"]
    places = [card.index(name) for name in names]
    assert places == sorted(places)
    assert body.count("In force") == 1
    assert "Choose Restricted" not in card


def test_each_domain_setting_says_to_which_domain_or_to_how_many_it_applies(owner, acme) -> None:
    prove(acme, "acme-labs.example")
    assert "an address of your 2 verified domains" in owner.get(SETTINGS).content.decode()
    doubt("acme-labs.example")
    assert "an address of acme.example" in owner.get(SETTINGS).content.decode()


def test_nobody_deletes_an_organization_here_and_it_says_who_does(owner, acme) -> None:
    body = owner.get(SETTINGS).content.decode()
    assert "Its Owner, Ana Silva, asks support to delete it" in body
    assert "kept for up to 30 days after the organization has been deleted" in body
    assert "there is no common bill" in body
    assert not [name for name in routes() if "delete" in name]
    for method in ("delete", "put", "patch"):
        with assert_no_effect():
            assert getattr(owner, method)(SETTINGS).status_code == 405


def test_merging_is_explained_and_leads_to_inviting(owner) -> None:
    part = owner.get(SETTINGS).content.decode().partition("Merging organizations")[2]
    assert "invite its Owner" in part
    assert 'href="/admin-center/users/invite/"' in part


def test_the_length_of_a_name_is_said_beside_the_field(owner) -> None:
    body = owner.get(SETTINGS).content.decode()
    assert "at most 64 characters" in body
    assert 'aria-describedby="id_name_helptext"' in body


# The Owner


def test_the_owner_is_offered_the_change(owner) -> None:
    body = owner.get(SETTINGS).content.decode()
    assert f'href="{OWNERSHIP}"' in body
    assert OWNER_ALONE not in body
    assert "Ana Silva" in body


def test_an_administrator_reads_why_not_instead(administrator) -> None:
    body = administrator.get(SETTINGS).content.decode()
    assert f'href="{OWNERSHIP}"' not in body
    assert f"{OWNER_ALONE} The Owner is Ana Silva." in body
    assert "refusal__reason" in body


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_administrator_is_refused_on_the_page_itself(method, administrator) -> None:
    with assert_no_effect():
        response = getattr(administrator, method)(OWNERSHIP, FORM)
    assert response.status_code == 403
    assert OWNER_ALONE in response.content.decode()


def test_the_page_hands_over_and_says_so(owner, acme, ana, cy) -> None:
    response = owner.post(OWNERSHIP, FORM)
    assert response["Location"] == SETTINGS
    assert "cy@acme.example is the Owner now." in follow(owner, response).content.decode()
    assert (stay_of(cy).role, stay_of(ana).role) == (Role.OWNER, Role.ADMINISTRATOR)


@pytest.mark.parametrize("to", ["cy@acme.example", "ben@acme.example", "ana@acme.example"])
def test_the_page_that_is_still_open_is_refused_afterwards(to, owner, cy) -> None:
    assert owner.post(OWNERSHIP, FORM).status_code == 303
    with assert_no_effect():
        assert owner.post(OWNERSHIP, FORM | {"to": to}).status_code == 403
    assert owner.get(OWNERSHIP).status_code == 403
    assert AuditEvent.unscoped.filter(action="organization.transferred").count() == 1
    assert stay_of(cy).role == Role.OWNER


@pytest.mark.parametrize(
    "to",
    [
        "hana@acme.example", "eve@globex.example", "ida@freelance.example",
        "nobody@acme.example", "ana@acme.example", "no address", "",
    ],
)  # fmt: skip
def test_who_cannot_become_owner_is_refused_beside_the_field_and_kept(to, owner) -> None:
    with assert_no_effect():
        body = owner.post(OWNERSHIP, FORM | {"to": to}).content.decode()
    assert 'id="id_to_error"' in body
    assert f'value="{to}"' in body or not to
    assert PASSWORD not in body


def suggested(client: Client) -> list[str]:
    return [stay.email for stay in client.get(OWNERSHIP).context["candidates"]]


def test_active_managed_users_are_suggested_by_name(owner, ana, ben, cy) -> None:
    Membership.unscoped.filter(user=cy).update(status=UserStatus.INACTIVE)
    try:
        names = suggested(owner)
        body = owner.get(OWNERSHIP).content.decode()
    finally:
        Membership.unscoped.filter(user=cy).update(status=cy.status)
    assert names == [f"{one}@acme.example" for one in ("ben", "dora", "emil", "fay", "goro")]
    assert 'list="new-owners"' in body
    assert '<option value="ben@acme.example">Ben Okafor</option>' in body


def test_no_more_than_fifty_are_suggested(owner, acme, count_queries) -> None:
    few = count_queries(lambda: owner.get(OWNERSHIP))
    for number in range(51):
        member(acme, f"more{number}@acme.example")
    assert len(suggested(owner)) == 50
    assert count_queries(lambda: owner.get(OWNERSHIP)) == few


# The Owner's own page


def page_of(user: User) -> str:
    return f"/admin-center/users/{user.sid}/"


def test_the_owners_own_page_leads_to_the_change(owner, ana) -> None:
    body = owner.get(page_of(ana)).content.decode()
    assert f'href="{OWNERSHIP}"' in body
    assert "Change Ownership" in body
    assert "Change role" not in body


def test_an_administrator_reads_on_the_owners_page_who_can_change_it(administrator, ana) -> None:
    body = administrator.get(page_of(ana)).content.decode()
    assert f'href="{OWNERSHIP}"' not in body
    assert f"{OWNER_ALONE} The Owner is Ana Silva." in body


@pytest.mark.parametrize("who", ["ben", "cy"])
def test_nobody_elses_page_speaks_of_the_ownership(who, owner, request) -> None:
    body = owner.get(page_of(request.getfixturevalue(who))).content.decode()
    assert "Change Ownership" not in body


# The password


def test_a_wrong_password_changes_nothing_and_is_said_beside_its_field(owner) -> None:
    with assert_no_effect():
        response = owner.post(OWNERSHIP, WRONG)
    body = response.content.decode()
    assert response.status_code == 200
    assert 'id="id_password_error"' in body
    assert "This is not your password." in body
    assert 'value="cy@acme.example"' in body
    assert WRONG["password"] not in body


@pytest.mark.parametrize("password", ["", f" {PASSWORD}", PASSWORD.upper(), "x" * 300])
def test_nothing_but_the_exact_password_will_do(password, owner) -> None:
    with assert_no_effect():
        body = owner.post(OWNERSHIP, FORM | {"password": password}).content.decode()
    assert 'id="id_password_error"' in body


def test_a_wrong_password_does_not_tell_who_is_a_managed_user(owner) -> None:
    body = owner.post(OWNERSHIP, WRONG | {"to": "nobody@acme.example"}).content.decode()
    assert 'id="id_to_error"' not in body


def test_after_too_many_wrong_tries_the_right_password_is_refused_too(owner, acme, cy) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        with assert_no_effect():
            for _ in range(reauthentication.TRIES.times):
                assert b"This is not your password." in owner.post(OWNERSHIP, WRONG).content
            response = owner.post(OWNERSHIP, FORM)
        assert response.status_code == 200
        assert b"Too many tries" in response.content
        assert b'value="cy@acme.example"' in response.content
        assert PASSWORD.encode() not in response.content
        traveller.shift(reauthentication.TRIES.seconds)
        assert owner.post(OWNERSHIP, FORM).status_code == 303
    assert stay_of(cy).role == Role.OWNER


def test_wrong_tries_of_one_owner_stop_no_other(owner, sign_in, eve) -> None:
    for _ in range(reauthentication.TRIES.times + 1):
        owner.post(OWNERSHIP, WRONG)
    body = sign_in(eve).post(OWNERSHIP, FORM).content
    assert b"Too many tries" not in body
    assert b'id="id_to_error"' in body
