"""Scenario 44: existing users come in with their accounts, without being asked."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django_tasks_db.models import DBTaskResult

from accounts.models import Account, RoleAssignment
from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.periods import Source
from adminctr.core.plans import Weight
from adminctr.core.runs import LeaseLost, RunState
from adminctr.core.tenancy import every_tenant, tenant
from audit.models import AuditEvent
from domains.models import Domain, DomainStatus
from imports.candidates import importable, importable_domains
from imports.causes import Cause
from imports.jobs import forget_old_lists, take_up_imports
from imports.models import (
    PEOPLE_OF_A_STEP,
    ImportList,
    ImportPart,
    ImportRow,
    ImportRun,
    Way,
)
from imports.operations import (
    choose_notice,
    discard_import,
    prepare_import,
    start_import,
    switch_import,
    take_import_step,
)
from imports.operations.running import MAY_NO_LONGER, SWITCHED_OFF
from imports.plans import plan_of
from invitations.models import Invitation
from invitations.operations import accept_invitation
from organizations import policy, stays
from organizations.models import DomainSetting, Membership, Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.imports.crowd import founders, logins
from tests.imports.runs import (
    IN_LABS,
    SUPPORT,
    causes_of,
    digest_of,
    founder_of_theirs,
    fresh,
    prepared,
    started,
    step,
    switched_on,
)
from tests.pages.effects import assert_no_effect
from tests.users.people import invited, lose, member, organization_of, prove, stay_of
from users.models import User, UserStatus
from users.operations import found_organization, remove_user

SOLO = f"solo@{IN_LABS}"


@pytest.fixture
def acme_imports(acme) -> Organization:
    return switched_on(acme, IN_LABS)


@pytest.fixture
def solo(acme_imports) -> User:
    return founder_of_theirs(SOLO, acme_imports)


def events(organization: Organization, action: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(chain=organization.sid, action=action).order_by("pk"))


# Who comes in, and with what


def test_somebody_with_an_organization_of_their_own_comes_with_their_accounts(
    solo, acme_imports, ana
) -> None:
    own = organization_of(solo)
    create_account(own, name="Second", owner=solo, actor=acting(solo))
    run = step(started(acme_imports, [IN_LABS], ana))
    assert (run.state, run.imported, run.not_imported) == (RunState.FINISHED, 1, 0)
    assert run.accounts == 2
    stay = stay_of(solo)
    assert (stay.organization, stay.role, stay.source) == (
        acme_imports,
        Role.STANDARD,
        Source.IMPORT,
    )
    assert stay.by == ana
    with every_tenant():
        owned = Account.objects.filter(owner=solo)
        assert {one.organization for one in owned} == {acme_imports}
        roles = RoleAssignment.objects.open().filter(holder=solo)
        assert {one.holder_organization for one in roles} == {acme_imports}
    own.refresh_from_db()
    assert own.ended_at
    [told] = events(acme_imports, "user.imported")
    assert (told.subject_sid, told.details.data["accounts"]) == (solo.sid, 2)


def test_somebody_without_an_organization_comes_in(acme_imports, ana) -> None:
    [person] = logins(IN_LABS, 1)
    before = acme_imports.managed_users
    step(started(acme_imports, [IN_LABS], ana))
    assert stay_of(person).organization == acme_imports
    acme_imports.refresh_from_db()
    assert acme_imports.managed_users == before + 1


def test_members_of_others_stay_there_and_nobody_learns_whose(acme_imports, globex, ana) -> None:
    lose(IN_LABS)
    prove(globex, IN_LABS)
    elsewhere = member(globex, f"ed@{IN_LABS}")
    prove(acme_imports, IN_LABS)
    logins(IN_LABS, 1)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(run)[elsewhere.email] == Cause.ELSEWHERE
    assert stay_of(elsewhere).organization == globex
    row = ImportRow.unscoped.get(run=run, user=elsewhere)
    trail = str([one.details.data for one in events(acme_imports, "import.finished")])
    for told in (row.message, trail):
        assert "Globex" not in told


def test_who_owns_more_than_an_organization_of_one_person_is_not_imported(
    solo, acme_imports, ana
) -> None:
    own = organization_of(solo)
    prove(own, "solo.example")
    logins(IN_LABS, 1)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(run)[SOLO] == Cause.MERGE_NEEDED
    assert stay_of(solo).organization == own


def test_who_owns_an_organization_with_others_is_not_imported(solo, acme_imports, ana) -> None:
    own = organization_of(solo)
    prove(own, "solo.example")
    member(own, "friend@solo.example")
    lose("solo.example")
    logins(IN_LABS, 1)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(run)[SOLO] == Cause.MERGE_NEEDED


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_a_login_that_is_not_active_is_not_imported(status, acme_imports, ana) -> None:
    one, other = logins(IN_LABS, 2)
    User.objects.filter(pk=one.pk).update(status=status)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(run) == {one.email: Cause.LOGIN_NOT_ACTIVE, other.email: ""}


def test_whose_accounts_find_no_room_is_not_imported_and_the_next_may_be(acme_imports, ana) -> None:
    large, small = founders(IN_LABS, 1, accounts=5)[0], founders(IN_LABS, 1, accounts=1)[0]
    with tenant(acme_imports):
        held = Account.objects.counted().count()
    Organization.objects.filter(pk=acme_imports.pk).update(account_limit=held + 1)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(run) == {large.email: Cause.ACCOUNT_LIMIT, small.email: ""}
    assert stay_of(large).organization != acme_imports


def test_their_invitations_here_are_moot_and_access_stays_offered(solo, acme_imports, ana) -> None:
    invitation = invited(acme_imports, SOLO)
    step(started(acme_imports, [IN_LABS], ana))
    invitation.refresh_from_db()
    assert invitation.revoked_at
    acme_imports.refresh_from_db()
    waiting = Invitation.unscoped.pending().filter(organization=acme_imports)
    assert acme_imports.pending_users == waiting.count()


def test_a_mail_goes_out_only_where_it_was_chosen(solo, acme_imports, ana, deliver) -> None:
    step(started(acme_imports, [IN_LABS], ana))
    assert [mail.to for mail in deliver() if "managed user" in mail.subject] == []


def test_who_is_notified_gets_one_mail_that_says_what_came_along(
    solo, acme_imports, ana, deliver
) -> None:
    step(started(acme_imports, [IN_LABS], ana, is_notifying=True))
    [mail] = [one for one in deliver() if one.to == [SOLO] and "managed user" in one.subject]
    assert "You are a managed user of Acme now" in mail.subject
    assert "Its account belongs to Acme now" in mail.body


# What is asked before


def test_without_a_verified_domain_the_reason_is_said(globex) -> None:
    switched_on(globex)
    with tenant(globex):
        Domain.objects.filter(organization=globex).delete()
        domains, reason = importable_domains(globex)
    assert (domains, reason) == (
        [],
        "Verify a domain first: people are imported by them.",
    )


def test_a_shared_domain_is_none_to_import_by(acme_imports, ana) -> None:
    Domain.unscoped.filter(name=IN_LABS).update(follows_setting=False)
    with tenant(acme_imports):
        assert IN_LABS not in importable_domains(acme_imports)[0]
    with pytest.raises(RuleViolation, match="Several organizations hold"):
        prepare_import(acme_imports, way=Way.REVIEW, domains=[IN_LABS], actor=acting(ana))


def test_while_the_setting_is_blocked_nobody_is_imported(solo, acme_imports, ana) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    Organization.objects.filter(pk=acme_imports.pk).update(domain_setting=DomainSetting.BLOCKED)
    assert causes_of(step(run)) == {SOLO: Cause.DOMAIN_BLOCKED}


def test_the_figure_on_the_list_of_users_is_bounded(acme_imports, count_queries, settings) -> None:
    with tenant(acme_imports):
        before = importable(acme_imports).number
    logins(IN_LABS, 3)
    with tenant(acme_imports):
        few = count_queries(lambda: importable(acme_imports))
        assert importable(acme_imports).number == before + 3
    logins(IN_LABS, 1100)
    with tenant(acme_imports):
        assert count_queries(lambda: importable(acme_imports)) <= few
        found = importable(acme_imports)
    assert found.number <= 1000
    assert found.has_more


@pytest.mark.parametrize("who", ["cy", "eve"])
def test_nobody_else_prepares_an_import(who, acme_imports, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        prepare_import(acme_imports, way=Way.REVIEW, domains=[IN_LABS], actor=actor)


def test_while_it_is_switched_off_nothing_is_prepared(acme, ana) -> None:
    prove(acme, IN_LABS)
    with assert_no_effect(), pytest.raises(RuleViolation, match="switched off now"):
        prepare_import(acme, way=Way.REVIEW, domains=[IN_LABS], actor=acting(ana))


def test_only_whoever_made_a_list_goes_on_with_it(solo, acme_imports, ana, ben) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    with pytest.raises(NotAllowed):
        choose_notice(listing, is_notifying=True, actor=acting(ben))
    with pytest.raises(NotAllowed):
        start_import(listing, digest=digest_of(listing), actor=acting(ben))
    assert not ImportRun.unscoped.exists()


def test_whoever_may_import_discards_a_list_of_anybody_and_nobody_else_does(
    solo, acme_imports, ana, ben, cy
) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    with pytest.raises(NotAllowed):
        discard_import(listing, actor=acting(cy))
    discard_import(listing, actor=acting(ben))
    assert not ImportList.unscoped.filter(sid=listing.sid).exists()
    assert not ImportPart.unscoped.exists()
    [told] = events(acme_imports, "import.discarded")
    assert told.subject_sid == listing.sid


def test_what_was_started_or_discarded_is_not_discarded_again(solo, acme_imports, ana) -> None:
    started_one, gone = (prepared(acme_imports, [IN_LABS], ana) for _ in range(2))
    start_import(started_one, digest=digest_of(started_one), actor=acting(ana))
    discard_import(ImportList.unscoped.get(pk=gone.pk), actor=acting(ana))
    for listing in (started_one, gone):
        with pytest.raises(RuleViolation, match="imported or discarded already"):
            discard_import(listing, actor=acting(ana))
    with pytest.raises(RuleViolation, match="imported or discarded already"):
        choose_notice(gone, is_notifying=True, actor=acting(ana))
    assert ImportRun.unscoped.get().listing == started_one


def test_support_switches_it_and_says_so(acme, sue) -> None:
    switch_import(acme, is_on=True, actor=acting_for_support(sue))
    acme.refresh_from_db()
    assert acme.has_import
    [told] = events(acme, "organization.import_switched")
    assert told.details.data["state"] == "on"
    with pytest.raises(RuleViolation, match="on already"):
        switch_import(acme, is_on=True, actor=acting_for_support(sue))


def acting_for_support(user: User):
    return policy.staff_actor(user).with_reason("Ticket 44")


def test_administrators_do_not_switch_it(acme, ana) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        switch_import(acme, is_on=True, actor=acting(ana))


# The plan


def test_the_plan_says_who_comes_in_what_comes_along_and_who_does_not(
    solo, acme_imports, globex, ana
) -> None:
    one, _ = logins(IN_LABS, 2)
    User.objects.filter(pk=one.pk).update(status=UserStatus.SUSPENDED)
    listing = prepared(acme_imports, [IN_LABS], ana)
    with tenant(acme_imports):
        plan = plan_of(listing, acme_imports)
    said = {effect.key: effect for effect in plan.effects}
    assert said["imported"].text.startswith("2 people become managed users")
    assert said["accounts"].text == "1 account comes along."
    assert said["organizations"].weight == Weight.LOSES
    assert said["login_not_active"].text.startswith("1 person is not imported: ")
    assert [thing.sid for thing in said["login_not_active"].objects] == [one.sid]
    assert plan.blockers == ()


def test_a_plan_that_was_not_shown_starts_nothing(solo, acme_imports, ana) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    shown = digest_of(listing)
    choose_notice(listing, is_notifying=True, actor=acting(ana))
    with pytest.raises(RuleViolation) as refused:
        start_import(listing, digest=shown, actor=acting(ana))
    assert refused.value.code == "plan_outdated"
    assert not ImportRun.unscoped.exists()


def test_a_domain_that_was_lost_is_in_the_way(solo, acme_imports, ana) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    lose(IN_LABS)
    with pytest.raises(RuleViolation) as refused:
        start_import(listing, digest=digest_of(listing), actor=acting(ana))
    assert refused.value.code == "plan_blocked"


def test_who_is_notified_must_be_said_first(solo, acme_imports, ana) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    ImportList.unscoped.update(is_notifying=None)
    with pytest.raises(RuleViolation) as refused:
        start_import(listing, digest=digest_of(listing), actor=acting(ana))
    assert refused.value.code == "list_unfinished"


def test_the_same_list_again_is_answered_with_its_run(solo, acme_imports, ana) -> None:
    listing = prepared(acme_imports, [IN_LABS], ana)
    digest = digest_of(listing)
    first = start_import(listing, digest=digest, actor=acting(ana))
    assert start_import(listing, digest=digest, actor=acting(ana)) == first
    assert ImportRun.unscoped.count() == 1
    assert len(events(acme_imports, "import.started")) == 1


# While it runs


def test_a_step_does_its_people_and_the_next_goes_on_there(acme_imports, ana) -> None:
    people = logins(IN_LABS, PEOPLE_OF_A_STEP + 10)
    run = step(started(acme_imports, [IN_LABS], ana))
    assert (run.state, run.imported) == (RunState.RUNNING, PEOPLE_OF_A_STEP)
    run = step(run)
    assert (run.state, run.imported) == (RunState.FINISHED, len(people))
    positions = ImportRow.unscoped.filter(run=run).order_by("position")
    assert list(positions.values_list("position", flat=True)) == list(range(1, len(people) + 1))


def test_a_step_costs_the_same_for_few_and_for_many(acme_imports, ana, count_queries) -> None:
    Organization.objects.filter(pk=acme_imports.pk).update(account_limit=1000)
    acme_imports.refresh_from_db()

    def cost(number: int) -> int:
        founders(IN_LABS, number)
        run = started(acme_imports, [IN_LABS], ana, is_notifying=True)
        return count_queries(lambda: step(run))

    few = cost(25)
    assert cost(100) == few


@pytest.mark.parametrize("lost", ["demoted", "removed", "inactive"])
def test_who_may_no_longer_do_it_stops_it_and_what_is_done_stays(lost, acme_imports, ana) -> None:
    starter = member(acme_imports, "starter@acme.example", Role.ADMINISTRATOR)
    people = logins(IN_LABS, PEOPLE_OF_A_STEP + 10)
    run = step(started(acme_imports, [IN_LABS], starter))
    take_away(lost, starter, ana)
    run = step(run)
    assert (run.state, run.stopped) == (RunState.FAILED, MAY_NO_LONGER)
    assert (run.imported, run.not_imported) == (PEOPLE_OF_A_STEP, 10)
    assert run.causes == {Cause.STOPPED: 10}
    assert stay_of(people[0]).organization == acme_imports
    assert len(events(acme_imports, "import.stopped")) == 1


def take_away(lost: str, starter: User, ana: User) -> None:
    stay = stay_of(starter)
    if lost == "demoted":
        change_role(stay, role=Role.STANDARD, actor=acting(ana))
    elif lost == "inactive":
        User.objects.filter(pk=starter.pk).update(status=UserStatus.INACTIVE)
        Membership.unscoped.filter(pk=stay.pk).update(status=UserStatus.INACTIVE)
    else:
        with tenant(stay.organization):
            stays.end_stay(stay)


def test_switching_it_off_stops_it(acme_imports, ana) -> None:
    logins(IN_LABS, PEOPLE_OF_A_STEP + 10)
    run = step(started(acme_imports, [IN_LABS], ana))
    switch_import(acme_imports, is_on=False, actor=SUPPORT)
    run = step(run)
    assert (run.state, run.stopped) == (RunState.FAILED, SWITCHED_OFF)


def test_who_may_again_does_not_revive_what_was_stopped(acme_imports, ana, ben) -> None:
    logins(IN_LABS, 2 * PEOPLE_OF_A_STEP + 1)
    run = started(acme_imports, [IN_LABS], ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    run = step(run)
    assert run.state == RunState.RUNNING
    change_role(stay_of(ben), role=Role.ADMINISTRATOR, actor=acting(ana))
    run = step(step(run))
    assert (run.state, run.imported) == (RunState.FAILED, 0)


def test_a_domain_that_is_lost_meanwhile_lets_nobody_else_in(acme_imports, ana) -> None:
    logins(IN_LABS, PEOPLE_OF_A_STEP + 10)
    run = step(started(acme_imports, [IN_LABS], ana))
    lose(IN_LABS)
    run = step(run)
    assert (run.state, run.imported) == (RunState.FINISHED, PEOPLE_OF_A_STEP)
    assert run.causes == {Cause.DOMAIN_NOT_VERIFIED: 10}


def test_no_organization_ends_that_was_founded_after_the_list_was_made(acme_imports, ana) -> None:
    one, other = logins(IN_LABS, 2)
    listing = prepared(acme_imports, [IN_LABS], ana)
    digest = digest_of(listing)
    own = founded(one, acme_imports)
    with time_machine.travel(clock.now() + timedelta(days=20)):
        run = step(start_import(listing, digest=digest, actor=acting(ana)))
    assert causes_of(run) == {one.email: Cause.MOVED, other.email: ""}
    own.refresh_from_db()
    assert own.ended_at is None
    assert stay_of(one).organization == own
    again = step(started(acme_imports, [IN_LABS], ana))
    assert causes_of(again) == {one.email: ""}


def test_another_organization_than_the_one_in_the_list_does_not_end(
    solo, acme_imports, globex, eve, ana
) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    give_up(organization_of(solo), globex, eve)
    own = founded(solo, acme_imports)
    assert causes_of(step(run)) == {SOLO: Cause.MOVED}
    assert stay_of(solo).organization == own


def test_who_has_given_their_organization_up_since_is_imported_without_it(
    solo, acme_imports, globex, eve, ana
) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    give_up(organization_of(solo), globex, eve)
    prove(acme_imports, IN_LABS)
    run = step(run)
    assert (causes_of(run), run.accounts) == ({SOLO: ""}, 0)
    assert stay_of(solo).organization == acme_imports


def give_up(own: Organization, other: Organization, eve: User) -> None:
    """Its Owner joins another organization with it, and is removed from there."""
    solo = own.owner
    assert solo
    lose(IN_LABS)
    prove(other, IN_LABS)
    accept_invitation(invited(other, solo.email), user=solo, absorbing=own, actor=acting(solo))
    remove_user(stay_of(solo), owner=eve, actor=acting(eve))
    lose(IN_LABS)


def test_whom_the_list_would_not_import_loses_no_organization_later(
    solo, acme_imports, ana
) -> None:
    """The plan tells the end of organizations of those alone who can be imported."""
    logins(IN_LABS, 1)
    User.objects.filter(pk=solo.pk).update(status=UserStatus.SUSPENDED)
    run = started(acme_imports, [IN_LABS], ana)
    User.objects.filter(pk=solo.pk).update(status=UserStatus.ACTIVE)
    assert causes_of(step(run))[SOLO] == Cause.MOVED
    assert stay_of(solo).organization != acme_imports


def test_who_moved_takes_nobodys_room_and_who_finds_none_is_told_so(acme_imports, ana) -> None:
    [first] = logins(IN_LABS, 1)
    second, large = founders(IN_LABS, 1)[0], founders(IN_LABS, 1, accounts=5)[0]
    with tenant(acme_imports):
        held = Account.objects.counted().count()
    Organization.objects.filter(pk=acme_imports.pk).update(account_limit=held + 1)
    run = started(acme_imports, [IN_LABS], ana)
    founded(first, acme_imports)
    assert causes_of(step(run)) == {
        first.email: Cause.MOVED,
        second.email: "",
        large.email: Cause.ACCOUNT_LIMIT,
    }


def test_a_list_of_before_the_plan_named_organizations_is_still_imported(
    solo, acme_imports, ana
) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    ImportPart.unscoped.update(ending=None)
    assert causes_of(step(run)) == {SOLO: ""}
    assert stay_of(solo).organization == acme_imports


def founded(person: User, holder: Organization) -> Organization:
    """Somebody founds an organization while the domain is nobody's."""
    claims = Domain.unscoped.filter(organization=holder, name=IN_LABS)
    claims.update(status=DomainStatus.UNVERIFIED, verified_at=None, next_check_at=None)
    own = found_organization(person, name="Theirs", actor=policy.actor_for(person))
    prove(holder, IN_LABS)
    return own


