"""Who leaves with a lost domain loses all access, and comes back with what they had."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import check_password
from django.core.mail import EmailMessage
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from accounts import access
from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.operations import (
    create_account,
    create_subaccount,
    set_roles,
    transfer_account,
)
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.runs import LEASE, LeaseLost, RunState
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from audit.presenters import line
from domains.operations import classify_domain
from invitations.operations import accept_access, accept_invitation, invite_to_account
from organizations import policy
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role, transfer_ownership
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser
from tests.users import departures
from tests.users.departures import (
    NAME,
    OTHER,
    WORKER,
    Company,
    called_back,
    claim_of,
    departed,
    departure_of,
    fresh,
    members,
    rows_of,
    step,
)
from tests.users.enrolled import factors_of, type_password, with_app, with_recovery_codes
from tests.users.people import (
    doubt,
    invited,
    lose,
    member,
    prove,
    remembered_browser_of,
    session_of,
    stay_of,
)
from tests.world import PASSWORD
from users import jobs, leaving, returning
from users.models import (
    Departed,
    Departure,
    EmailChange,
    FactorKind,
    RememberedBrowser,
    Session,
    User,
)
from users.operations import (
    bring_people_back,
    change_email,
    departing,
    found_organization,
    lift_suspension,
    reset_password,
    start_email_change,
    suspend_login,
    take_departure_step,
)
from users.passwords import hash_password
from users.queries import absence_of
from users.reset_tokens import ResetTokens

AWAY = ["ada", "bo", "col"]


@pytest.fixture
def company(db: None) -> Company:
    return departures.company()


@pytest.fixture
def steps_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few people need more than one step."""
    monkeypatch.setattr(departing, "PEOPLE_OF_A_STEP", 2)


def events(organization: Organization, action: str) -> list[AuditEvent]:
    return list(AuditEvent.unscoped.filter(chain=organization.sid, action=action).order_by("pk"))


def roles_on(account: Account) -> dict[str, set[str]]:
    """Who holds what on an account, by what stands before the @."""
    held: dict[str, set[str]] = {}
    for one in RoleAssignment.unscoped.in_force().filter(account=account):
        held.setdefault(one.email.partition("@")[0], set()).add(one.role)
    return held


def to_each(mails: list[EmailMessage], subject: str) -> dict[str, EmailMessage]:
    return {mail.to[0].partition("@")[0]: mail for mail in mails if mail.subject == subject}


def owner_of(account: Account) -> str:
    return Account.unscoped.select_related("owner").get(pk=account.pk).owner.email.split("@")[0]


def outcome(run: Departure) -> tuple[str, int, int]:
    run = fresh(run)
    return run.state, run.done, run.refused


def suspend(user: User, sue: User) -> None:
    suspend_login(user, actor=policy.staff_actor(sue).with_reason("Ticket 8"))


# Leaving


def test_everybody_of_the_domain_leaves_but_the_owner(company, work) -> None:
    before = Organization.objects.get(pk=company.organization.pk).managed_users
    run = departed(company.organization, work)
    assert members(company.organization) == {"olga": Role.OWNER, "dee": Role.STANDARD}
    assert outcome(run) == (RunState.FINISHED, 3, 0)
    assert Organization.objects.get(pk=company.organization.pk).managed_users == before - 3


def test_accounts_pass_to_the_owner_and_the_former_owner_keeps_nothing_on_them(
    company, work
) -> None:
    below = create_subaccount(company.shop, name="Below", actor=acting(company.bo))
    departed(company.organization, work)
    assert (owner_of(company.shop), owner_of(below)) == ("olga", "olga")
    assert roles_on(company.shop) == {"olga": {AccountRole.OWNER}}
    assert roles_on(company.office) == {"olga": {AccountRole.OWNER}}
    [told] = events(company.organization, "account.transferred")
    assert line(told) == (
        "System (lost domains) made olga@lapsed.example the owner of the account “Shop” in place "
        "of bo@lapsed.example"
    )


