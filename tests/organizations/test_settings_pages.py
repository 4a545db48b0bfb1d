"""The settings of an organization, and handing it over behind the password."""

import re
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from adminctr.core import clock
from audit.models import AuditEvent
from organizations.models import Role
from organizations.policy import GRANTS, OWNER_ALONE, WORDS, Action
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import stay_of
from tests.world import PASSWORD
from users import reauthentication
from users.models import User

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


def test_the_table_of_roles_is_the_rule_book(owner) -> None:
    body = owner.get(SETTINGS).content.decode()
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', body, re.DOTALL)
    shown = {words: re.findall(r'<td data-label="(.*?)">(Yes|No)</td>', row) for words, row in rows}
    columns = [
        ("Owner", Role.OWNER),
        ("Administrator", Role.ADMINISTRATOR),
        ("Standard User", Role.STANDARD),
    ]
    assert shown == {
        escape(WORDS[action]): [
            (label, "Yes" if action in GRANTS[role] else "No") for label, role in columns
        ]
        for action in Action
    }


# The Owner


def test_the_owner_is_offered_the_change(owner) -> None:
    body = owner.get(SETTINGS).content.decode()
    assert f'href="{OWNERSHIP}"' in body
    assert OWNER_ALONE not in body
    assert "Ana Silva" in body


def test_an_administrator_reads_why_not_instead(administrator) -> None:
    body = administrator.get(SETTINGS).content.decode()
    assert f'href="{OWNERSHIP}"' not in body
    assert "Only the Owner (Ana Silva) can do this." in body
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
