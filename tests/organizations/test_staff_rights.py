"""What support staff may do: the grants of their groups, read again when it counts."""

from importlib import import_module

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.operations import set_account_limit
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from organizations import policy
from organizations.models import Organization, Role
from organizations.operations import change_role, rename_organization, transfer_ownership
from organizations.policy import GRANTS, STAFF_ALONE, STAFF_GRANTS, Action, StaffGroup
from tests.pages.effects import assert_no_effect, mails_to
from tests.users.people import stay_of
from users.models import User, UserStatus
from users.operations import appoint_staff, dismiss_staff

HERE, ANYBODY = Organization(pk=1, name="Here"), User(pk=2, email="a@b.example")
OPERATOR = Actor.operator("test")


def staff(group: StaffGroup) -> Actor:
    return Actor(label="s@b.example", via="staff", user_id=7, staff=STAFF_GRANTS[group])


def appointed(user: User, group: StaffGroup) -> Actor:
    appoint_staff(user, group=group, actor=OPERATOR)
    return policy.staff_actor(user).with_reason("Ticket 1")


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("group", StaffGroup)
def test_a_group_may_do_what_it_is_granted_and_nothing_else(group, action) -> None:
    subject = ANYBODY if action is Action.USER_SUSPEND else HERE
    refused = policy.refusal(staff(group), action, subject)
    assert (refused is None) == (action in STAFF_GRANTS[group])


def test_each_group_may_do_more_than_the_one_before() -> None:
    readers, agents, leads = (STAFF_GRANTS[group] for group in StaffGroup)
    assert readers == {Action.SUPPORT_VIEW}
    assert readers < agents < leads


def test_what_belongs_to_support_is_granted_to_no_role() -> None:
    assert not any(STAFF_ALONE & granted for granted in GRANTS.values())
    assert STAFF_GRANTS[StaffGroup.LEADS] > STAFF_ALONE
    assert not any(one["words"] == policy.WORDS[Action.SUPPORT_VIEW] for one in policy.rule_book())


def test_a_refusal_names_who_may_instead() -> None:
    said = policy.refusal(staff(StaffGroup.AGENTS), Action.ORGANIZATION_TRANSFER, HERE)
    assert str(said) == "Your group may not do this; Support leads may."
    assert policy.refusal(staff(StaffGroup.LEADS), Action.DOMAIN_ADD, HERE) == policy.Refusal(
        policy.MEMBERS_ALONE
    )


def test_the_status_that_counts_is_the_one_of_users() -> None:
    assert policy._ACTIVE == UserStatus.ACTIVE


def test_the_groups_of_the_rule_book_are_made_by_migrating(sue) -> None:
    """And unmade, even while somebody is in one."""
    step = import_module("organizations.migrations.0002_staff_groups")
    assert set(step.NAMES) == set(StaffGroup)
    then = MigrationLoader(connection).project_state(("organizations", "0002_staff_groups")).apps
    step.remove_groups(then, None)
    assert not Group.objects.exists()
    step.add_groups(then, None)
    assert set(Group.objects.values_list("name", flat=True)) == set(StaffGroup)


@pytest.mark.parametrize("change", [{"is_staff": False}, {"status": "suspended"}])
def test_who_is_no_active_staff_may_nothing(change, sue) -> None:
    assert policy.staff_actor(sue).staff == STAFF_GRANTS[StaffGroup.LEADS]
    User.objects.filter(pk=sue.pk).update(**change)
    try:
        assert policy.staff_actor(sue).staff == frozenset()
    finally:
        User.objects.filter(pk=sue.pk).update(is_staff=True, status="active")


def test_a_group_of_another_name_grants_nothing(cy) -> None:
    cy.groups.add(Group.objects.create(name="Support gods"))
    User.objects.filter(pk=cy.pk).update(is_staff=True)
    assert policy.staff_actor(cy).staff == frozenset()


def test_staff_act_in_any_organization_and_the_trail_says_why(acme, globex, ida) -> None:
    actor = appointed(ida, StaffGroup.AGENTS)
    for organization in (acme, globex):
        rename_organization(organization, name="Renamed", actor=actor)
        event = AuditEvent.unscoped.filter(chain=organization.sid).latest("sequence")
        assert (event.action, event.via) == ("organization.renamed", "staff")
        assert event.details.data["stated_reason"] == "Ticket 1"
        assert event.details.data["actor"] == ida.email


def test_who_gave_no_reason_leaves_none(acme, ana) -> None:
    rename_organization(acme, name="Renamed", actor=policy.actor_for(ana))
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert "stated_reason" not in newest.details.data


@pytest.mark.parametrize("how", ["another group", "no group", "dismissed", "suspended"])
def test_whose_rights_were_taken_a_moment_ago_is_refused(how, acme, ida) -> None:
    actor = appointed(ida, StaffGroup.AGENTS)
    if how == "another group":
        appoint_staff(ida, group=StaffGroup.READERS, actor=OPERATOR)
    elif how == "no group":
        ida.groups.clear()
    elif how == "dismissed":
        dismiss_staff(ida, actor=OPERATOR)
    else:
        ida.status = UserStatus.SUSPENDED
        ida.save()
        stay = stay_of(ida)
        stay.status = UserStatus.SUSPENDED
        stay.save()
    with assert_no_effect(), pytest.raises(NotAllowed):
        rename_organization(acme, name="Renamed", actor=actor)


def test_staff_hand_over_and_both_are_mailed(acme, ana, cy, sue, deliver) -> None:
    transfer_ownership(acme, to=cy.email, actor=policy.staff_actor(sue).with_reason("Ticket 1"))
    assert (stay_of(cy).role, stay_of(ana).role) == (Role.OWNER, Role.ADMINISTRATOR)
    mails = deliver()
    assert mails_to(cy.email, mails)
    assert mails_to(ana.email, mails)


@pytest.mark.parametrize("to", ["eve@globex.example", "ida@freelance.example"])
def test_staff_who_see_everything_give_an_organization_to_no_stranger(to, acme, sue) -> None:
    with every_tenant(), assert_no_effect(), pytest.raises(RuleViolation) as refused:
        transfer_ownership(acme, to=to, actor=policy.staff_actor(sue).with_reason("Ticket 1"))
    assert refused.value.code == "owner_not_managed"


def test_staff_do_not_do_what_members_do(acme, cy, sue) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        change_role(stay_of(cy), role=Role.ADMINISTRATOR, actor=policy.staff_actor(sue))


def test_staff_govern_no_organization_that_they_belong_to(acme, cy, ben) -> None:
    """Else a Standard User could be given the ownership by a group of support."""
    lead = appointed(cy, StaffGroup.LEADS)
    with assert_no_effect():
        with pytest.raises(NotAllowed, match="your own organization"):
            transfer_ownership(acme, to=cy.email, actor=lead)
        with pytest.raises(NotAllowed, match="your own organization"):
            set_account_limit(acme, limit=1000, actor=lead)
    assert policy.refusal(lead, Action.SUPPORT_VIEW, acme) is None


def test_staff_say_why(globex, sue) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed, match="say why"):
        set_account_limit(globex, limit=20, actor=policy.staff_actor(sue))


def test_nobody_without_a_login_is_taken_for_a_member(acme) -> None:
    forged = Actor(label="x", via="page", organization_id=acme.pk, role=Role.OWNER)
    with assert_no_effect(), pytest.raises(NotAllowed):
        rename_organization(acme, name="Mine", actor=forged)
