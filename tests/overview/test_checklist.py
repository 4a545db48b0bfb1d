"""The list of what is still to be set up: computed, in order, and hidden by each for themselves."""

from dataclasses import replace

import pytest

from adminctr.core.errors import NotAllowed
from audit.models import AuditEvent
from organizations.models import NAME_LENGTH, Membership, Role, default_name
from organizations.operations import hide_checklist, rename_organization
from overview import checklist
from overview.figures import Figures
from tests.conftest import acting
from tests.overview.figures import BARE
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import founder, invited, lose, member, organization_of, prove, stay_of

OVERVIEW, HIDE = "/admin-center/", "/admin-center/hide-checklist/"
TITLE = "Set up your organization"


def statuses(figures: Figures) -> dict[str, str]:
    return {step.key: step.status for step in checklist.steps(figures)}


def test_in_the_beginning_one_can_name_it_and_verify_a_domain() -> None:
    assert statuses(BARE) == {
        "name": "Not started",
        "domain": "Not started",
        "colleagues": "Cannot start yet: Verify a domain first",
        "administrator": "Cannot start yet: Wait until a colleague has joined",
    }


@pytest.mark.parametrize(
    ("key", "done"),
    [
        ("name", {"has_default_name": False}),
        ("domain", {"verified_domains": ("a.example",)}),
        ("colleagues", {"pending": 1}),
        ("colleagues", {"members": 2}),
        ("administrator", {"administrators": 2}),
    ],
)
def test_a_step_is_done_when_the_data_say_so(key, done) -> None:
    assert statuses(replace(BARE, **done))[key] == "Completed"


def test_one_line_tells_how_far_it_is_and_what_can_be_done_next() -> None:
    assert checklist.in_one_line(checklist.steps(BARE)) == "0 of 4, next: Name the organization"
    named = replace(BARE, has_default_name=False)
    assert checklist.in_one_line(checklist.steps(named)) == "1 of 4, next: Verify a domain"
    invited_all = replace(named, verified_domains=("a.example",), pending=1)
    assert checklist.in_one_line(checklist.steps(invited_all)) == "3 of 4"


@pytest.mark.parametrize("name", ["Zoë", "Z" * 100])
def test_a_name_that_nobody_chose_is_known_however_long_the_founders_is(name, acme) -> None:
    acme.name = default_name(name)
    assert len(acme.name) <= NAME_LENGTH
    assert acme.has_default_name()


# On the page


@pytest.fixture
def zoe(db):
    return founder("zoe@fresh.example")


def test_a_new_organization_is_shown_the_list(zoe, sign_in) -> None:
    body = sign_in(zoe).get(OVERVIEW).content.decode()
    assert TITLE in body
    assert "0 of 4, next: Name the organization" in body
    assert "Cannot start yet: Verify a domain first" in body
    assert 'href="/admin-center/users/invite/"' not in body


def test_each_step_that_is_taken_shows(zoe, sign_in) -> None:
    client = sign_in(zoe)
    organization = organization_of(zoe)
    rename_organization(organization, name="Fresh", actor=acting(zoe))
    assert b"1 of 4, next: Verify a domain" in client.get(OVERVIEW).content
    prove(organization, "fresh.example")
    assert b"2 of 4, next: Invite colleagues" in client.get(OVERVIEW).content
    invited(organization, "yara@fresh.example")
    assert b"3 of 4" in client.get(OVERVIEW).content
    member(organization, "xeno@fresh.example", Role.ADMINISTRATOR)
    assert TITLE.encode() not in client.get(OVERVIEW).content


def test_what_is_complete_is_not_shown(ana, sign_in) -> None:
    assert TITLE.encode() not in sign_in(ana).get(OVERVIEW).content


# Hiding it


def test_who_hides_it_sees_it_no_more_until_something_else_is_open(zoe, sign_in) -> None:
    organization = organization_of(zoe)
    prove(organization, "fresh.example")
    client = sign_in(zoe)
    body = follow(client, client.post(HIDE)).content.decode()
    assert "The list is hidden." in body
    assert TITLE not in body
    assert stay_of(zoe).hidden_steps == "name colleagues administrator"
    lose("fresh.example")
    assert TITLE.encode() in client.get(OVERVIEW).content


def test_somebody_elses_list_stays(zoe, sign_in) -> None:
    organization = organization_of(zoe)
    prove(organization, "fresh.example")
    xeno = member(organization, "xeno@fresh.example", Role.ADMINISTRATOR)
    sign_in(zoe).post(HIDE)
    assert TITLE.encode() not in sign_in(zoe).get(OVERVIEW).content
    assert TITLE.encode() in sign_in(xeno).get(OVERVIEW).content


def test_hiding_is_told_in_the_trail(zoe) -> None:
    hide_checklist(stay_of(zoe), steps=["name", "domain"], actor=acting(zoe))
    (event,) = AuditEvent.unscoped.filter(action="checklist.hidden")
    assert (event.chain, event.actor_sid) == (organization_of(zoe).sid, zoe.sid)
    assert event.details.data["steps"] == "name, domain"


@pytest.mark.parametrize("who", ["ana", "ben", "eve"])
def test_nobody_hides_it_for_somebody_else(who, cy, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        hide_checklist(stay_of(cy), steps=["name"], actor=acting(request.getfixturevalue(who)))


def test_a_standard_user_has_no_list_to_hide(cy) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        hide_checklist(stay_of(cy), steps=["name"], actor=acting(cy))


def test_every_step_can_be_hidden_at_once() -> None:
    """The column holds all keys, whatever is still open."""
    keys = " ".join(checklist.open_keys(checklist.steps(BARE)))
    assert len(keys) <= Membership._meta.get_field("hidden_steps").max_length