def test_who_accepts_an_invitation_meanwhile_is_a_member_already(solo, acme_imports, ana) -> None:
    invitation = invited(acme_imports, SOLO)
    run = started(acme_imports, [IN_LABS], ana)
    accept_invitation(invitation, user=solo, absorbing=organization_of(solo), actor=acting(solo))
    assert causes_of(step(run)) == {SOLO: Cause.ALREADY_MEMBER}


def test_who_joins_another_organization_meanwhile_stays_there(
    solo, acme_imports, globex, ana
) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    lose(IN_LABS)
    prove(globex, IN_LABS)
    accept_invitation(
        invited(globex, SOLO), user=solo, absorbing=organization_of(solo), actor=acting(solo)
    )
    prove(acme_imports, IN_LABS)
    assert causes_of(step(run)) == {SOLO: Cause.ELSEWHERE}


def test_whose_address_changes_meanwhile_is_not_imported(solo, acme_imports, ana) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    User.objects.filter(pk=solo.pk).update(email="solo@freelance.example")
    EmailAddress.objects.filter(user=solo).update(email="solo@freelance.example")
    solo.refresh_from_db()
    stays.copy_person(solo)
    assert causes_of(step(run)) == {"solo@freelance.example": Cause.ADDRESS_ELSEWHERE}


