"""Support suspends a login and lifts it again; whoever is in is out at once."""

import pytest
from allauth.account.models import EmailAddress

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from organizations import policy, stays
from organizations.policy import Action, StaffGroup
from tests.pages.effects import assert_no_effect, browser
from tests.users.people import member, stay_of
from tests.world import PASSWORD
from users.models import Session, User, UserStatus
from users.operations import (
    appoint_staff,
    dismiss_staff,
    lift_suspension,
    suspend_login,
)
from users.sign_in import PasswordBackend


@pytest.fixture
def lead(sue: User) -> Actor:
    return policy.staff_actor(sue).with_reason("Stolen password")


@pytest.mark.parametrize("name", ["cy", "ana"])
def test_a_suspended_login_is_out_at_once_and_stays_out(name, lead, sign_in, request) -> None:
    user = request.getfixturevalue(name)
    client = sign_in(user)
    assert client.get("/console/").status_code == 200
    suspend_login(user, actor=lead)
    assert client.get("/console/")["Location"] == "/login/?next=/console/"
    assert stay_of(user).status == UserStatus.SUSPENDED
    refused = browser().post("/login/", {"login": user.email, "password": PASSWORD})
    assert refused["Location"] == "/inactive/"

    lift_suspension(user, actor=lead)
    assert stay_of(user).status == UserStatus.ACTIVE
    entered = browser().post("/login/", {"login": user.email, "password": PASSWORD})
    assert entered["Location"] == "/console/"


def test_whoever_is_not_let_in_is_shown_where_to_go(db) -> None:
    body = browser().get("/inactive/").content.decode()
    assert '<a href="/login/">' in body
    assert '<a href="/">To the start page</a>' in body


def test_both_stand_in_the_trail_of_the_organization(lead, cy, acme) -> None:
    suspend_login(cy, actor=lead)
    lift_suspension(cy, actor=lead)
    newest = AuditEvent.unscoped.filter(chain=acme.sid).order_by("-sequence")[:2]
    assert [event.action for event in newest] == ["user.suspension_lifted", "user.suspended"]
    assert {event.subject_sid for event in newest} == {cy.sid}
    assert {event.details.data["stated_reason"] for event in newest} == {"Stolen password"}


def test_lifting_a_suspension_brings_no_session_back(lead, cy, sign_in) -> None:
    before = sign_in(cy)
    suspend_login(cy, actor=lead)
    lift_suspension(cy, actor=lead)
    assert before.get("/console/").status_code == 302
    assert not Session.objects.filter(user=cy).exists()
    assert sign_in(User.objects.get(pk=cy.pk)).get("/console/").status_code == 200


def test_who_has_no_organization_can_be_suspended_too(lead, db) -> None:
    loner = User.objects.create(email="loner@nowhere.example")
    EmailAddress.objects.create(user=loner, email=loner.email, verified=True, primary=True)
    assert suspend_login(loner, actor=lead).status == UserStatus.SUSPENDED
    newest = AuditEvent.unscoped.filter(chain="system").latest("sequence")
    assert newest.action == "user.suspended"


def test_a_suspended_login_is_not_suspended_again(lead, cy) -> None:
    suspend_login(cy, actor=lead)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        suspend_login(cy, actor=lead)
    assert refused.value.code == "login_not_active"


def test_a_login_that_is_not_suspended_is_not_lifted(lead, cy) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        lift_suspension(cy, actor=lead)
    assert refused.value.code == "login_not_suspended"


def test_a_deactivated_login_is_neither_suspended_nor_lifted(lead, cy) -> None:
    User.objects.filter(pk=cy.pk).update(status=UserStatus.INACTIVE)
    stay = stay_of(cy)
    stay.status = UserStatus.INACTIVE
    stay.save()
    for operation in (suspend_login, lift_suspension):
        with assert_no_effect(), pytest.raises(RuleViolation):
            operation(cy, actor=lead)


@pytest.mark.parametrize("name", ["ana", "ben"])
@pytest.mark.parametrize("operation", [suspend_login, lift_suspension])
def test_support_suspends_nobody_of_the_own_organization(operation, name, cy, request) -> None:
    appoint_staff(cy, group=StaffGroup.LEADS, actor=Actor.operator("test"))
    colleague = policy.staff_actor(cy).with_reason("A quarrel")
    with assert_no_effect(), pytest.raises(NotAllowed, match="your own organization"):
        operation(request.getfixturevalue(name), actor=colleague)


def test_who_has_left_the_own_organization_is_suspended_like_anybody(acme, cy) -> None:
    appoint_staff(cy, group=StaffGroup.LEADS, actor=Actor.operator("test"))
    former, colleague = member(acme, "kim@acme.example"), policy.staff_actor(cy)
    assert policy.refusal(colleague, Action.USER_SUSPEND, former)
    with tenant(acme):
        stays.end_stay(stay_of(former))
    assert policy.refusal(colleague, Action.USER_SUSPEND, former) is None


def test_nobody_suspends_themselves(lead, sue) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed, match="your own login"):
        suspend_login(sue, actor=lead)


def test_staff_do_not_suspend_each_other(lead, ida) -> None:
    appoint_staff(ida, group=StaffGroup.READERS, actor=Actor.operator("test"))
    with assert_no_effect(), pytest.raises(NotAllowed):
        suspend_login(User.objects.get(pk=ida.pk), actor=lead)
    with assert_no_effect(), pytest.raises(NotAllowed):
        suspend_login(ida, actor=lead)  # read before the appointment


@pytest.mark.parametrize("name", ["ana", "ben"])
def test_members_suspend_nobody(name, cy, request) -> None:
    actor = policy.actor_for(request.getfixturevalue(name))
    with assert_no_effect(), pytest.raises(NotAllowed, match="Only support staff"):
        suspend_login(cy, actor=actor)


@pytest.mark.parametrize("group", [StaffGroup.READERS, StaffGroup.AGENTS])
def test_other_groups_suspend_nobody(group, cy, ida) -> None:
    appoint_staff(ida, group=group, actor=Actor.operator("test"))
    with assert_no_effect(), pytest.raises(NotAllowed):
        suspend_login(cy, actor=policy.staff_actor(ida))


def test_who_was_dismissed_a_moment_ago_suspends_nobody(lead, cy, sue) -> None:
    dismiss_staff(sue, actor=Actor.operator("test"))
    with assert_no_effect(), pytest.raises(NotAllowed):
        suspend_login(cy, actor=lead)


def test_who_was_suspended_meanwhile_is_told_and_has_no_session(lead, cy, monkeypatch) -> None:
    look = PasswordBackend._check_password

    def slow(self, user, password):
        found = look(self, user, password)
        if user:
            suspend_login(user, actor=lead)
        return found

    monkeypatch.setattr(PasswordBackend, "_check_password", slow)
    response = browser().post("/login/", {"login": cy.email, "password": PASSWORD})
    assert response["Location"] == "/inactive/"
    assert not Session.objects.filter(user=cy).exists()
    newest = AuditEvent.unscoped.filter(actor_sid=cy.sid).latest("pk")
    assert newest.action == "user.log_in_refused"