def test_an_account_that_is_closing_passes_too_and_a_closed_one_stays(company, work) -> None:
    closed = create_account(
        company.organization, name="Closed", owner=company.bo, actor=acting(company.bo)
    )
    now = clock.now()
    RoleAssignment.unscoped.filter(account=closed).end()
    Account.unscoped.filter(pk=closed.pk).update(
        status=AccountStatus.CLOSED, closing_at=now, closed_at=now
    )
    Account.unscoped.filter(pk=company.shop.pk).update(
        status=AccountStatus.PENDING_CLOSURE, closing_at=now
    )
    departed(company.organization, work)
    assert (owner_of(company.shop), owner_of(closed)) == ("olga", "bo")
    jobs_done = Account.unscoped.get(pk=company.shop.pk)
    assert jobs_done.status == AccountStatus.PENDING_CLOSURE


def test_nothing_is_left_of_access(company, work, sign_in) -> None:
    browser = sign_in(company.bo)
    elsewhere = session_of(company.bo)
    assert browser.get(reverse("account:detail", args=[company.office.sid])).status_code == 200
    departed(company.organization, work)
    for user in company.leavers:
        assert not access.proof_of(user.pk, company.shop)
        assert not access.proof_of(user.pk, company.office)
        assert not Membership.unscoped.open().filter(user=user).exists()
        assert not RoleAssignment.unscoped.open().filter(holder=user).exists()
    assert not Session.objects.filter(pk=elsewhere.pk).exists()
    assert browser.get(reverse("console:home")).status_code == 302
    assert sign_in(company.ada).get(reverse("users:list")).status_code == 403


def test_an_old_invitation_to_an_account_does_not_bring_anybody_back(company, work) -> None:
    """From before the domain was proven and its people became members."""
    lose(NAME)
    address, roles = f"gil@{NAME}", [AccountRole.SUPPORT]
    invitation = invite_to_account(
        company.shop, email=address, roles=roles, actor=acting(company.bo)
    )
    prove(company.organization, NAME)
    gil = member(company.organization, address)
    departed(company.organization, work)
    with pytest.raises(RuleViolation) as refused:
        accept_access(invitation, user=gil, actor=acting(gil))
    assert refused.value.code == "link_dead"


def test_roles_on_accounts_of_others_stay(company, work, eve) -> None:
    theirs = Account.unscoped.filter(owner=eve).select_related("organization").first()
    with tenant(theirs.organization):
        RoleAssignment.begin(
            company.col,
            role=AccountRole.SUPPORT,
            home=company.organization,
            account=theirs,
            source="invitation",
        )
    departed(company.organization, work)
    [kept] = RoleAssignment.unscoped.open().filter(holder=company.col)
    assert (kept.account, kept.holder_organization) == (theirs, None)


def test_each_one_is_told_by_mail_what_they_lose_and_keep(company, deliver) -> None:
    deliver()
    departure_of(company.organization)
    mails = to_each(deliver(), "You are no longer a member of Zoë's organization")
    assert sorted(mails) == AWAY
    told = mails["bo"].body
    assert "Standard User" in told
    assert "The accounts that you owned there (1) belong to its Owner now." in told
    assert "What you keep: your login" in told
    assert "accounts that you owned" not in mails["col"].body


def test_each_one_has_an_event_that_says_why(company, work) -> None:
    run = departed(company.organization, work)
    told = {
        event.subject_sid: event
        for event in events(company.organization, "user.removed_with_domain")
    }
    assert list(told) == [user.sid for user in company.leavers]
    assert line(told[company.bo.sid]) == (
        "System (lost domains) removed bo@lapsed.example (Standard User (Account Creation)), since "
        "the domain lapsed.example was lost (accounts that passed to olga@lapsed.example: 1, roles "
        "on accounts that ended: 1)"
    )
    [finished] = events(company.organization, "domain.people_removed")
    assert finished.subject_sid == run.sid
    assert line(finished).endswith("finished removing the people of lapsed.example (removed: 3)")


