"""Inviting somebody to the organization: who may, whom, and what the page says."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import doubt, founder, member, organization_of, prove, stay_of
from tests.world import PASSWORD

PAGE = "/admin-center/users/invite/"
NEW = "new@acme.example"


def refusal_of(
    organization: Organization, actor: Actor, email: str = NEW, role: str = Role.STANDARD
) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        invite_user(organization, email=email, role=role, actor=actor)  # type: ignore[arg-type]
    assert refused.value.field in {"email", "role"}
    return refused.value.code


@pytest.mark.parametrize("role", [Role.STANDARD, Role.ADMINISTRATOR])
def test_an_administrator_invites_by_the_page(role, sign_in, ben, acme) -> None:
    form = {"email": "New@ACME.example", "role": role, "password": PASSWORD}
    response = sign_in(ben).post(PAGE, form)

    assert (response.status_code, response["Location"]) == (303, reverse("users:pending"))
    invitation = Invitation.unscoped.get(email=NEW)
    assert (invitation.organization, invitation.role) == (acme, role)
    assert (invitation.invited_by, invitation.total_sends) == (ben, 1)
    assert invitation.expires_at - invitation.created_at >= timedelta(days=7, seconds=-1)
    event = AuditEvent.unscoped.get(subject_sid=invitation.sid)
    assert (event.chain, event.action) == (acme.sid, "user.invited")


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("x@gmail.com", "domain_common"),
        ("y@other.example", "domain_not_verified"),
        ("z@acme-labs.example", "domain_not_verified"),
        ("z@globex.example", "domain_not_verified"),
        ("u@evilacme.example", "domain_not_verified"),
        ("u@acme.example.evil.example", "domain_not_verified"),
        ("u@sub.acme.example", "domain_not_verified"),
        ("u@acme.example.", "address_invalid"),
        ('"a@acme.example"@evil.example', "address_invalid"),
        ("u@acme.example@evil.example", "address_invalid"),
        ("a@acme.example, b@evil.example", "address_invalid"),
        ("a@acme.example\nBcc: b@evil.example", "address_invalid"),
        ("Mike <m@acme.example>", "address_invalid"),
        ("m\u0131ke@acme.example", "address_not_ascii"),
        ("m@\uff41cme.example", "address_invalid"),
        ("m@\u0430cme.example", "address_invalid"),
        (" ", "address_blank"),
        (f"{'x' * 64}@{'y' * 63}.{'z' * 63}.example", "address_too_long"),
        ("cy@acme.example", "already_member"),
        ("CY@Acme.Example", "already_member"),
        ("hana@acme.example", "already_invited"),
    ],
)
def test_an_address_that_cannot_be_invited_is_refused(email, code, acme, ben) -> None:
    assert refusal_of(acme, acting(ben), email) == code


def test_a_domain_in_doubt_brings_nobody_in(acme, ben) -> None:
    doubt("acme.example")
    assert refusal_of(acme, acting(ben)) == "domain_not_verified"


@pytest.mark.parametrize("role", [Role.OWNER, "", "root", "billing_manager"])
def test_a_role_that_cannot_be_granted_is_refused(role, acme, ana) -> None:
    assert refusal_of(acme, acting(ana), role=role) == "role_not_grantable"


def test_a_member_of_another_organization_is_refused_without_naming_it(acme, ana, globex) -> None:
    prove(globex, "shared.example")
    member(globex, "joe@shared.example")
    prove(acme, "shared.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        invite_user(acme, email="joe@shared.example", role=Role.STANDARD, actor=acting(ana))
    assert refused.value.code == "already_in_an_organization"
    assert "globex" not in refused.value.message.lower()
    with_tag = invite_user(
        acme, email="joe+acme@shared.example", role=Role.STANDARD, actor=acting(ana)
    )
    assert with_tag.email == "joe+acme@shared.example"


def test_the_owner_of_a_larger_organization_is_a_merge(acme, ana) -> None:
    solo = founder("solo@acme-labs.example")
    prove(organization_of(solo), "solo.example")
    prove(acme, "acme-labs.example")
    assert refusal_of(acme, acting(ana), solo.email) == "merge_needed"


def test_the_owner_of_a_small_organization_may_be_invited(acme, ana) -> None:
    solo = founder("solo@acme-labs.example")
    prove(acme, "acme-labs.example")
    assert invite_user(acme, email=solo.email, role=Role.STANDARD, actor=acting(ana)).is_open()


def test_an_expired_invitation_makes_room_for_a_new_one(acme, ana) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = invite_user(acme, email=NEW, role=Role.STANDARD, actor=acting(ana))
        traveller.shift(timedelta(days=7))
        second = invite_user(acme, email=NEW, role=Role.STANDARD, actor=acting(ana))
    first.refresh_from_db()
    assert first.revoked_at
    assert second.token() != first.token()
    events = AuditEvent.unscoped.filter(subject_sid__in=[first.sid, second.sid])
    assert list(events.order_by("sequence").values_list("subject_sid", "action", "actor_sid")) == [
        (first.sid, "user.invited", ana.sid),
        (first.sid, "user.invitation_revoked", ana.sid),
        (second.sid, "user.invited", ana.sid),
    ]


def test_an_expired_invitation_stands_where_the_new_one_is_refused(acme, ana) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        invite_user(acme, email=NEW, role=Role.STANDARD, actor=acting(ana))
        traveller.shift(timedelta(days=8))
        doubt("acme.example")
        assert refusal_of(acme, acting(ana)) == "domain_not_verified"


@pytest.mark.parametrize("who", ["cy", "ida", "eve", "sue"])
def test_only_administrators_of_this_organization_invite(who, acme, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        invite_user(acme, email=NEW, role=Role.STANDARD, actor=actor)


def test_an_invitation_needs_a_person_who_invites(acme) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        invite_user(acme, email=NEW, role=Role.STANDARD, actor=Actor.system("test"))


def test_an_administrator_who_was_demoted_a_moment_ago_is_refused(acme, ana, ben) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        invite_user(acme, email=NEW, role=Role.STANDARD, actor=stale)


def test_a_refusal_is_in_the_trail(acme, ben) -> None:
    refusal_of(acme, acting(ben), "x@gmail.com")
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert event.action == "invite_user.refused"
    assert event.details.data["code"] == "domain_common"


def test_the_page_says_why_beside_the_field_and_keeps_what_was_typed(sign_in, ben) -> None:
    form = {"email": "x@gmail.com", "role": Role.ADMINISTRATOR, "password": PASSWORD}
    client = sign_in(ben)
    with assert_no_effect():
        body = client.post(PAGE, form).content.decode()
    assert 'id="id_email_error"' in body
    assert 'value="x@gmail.com"' in body
    (checked,) = [line for line in body.splitlines() if "checked" in line]
    assert 'value="administrator"' in checked


@pytest.mark.parametrize("typed", [{}, {"password": "wrong words"}])
def test_a_borrowed_session_invites_no_administrator(typed, sign_in, ben) -> None:
    client = sign_in(ben)
    assert 'name="password"' in client.get(PAGE).content.decode()
    with assert_no_effect():
        body = client.post(PAGE, {"email": NEW, "role": Role.ADMINISTRATOR} | typed).content
    assert b'id="id_password_error"' in body
    assert f'value="{NEW}"'.encode() in body


def test_inviting_a_standard_user_needs_no_password(sign_in, ben) -> None:
    client = sign_in(ben)
    assert client.post(PAGE, {"email": NEW, "role": Role.STANDARD}).status_code == 303
    assert Invitation.unscoped.get(email=NEW).role == Role.STANDARD


def test_the_page_offers_every_role_but_owner(sign_in, ana) -> None:
    body = sign_in(ana).get(PAGE).content.decode()
    assert 'value="administrator"' in body
    assert 'value="standard"' in body
    assert 'value="owner"' not in body


@pytest.mark.parametrize("extra", ["organization", "organization_id", "status", "invited_by", "id"])
def test_extra_keys_are_ignored(extra, sign_in, ben, acme, globex, eve) -> None:
    form = {"email": NEW, "role": Role.STANDARD, extra: globex.pk, f"{extra}__pk": globex.pk}
    sign_in(ben).post(PAGE, form)
    invitation = Invitation.unscoped.get(email=NEW)
    assert (invitation.organization, invitation.invited_by) == (acme, ben)
