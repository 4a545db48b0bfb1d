"""Asking everybody in an organization for a second factor: the plan, and what is done."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.plans import Plan, Weight
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from audit.presenters import line
from organizations.models import Membership, Organization, SecondFactor
from organizations.policy import StaffGroup
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import member, session_of
from tests.users.phones import with_phone
from tests.world import PASSWORD
from users import second_factor_plan
from users.models import Session, User
from users.operations import appoint_staff, require_second_factor_of_all

DISABLED, ONCE, EVERY = SecondFactor
PAGE = "/admin-center/settings/second-factor/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> None:
    settings.TEXT_MESSAGES = {"folder": tmp_path / "sms"}


def plan_of(organization: Organization, level: SecondFactor) -> Plan:
    organization.refresh_from_db()
    with tenant(organization):
        return second_factor_plan.plan(organization, level)


def texts(organization: Organization, level: SecondFactor) -> dict[str, str]:
    return {effect.key: effect.text for effect in plan_of(organization, level).effects}


def ask(organization: Organization, by: User, level: SecondFactor = EVERY, **more: Any):
    more = {"digest": plan_of(organization, level).digest} | more
    return require_second_factor_of_all(organization, level=level, actor=acting(by), **more)


def confirm(client: Client, level: str, **typed: str) -> HttpResponse:
    body = client.get(f"{PAGE}{level}/").content.decode()
    boxes = set(re.findall(r'type="checkbox" name="(\w+)"', body)) - {"end_sessions"}
    token = re.search(r'name="plan" value="([^"]+)"', body)
    assert token
    return client.post(f"{PAGE}{level}/", {"plan": token[1]} | dict.fromkeys(boxes, "on") | typed)


def number(organization: Organization) -> int:
    return Membership.unscoped.open().filter(organization=organization).count()


# The plan


def test_the_plan_says_how_many_must_set_one_up(acme, cy, work) -> None:
    with_phone(cy, work)
    everybody = number(acme)
    told = texts(acme, EVERY)
    assert told["level"].startswith("Every log-in instead of Disabled.")
    assert told["without"].startswith(f"{everybody - 1} people have no second factor.")
    assert told["having"].startswith("1 person has one, which is asked for at every log-in")
    by_key = {effect.key: effect for effect in plan_of(acme, ONCE).effects}
    assert by_key["without"].weight == Weight.LOSES
    assert by_key["having"].weight == Weight.SURVIVES
    assert (by_key["without"].count, by_key["having"].count) == (everybody - 1, 1)


def test_nobody_loses_anything_when_it_is_asked_no_more(acme, ana) -> None:
    ask(acme, ana)
    assert not plan_of(acme, DISABLED).by_weight(Weight.LOSES)


def test_what_is_in_force_already_is_in_the_way(acme, ana) -> None:
    assert plan_of(acme, DISABLED).blockers
    with pytest.raises(RuleViolation) as refused:
        ask(acme, ana, DISABLED)
    assert refused.value.code == "plan_blocked"


def test_what_has_moved_meanwhile_is_read_again(acme, ana, cy, work) -> None:
    before = plan_of(acme, EVERY).digest
    with_phone(cy, work)
    with pytest.raises(RuleViolation) as refused:
        ask(acme, ana, digest=before)
    assert refused.value.code == "plan_outdated"
    acme.refresh_from_db()
    assert acme.second_factor == DISABLED


def test_the_numbers_cost_the_same_for_any_number_of_people(acme, count_queries) -> None:
    assert count_queries(lambda: plan_of(acme, EVERY)) == 2  # the organization, and a count


# What is done


def test_what_is_confirmed_is_done_and_recorded(acme, ana) -> None:
    ask(acme, ana)
    acme.refresh_from_db()
    assert acme.second_factor == EVERY
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert newest.action == "organization.second_factor_required"
    assert "from Disabled to Every log-in (sessions ended: 0)" in line(newest)


def test_sessions_stay_unless_they_are_to_end(acme, ana, ben) -> None:
    session_of(ben)
    ask(acme, ana)
    assert Session.objects.filter(user=ben).exists()


def test_sessions_of_those_without_one_end_where_that_was_chosen(
    acme, ana, ben, cy, eve, work
) -> None:
    with_phone(cy, work)
    for user in (ana, ben, cy, eve):
        session_of(user)
    ask(acme, ana, end_sessions=True)
    left = {user.email for user in (ana, ben, cy, eve) if Session.objects.filter(user=user)}
    assert left == {ana.email, cy.email, eve.email}  # who acts stays, and so does who has one
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert "sessions ended: 1" in line(newest)


def test_an_administrator_logs_out_neither_the_owner_nor_support(acme, ana, ben, cy) -> None:
    supporter, other = member(acme, "support@acme.example"), member(acme, "kim@acme.example")
    appoint_staff(supporter, group=StaffGroup.READERS, actor=Actor.operator("test"))
    for user in (ana, ben, cy, supporter, other):
        session_of(user)
    ask(acme, ben, end_sessions=True)
    left = {user for user in (ana, ben, cy, supporter, other) if Session.objects.filter(user=user)}
    assert left == {ana, ben, supporter}
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert "sessions ended: 2" in line(newest)


def test_the_owner_is_logged_in_after_an_administrator_ticked_the_box(
    acme, ana, ben, cy, sign_in
) -> None:
    admin, owner, other = sign_in(ben), sign_in(ana, second_factor=""), sign_in(cy)
    page = admin.get(f"{PAGE}every-log-in/").content.decode()
    assert "You, the Owner and support staff stay logged in either way." in page
    confirm(admin, "every-log-in", password=PASSWORD, end_sessions="on")
    assert owner.get("/console/")["Location"].startswith("/second-factor/")
    assert other.get("/console/")["Location"].startswith("/login/")


def test_whoever_may_log_out_costs_the_same_for_one_and_for_many(acme, ben, count_queries) -> None:
    def cost(level: SecondFactor, number: int) -> int:
        for place in range(number):
            session_of(member(acme, f"kim{level}{place}@acme.example"))
        digest = plan_of(acme, level).digest
        return count_queries(lambda: ask(acme, ben, level, end_sessions=True, digest=digest))

    assert cost(EVERY, 1) == cost(ONCE, 6)


@pytest.mark.parametrize("who", ["cy", "eve"])
def test_only_administrators_ask_everybody(who, acme, request) -> None:
    by = request.getfixturevalue(who)
    with assert_no_effect(), pytest.raises(NotAllowed):
        ask(acme, by)


# The pages


def test_settings_lead_to_the_levels(acme, ben, sign_in) -> None:
    client = sign_in(ben)
    assert f'href="{PAGE}"' in client.get("/admin-center/settings/").content.decode()
    body = client.get(PAGE).content.decode()
    everybody = number(acme)
    assert f"{everybody} of {everybody} managed users have no second factor" in body
    assert body.count("In force") == 1
    for level in ("once-per-computer", "every-log-in"):
        assert f'href="{PAGE}{level}/"' in body


def test_an_administrator_without_one_is_warned_before(acme, ben, work, sign_in) -> None:
    client = sign_in(ben)
    body = client.get(f"{PAGE}every-log-in/").content.decode()
    assert "You have no second factor yourself" in body
    assert 'name="own_factor"' in body
    assert "You have no second factor" not in client.get(f"{PAGE}disabled/").content.decode()
    with_phone(ben, work)
    body = client.get(f"{PAGE}every-log-in/").content.decode()
    assert "You have no second factor" not in body
    assert 'name="own_factor"' not in body


def test_what_the_page_confirms_holds_at_the_next_request(acme, ben, cy, sign_in) -> None:
    admin, other = sign_in(ben), sign_in(cy, second_factor="")
    answer = confirm(admin, "every-log-in", password=PASSWORD)
    assert "is Every log-in now" in follow(admin, answer).content.decode()
    assert other.get("/console/")["Location"].startswith("/second-factor/?next=")
    assert Session.objects.filter(user=cy).exists()


def test_the_box_ends_the_sessions_of_those_without_one(acme, ben, cy, sign_in) -> None:
    admin, other = sign_in(ben), sign_in(cy, second_factor="")
    confirm(admin, "once-per-computer", password=PASSWORD, end_sessions="on")
    assert other.get("/console/")["Location"].startswith("/login/")
    assert admin.get("/console/").status_code == 200


@pytest.mark.parametrize(
    ("before", "level", "variant"),
    [
        (DISABLED, "once-per-computer", "primary"),
        (ONCE, "every-log-in", "primary"),
        (EVERY, "once-per-computer", "danger"),
        (ONCE, "disabled", "danger"),
    ],
)
def test_only_asking_for_less_is_red(before, level, variant, acme, ben, sign_in) -> None:
    client = sign_in(ben)
    Organization.objects.filter(pk=acme.pk).update(second_factor=before)
    body = client.get(f"{PAGE}{level}/").content.decode()
    assert re.findall(r'<button class="button button--(primary|danger)"', body) == [variant]


def test_switching_it_off_offers_to_end_no_sessions(acme, ben, sign_in) -> None:
    Organization.objects.filter(pk=acme.pk).update(second_factor=EVERY)
    client = sign_in(ben)
    assert "end_sessions" not in client.get(f"{PAGE}disabled/").content.decode()
    confirm(client, "disabled", password=PASSWORD)
    acme.refresh_from_db()
    assert acme.second_factor == DISABLED


def test_it_asks_for_the_password(acme, ben, sign_in) -> None:
    client = sign_in(ben)
    for typed in ({}, {"password": "wrong words"}):
        with assert_no_effect():
            assert confirm(client, "every-log-in", **typed).status_code == 200


def test_an_unknown_level_is_no_page(ben, sign_in) -> None:
    client = sign_in(ben)
    for level in ("sometimes", "every_log_in", "Disabled"):
        assert client.get(f"{PAGE}{level}/").status_code == 404