def test_nobody_else_goes_on_with_a_run(solo, acme_imports, ana, ben) -> None:
    run = fresh(started(acme_imports, [IN_LABS], ana))
    assert run.claim()
    with pytest.raises(NotAllowed):
        take_import_step(run, actor=acting(ben))


def test_a_worker_that_was_taken_over_changes_nothing(solo, acme_imports, ana) -> None:
    run = fresh(started(acme_imports, [IN_LABS], ana))
    assert run.claim()
    ImportRun.unscoped.filter(pk=run.pk).update(holder="another")
    with pytest.raises(LeaseLost):
        take_import_step(run, actor=acting(ana))
    assert not ImportRow.unscoped.filter(run=run).exists()
    assert stay_of(solo).organization != acme_imports


def test_every_import_is_found_by_a_worker_that_lost_its_task(
    solo, acme_imports, ana, work
) -> None:
    run = started(acme_imports, [IN_LABS], ana)
    DBTaskResult.objects.all().delete()
    take_up_imports.call()
    work()
    assert fresh(run).state == RunState.FINISHED


def test_drafts_are_forgotten_after_a_month_and_what_was_started_is_kept(
    solo, acme_imports, ana
) -> None:
    logins(IN_LABS, 1)
    draft = prepared(acme_imports, [IN_LABS], ana)
    run = started(acme_imports, [IN_LABS], ana)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        forget_old_lists.call()
    assert not ImportList.unscoped.filter(pk=draft.pk).exists()
    assert ImportRun.unscoped.filter(pk=run.pk).exists()
