"""The page of a refusal: what was asked for, why not, and who can help, of one's own people."""

import pytest
from django.http import HttpRequest

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from adminctr.web import errors
from organizations.models import Membership, Role
from organizations.policy import ASK_AN_ADMINISTRATOR, OWNER_ALONE, Action, StaffGroup
from tests.pages.effects import assert_no_effect
from tests.pages.test_errors import without_database
from tests.users.people import member, rename, stay_of
from users.models import UserStatus
from users.operations import appoint_staff

USERS, OWNERSHIP = "/admin-center/users/", "/admin-center/settings/ownership/"


def refusal_of(client, where: str) -> str:
    with assert_no_effect():
        response = client.get(where)
    assert response.status_code == 403
    body = response.content.decode()
    assert "Nothing was changed." in body
    return body


def test_a_standard_user_reads_what_was_asked_why_not_and_who_can_help(cy, sign_in) -> None:
    body = refusal_of(sign_in(cy), USERS)
    assert "<strong>See users</strong>" in body
    assert ASK_AN_ADMINISTRATOR in body
    for name, address in (
        ("Ana Silva", "ana"),
        ("Ben Okafor", "ben"),
        ("Fay O&#x27;Connor", "fay"),
    ):
        assert f"<strong>{name}</strong>" in body
        assert f'href="mailto:{address}@acme.example"' in body
    assert body.index("Ana Silva") < body.index("Ben Okafor")
    assert "cy@acme.example" not in body


def test_where_only_the_owner_may_only_the_owner_is_named(ben, sign_in) -> None:
    body = refusal_of(sign_in(ben), OWNERSHIP)
    assert "<strong>Change the Owner</strong>" in body
    assert OWNER_ALONE in body
    assert "mailto:ana@acme.example" in body
    assert body.count("mailto:") == 1


def test_no_more_than_five_administrators_are_named(acme, cy, sign_in) -> None:
    for number in range(6):
        member(acme, f"more{number}@acme.example", Role.ADMINISTRATOR)
    assert refusal_of(sign_in(cy), USERS).count("mailto:") == 6


@pytest.mark.breaks_invariants
def test_who_cannot_log_in_is_not_named(ben, cy, sign_in) -> None:
    Membership.unscoped.filter(user=ben).update(status=UserStatus.SUSPENDED)
    body = refusal_of(sign_in(cy), USERS)
    assert "mailto:ben@acme.example" not in body
    assert "mailto:fay@acme.example" in body


def test_who_asks_is_not_named_as_their_own_help(acme, ben) -> None:
    body = errors.not_allowed(
        request_of(acme, ben),
        NotAllowed("No.", action=Action.USER_CHANGE_ROLE, helpers=tuple(Role)),
    ).content.decode()
    assert "ben@acme.example" not in body
    assert "fay@acme.example" in body


def test_nobody_of_another_organization_is_named(globex, sign_in) -> None:
    gus = member(globex, "gus@globex.example")
    body = refusal_of(sign_in(gus), USERS)
    assert "mailto:eve@globex.example" in body
    assert body.count("mailto:") == 1
    assert "acme" not in body


def test_somebody_without_an_organization_reads_what_to_do(cy, sign_in) -> None:
    stay = stay_of(cy)
    client = sign_in(cy)
    Membership.unscoped.filter(pk=stay.pk).end()
    try:
        body = refusal_of(client, USERS)
    finally:
        Membership.unscoped.filter(pk=stay.pk).update(ended_at=None)
    assert "You do not belong to an organization." in body
    assert "Ask the people you work with to invite you." in body
    assert "mailto:" not in body


def test_a_refusal_that_no_role_would_lift_names_nobody(acme, cy) -> None:
    body = errors.not_allowed(request_of(acme, cy), NotAllowed("Not this.")).content.decode()
    assert "Not this." in body
    assert "Who can help" not in body


def test_while_the_database_is_away_the_reason_is_told_alone(acme, cy) -> None:
    refused = NotAllowed(ASK_AN_ADMINISTRATOR, action=Action.USER_VIEW, helpers=tuple(Role))
    request = request_of(acme, cy)
    response = without_database(lambda: errors.not_allowed(request, refused))
    body = response.content.decode()
    assert response.status_code == 403
    assert ASK_AN_ADMINISTRATOR in body
    assert "Nothing was changed." in body
    assert "mailto:" not in body


@pytest.mark.parametrize("name", ["<b>Ana</b>", "{{ 7*7 }}"])
def test_a_strange_name_is_shown_as_the_text_it_is(name, ana, cy, sign_in) -> None:
    rename(ana, name)
    body = refusal_of(sign_in(cy), USERS)
    assert "<b>" not in body
    assert "49" not in body.partition("Who can help")[2]


def request_of(organization, user) -> HttpRequest:
    request = HttpRequest()
    request.organization, request.user = organization, user
    return request


def test_staff_are_not_sent_to_the_people_of_their_own_organization(ana, globex, sign_in) -> None:
    appoint_staff(ana, group=StaffGroup.READERS, actor=Actor.operator("test"))
    body = refusal_of(sign_in(ana), f"/staff/organizations/organization/{globex.sid}/rename/")
    assert "Support agents" in body
    assert "mailto:" not in body


def test_a_rule_about_the_owner_names_the_owner_alone(ana, ben, sign_in) -> None:
    client = sign_in(ben)
    response = client.post(f"/admin-center/users/{ana.sid}/change-role/", {"role": "standard"})
    assert response.status_code == 403
    assert "mailto:ana@acme.example" in response.content.decode()
    assert "mailto:fay@acme.example" not in response.content.decode()
