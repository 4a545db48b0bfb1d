"""A refusal is in the trail of who was refused, once, whoever has refused: page or operation."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import Settings

from adminctr.core import clock
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation
from organizations.models import Organization
from organizations.policy import WORDS, Action
from tests.pages.effects import assert_no_effect, follow
from users.models import User

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]
INVITE = "/admin-center/users/invite/"


@pytest.fixture
def noted() -> Callable[[], list[tuple[str, str, dict[str, str]]]]:
    """What has been recorded since the test began: chain, action and details."""
    before = AuditEvent.unscoped.order_by("pk").values_list("pk", flat=True).last() or 0

    def read() -> list[tuple[str, str, dict[str, str]]]:
        events = AuditEvent.unscoped.filter(pk__gt=before).exclude(action="user.logged_in")
        rows = events.select_related("details").order_by("pk")
        return [(event.chain, event.action, event.details.data) for event in rows]

    return read


def role_page(user: User) -> str:
    return reverse("users:change-role", args=[user.sid])


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_page_that_refuses_says_it_once_by_its_action(
    method: str, noted: Callable, sign_in: SignIn, cy: User, acme: Organization
) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        response = getattr(client, method)(INVITE, {"email": "new@acme.example"})
    assert response.status_code == 403
    ((chain, action, told),) = noted()
    assert (chain, action) == (acme.sid, "user:invite.refused")
    assert escape(told["reason"]) in response.content.decode()
    assert told["actor"] == cy.email
    assert told["ip"] == "127.0.0.1"
    assert "code" not in told


def test_an_unknown_object_is_noted_once(
    noted: Callable, sign_in: SignIn, ana: User, acme: Organization
) -> None:
    url = reverse("accounts:detail", args=[make_sid("AC")])
    assert sign_in(ana).get(url).status_code == 404
    ((chain, action, told),) = noted()
    assert (chain, action) == (acme.sid, "account:view.refused")
    assert told["reason"] == "No such object in this organization."


def test_a_rule_that_a_form_meets_is_noted_once_by_its_operation(
    noted: Callable, sign_in: SignIn, ana: User, acme: Organization
) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        response = client.post(INVITE, {"email": "x@other.example", "role": "standard"})
    assert b"id_email_error" in response.content
    ((chain, action, told),) = noted()
    assert (chain, action) == (acme.sid, "invite_user.refused")
    assert told["code"] == "domain_not_verified"


def test_a_rule_that_a_button_meets_is_noted_once_by_its_operation(
    noted: Callable, sign_in: SignIn, ana: User, acme: Organization
) -> None:
    with tenant(acme):
        invitation = Invitation.objects.pending()[0]
        # However long ago the world was made.
        Invitation.objects.filter(pk=invitation.pk).update(last_sent_at=clock.now())
    client = sign_in(ana)
    with assert_no_effect():
        client.post(reverse("users:pending-resend", args=[invitation.sid]))
    ((chain, action, told),) = noted()
    assert (chain, action) == (acme.sid, "resend_invitation.refused")
    assert told["code"] == "resend_throttle"


@pytest.mark.parametrize("whom", ["ana", "ben"])
def test_an_operation_that_does_not_allow_it_is_not_noted_again_by_its_page(
    whom: str,
    noted: Callable,
    sign_in: SignIn,
    ben: User,
    acme: Organization,
    request: pytest.FixtureRequest,
) -> None:
    client = sign_in(ben)
    with assert_no_effect():
        url = role_page(request.getfixturevalue(whom))
        response = client.post(url, {"role": "standard"})
    assert response.status_code == 403
    ((chain, action, told),) = noted()
    assert (chain, action) == (acme.sid, "change_role.refused")
    assert escape(told["reason"]) in response.content.decode()


def test_a_button_of_another_page_is_noted_once_too(
    noted: Callable, sign_in: SignIn, ana: User, acme: Organization, settings: Settings
) -> None:
    settings.INVITATION_RESEND_PAUSE = timedelta(days=1)
    invitation = Invitation.unscoped.pending().filter(organization=acme)[0]
    client = sign_in(ana)
    with assert_no_effect():
        url = reverse("users:pending-resend", args=[invitation.sid])
        page = follow(client, client.post(url))
    assert b"sent a moment ago" in page.content
    ((_, action, told),) = noted()
    assert (action, told["code"]) == ("resend_invitation.refused", "resend_throttle")


@pytest.mark.parametrize("form", [{}, {"email": "no address", "role": "standard"}])
def test_what_a_form_itself_sees_is_no_event(
    form: dict[str, str], noted: Callable, sign_in: SignIn, ana: User
) -> None:
    assert b"There is a problem" in sign_in(ana).post(INVITE, form).content
    assert noted() == []


def test_looking_at_what_one_may_see_is_no_event(
    noted: Callable, sign_in: SignIn, ana: User, cy: User
) -> None:
    assert sign_in(ana).get(role_page(cy)).status_code == 200
    assert noted() == []


def test_the_activity_says_a_refused_page_in_words(
    noted: Callable, sign_in: SignIn, ana: User, cy: User
) -> None:
    sign_in(cy).get(INVITE)
    page = sign_in(ana).get(reverse("audit:list")).content.decode()
    words = WORDS[Action.USER_INVITE]
    assert f"tried to {words[0].lower()}{words[1:]} and was refused:" in page
    assert "user:invite" not in page