def test_the_page_of_each_one_leads_to_all_who_left_with_the_domain(company, work, sign_in) -> None:
    departed(company.organization, work)
    page = reverse("users:detail", args=[company.bo.sid])
    people = reverse("users:departed", args=[claim_of(company.organization).sid])
    body = sign_in(company.olga).get(page).content.decode()
    assert f"{company.bo.get_full_name()} left" in body
    assert people in body
    assert "See the results" not in body


def test_what_they_had_is_kept(company, work) -> None:
    departed(company.organization, work)
    rows = rows_of(company.organization)
    assert {name: row.role for name, row in rows.items()} == {
        "ada": Role.ADMINISTRATOR,
        "bo": Role.STANDARD,
        "col": Role.STANDARD,
    }
    assert rows["bo"].accounts == [company.shop.sid]
    assert rows["bo"].roles == [
        {
            "account": company.office.sid,
            "roles": [AccountRole.DEVELOPER, AccountRole.SUPPORT],
            "ends_at": "",
            "reason": "On call",
        }
    ]
    assert PASSWORD not in str(vars(rows["bo"]))
    assert len(rows["bo"].password_digest) == 64


def test_who_is_locked_out_already_leaves_as_well(company, sue, work) -> None:
    suspend(company.ada, sue)
    departed(company.organization, work)
    assert "ada" not in members(company.organization)


def test_a_step_takes_some_people_and_the_run_goes_on(company, steps_of_two, work) -> None:
    run = departure_of(company.organization)
    step(run)
    assert sorted(rows_of(company.organization)) == ["ada", "bo"]
    assert outcome(run) == (RunState.RUNNING, 2, 0)
    step(run)
    assert outcome(run) == (RunState.FINISHED, 3, 0)


