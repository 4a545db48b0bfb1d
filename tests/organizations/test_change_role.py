"""Changing a member's role: by whom, to what, and never the Owner's or one's own."""

import pytest
from django.urls import reverse

from accounts.models import RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant, tenant
from audit.models import AuditEvent
from organizations import stays
from organizations.models import Membership, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import stay_of
from tests.world import PASSWORD
from users.models import User


def page(user: User) -> str:
    return reverse("users:change-role", args=[user.sid])


def refused(stay: Membership, actor: Actor, role: str = Role.STANDARD) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        change_role(stay, role=role, actor=actor)  # type: ignore[arg-type]
    return violation.value.code


def not_allowed(stay: Membership, actor: Actor, role: Role = Role.STANDARD) -> str:
    with assert_no_effect(), pytest.raises(NotAllowed) as refusal:
        change_role(stay, role=role, actor=actor)
    return refusal.value.reason


def test_the_page_changes_the_role_and_says_so(sign_in, ben, cy, acme) -> None:
    client = sign_in(ben)
    response = client.post(page(cy), {"role": "administrator", "password": PASSWORD})
    assert response["Location"] == reverse("users:detail", args=[cy.sid])
    assert b"is Administrator now" in follow(client, response).content
    assert stay_of(cy).role == Role.ADMINISTRATOR
    event = AuditEvent.unscoped.get(action="user.role_changed", subject_sid=cy.sid)
    assert event.chain == acme.sid
    assert (event.details.data["before"], event.details.data["after"]) == (
        "Standard User (Account Creation)",
        "Administrator",
    )


@pytest.mark.parametrize("typed", [{}, {"password": "wrong words"}])
def test_a_borrowed_session_makes_nobody_an_administrator(typed, sign_in, ben, cy) -> None:
    client = sign_in(ben)
    assert 'name="password"' in client.get(page(cy)).content.decode()
    with assert_no_effect():
        body = client.post(page(cy), {"role": "administrator"} | typed).content
    assert b'id="id_password_error"' in body
    assert stay_of(cy).role == Role.STANDARD


def test_an_administrator_is_made_a_standard_user_without_the_password(sign_in, ana, ben) -> None:
    client = sign_in(ana)
    assert 'name="password"' not in client.get(page(ben)).content.decode()
    assert client.post(page(ben), {"role": "standard"}).status_code == 303
    assert stay_of(ben).role == Role.STANDARD


def test_roles_are_periods_and_the_old_one_ends(ana, ben) -> None:
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with every_tenant():
        first, second = RoleAssignment.objects.on_organization().filter(holder=ben).order_by("pk")
    assert (first.role, second.role) == (Role.ADMINISTRATOR, Role.STANDARD)
    assert first.ended_at
    assert second.ended_at is None
    assert (second.by, second.source) == (ana, "direct")


def test_a_demotion_holds_with_the_very_next_request(sign_in, ana, ben) -> None:
    client = sign_in(ben)
    assert client.get("/admin-center/users/").status_code == 200
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    assert client.get("/admin-center/users/").status_code == 403
    with assert_no_effect():
        form = {"email": "new@acme.example", "role": "standard"}
        assert client.post("/admin-center/users/invite/", form).status_code == 403


@pytest.mark.parametrize("role", [Role.OWNER, "", "root", "billing_manager"])
@pytest.mark.parametrize("who", ["ana", "ben"])
def test_nobody_makes_anybody_owner_or_something_unknown(role, who, cy, request) -> None:
    actor = acting(request.getfixturevalue(who))
    assert refused(stay_of(cy), actor, role) == "role_not_grantable"


def test_the_role_that_is_there_already_is_said_so(ana, cy) -> None:
    assert refused(stay_of(cy), acting(ana)) == "role_unchanged"


def test_the_owners_role_changes_by_transfer_alone(ana, ben) -> None:
    assert "ownership" in not_allowed(stay_of(ana), acting(ben))
    assert "ownership" in not_allowed(stay_of(ana), acting(ana))


def test_nobody_changes_their_own_role(ben) -> None:
    assert "your own role" in not_allowed(stay_of(ben), acting(ben))


@pytest.mark.parametrize("who", ["cy", "ida", "eve"])
def test_only_administrators_of_this_organization_may(who, ben, request) -> None:
    not_allowed(stay_of(ben), acting(request.getfixturevalue(who)))


def test_who_was_demoted_a_moment_ago_is_refused_under_the_lock(ana, ben, cy) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    not_allowed(stay_of(cy), stale, Role.ADMINISTRATOR)


def test_a_stale_row_cannot_hide_who_is_owner(ana, ben, acme) -> None:
    stale = stay_of(ana)
    stale.role = Role.STANDARD
    not_allowed(stale, acting(ben))


@pytest.fixture
def left(acme, cy) -> Membership:
    """The stay of somebody who has left, and owned no account."""
    stay = stay_of(User.objects.get(email="goro@acme.example"))
    with tenant(acme):
        stays.end_stay(stay)
    return stay


def test_a_member_who_left_has_no_role_to_change(left, ana) -> None:
    assert refused(left, acting(ana), Role.ADMINISTRATOR) == "not_a_member"


def test_the_page_of_a_member_who_left_is_gone(left, sign_in, ana) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        assert client.get(page(left.user)).status_code == 404
        assert client.post(page(left.user), {"role": "administrator"}).status_code == 404


@pytest.mark.parametrize(("who", "whom"), [("ben", "ana"), ("ben", "ben"), ("ana", "ana")])
def test_the_page_gives_the_reason_instead_of_the_form(who, whom, sign_in, request) -> None:
    client = sign_in(request.getfixturevalue(who))
    subject = request.getfixturevalue(whom)
    body = client.get(page(subject)).content.decode()
    assert "refusal__reason" in body
    assert 'type="radio"' not in body
    with assert_no_effect():
        assert client.post(page(subject), {"role": "standard"}).status_code == 403


@pytest.mark.parametrize("role", ["owner", "", "root"])
def test_the_page_refuses_other_roles_beside_the_field(role, sign_in, ana, cy) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        response = client.post(page(cy), {"role": role})
    assert b'id="id_role_error"' in response.content


def test_extra_keys_are_ignored(sign_in, ana, cy, globex) -> None:
    form = {"role": "administrator", "user": ana.pk, "organization": globex.pk, "owner": cy.pk}
    sign_in(ana).post(page(cy), form | {"is_staff": "1", "is_superuser": "1", "status": "inactive"})
    user = User.objects.get(pk=cy.pk)
    assert not user.is_staff
    assert not user.is_superuser
    assert user.is_active
