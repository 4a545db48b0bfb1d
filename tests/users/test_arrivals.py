"""Signing up with an address of a verified domain: who joins, and what they are told before."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

from datetime import timedelta

import pytest
import time_machine

from accounts.models import Account, AccountRole
from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from audit.presenters import line
from invitations.models import Invitation
from invitations.operations import (
    accept_invitation_as_newcomer,
    add_existing_account,
    invite_to_account,
    invite_user,
)
from organizations.models import DomainSetting, Membership, Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.addresses import account_of
from tests.pages.effects import assert_no_effect, browser, follow, link_in, mails_to
from tests.users.people import (
    ANSWERS,
    choose,
    doubt,
    invited,
    newcomer,
    pending_sign_up,
    prove,
    share,
    stay_of,
)
from users.models import SignUp, User
from users.operations import sign_up, start_email_change

NEW = "zoe@acme.example"
AUTO, BLOCKED, RESTRICTED = (
    DomainSetting.AUTO_ENROLLMENT,
    DomainSetting.BLOCKED,
    DomainSetting.RESTRICTED,
)


@pytest.fixture
def adding(acme: Organization) -> Organization:
    """Acme, which adds whoever signs up."""
    choose(acme, AUTO)
    return acme


@pytest.fixture
def link(adding, db, deliver) -> str:
    browser().post("/signup/", {"email": NEW})
    return link_in(mails_to(NEW, deliver())[0])


def finish(pending: SignUp, joining: str = "") -> User:
    actor = Actor.stranger(pending.email)
    return sign_up(pending, newcomer=newcomer(), joining=joining, actor=actor)


def join(organization: Organization, email: str = NEW) -> User:
    return finish(pending_sign_up(email), joining=organization.sid)


def refused(pending: SignUp, joining: str = "") -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        finish(pending, joining)
    return violation.value.code


def test_the_page_says_first_whom_they_join_and_asks_for_no_organization(link, client) -> None:
    body = client.get(link).content.decode()
    assert "You join Acme</strong> as Standard User (Account Creation)" in body
    assert "organization_name" not in body
    assert "organization of your own" not in body


def test_somebody_else_reads_that_they_get_an_organization_of_their_own(db, client) -> None:
    row = pending_sign_up("zoe@fresh.example")
    body = client.get(f"/signup/{row.token()}/").content.decode()
    assert "You get an organization of your own" in body
    assert "organization_name" in body


def test_who_signs_up_joins_as_standard_user_and_owns_nothing(link, client, adding) -> None:
    answer = client.post(link, ANSWERS | {"joining": adding.sid})
    assert (answer.status_code, answer["Location"]) == (303, "/console/")
    assert "Welcome to Acme." in follow(client, answer).content.decode()

    stay = stay_of(User.objects.get(email=NEW))
    assert (stay.organization, stay.role, stay.source) == (adding, Role.STANDARD, Source.SIGN_UP)
    assert not Organization.objects.filter(owner=stay.user).exists()
    assert not Account.unscoped.filter(owner=stay.user).exists()
    assert not SignUp.objects.filter(email=NEW).exists()


def test_joining_is_in_the_chain_of_the_organization(adding) -> None:
    user = join(adding)
    newest = AuditEvent.unscoped.filter(chain=adding.sid).latest("sequence")
    assert (newest.action, newest.subject_sid) == ("user.joined", user.sid)
    told = "joined by signing up as Standard User (Account Creation)"
    assert line(newest) == f"{NEW} {told}"


def test_an_account_that_they_create_is_managed(adding) -> None:
    user = join(adding)
    account = create_account(adding, name="Lab", owner=user, actor=acting(user))
    assert (account.organization, account.owner) == (adding, user)


def test_nothing_happens_before_the_address_is_proven(client, adding, deliver) -> None:
    with assert_no_effect("users.SignUp", "django_tasks_database.DBTaskResult"):
        client.post("/signup/", {"email": NEW})
    assert not User.objects.filter(email=NEW).exists()
    assert len(mails_to(NEW, deliver())) == 1


def test_who_has_a_login_is_told_so_and_joins_nothing(adding, deliver, ida) -> None:
    choose(adding, BLOCKED)
    outside = finish(pending_sign_up(NEW))
    choose(adding, AUTO)
    browser().post("/signup/", {"email": NEW})
    (message,) = [one for one in mails_to(NEW, deliver()) if "login" in one.subject]
    assert "/signup/" not in message.body
    assert stay_of(outside).organization != adding


# Scenario 39, from the visitor's side


def test_restricted_refuses_who_is_not_invited_and_an_invitation_works(acme, client, cy) -> None:
    with assert_no_effect():
        body = client.post("/signup/", {"email": NEW}).content.decode()
    assert "by invitation only" in body
    accepted = accept_invitation_as_newcomer(
        invited(acme, NEW), newcomer=newcomer(), actor=Actor.stranger(NEW)
    )
    assert accepted.organization == acme


def test_blocked_lets_them_in_outside_and_an_invitation_works(acme) -> None:
    choose(acme, BLOCKED)
    user = finish(pending_sign_up(NEW))
    assert stay_of(user).organization.owner == user
    assert Account.unscoped.get(owner=user).organization == stay_of(user).organization
    other = "zed@acme.example"
    stay = accept_invitation_as_newcomer(
        invited(acme, other), newcomer=newcomer(), actor=Actor.stranger(other)
    )
    assert stay.organization == acme


@pytest.mark.parametrize("setting", DomainSetting)
def test_no_setting_alters_anybody_who_is_there(setting, acme) -> None:
    with tenant(acme):
        before = list(Membership.objects.open().order_by("pk").values())
    choose(acme, setting)
    with tenant(acme):
        assert list(Membership.objects.open().order_by("pk").values()) == before


# What changes while the page is open


def test_a_setting_that_is_chosen_meanwhile_is_asked_again(adding) -> None:
    row = pending_sign_up(NEW)
    choose(adding, RESTRICTED)
    assert refused(row, adding.sid) == "domain_restricted"
    choose(adding, BLOCKED)
    assert refused(row, adding.sid) == "consent_outdated"


def test_a_domain_that_became_uncertain_meanwhile_adds_nobody(adding) -> None:
    row = pending_sign_up(NEW)
    doubt("acme.example")
    assert refused(row, adding.sid) == "domain_uncertain"


def test_a_domain_that_got_a_second_holder_meanwhile_adds_nobody(adding, globex) -> None:
    row = pending_sign_up(NEW)
    share("acme.example", globex)
    assert refused(row, adding.sid) == "consent_outdated"


def test_nobody_joins_without_having_read_so(adding, client) -> None:
    row = pending_sign_up(NEW)
    assert refused(row) == "consent_outdated"
    with assert_no_effect():
        body = client.post(f"/signup/{row.token()}/", ANSWERS).content.decode()
    assert "has changed. Read it again" in body
    assert "You join Acme" in body
    assert 'value="Quist"' in body


def test_nobody_gets_an_organization_who_was_told_to_join_one(adding) -> None:
    row = pending_sign_up("zoe@fresh.example")
    assert refused(row, adding.sid) == "consent_outdated"


def test_who_is_refused_meanwhile_reads_why_before_choosing_a_password(link, client, acme) -> None:
    choose(acme, RESTRICTED)
    body = client.get(link).content.decode()
    assert "by invitation only" in body
    assert 'name="password"' not in body
    assert "Acme" not in body.replace("acme.example", "")


# Invitations that wait


def test_an_invitation_that_waits_is_accepted_by_signing_up(adding, ana) -> None:
    invitation = invited(adding, NEW)
    before = adding.managed_users, adding.pending_users
    user = join(adding)
    invitation.refresh_from_db()
    adding.refresh_from_db()
    assert (invitation.accepted_by, invitation.is_open()) == (user, False)
    assert (adding.managed_users, adding.pending_users) == (before[0] + 1, before[1])
    assert (stay_of(user).source, stay_of(user).by_id) == (Source.INVITATION, ana.pk)


def test_who_was_invited_as_administrator_is_one_and_reads_so_first(adding, client) -> None:
    invited(adding, NEW, Role.ADMINISTRATOR)
    row = pending_sign_up(NEW)
    assert (
        "You join Acme</strong> as Administrator"
        in client.get(f"/signup/{row.token()}/").content.decode()
    )
    assert stay_of(join(adding)).role == Role.ADMINISTRATOR


def test_an_invitation_that_nobody_could_accept_any_more_gives_no_role(adding, ana, ben) -> None:
    invitation = invite_user(adding, email=NEW, role=Role.ADMINISTRATOR, actor=acting(ben))
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    user = join(adding)
    invitation.refresh_from_db()
    assert stay_of(user).role == Role.STANDARD
    assert invitation.revoked_at is not None


def test_an_expired_invitation_gives_no_role_and_is_withdrawn(adding, settings) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        invitation = invited(adding, NEW, Role.ADMINISTRATOR)
        traveller.shift(settings.INVITATION_LIFETIME + timedelta(minutes=1))
        user = join(adding)
        invitation.refresh_from_db()
    assert stay_of(user).role == Role.STANDARD
    assert invitation.revoked_at is not None


def test_what_another_organization_offers_stays_open(adding, globex, eve) -> None:
    prove(globex, "globex-labs.example")
    elsewhere = invite_user(
        globex, email="zoe@globex-labs.example", role=Role.STANDARD, actor=acting(eve)
    )
    Invitation.unscoped.filter(pk=elsewhere.pk).update(email=NEW)
    join(adding)
    elsewhere.refresh_from_db()
    assert elsewhere.is_open()


# The same verdict at every door (security 43, 44, 47)


def test_every_door_refuses_who_may_not_come_in(acme, ida, client) -> None:
    doubt("acme.example")
    ana = acme.owner
    theirs = account_of(ida)
    doors = {
        "sign-up": lambda: pending_sign_up(NEW),
        "invitation": lambda: invited(acme, NEW),
        "email change": lambda: start_email_change(ida, email=NEW, actor=acting(ida)),
        "account invitation": lambda: invite_to_account(
            account_of(ana), email=NEW, roles=[AccountRole.DEVELOPER], actor=acting(ana)
        ),
        "added account": lambda: add_existing_account(acme, sid=theirs.sid, actor=acting(ana)),
    }
    codes = {}
    for door, come_in in doors.items():
        with assert_no_effect(), pytest.raises((RuleViolation, NotAllowed)) as violation:
            come_in()
        codes[door] = violation.value.code
    assert codes == {
        "sign-up": "domain_uncertain",
        "invitation": "domain_not_verified",
        "email change": "domain_restricted",
        "account invitation": "membership_required",
        "added account": "owner_domain_not_verified",
    }
    assert not User.objects.filter(email=NEW).exists()


@pytest.mark.parametrize(
    "spelling",
    [
        "u@evilacme.example",
        "u@acme.example.evil.example",
        "u@sub.acme.example",
        "u@acme.example.",
        '"a@acme.example"@evil.example',
        "u@acme.example@evil.example",
        "mike@ａcme.example",
        "mıke@acme.example",
        "ﬁn@acme.example",
    ],
)
def test_no_other_spelling_joins(spelling, client, adding, deliver) -> None:
    deliver()
    client.post("/signup/", {"email": spelling})
    for message in deliver():
        assert message.to == [spelling]
        link = link_in(message)
        assert "You join" not in client.get(link).content.decode()
        browser().post(link, ANSWERS | {"joining": adding.sid})
    with tenant(adding):
        assert not Membership.objects.open().filter(email__startswith="u@").exists()
        assert not Membership.objects.open().filter(email__endswith="mike@acme.example").exists()


@pytest.mark.parametrize("spelling", ["ZOE@acme.example", "zoe@ACME.EXAMPLE", " Zoe@Acme.example"])
def test_another_spelling_of_an_address_is_the_same_person(spelling, adding, deliver) -> None:
    join(adding)
    browser().post("/signup/", {"email": spelling})
    assert "You have a login" in mails_to(NEW, deliver())[-1].subject
    assert User.objects.filter(email__iexact=NEW).count() == 1