def test_a_killed_workers_run_is_taken_over_and_nobody_leaves_twice(
    company, steps_of_two, work, monkeypatch
) -> None:
    run = departure_of(company.organization)
    DBTaskResult.objects.all().delete()
    step(run)
    let_go = leaving.remove

    def die_after_writing(*args: object, **kwargs: object) -> None:
        let_go(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(leaving, "remove", die_after_writing)
    with pytest.raises(KeyboardInterrupt):
        step(run)
    monkeypatch.setattr(leaving, "remove", let_go)
    assert sorted(rows_of(company.organization)) == ["ada", "bo"]

    work()  # the mails to those who have left
    jobs.take_up_departures.func()
    assert work() == 0, "its lease has not lapsed yet"
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        jobs.take_up_departures.func()
        work()
        with pytest.raises(LeaseLost):
            step(run)  # the former worker wakes up
    assert Departed.unscoped.filter(organization=company.organization).count() == 3
    assert outcome(run) == (RunState.FINISHED, 3, 0)
    told = [event.subject_sid for event in events(company.organization, "user.removed_with_domain")]
    assert told == [user.sid for user in company.leavers]


def test_a_run_that_nobody_has_begun_is_begun(company, work) -> None:
    run = departure_of(company.organization)
    DBTaskResult.objects.all().delete()
    jobs.take_up_departures.func()
    work()
    assert outcome(run) == (RunState.FINISHED, 3, 0)


def test_two_workers_with_the_same_message_remove_everybody_once(company, work) -> None:
    run = departure_of(company.organization)
    jobs.drive_departure.enqueue(run.pk)
    work()
    assert len(events(company.organization, "domain.people_removed")) == 1
    assert outcome(run) == (RunState.FINISHED, 3, 0)


def test_who_hands_the_ownership_over_meanwhile_leaves_and_the_new_owner_stays(
    company, steps_of_two, work
) -> None:
    """The former Owner's stay is older than those of whoever has left already."""
    run = departure_of(company.organization)
    step(run)
    transfer_ownership(company.organization, to=company.dee.email, actor=acting(company.olga))
    step(run)
    assert members(company.organization) == {"dee": Role.OWNER}
    assert owner_of(company.shop) == owner_of(company.office) == "dee"
    assert outcome(run) == (RunState.FINISHED, 4, 0)


def test_nobody_else_is_removed_once_the_domain_is_proven_again(company, steps_of_two) -> None:
    run = departure_of(company.organization)
    step(run)
    prove(company.organization, NAME)
    step(run)
    assert members(company.organization) == {"olga": "owner", "col": "standard", "dee": "standard"}
    assert outcome(run) == (RunState.FINISHED, 2, 0)


def test_a_domain_without_people_is_done_at_once(company, work) -> None:
    prove(company.organization, "empty.example")
    run = departed(company.organization, work, name="empty.example")
    assert outcome(run) == (RunState.FINISHED, 0, 0)


def test_people_of_the_domain_in_other_organizations_stay(company, globex, work) -> None:
    lose(NAME)
    prove(globex, NAME)
    theirs = member(globex, f"gil@{NAME}")
    departed_here = Departure.unscoped.create(organization=company.organization, domain_name=NAME)
    departed_here.enqueue()
    work()
    assert stay_of(theirs).organization == globex
    assert sorted(rows_of(company.organization)) == AWAY


def test_only_the_system_removes(company) -> None:
    run = departure_of(company.organization)
    assert fresh(run).claim()
    with pytest.raises(NotAllowed):
        take_departure_step(fresh(run), actor=acting(company.olga))
    assert not Departed.unscoped.exists()


# Coming back


def test_everybody_comes_back_with_what_they_had(company, work) -> None:
    before = members(company.organization)
    on_shop, on_office = roles_on(company.shop), roles_on(company.office)
    departed(company.organization, work)
    run = called_back(company)
    work()
    assert members(company.organization) == before
    assert (roles_on(company.shop), roles_on(company.office)) == (on_shop, on_office)
    assert owner_of(company.shop) == "bo"
    assert outcome(run) == (RunState.FINISHED, 3, 0)
    assert not Departed.unscoped.away().exists()
    [again] = RoleAssignment.unscoped.open().filter(
        account=company.office, holder=company.bo, role=AccountRole.SUPPORT
    )
    assert (again.reason, again.by) == ("On call", company.olga)


def test_the_trail_tells_who_brought_whom_back(company, work) -> None:
    departed(company.organization, work)
    run = called_back(company)
    work()
    [started] = events(company.organization, "domain.return_started")
    assert started.subject_sid == run.sid
    told = {event.subject_sid: event for event in events(company.organization, "user.brought_back")}
    assert line(told[company.bo.sid]) == (
        "olga@lapsed.example brought bo@lapsed.example back as Standard User (Account Creation) "
        "with the domain lapsed.example (accounts: 1 of 1, roles on accounts: 1 of 1, password: "
        "unchanged)"
    )
    [finished] = events(company.organization, "domain.people_brought_back")
    assert line(finished).endswith("(back: 3, still away: 0)")


def test_sessions_end_and_a_mail_says_how_to_log_in(company, work, deliver) -> None:
    departed(company.organization, work)
    elsewhere = session_of(company.col)
    called_back(company)
    mails = to_each(deliver(), "You are a member of Zoë's organization again")
    assert sorted(mails) == AWAY
    assert "Log in with your password: " in mails["col"].body
    assert not Session.objects.filter(pk=elsewhere.pk).exists()
    col = User.objects.get(pk=company.col.pk)
    assert check_password(PASSWORD, col.password)


def test_a_link_that_resets_the_password_is_dead_after_coming_back(company, work) -> None:
    """Whoever got the domain could have asked for it, and kept it for later."""
    departed(company.organization, work)
    tokens = ResetTokens()
    token = tokens.make_token(company.col)
    assert tokens.check_token(company.col, token)
    called_back(company)
    work()
    assert not tokens.check_token(User.objects.get(pk=company.col.pk), token)


def test_a_password_that_was_changed_meanwhile_must_be_set_anew(company, work, deliver) -> None:
    """Whoever got the domain could have read the mail by which passwords are reset."""
    departed(company.organization, work)
    stranger = Actor.stranger(company.col.email)
    reset_password(company.col, password=hash_password("brass kettle window"), actor=stranger)
    start_email_change(company.col, email="thief@elsewhere.example", actor=acting(company.col))
    called_back(company)
    deliver()
    col = User.objects.get(pk=company.col.pk)
    assert stay_of(col).organization == company.organization
    assert not col.has_usable_password()
    assert not EmailChange.objects.filter(user=col).exists()
    [event] = [
        one
        for one in events(company.organization, "user.brought_back")
        if one.subject_sid == col.sid
    ]
    assert "password: must be set again" in line(event)
    reset_password(col, password=hash_password("amber pencil garden"), actor=stranger)
    assert User.objects.get(pk=col.pk).has_usable_password()


def test_second_factors_of_whoever_had_the_mailbox_do_not_come_back(company, work) -> None:
    departed(company.organization, work)
    stranger = Actor.stranger(company.col.email)
    reset_password(company.col, password=hash_password("brass kettle window"), actor=stranger)
    with_app(company.col)
    with_recovery_codes(company.col)
    remembered_browser_of(company.col)
    called_back(company)
    work()
    col = User.objects.get(pk=company.col.pk)
    assert factors_of(col) == set()
    assert not RememberedBrowser.objects.filter(user=col).exists()
    assert not stay_of(col).has_second_factor
    reset_password(col, password=hash_password("amber pencil garden"), actor=stranger)
    client = browser()
    type_password(client, col, "amber pencil garden")
    assert client.get("/second-factor/").headers["Location"] == "/second-factor/set-up/"


def test_second_factors_stay_where_the_password_is_what_it_was(company, work) -> None:
    departed(company.organization, work)
    with_app(company.col)
    called_back(company)
    work()
    col = User.objects.get(pk=company.col.pk)
    assert factors_of(col) == {FactorKind.APP}
    assert not col.is_factor_due


def test_the_mail_says_where_a_new_password_is_set(company, work, deliver) -> None:
    departed(company.organization, work)
    stranger = Actor.stranger(company.col.email)
    reset_password(company.col, password=hash_password("brass kettle window"), actor=stranger)
    deliver()
    called_back(company)
    [told] = [mail for mail in deliver() if mail.to == [company.col.email]]
    assert "Set a new password before you log in: http://testserver/" in told.body
    assert reverse("account_reset_password") in told.body
    assert "any second factor was removed" in told.body
    assert "asks you to set up a second factor" in told.body


def joined_elsewhere(company: Company, globex: Organization, sue: User) -> str:
    lose(NAME)
    prove(globex, NAME)
    invitation = invited(globex, company.col.email)
    accept_invitation(invitation, user=company.col, absorbing=None, actor=acting(company.col))
    return returning.ELSEWHERE


def suspended(company: Company, globex: Organization, sue: User) -> str:
    suspend(company.col, sue)
    return returning.NOT_ACTIVE


def took_the_login_along(company: Company, globex: Organization, sue: User) -> str:
    """To an address of their own, so that whoever loses the domain again keeps the login."""
    change = start_email_change(
        company.col, email="thief@elsewhere.example", actor=acting(company.col)
    )
    change_email(change, keep=session_of(company.col).sid, actor=acting(company.col))
    return returning.OTHER_ADDRESS


def founded_their_own(company: Company, globex: Organization, sue: User) -> str:
    found_organization(company.col, name="", actor=acting(company.col))
    return returning.ELSEWHERE


OBSTACLES = [joined_elsewhere, suspended, took_the_login_along, founded_their_own]


@pytest.mark.parametrize("happens", OBSTACLES)
def test_who_cannot_come_back_stays_away_and_it_is_said_why(
    happens, company, globex, sue, work, sign_in
) -> None:
    departed(company.organization, work)
    why = happens(company, globex, sue)
    run = called_back(company)
    work()
    assert sorted(members(company.organization)) == ["ada", "bo", "dee", "olga"]
    assert outcome(run) == (RunState.FINISHED, 2, 1)
    row = rows_of(company.organization)["col"]
    assert (row.returned_at, row.obstacle) == (None, why)
    with tenant(company.organization):
        absence = absence_of(NAME)
    assert (absence.away, absence.under_way) == (1, None)
    assert [one.obstacle for one in absence.kept_away] == [why]
    page = sign_in(company.olga).get(page_of(company))
    assert why in page.content.decode()
    assert "Globex" not in page.content.decode()


def test_nobody_comes_back_with_an_address_that_may_not_come_in(company, work) -> None:
    """What anybody can have is let in by no invitation, so by no return either."""
    departed(company.organization, work)
    called_back(company)
    classify_domain(NAME, is_common=True, actor=Actor.operator("test"))
    work()
    assert sorted(members(company.organization)) == ["dee", "olga"]
    assert "a mail service that anybody can use" in rows_of(company.organization)["bo"].obstacle


def test_who_could_not_come_back_can_be_asked_again(company, sue, work) -> None:
    departed(company.organization, work)
    suspended(company, company.organization, sue)
    called_back(company)
    work()
    lift_suspension(company.col, actor=policy.staff_actor(sue).with_reason("Ticket 9"))
    run = bring_people_back(company.organization, domain_name=NAME, actor=acting(company.ada))
    work()
    assert outcome(run) == (RunState.FINISHED, 1, 0)
    row = rows_of(company.organization)["col"]
    assert row.returned_at
    assert row.obstacle == ""


def test_what_does_not_stand_any_more_does_not_come_back(company, work) -> None:
    """An account that was given on, one that is closing, and a role whose end has come."""
    olga, bo = acting(company.olga), company.bo
    kept, given_on, closing = (
        create_account(company.organization, name=name, owner=bo, actor=acting(bo))
        for name in ("Kept", "Given on", "Closing")
    )
    short = create_account(company.organization, name="Short", owner=company.olga, actor=olga)
    tomorrow = clock.now() + timedelta(days=1)
    set_roles(short, holder=bo, roles=[AccountRole.SUPPORT], ends_at=tomorrow, actor=olga)
    departed(company.organization, work)
    transfer_account(given_on, to=company.dee, actor=olga)
    Account.unscoped.filter(pk=closing.pk).update(
        status=AccountStatus.PENDING_CLOSURE, closing_at=clock.now()
    )
    with time_machine.travel(clock.now() + timedelta(days=2)):
        called_back(company)
        work()
        assert roles_on(short) == {"olga": {AccountRole.OWNER}}
    owners = [owner_of(one) for one in (kept, company.shop, given_on, closing)]
    assert owners == ["bo", "bo", "dee", "olga"]
    [told] = [
        one
        for one in events(company.organization, "user.brought_back")
        if one.subject_sid == bo.sid
    ]
    assert "(accounts: 2 of 4, roles on accounts: 1 of 2," in line(told)


def test_a_planned_end_comes_back_with_its_role(company, work) -> None:
    in_a_month = clock.now() + timedelta(days=30)
    roles = [AccountRole.SUPPORT]
    set_roles(
        company.office,
        holder=company.col,
        roles=roles,
        ends_at=in_a_month,
        actor=acting(company.olga),
    )
    departed(company.organization, work)
    called_back(company)
    work()
    [again] = RoleAssignment.unscoped.open().filter(account=company.office, holder=company.col)
    assert again.ends_at == in_a_month


def test_who_has_too_many_roles_by_now_comes_back_without_them(company, settings, work) -> None:
    departed(company.organization, work)
    settings.ACCOUNT_ROLES_PER_USER = 1
    run = called_back(company)
    work()
    assert outcome(run) == (RunState.FINISHED, 3, 0)
    assert roles_on(company.office) == {"olga": {AccountRole.OWNER}}
    assert owner_of(company.shop) == "bo"


def test_who_came_back_by_an_invitation_gets_the_rest_and_keeps_their_role(company, work) -> None:
    departed(company.organization, work)
    prove(company.organization, NAME)
    invitation = invited(company.organization, company.bo.email, Role.ADMINISTRATOR)
    accept_invitation(invitation, user=company.bo, absorbing=None, actor=acting(company.bo))
    run = called_back(company)
    work()
    assert members(company.organization)["bo"] == Role.ADMINISTRATOR
    assert owner_of(company.shop) == "bo"
    assert outcome(run) == (RunState.FINISHED, 3, 0)


def test_a_domain_may_be_lost_twice(company, work) -> None:
    departed(company.organization, work)
    prove(company.organization, NAME)
    invitation = invited(company.organization, company.bo.email)
    accept_invitation(invitation, user=company.bo, absorbing=None, actor=acting(company.bo))
    departed(company.organization, work)
    assert sorted(members(company.organization)) == ["dee", "olga"]
    called_back(company)
    work()
    departed(company.organization, work)
    called_back(company)
    work()
    assert sorted(members(company.organization)) == ["ada", "bo", "col", "dee", "olga"]


def test_a_return_goes_on_where_its_killed_worker_left_it(
    company, steps_of_two, sue, work, monkeypatch
) -> None:
    departed(company.organization, work)
    suspend(company.ada, sue)
    run = called_back(company)
    DBTaskResult.objects.all().delete()
    step(run)
    assert outcome(run) == (RunState.RUNNING, 1, 1)
    bring = returning.bring_back

    def die_after_writing(*args: object) -> None:
        bring(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(returning, "bring_back", die_after_writing)
    with pytest.raises(KeyboardInterrupt):
        step(run)
    monkeypatch.setattr(returning, "bring_back", bring)
    assert "col" not in members(company.organization)
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        jobs.take_up_departures.func()
        work()
    assert outcome(run) == (RunState.FINISHED, 2, 1)
    told = [event.subject_sid for event in events(company.organization, "user.brought_back")]
    assert told == [company.bo.sid, company.col.sid]


# Who may, and when


def demoted(company: Company, sue: User) -> None:
    change_role(stay_of(company.dee), role=Role.STANDARD, actor=acting(company.olga))


def locked_out(company: Company, sue: User) -> None:
    suspend(company.dee, sue)


def domain_in_doubt(company: Company, sue: User) -> None:
    doubt(NAME)


@pytest.mark.parametrize("happens", [demoted, locked_out, domain_in_doubt])
def test_a_return_stops_once_it_may_not_go_on(happens, company, sue, steps_of_two, work) -> None:
    change_role(stay_of(company.dee), role=Role.ADMINISTRATOR, actor=acting(company.olga))
    departed(company.organization, work)
    run = called_back(company, by=company.dee)
    step(run)
    happens(company, sue)
    step(run)
    assert outcome(run) == (RunState.FAILED, 2, 0)
    assert "col" not in members(company.organization)
    [stopped] = events(company.organization, "domain.return_stopped")
    assert "(back: 2, still away: 0)" in line(stopped)
    prove(company.organization, NAME)
    bring_people_back(company.organization, domain_name=NAME, actor=acting(company.olga))
    work()
    assert "col" in members(company.organization)


def test_nobody_else_goes_on_with_a_return(company, work) -> None:
    departed(company.organization, work)
    run = called_back(company)
    assert fresh(run).claim()
    for actor in (WORKER, acting(company.dee)):
        with pytest.raises(NotAllowed):
            take_departure_step(fresh(run), actor=actor)
    assert sorted(members(company.organization)) == ["dee", "olga"]


def test_a_standard_user_support_and_an_operator_bring_nobody_back(company, sue, work) -> None:
    departed(company.organization, work)
    prove(company.organization, NAME)
    support = policy.staff_actor(sue).with_reason("Ticket 7")
    for actor in (acting(company.dee), support, Actor.operator("test")):
        with assert_no_effect(), pytest.raises(NotAllowed):
            bring_people_back(company.organization, domain_name=NAME, actor=actor)


def refusal_of(company: Company) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        bring_people_back(company.organization, domain_name=NAME, actor=acting(company.olga))
    return refused.value.code


def test_without_the_domain_nobody_comes_back(company, globex, work) -> None:
    departed(company.organization, work)
    assert refusal_of(company) == "domain_not_verified"
    prove(company.organization, NAME)
    doubt(NAME)
    assert refusal_of(company) == "domain_not_verified"
    prove(globex, NAME)
    assert refusal_of(company) == "domain_not_verified"


def test_who_is_being_removed_is_not_brought_back_at_the_same_time(company, work) -> None:
    departure_of(company.organization)
    prove(company.organization, NAME)
    assert refusal_of(company) == "departure_under_way"


def test_people_are_brought_back_once(company, work) -> None:
    departed(company.organization, work)
    called_back(company)
    assert refusal_of(company) == "departure_under_way"
    work()
    assert refusal_of(company) == "nobody_away"


# Pages


def page_of(company: Company) -> str:
    return reverse("users:departed", args=[claim_of(company.organization).sid])


def test_the_page_tells_how_far_the_removal_is(company, sign_in, steps_of_two) -> None:
    client, run = sign_in(company.olga), departure_of(company.organization)
    step(run)
    page = client.get(page_of(company))
    assert page.context["is_under_way"]
    assert b'<meta http-equiv="refresh" content="3">' in page.content
    assert [row["email"] for row in page.context["rows"]] == [company.bo.email, company.ada.email]
    assert {row["state"] for row in page.context["rows"]} == {"Away"}
    assert page.context["refusal"] == "Verify this domain first. Then its people can come back."
    step(run)
    page = client.get(page_of(company))
    assert b"refresh" not in page.content
    assert page.context["counted"] == "3 people"


def test_the_button_brings_everybody_back(company, sign_in, work) -> None:
    departed(company.organization, work)
    prove(company.organization, NAME)
    client = sign_in(company.olga)
    assert b"Bring everybody back" in client.get(page_of(company)).content
    url = reverse("users:bring-back", args=[claim_of(company.organization).sid])
    answer = client.post(url)
    assert (answer.status_code, answer["Location"]) == (303, page_of(company))
    assert client.get(page_of(company)).context["is_under_way"]
    again = client.post(url)
    assert again["Location"] == claim_of(company.organization).get_absolute_url()
    work()
    page = client.get(page_of(company))
    assert {row["state"] for row in page.context["rows"]} == {"Back"}
    assert b"Bring everybody back" not in page.content


def test_the_page_is_empty_where_nobody_was_removed(company, sign_in) -> None:
    assert b"Nobody was removed" in sign_in(company.olga).get(page_of(company)).content


def test_what_is_read_about_a_domain_costs_the_same_however_many_are_away(
    company, work, count_queries
) -> None:
    departed(company.organization, work)
    with tenant(company.organization):
        few = count_queries(lambda: absence_of(NAME))
        assert absence_of(OTHER).away == 0
    called_back(company)
    work()
    for number in range(10):
        member(company.organization, f"more{number}@{NAME}")
    departed(company.organization, work)
    with tenant(company.organization):
        assert count_queries(lambda: absence_of(NAME)) == few == 3
        assert absence_of(NAME).away == 13
