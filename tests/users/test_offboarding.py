"""Removing and deleting somebody: what the plan says, that this happens, and what is left."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.plans import DONE_HEADINGS, Plan, Weight
from adminctr.core.tenancy import tenant
from adminctr.web.plans import page_of, show
from audit.models import AuditEvent
from bulk.models import BulkRun
from invitations.batch_models import Phase
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations.models import DomainSetting, Membership, Organization, Role, SavedView
from organizations.operations import change_role
from tests.accounts.made import (
    below,
    code_of,
    give,
    leave_room,
    offered,
    opened,
    outsider,
    roles_on,
)
from tests.conftest import acting
from tests.invitations import tables
from tests.pages.effects import mails_to
from tests.users.people import choose, member, newcomer, organization_of, pending_sign_up, stay_of
from tests.world import PASSWORD
from users import jobs, offboarding
from users.models import DELETED_DOMAIN, Expectation, Offboarding, Session, User, UserStatus, WayOut
from users.offboarding import Choices
from users.operations import (
    cancel_offboarding,
    deactivate_user,
    offboard_user,
    remove_user,
    schedule_offboarding,
    sign_up,
)

DAY = timedelta(days=1)


@pytest.fixture
def hers(acme, cy) -> Account:
    """An account that Cy owns, with a subaccount, and somebody else on it."""
    leave_room(acme, 5)
    account = opened(cy, "Hers")
    below(account, "Hers below")
    outsider(account, "out@elsewhere.example")
    return account


NOTHING = Choices()


def plan_of(user: User, how: WayOut, choices: Choices = NOTHING) -> Plan:
    stay = stay_of(user)
    with tenant(stay.organization):
        return offboarding.plan(stay, how, choices)


def say(user: User, how: WayOut, choices: Choices, by: User, **more) -> Offboarding:
    stay = stay_of(user)
    digest = plan_of(user, how, choices).digest
    return offboard_user(stay, how=how, choices=choices, digest=digest, actor=acting(by), **more)


def planned(user: User, how: WayOut, choices: Choices, by: User) -> Offboarding:
    digest = plan_of(user, how, choices).digest
    return schedule_offboarding(
        stay_of(user),
        how=how,
        choices=choices,
        due_at=clock.now() + DAY,
        digest=digest,
        actor=acting(by),
    )


def fresh(told: Offboarding) -> Offboarding:
    return Offboarding.unscoped.select_related("user", "by").get(pk=told.pk)


def events(organization: Organization, action: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(chain=organization.sid, action=action))


def blocked(user: User, how: WayOut, choices: Choices = NOTHING) -> list[str]:
    return [effect.key for effect in plan_of(user, how, choices).blockers]


def texts_of(plan: Plan, weight: Weight) -> list[str]:
    return [effect.text for effect in plan.by_weight(weight)]


# Removing


def test_nobody_with_accounts_leaves_without_a_new_owner(acme, ben, cy, hers) -> None:
    assert blocked(cy, WayOut.REMOVE) == ["owner_missing"]
    plan = plan_of(cy, WayOut.REMOVE)
    refused = code_of(
        lambda: offboard_user(
            stay_of(cy),
            how=WayOut.REMOVE,
            choices=Choices(),
            digest=plan.digest,
            actor=acting(ben),
        )
    )
    assert refused == "plan_blocked"


def test_their_accounts_stay_with_the_new_owner(acme, ben, cy, hers) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    hers.refresh_from_db()
    assert (hers.organization, hers.owner) == (acme, ben)
    assert roles_on(hers, cy) == set()
    assert roles_on(hers, ben) == {AccountRole.OWNER}
    assert not Membership.unscoped.open().filter(user=cy).exists()
    assert not RoleAssignment.unscoped.open().filter(holder=cy, organization=acme).exists()
    assert not Session.objects.filter(user=cy).exists()
    assert len(events(acme, "user.removed")) == 1


def test_with_themselves_as_owner_their_account_leaves_with_them(acme, ben, cy, hers) -> None:
    acme.refresh_from_db()
    former = (acme.managed_accounts, acme.managed_users)
    other = User.objects.get(email="out@elsewhere.example")
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid, owners={hers.sid: cy.sid}), ben)
    home = organization_of(cy)
    assert home != acme
    assert home.owner == cy
    family = Account.unscoped.filter(name__startswith="Hers")
    assert set(family.values_list("organization", flat=True)) == {home.pk}
    assert roles_on(hers, cy) == {AccountRole.OWNER}
    assert roles_on(hers, other) == {AccountRole.DEVELOPER}
    acme.refresh_from_db()
    assert (acme.managed_accounts, acme.managed_users) == (former[0] - 1, former[1] - 1)
    assert (home.managed_accounts, home.managed_users) == (1, 1)
    assert [len(events(one, "account.taken_along")) for one in (acme, home)] == [1, 1]


def test_whoever_keeps_many_accounts_has_room_for_them(acme, ben, cy, settings) -> None:
    settings.ACCOUNTS_PER_ORGANIZATION = 1
    leave_room(acme, 3)
    for number in range(3):
        opened(cy, f"Kept {number}")
    kept = Account.unscoped.managed().filter(owner=cy).values_list("sid", flat=True)
    owners = dict.fromkeys(kept, cy.sid)
    say(cy, WayOut.REMOVE, Choices(owners=owners), ben)
    home = organization_of(cy)
    assert home.account_limit == len(owners) == home.managed_accounts


def test_an_invitation_to_an_account_that_leaves_stops_working(acme, ben, cy, hers) -> None:
    waiting = offered(hers, "late@elsewhere.example")
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid, owners={hers.sid: cy.sid}), ben)
    waiting.refresh_from_db()
    assert waiting.revoked_at


def test_roles_on_accounts_of_others_stay(acme, globex, ben, cy, eve) -> None:
    account = opened(eve, "Theirs")
    RoleAssignment.begin(cy, role=AccountRole.SUPPORT, home=acme, source="direct", account=account)
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    held = RoleAssignment.unscoped.open().get(holder=cy)
    assert (held.account, held.holder_organization) == (account, None)


def test_whoever_has_left_can_be_invited_again(acme, ana, ben, cy) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    assert invite_user(acme, email=cy.email, role=Role.STANDARD, actor=acting(ana)).pk


def test_invitations_go_on_under_the_name_of_who_removes_their_sender(acme, ana, ben) -> None:
    waiting = Invitation.unscoped.filter(invited_by=ben).open()
    number = waiting.count()
    assert number
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    assert not Invitation.unscoped.open().filter(invited_by=ben).exists()
    assert Invitation.unscoped.open().filter(invited_by=ana).count() >= number


def test_invitations_of_who_is_removed_can_end_with_them(acme, ana, ben) -> None:
    pending = acme.pending_users
    mine = Invitation.unscoped.open().pending().filter(invited_by=ben).count()
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid, keeps_invitations=False), ana)
    acme.refresh_from_db()
    assert acme.pending_users == pending - mine
    assert not Invitation.unscoped.open().filter(invited_by=ben).exists()


@pytest.mark.parametrize("keeps", [True, False])
def test_shared_views_stay_or_are_forgotten(acme, ana, ben, keeps) -> None:
    for name, is_shared in (("Shared", True), ("Own", False), ("Both", True)):
        SavedView.unscoped.create(
            organization=acme, listed="users:list", name=name, by=ben, is_shared=is_shared
        )
    SavedView.unscoped.create(organization=acme, listed="users:list", name="Both", by=ana)
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid, keeps_views=keeps), ana)
    left = SavedView.unscoped.filter(organization=acme).values_list("name", "by__email")
    came = {("Shared", ana.email), ("Both (2)", ana.email)}
    assert set(left) == {("Both", ana.email)} | (came if keeps else set())


def test_a_new_owner_who_is_to_leave_too_is_named_as_such(acme, ana, ben, cy, hers) -> None:
    planned(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    day = f"{clock.now() + DAY:%-d %b %Y}"
    given = texts_of(plan_of(cy, WayOut.REMOVE, Choices(owner=ben.sid)), Weight.CHANGES)
    assert (
        f"2 accounts go to {ben.get_full_name()} ({ben.email}), who is to leave on {day}." in given
    )


def test_a_departure_stops_where_the_new_owner_leaves_first(
    acme, ana, ben, cy, hers, deliver
) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owners={hers.sid: ben.sid}, owner=ana.sid), ana)
    apart = planned(member(acme, "zoe@acme.example"), WayOut.REMOVE, Choices(owner=ana.sid), ana)
    [sentence] = [
        text
        for text in texts_of(plan_of(ben, WayOut.REMOVE), Weight.CHANGES)
        if "departure" in text
    ]
    assert sentence.startswith("1 planned departure cannot happen until somebody else is chosen")
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid), by=ana)
    assert (
        fresh(told).obstacle
        == "Somebody who was to get accounts has left. Choose another new owner."
    )
    assert fresh(apart).obstacle == ""
    assert [event.subject_sid for event in events(acme, "user.offboarding_stopped")] == [cy.sid]
    assert any("has not left" in mail.subject for mail in mails_to(ana.email, deliver()))


def test_nobody_leaves_while_what_they_started_is_being_done(acme, ana, ben, cy) -> None:
    BulkRun.unscoped.create(organization=acme, action="suspend", digest="x", by=ben, total=1)
    assert "under_way" in blocked(ben, WayOut.REMOVE, Choices(owner=ana.sid))


@pytest.mark.parametrize(
    ("to", "code"),
    [("ida@freelance.example", "owner_unfit_"), ("emil@acme.example", "owner_unfit_")],
)
def test_nobody_unfit_gets_an_account(acme, ben, cy, hers, to, code) -> None:
    user = User.objects.get(email=to)
    if to.endswith("acme.example"):
        deactivate_user(stay_of(user), actor=acting(ben))
    assert blocked(cy, WayOut.REMOVE, Choices(owner=user.sid)) == [f"{code}{user.sid}"]


def test_an_account_that_came_since_the_plan_is_not_passed_over(acme, ben, cy, hers) -> None:
    choices = Choices(owner=ben.sid)
    digest = plan_of(cy, WayOut.REMOVE, choices).digest
    opened(cy, "Just now")
    refused = code_of(
        lambda: offboard_user(
            stay_of(cy), how=WayOut.REMOVE, choices=choices, digest=digest, actor=acting(ben)
        )
    )
    assert refused == "plan_outdated"


def test_the_sheet_says_what_became_of_everything(acme, ben, cy, hers) -> None:
    told = fresh(say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben, reason="Left the company"))
    said = {effect["text"] for effect in told.sheet}
    assert f"2 accounts were given to {ben.sid}." in said  # named where it is shown
    assert [hers.sid, "Hers", ""] in [thing for one in told.sheet for thing in one["things"]]
    assert (told.reason, told.by, told.done_at is not None) == ("Left the company", ben, True)


@pytest.mark.parametrize("how", WayOut)
def test_the_sheet_tells_what_is_over_in_the_past(acme, ana, ben, eve, how) -> None:
    opened(ben, "Given")
    kept = opened(ben, "Kept")
    for account in (opened(ana, "Hers"), opened(eve, "Theirs")):
        RoleAssignment.begin(
            ben, role=AccountRole.SUPPORT, home=acme, source="direct", account=account
        )
    SavedView.unscoped.create(
        organization=acme, listed="users:list", name="Shared", by=ben, is_shared=True
    )
    Expectation.unscoped.create(
        organization=acme, email="a@acme.example", way_in="sign_up", outcome="refused", by=ben
    )
    owners = {kept.sid: ben.sid} if how is WayOut.REMOVE else {}
    choices = Choices(owner=ana.sid, owners=owners)
    effects = {effect.key: effect for effect in plan_of(ben, how, choices).effects}
    sheet = {one["text"]: one["heading"] for one in say(ben, how, choices, ana).sheet}
    assert {f"accounts_given_{ana.sid}", "invitations", "views", "expectations"} <= set(effects)
    for effect in effects.values():
        if effect.weight in {Weight.LOSES, Weight.CHANGES}:
            assert effect.text not in sheet
    for said in (
        "They lost their membership in this organization.",
        "They were logged out everywhere.",
        "1 expectation of theirs: since then under the name of the person who confirmed this.",
    ):
        assert said in sheet
    assert set(sheet.values()) <= set(DONE_HEADINGS.values())


def test_work_goes_on_under_the_name_of_whoever_reads_the_plan(acme, ana, ben) -> None:
    plan = plan_of(ben, WayOut.REMOVE, Choices(owner=ana.sid))
    figures = {figure["words"] for figure in show(plan, page_of)["figures"]}
    assert figures & {"invitation that they sent goes on", "invitations that they sent go on"}
    [sent] = [effect.text for effect in plan.effects if effect.key == "invitations"]
    assert sent.endswith(" on. From now on your name is shown there.")


@pytest.mark.parametrize(
    ("keeps", "text", "done"),
    [
        (True, "1 view that they share goes on. From now on your name is shown there.",
         "1 view that they share: since then under the name of the person who confirmed this."),
        (False, "1 view that they share is deleted.", "1 view that they share: deleted."),
    ],
)  # fmt: skip
def test_what_becomes_of_one_thing_is_said_before_and_after(
    acme, ana, ben, keeps, text, done
) -> None:
    SavedView.unscoped.create(
        organization=acme, listed="users:list", name="Shared", by=ben, is_shared=True
    )
    plan = plan_of(ben, WayOut.REMOVE, Choices(owner=ana.sid, keeps_views=keeps))
    [view] = [effect for effect in plan.effects if effect.key == "views"]
    assert (view.text, view.told()) == (text, done)


def test_the_page_speaks_of_each_in_its_time(acme, ana, ben, cy, hers, sign_in) -> None:
    client = sign_in(ana)
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ana)
    where = reverse("users:offboarding", args=[told.sid])
    assert "Cy Lindqvist is to leave" in client.get(where).content.decode()
    cancel_offboarding(told, actor=acting(ana))
    assert "Cy Lindqvist was to leave" in client.get(where).content.decode()
    told = say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ana)
    where = reverse("users:offboarding", args=[told.sid])
    assert "Cy Lindqvist left" in client.get(where).content.decode()


def test_the_person_is_told_by_mail(acme, ben, cy, deliver) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    subjects = [one.subject for one in deliver() if one.to == [cy.email]]
    assert subjects.count("You are no longer a member of Acme") == 1


def test_the_new_owner_is_told_by_mail(acme, ben, cy, hers, deliver) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    assert [one for one in deliver() if one.to == [ben.email] and "Hers" in one.subject]


def test_one_who_removes_many_gives_all_to_one(acme, ben, cy, hers) -> None:
    remove_user(stay_of(cy), owner=ben, actor=acting(ben))
    hers.refresh_from_db()
    assert hers.owner == ben


# Deleting


def test_a_deleted_person_leaves_nothing_but_a_row(acme, ben, cy, hers) -> None:
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    cy.refresh_from_db()
    assert cy.email == f"{cy.sid.lower()}@{DELETED_DOMAIN}"
    assert (cy.first_name, cy.last_name, cy.status) == ("", "", UserStatus.INACTIVE)
    assert cy.deleted_at
    assert not cy.has_usable_password()
    assert not EmailAddress.objects.filter(user=cy).exists()
    assert not RoleAssignment.unscoped.open().filter(holder=cy).exists()
    hers.refresh_from_db()
    assert (hers.organization, hers.owner) == (acme, ben)


def test_a_deleted_person_cannot_log_in(acme, ben, cy, client) -> None:
    address = cy.email
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    answer = client.post("/login/", {"login": address, "password": PASSWORD})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_same_address_signs_up_again_with_nothing_of_the_old(acme, globex, ben, cy) -> None:
    invitations = [
        Invitation.unscoped.create(
            organization=globex,
            email=cy.email,
            role=Role.STANDARD,
            invited_by=globex.owner,
            expires_at=clock.now() + DAY,
            token_hash="t",
        )
    ]
    globex.tally(pending_users=1)
    address = cy.email
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    choose(acme, DomainSetting.BLOCKED)
    again = sign_up(pending_sign_up(address), newcomer=newcomer(), actor=Actor.stranger(address))
    assert again.pk != cy.pk
    assert organization_of(again) not in {acme, globex}
    assert RoleAssignment.unscoped.open().on_accounts().filter(holder=again).count() == 1
    for invitation in invitations:
        invitation.refresh_from_db()
        assert invitation.revoked_at


def test_nobody_deleted_keeps_an_account(acme, ben, cy, hers) -> None:
    choices = Choices(owner=ben.sid, owners={hers.sid: cy.sid})
    assert blocked(cy, WayOut.DELETE, choices) == ["owner_leaves"]


def test_nothing_that_comes_later_leaves_with_them_unseen(acme, ben, cy, hers) -> None:
    assert blocked(cy, WayOut.REMOVE, Choices(owner=cy.sid)) == ["owner_missing"]


def test_support_staff_are_not_deleted_by_an_organization(acme, ben, cy) -> None:
    User.objects.filter(pk=cy.pk).update(is_staff=True)
    assert blocked(cy, WayOut.DELETE, Choices(owner=ben.sid)) == ["support_staff"]


def test_roles_elsewhere_end_with_the_login(acme, ben, cy, eve) -> None:
    account = opened(eve, "Theirs")
    RoleAssignment.begin(cy, role=AccountRole.SUPPORT, home=acme, source="direct", account=account)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    assert not RoleAssignment.unscoped.open().filter(holder=cy).exists()


def test_the_mail_about_a_deletion_goes_to_the_former_address(acme, ben, cy, deliver) -> None:
    address = cy.email
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    mails = deliver()
    subjects = [one.subject for one in mails if one.to == [address]]
    assert subjects.count("Your login was deleted") == 1
    assert not [one for one in mails if DELETED_DOMAIN in one.to[0]]


# Who may


@pytest.mark.parametrize("how", WayOut)
def test_nobody_touches_the_owner_or_themselves(acme, ana, ben, how) -> None:
    for user, by in ((ana, ben), (ben, ben), (ana, ana)):
        with pytest.raises(NotAllowed):
            say(user, how, Choices(owner=ana.sid), by)


@pytest.mark.parametrize("how", WayOut)
def test_standard_users_and_strangers_may_not(acme, ben, cy, eve, how) -> None:
    for by in (cy, eve):
        with pytest.raises(NotAllowed):
            say(ben, how, Choices(owner=cy.sid), by)


def test_an_operator_names_nobody_so_may_not(acme, cy) -> None:
    with pytest.raises(NotAllowed):
        remove_user(stay_of(cy), owner=None, actor=Actor.operator("test"))


# On a day


def test_nothing_happens_before_the_day(acme, ben, cy, work) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    jobs.carry_out_offboardings.enqueue()
    work()
    assert stay_of(cy)
    assert fresh(told).done_at is None


def test_on_the_day_a_worker_does_it(acme, ben, cy, hers, work) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    with time_machine.travel(clock.now() + DAY + timedelta(minutes=1)):
        for _ in range(2):  # a second turn finds nothing to do
            jobs.carry_out_offboardings.enqueue()
            work()
    told = fresh(told)
    assert told.done_at
    assert told.sheet
    assert not Membership.unscoped.open().filter(user=cy).exists()
    assert Offboarding.unscoped.filter(user=cy).count() == 1
    hers.refresh_from_db()
    assert hers.owner == ben


def test_a_choice_that_is_not_possible_any_more_stops_it(acme, ana, ben, cy, hers, deliver) -> None:
    emil = User.objects.get(email="emil@acme.example")
    told = planned(cy, WayOut.REMOVE, Choices(owner=emil.sid), ben)
    deactivate_user(stay_of(emil), actor=acting(ben))
    with time_machine.travel(clock.now() + DAY + timedelta(minutes=1)):
        jobs.carry_out_offboardings.enqueue()
        mails = deliver()
    told = fresh(told)
    assert told.obstacle == "The login of this person is not active. Choose somebody else."
    assert told.done_at is None
    assert stay_of(cy)
    to = {one.to[0] for one in mails if "has not left" in one.subject}
    assert to == {ana.email, ben.email}
    assert len(events(acme, "user.offboarding_stopped")) == 1


def test_whoever_lost_the_right_to_it_does_not_have_it_done(acme, ana, ben, cy, work) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ana.sid), ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with time_machine.travel(clock.now() + DAY + timedelta(minutes=1)):
        jobs.carry_out_offboardings.enqueue()
        work()
    assert fresh(told).obstacle == "The person who planned this may no longer do it."
    assert stay_of(cy)


def test_whoever_no_longer_governs_people_is_told_nothing_about_them(
    acme, ana, ben, cy, work, deliver
) -> None:
    planned(cy, WayOut.REMOVE, Choices(owner=ana.sid), ben)
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    deliver()
    with time_machine.travel(clock.now() + DAY + timedelta(minutes=1)):
        jobs.carry_out_offboardings.enqueue()
        mails = deliver()
    assert {one.to[0] for one in mails if "has not left" in one.subject} == {ana.email}


def test_who_has_left_and_come_back_is_not_let_go_by_an_old_plan(acme, ana, ben, cy, work) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ana.sid), ben)
    with tenant(acme):
        Membership.objects.filter(user=cy).update(began_at=clock.now())
    with time_machine.travel(clock.now() + DAY + timedelta(minutes=1)):
        jobs.carry_out_offboardings.enqueue()
        work()
    assert fresh(told).obstacle == "This person has left and come back since."


def test_a_table_that_waits_for_its_day_keeps_nobody_here(acme, ana, ben) -> None:
    table = tables.draft(acme, tables.addresses(2, "acme.example"), ben)
    tables.confirm(table, ben, starts_at=clock.now() + 80 * DAY)
    plan = plan_of(ben, WayOut.REMOVE, Choices(owner=ana.sid))
    assert not plan.blockers
    assert "1 scheduled table of invitations is cancelled." in [
        effect.text for effect in plan.effects
    ]
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    assert tables.fresh(table).phase == Phase.CANCELLED


def test_what_is_called_off_is_not_done(acme, ben, cy, work) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    cancel_offboarding(told, actor=acting(ben))
    with time_machine.travel(clock.now() + 2 * DAY):
        jobs.carry_out_offboardings.enqueue()
        work()
    assert stay_of(cy)
    assert code_of(lambda: cancel_offboarding(told, actor=acting(ben))) == "offboarding_over"


def test_planning_anew_takes_the_place_of_what_was_planned(acme, ben, cy) -> None:
    first = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    second = planned(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    assert fresh(first).cancelled_at
    assert Offboarding.unscoped.waiting().get(user=cy) == second


def test_leaving_at_once_calls_off_what_was_planned(acme, ben, cy) -> None:
    first = planned(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    assert fresh(first).cancelled_at


def test_no_day_in_the_past_is_taken(acme, ben, cy) -> None:
    plan = plan_of(cy, WayOut.REMOVE)
    with pytest.raises(RuleViolation) as refused:
        schedule_offboarding(
            stay_of(cy),
            how=WayOut.REMOVE,
            choices=Choices(),
            due_at=clock.now() - DAY,
            digest=plan.digest,
            actor=acting(ben),
        )
    assert refused.value.code == "day_in_the_past"


# The page


def leave(user: User, **query: str) -> str:
    return f"{reverse('users:leave', args=[user.sid])}?{urlencode(query)}"


def confirm(client, where: str, **typed: str):
    """The form as somebody fills it in who has read the plan and ticks every box."""
    page = client.get(where)
    form, plan = page.context["form"], page.context["plan"]
    boxes = {
        name: "on"
        for name, field in form.fields.items()
        if field.__class__.__name__ == "BooleanField"
    }
    return client.post(where, boxes | {"plan": plan["token"], "password": PASSWORD} | typed)


def test_the_page_removes_and_shows_the_sheet(acme, ben, cy, hers, sign_in) -> None:
    client = sign_in(ben)
    where = leave(cy, asked="1", how="remove", owner=ben.email)
    answer = confirm(client, where)
    assert answer.status_code == 303
    sheet = client.get(answer.headers["Location"]).content.decode()
    assert "Results" in sheet
    assert "Hers" in sheet
    hers.refresh_from_db()
    assert hers.owner == ben


def test_the_page_refuses_without_every_box(acme, ben, cy, hers, sign_in) -> None:
    client = sign_in(ben)
    where = leave(cy, asked="1", how="remove", owner=ben.email)
    answer = confirm(client, where, leaves="")
    assert answer.status_code == 200
    assert "Tick every box" in answer.content.decode()
    assert stay_of(cy)


def test_the_page_says_who_is_no_fit_owner_beside_the_field(acme, ben, cy, hers, sign_in) -> None:
    where = leave(cy, asked="1", how="remove", owner="nobody@acme.example")
    body = sign_in(ben).get(where).content.decode()
    assert "The owner must be a managed user of this organization." in body
    assert "nobody@acme.example" in body


def test_the_page_offers_who_is_on_the_accounts_and_administrators(
    acme, ana, ben, cy, hers, sign_in
) -> None:
    dora, emil = (User.objects.get(email=f"{name}@acme.example") for name in ("dora", "emil"))
    for one in (dora, emil):
        give(hers, one, AccountRole.DEVELOPER)
    deactivate_user(stay_of(emil), actor=acting(ben))
    body = sign_in(ben).get(leave(cy)).content.decode()
    offered = re.findall(r'<option value="([^"]+)"', body)
    assert offered[0] == dora.email
    assert {ana.email, ben.email} < set(offered)
    assert not {cy.email, emil.email, "out@elsewhere.example"} & set(offered)
    assert 'list="successors"' in body


def test_who_owns_nothing_needs_no_heir(acme, ben, sign_in) -> None:
    zoe = member(acme, "zoe@acme.example")
    assert "<datalist" not in sign_in(ben).get(leave(zoe)).content.decode()


def test_one_account_may_have_an_owner_of_its_own(acme, ana, ben, cy, hers, sign_in) -> None:
    other = opened(cy, "Other")
    query = {"asked": "1", "how": "remove", "owner": ben.email, other.sid: ana.email}
    assert confirm(sign_in(ben), leave(cy, **query)).status_code == 303
    hers.refresh_from_db()
    other.refresh_from_db()
    assert (hers.owner, other.owner) == (ben, ana)


def test_their_own_address_lets_them_keep_all_that_there_is(acme, ben, cy, hers, sign_in) -> None:
    client = sign_in(ben)
    assert confirm(client, leave(cy, asked="1", how="remove", owner=cy.email)).status_code == 303
    hers.refresh_from_db()
    assert (hers.owner, hers.organization) == (cy, organization_of(cy))
    assert hers.organization != acme


def test_a_choice_that_changed_under_a_plan_leads_to_the_plan_of_it(
    acme, ana, ben, cy, hers, sign_in
) -> None:
    client = sign_in(ben)
    where = leave(cy, asked="1", how="remove", owner=ben.email)
    typed = {"owner": ana.email, "reason": "Goes to sea", "on": ""}
    answer = confirm(client, where, **typed)
    assert answer.status_code == 303
    assert stay_of(cy)
    page = client.get(answer.headers["Location"])
    assert "You changed a choice." in page.content.decode()
    assert page.context["choices"]["owner"].value() == ana.email
    assert page.context["form"]["reason"].value() == "Goes to sea"
    assert confirm(client, answer.headers["Location"], **typed).status_code == 303
    hers.refresh_from_db()
    assert hers.owner == ana


def test_showing_what_a_choice_does_keeps_what_was_typed(acme, ana, ben, cy, hers, sign_in) -> None:
    client = sign_in(ana)
    planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ana)
    day = (clock.now() + 5 * DAY).date().isoformat()
    for on in (day, ""):
        typed = {"asked": "1", "how": "delete", "owner": ben.email, "reason": "At sea", "on": on}
        answer = client.post(leave(cy), typed | {"look": "1", "typed": cy.email})
        page = client.get(answer.headers["Location"])
        assert page.context["choices"].how_chosen() is WayOut.DELETE
        form = page.context["form"]
        kept = [form[name].value() for name in ("on", "reason", "typed")]
        assert kept == [on, "At sea", None]
        assert "You changed a choice." not in page.content.decode()


def test_what_is_chosen_and_what_confirms_it_are_one_form(acme, ben, cy, sign_in) -> None:
    client = sign_in(ben)
    body = client.get(leave(cy, asked="1", how="delete", owner=ben.email)).content.decode()
    start = body.index('<form method="post" id="choices"')
    inside, after = body[start:].split("</form>", 1)
    assert {"asked", "how", "owner", "look"} < set(re.findall(r' name="(\w+)"', inside))
    others = [tag for tag in re.findall(r"<[^>]*>", after) if 'form="choices"' in tag]
    names = set(re.findall(r' name="(\w+)"', " ".join(others)))
    assert names == {"plan", "typed", "reason", "on", "at_once", "accounts", "again", "password"}
    assert [tag for tag in others if tag.startswith("<button")]


def test_deleting_asks_for_the_address_to_be_typed(acme, ben, cy, sign_in) -> None:
    client = sign_in(ben)
    where = leave(cy, asked="1", how="delete", owner=ben.email)
    for typed in ("", "ben@acme.example", "cy"):
        answer = confirm(client, where, typed=typed)
        assert answer.status_code == 200
        assert stay_of(cy)
    assert confirm(client, where, typed="CY@acme.example").status_code == 303
    cy.refresh_from_db()
    assert cy.deleted_at


def test_the_page_plans_for_a_day(acme, ben, cy, sign_in) -> None:
    client = sign_in(ben)
    day = (clock.now() + 5 * DAY).date().isoformat()
    answer = confirm(client, leave(cy, asked="1", how="remove", owner=ben.email), on=day)
    assert answer.status_code == 303
    told = Offboarding.unscoped.get(user=cy)
    assert told.due_at.date().isoformat() == day
    listed = client.get(reverse("users:leaving")).content.decode()
    assert "Planned" in listed
    assert f'Leaves on <time datetime="{day}' in client.get(reverse("users:list")).content.decode()
    assert client.post(reverse("users:offboarding-cancel", args=[told.sid])).status_code == 303
    assert fresh(told).cancelled_at


def test_the_page_begins_with_what_is_planned(acme, ana, ben, cy, hers, sign_in) -> None:
    choices = Choices(owner=ben.sid, owners={hers.sid: ana.sid})
    told = planned(cy, WayOut.REMOVE, choices, ben)
    Offboarding.unscoped.filter(pk=told.pk).update(reason="Goes to sea")
    client = sign_in(ana)
    page = client.get(leave(cy, how="remove"))
    asked, form = page.context["choices"], page.context["form"]
    assert (asked["owner"].value(), asked[hers.sid].value()) == (ben.email, ana.email)
    assert not page.context["plan"]["is_blocked"]
    assert form["on"].value() == timezone.localdate(told.due_at)
    assert form["reason"].value() == "Goes to sea"
    assert client.get(leave(cy, how="delete")).context["choices"].how_chosen() is WayOut.DELETE
    other = client.get(leave(cy, asked="1", how="remove", owner=ana.email))
    assert other.context["choices"]["owner"].value() == ana.email
    assert confirm(client, leave(cy, how="remove")).status_code == 303
    hers.refresh_from_db()
    assert hers.owner == ana


def test_what_is_planned_not_to_go_on_is_not_chosen_again(acme, ana, ben, sign_in) -> None:
    choices = Choices(owner=ana.sid, keeps_invitations=False)
    planned(ben, WayOut.REMOVE, choices, ana)
    page = sign_in(ana).get(leave(ben))
    assert page.context["choices"]["invitations"].value() == "end"


def test_a_day_that_has_begun_is_chosen_anew(acme, ben, cy, sign_in) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    Offboarding.unscoped.filter(pk=told.pk).update(due_at=clock.now())
    assert sign_in(ben).get(leave(cy)).context["form"]["on"].value() is None


def test_whoever_reviews_what_is_planned_sees_what_it_does(acme, ana, ben, cy, sign_in) -> None:
    told = planned(ben, WayOut.REMOVE, Choices(owner=cy.sid), ana)
    client, where = sign_in(ana), reverse("users:offboarding", args=[told.sid])
    body = client.get(where).content.decode()
    assert f"to Cy Lindqvist ({cy.email})." in body
    assert "From now on the name of Ana Silva is shown there." in body
    cancel_offboarding(told, actor=acting(ana))
    assert client.get(where).context["plan"] is None


def test_the_page_of_the_owner_is_refused_with_the_reason(acme, ana, ben, sign_in) -> None:
    answer = sign_in(ben).get(leave(ana))
    assert answer.status_code == 403
    assert "This cannot be done to the Owner" in answer.content.decode()


def test_an_open_session_is_out_with_the_next_request(acme, ben, cy, sign_in) -> None:
    client = sign_in(cy)
    assert client.get("/console/").status_code == 200
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    assert client.get("/console/").status_code == 302


def test_the_sheet_is_saved_as_a_file(acme, ben, cy, hers, sign_in) -> None:
    told = say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    answer = sign_in(ben).post(reverse("users:offboarding-sheet", args=[told.sid]))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert hers.sid in answer.content.decode()


def test_a_deleted_person_is_shown_by_their_sid(acme, ben, cy, sign_in) -> None:
    told = say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    body = sign_in(ben).get(reverse("users:offboarding", args=[told.sid])).content.decode()
    assert cy.sid in body
    assert DELETED_DOMAIN not in body
    listed = sign_in(ben).get(reverse("users:leaving")).content.decode()
    assert f'>Deleted user</a><span class="weak">{cy.sid}</span>' in listed


def test_the_plan_weighs_what_is_lost_and_what_stays(acme, ben, cy, hers) -> None:
    remove, delete = (plan_of(cy, how, Choices(owner=ben.sid)) for how in WayOut)
    assert not remove.by_weight(Weight.IRREVERSIBLE)
    assert {one.key for one in delete.by_weight(Weight.IRREVERSIBLE)} == {"login", "address"}
    assert {one.key for one in remove.by_weight(Weight.SURVIVES)} >= {"history", "login"}


def test_whoever_has_left_has_a_page_that_leads_to_the_sheet(acme, ben, cy, hers, sign_in) -> None:
    page = reverse("users:detail", args=[cy.sid])
    told = say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    body = sign_in(ben).get(page).content.decode()
    assert f"{cy.get_full_name()} left" in body
    assert reverse("users:offboarding", args=[told.sid]) in body
    for tab in ("sign-in", "access", "activity"):
        assert sign_in(ben).get(reverse(f"users:{tab}", args=[cy.sid])).status_code == 404


def test_to_another_organization_they_are_nobody(acme, ben, cy, eve, hers, sign_in) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    assert sign_in(eve).get(reverse("users:detail", args=[cy.sid])).status_code == 404


def test_somebody_deleted_is_told_of_by_their_sid_alone(acme, ben, cy, hers, sign_in) -> None:
    name = cy.get_full_name()
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    body = sign_in(ben).get(reverse("users:detail", args=[cy.sid])).content.decode()
    assert f"{cy.sid} left" in body
    assert name not in body
