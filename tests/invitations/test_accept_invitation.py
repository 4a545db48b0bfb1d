"""Accepting an invitation: every rule is asked again, and only a POST accepts."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Account, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import (
    accept_invitation,
    accept_invitation_as_newcomer,
    resend_invitation,
    revoke_invitation,
)
from merges.operations import Absorption, absorb
from organizations.models import Membership, Organization, Role
from tests.accounts.made import leave_room
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, follow
from tests.users.people import (
    ANSWERS,
    doubt,
    founder,
    invited,
    lose,
    member,
    newcomer,
    organization_of,
    prove,
    stay_of,
)
from users.models import User
from users.newcomers import add_user

NEW = "new@acme.example"
SOLO = "solo@acme-labs.example"


@pytest.fixture
def invitation(acme) -> Invitation:
    return invited(acme, NEW)


@pytest.fixture
def solo(acme) -> User:
    """Owns a small organization; their address is of a domain that Acme has proven since."""
    user = founder(SOLO)
    prove(acme, "acme-labs.example")
    return user


def link(invitation: Invitation) -> str:
    return reverse("invitations:show", args=[invitation.token()])


def accept(invitation: Invitation, user: User, absorbing: Organization | None = None) -> Membership:
    return accept_invitation(invitation, user=user, absorbing=absorbing, actor=acting(user))


def refused(invitation: Invitation, user: User, absorbing: Organization | None = None) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        accept(invitation, user, absorbing)
    return violation.value.code


def refused_newcomer(invitation: Invitation) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        accept_invitation_as_newcomer(
            invitation, newcomer=newcomer(), actor=Actor.stranger(invitation.email)
        )
    return violation.value.code


# Somebody new


@pytest.mark.parametrize("role", [Role.STANDARD, Role.ADMINISTRATOR])
def test_somebody_new_becomes_a_member_with_the_offered_role_and_no_account(role, acme) -> None:
    invitation = invited(acme, NEW, role)
    client = browser()
    page = client.get(link(invitation)).content.decode()
    assert "Ana Silva" in page
    assert "Acme" in page

    response = client.post(link(invitation), ANSWERS)
    assert (response.status_code, response["Location"]) == (303, "/console/")
    assert b"Welcome to Acme." in follow(client, response).content
    user = User.objects.get(email=NEW)
    stay = stay_of(user)
    assert (stay.organization, stay.role, stay.source) == (acme, role, "invitation")
    with every_tenant():
        held = RoleAssignment.objects.open().filter(holder=user)
        assert [(one.account, one.role) for one in held] == [(None, role)]
        assert not Account.objects.filter(owner=user).exists()
    assert not Organization.objects.filter(owner=user).exists()


def test_joining_is_in_the_trail(invitation, acme) -> None:
    browser().post(link(invitation), ANSWERS)
    event = AuditEvent.unscoped.select_related("details").get(
        action="user.joined", chain=acme.sid, details__data__subject=NEW
    )
    user = User.objects.get(email=NEW)
    assert event.subject_sid == event.actor_sid == user.sid
    told = event.details.data
    assert (told["actor"], told["invitation"], told["role"]) == (
        NEW,
        invitation.sid,
        Role.STANDARD.label,
    )


@pytest.mark.parametrize("where", ["body", "query", "cookie"])
def test_role_and_organization_come_from_the_row_whatever_is_sent(
    where, invitation, acme, globex
) -> None:
    wish = {"role": "owner", "organization": globex.sid, "email": "x@evil.example", "account": "1"}
    client = browser()
    if where == "cookie":
        for name, value in wish.items():
            client.cookies[name] = value
    query = {"query_params": wish} if where == "query" else {}
    client.post(link(invitation), ANSWERS | (wish if where == "body" else {}), **query)
    stay = stay_of(User.objects.get(email=NEW))
    assert (stay.organization, stay.role) == (acme, Role.STANDARD)


@pytest.mark.parametrize("who", [None, "cy"])
def test_looking_never_accepts(who, invitation, request, sign_in) -> None:
    client = sign_in(request.getfixturevalue(who)) if who else browser()
    with assert_no_effect():
        for method in (client.get, client.head):
            assert method(link(invitation)).status_code == 200
        for method in (client.options, client.put, client.delete):
            assert method(link(invitation)).status_code == 405


def test_looking_by_the_invited_person_never_accepts(solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    client = sign_in(solo)
    with assert_no_effect():
        assert b"Accept invitation" in client.get(link(invitation)).content
        client.head(link(invitation))


@pytest.mark.parametrize("password", ["", "short", "password123", "new@acme.example"])
def test_a_weak_password_is_refused_beside_its_field(password, invitation) -> None:
    with assert_no_effect():
        response = browser().post(link(invitation), ANSWERS | {"password": password})
    body = response.content.decode()
    assert 'id="id_password_error"' in body
    assert 'value="Zoë"' in body


def test_a_link_works_once(invitation) -> None:
    browser().post(link(invitation), ANSWERS)
    with assert_no_effect():
        for response in (browser().get(link(invitation)), browser().post(link(invitation))):
            assert response.status_code == 410
    assert refused_newcomer(invitation) == "link_dead"


@pytest.mark.parametrize(("minutes", "status"), [(-1, 200), (1, 410)])
def test_a_link_lives_for_seven_days(minutes, status, acme) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        invitation = invited(acme, NEW)
        traveller.shift(timedelta(days=7, minutes=minutes))
        with assert_no_effect():
            assert browser().get(link(invitation)).status_code == status
            assert browser().post(link(invitation)).status_code == status
        if minutes > 0:
            assert refused_newcomer(invitation) == "link_dead"


def test_every_dead_link_looks_the_same(acme, ana) -> None:
    revoked = invited(acme, NEW)
    revoke_invitation(revoked, actor=acting(ana))
    pages = {browser().get(link(revoked)).content}
    pages.add(browser().get(f"/invitations/{'0' * 64}/").content)
    accepted = invited(acme, NEW)
    browser().post(link(accepted), ANSWERS)
    pages.add(browser().get(link(accepted)).content)
    assert len(pages) == 1


# Every rule is asked again


def resent(invitation: Invitation, ana: User) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        resend_invitation(invitation, actor=acting(ana))


def revoked(invitation: Invitation, ana: User) -> None:
    revoke_invitation(invitation, actor=acting(ana))


def domain_lost(invitation: Invitation, ana: User) -> None:
    lose("acme.example")


def domain_in_doubt(invitation: Invitation, ana: User) -> None:
    doubt("acme.example")


def registered(invitation: Invitation, ana: User) -> None:
    prove(invitation.organization, "spare.example")
    user = member(invitation.organization, "spare@spare.example")
    User.objects.filter(pk=user.pk).update(email=NEW)
    user.emailaddress_set.update(email=NEW)
    Membership.unscoped.filter(user=user).update(email=NEW)
    RoleAssignment.unscoped.filter(holder=user).update(email=NEW)


CHANGES = [
    (resent, "link_dead"),
    (revoked, "link_dead"),
    (domain_lost, "domain_not_verified"),
    (domain_in_doubt, "domain_not_verified"),
    (registered, "already_registered"),
]


@pytest.mark.parametrize(("change", "code"), CHANGES)
def test_what_changed_since_the_mail_holds_for_somebody_new(change, code, invitation, ana) -> None:
    change(invitation, ana)
    assert refused_newcomer(invitation) == code


@pytest.mark.parametrize(("change", "code"), CHANGES[:2])
def test_what_changed_since_the_mail_holds_for_somebody_with_a_login(
    change, code, solo, acme, ana
) -> None:
    invitation = invited(acme, SOLO)
    change(invitation, ana)
    assert refused(invitation, solo, organization_of(solo)) == code


@pytest.mark.parametrize("spoil", [lose, doubt])
def test_a_lost_domain_is_told_to_somebody_with_a_login(spoil, solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    spoil("acme-labs.example")
    assert refused(invitation, solo, organization_of(solo)) == "domain_not_verified"
    client = sign_in(solo)
    with assert_no_effect():
        page = client.post(link(invitation), {"absorbing": organization_of(solo).sid})
    assert b"no longer holds the domain" in page.content


def test_a_lost_domain_is_told_to_somebody_new_and_what_was_typed_is_kept(invitation) -> None:
    lose("acme.example")
    with assert_no_effect():
        page = browser().post(link(invitation), ANSWERS).content.decode()
    assert "no longer holds the domain" in page
    assert 'value="Zoë"' in page


def test_an_organization_that_ended_takes_nobody_in(solo, acme) -> None:
    inviting = founder("mina@tiny.example")
    tiny = organization_of(inviting)
    prove(tiny, "tiny.example")
    invitation = invited(tiny, "new@tiny.example")
    lose("tiny.example")
    absorb(Absorption(tiny, into=acme), actor=acting(inviting))
    settle(inviting, acme)

    assert browser().get(link(invitation)).status_code == 410
    revoked_at = Invitation.unscoped.get(pk=invitation.pk).revoked_at
    Invitation.unscoped.filter(pk=invitation.pk).update(revoked_at=None)
    assert refused_newcomer(invitation) == "link_dead"
    Invitation.unscoped.filter(pk=invitation.pk).update(revoked_at=revoked_at)


def settle(user: User, organization: Organization) -> None:
    """Give somebody whose organization was absorbed their stay, as accepting does."""
    prove(organization, "tiny.example")
    accept(invited(organization, user.email), user)


# Somebody else, somebody with a login


def test_somebody_else_who_is_signed_in_accepts_nothing(invitation, sign_in, cy) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        for response in (client.get(link(invitation)), client.post(link(invitation), ANSWERS)):
            assert b"This invitation is for another address" in response.content
    assert refused(invitation, cy) == "wrong_person"


def test_nobody_accepts_for_somebody_else(solo, acme, cy) -> None:
    invitation = invited(acme, SOLO)
    for actor in (acting(cy), Actor.stranger(SOLO), Actor.system("test")):
        with assert_no_effect(), pytest.raises(NotAllowed):
            accept_invitation(invitation, user=solo, absorbing=organization_of(solo), actor=actor)


def test_logging_out_leads_back_to_the_link(invitation, sign_in, cy) -> None:
    response = sign_in(cy).post("/logout/", {"next": link(invitation)})
    assert response["Location"] == link(invitation)


def test_somebody_with_a_login_is_asked_to_log_in_and_is_led_back(solo, acme) -> None:
    invitation = invited(acme, SOLO)
    client = browser()
    with assert_no_effect():
        assert b"Log in to go on" in client.get(link(invitation)).content
        client.post(link(invitation), ANSWERS)
    form = {"login": SOLO, "password": "correct horse battery staple", "next": link(invitation)}
    assert client.post("/login/", form)["Location"] == link(invitation)


def test_a_member_is_told_so(acme, cy, sign_in) -> None:
    invitation = Invitation.unscoped.get(email="hana@acme.example")
    Invitation.unscoped.filter(pk=invitation.pk).update(email=cy.email)
    invitation.refresh_from_db()
    assert refused(invitation, cy) == "already_member"
    client = sign_in(cy)
    with assert_no_effect():
        page = client.post(link(invitation))
    assert b"member of this organization already" in page.content


def test_a_member_of_another_organization_is_refused(acme, globex, sign_in) -> None:
    prove(acme, "shared.example")
    invitation = invited(acme, "joe@shared.example")
    prove(globex, "shared.example")
    joe = member(globex, "joe@shared.example")
    prove(acme, "shared.example")
    assert refused(invitation, joe) == "already_in_an_organization"
    client = sign_in(joe)
    with assert_no_effect():
        page = client.post(link(invitation))
    assert b"a person can be in one only" in page.content


def test_the_owner_of_an_organization_that_grew_is_refused(solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    own = organization_of(solo)
    prove(own, "solo.example")
    assert refused(invitation, solo, own) == "merge_needed"
    member(own, "second@solo.example")
    lose("solo.example")
    assert refused(invitation, solo, own) == "merge_needed"
    client = sign_in(solo)
    with assert_no_effect():
        page = client.post(link(invitation), {"absorbing": own.sid})
    assert b"would mean merging it" in page.content


# A small organization is absorbed


def test_the_page_warns_and_accepting_absorbs(solo, acme, sign_in) -> None:
    own = organization_of(solo)
    invitation = invited(acme, SOLO, Role.ADMINISTRATOR)
    client = sign_in(solo)
    page = client.get(link(invitation)).content.decode()
    for text in ("Your own organization ends", own.name.replace("'", "&#x27;"), "First account"):
        assert text in page

    response = client.post(link(invitation), {"absorbing": own.sid})
    assert response["Location"] == "/console/"
    own.refresh_from_db()
    assert own.ended_at
    stay = stay_of(solo)
    assert (stay.organization, stay.role) == (acme, Role.ADMINISTRATOR)
    assert client.get("/admin-center/accounts/").status_code == 200
    assert Account.unscoped.get(owner=solo).organization == acme


@pytest.mark.parametrize("agreed", [None, "", "OR" + "0" * 32, "acme"])
def test_without_consent_to_what_stands_now_nothing_happens(agreed, solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    form = {} if agreed is None else {"absorbing": acme.sid if agreed == "acme" else agreed}
    client = sign_in(solo)
    with assert_no_effect():
        page = client.post(link(invitation), form).content.decode()
    assert "means for you has changed." in page
    assert "Your own organization ends" in page


def test_consent_to_another_organization_is_outdated(solo, acme, globex) -> None:
    invitation = invited(acme, SOLO)
    assert refused(invitation, solo) == "consent_outdated"
    assert refused(invitation, solo, globex) == "consent_outdated"


def test_somebody_who_has_no_organization_any_more_gives_none_up(solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    own = organization_of(solo)
    absorb(Absorption(own, into=acme), actor=acting(solo))
    assert refused(invitation, solo, own) == "consent_outdated"
    client = sign_in(solo)
    with assert_no_effect():
        assert b"Accept invitation" in client.get(link(invitation)).content
    assert client.post(link(invitation)).status_code == 303
    assert stay_of(solo).organization == acme


def test_the_account_limit_of_the_inviting_organization_holds(solo, acme, sign_in) -> None:
    invitation = invited(acme, SOLO)
    own = organization_of(solo)
    leave_room(acme, 0)
    assert refused(invitation, solo, own) == "account_limit"
    client = sign_in(solo)
    with assert_no_effect():
        page = client.post(link(invitation), {"absorbing": own.sid})
    assert b"would have" in page.content
    leave_room(acme, 1)
    assert accept(invitation, solo, own)


def test_a_user_made_without_an_operation_is_no_way_in(db) -> None:
    """`add_user` writes no row for an address that has a login."""
    founder("zoe@fresh.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        add_user("zoe@fresh.example", newcomer())
    assert violation.value.code == "already_registered"


def test_the_page_of_a_link_leaks_nothing_on(invitation) -> None:
    response = browser().get(link(invitation))
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    assert "http" not in response.content.decode().replace("http://www.w3.org", "")
