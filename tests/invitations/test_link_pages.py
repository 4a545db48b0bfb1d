"""The page behind a mailed link: access to an account, and letting an account be added."""

from datetime import timedelta

import pytest
import time_machine

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import suspend_account
from adminctr.core import clock
from invitations.models import Invitation
from invitations.operations import add_existing_account, invite_to_account
from organizations.models import Membership, Organization, Role
from tests.accounts.pages import CONSOLE, account, at, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser
from tests.users.people import ANSWERS, founder, organization_of, prove, stay_of
from users.models import User, UserStatus

MAX = "max@contractor.example"
NIA = "nia@acme-labs.example"


def link(invitation: Invitation, verb: str = "") -> str:
    return f"/invitations/{invitation.token()}/{verb}"


@pytest.fixture
def to_max(db: None) -> Invitation:
    """The demo has invited somebody new to Support line, as Developer."""
    return Invitation.unscoped.get(email=MAX)


@pytest.fixture
def to_zed(db: None) -> Invitation:
    """Somebody with a login and an organization, whose domain nobody else decides about."""
    founder("zed@elsewhere.example")
    line = account("Support line")
    invitation = invite_to_account(
        line,
        email="zed@elsewhere.example",
        roles=[AccountRole.SUPPORT, AccountRole.BILLING_MANAGER],
        ends_at=clock.now() + timedelta(days=30),
        reason="Audits the bills",
        actor=acting(line.owner),
    )
    assert invitation
    return invitation


@pytest.fixture
def zed(to_zed: Invitation) -> User:
    return User.objects.get(email=to_zed.email)


# Access, for somebody new


def test_it_says_what_is_offered_and_what_is_not(to_max) -> None:
    words = text(browser().get(link(to_max)))
    for part in ("Access to Support line", "Fay O'Connor", MAX, "as Developer", "of Acme"):
        assert part in words
    assert "You get access to this account and to nothing else of Acme." in words


def test_looking_at_it_accepts_nothing(to_max) -> None:
    with assert_no_effect():
        for _ in range(2):
            assert browser().get(link(to_max)).status_code == 200


def test_somebody_new_gets_a_login_an_organization_of_their_own_and_the_role(to_max) -> None:
    client = browser()
    where, done = send(client, link(to_max), ANSWERS)
    assert where == at("Support line", door=CONSOLE)
    assert "Welcome to Support line." in notices(done)
    user = User.objects.get(email=MAX)
    stay = stay_of(user)
    assert (stay.role, stay.organization.owner) == (Role.OWNER, user)
    assert stay.organization.name != "Acme"
    held = RoleAssignment.unscoped.in_force().filter(holder=user, account__isnull=False)
    assert {(one.organization.name, one.role) for one in held} == {
        (stay.organization.name, AccountRole.OWNER),
        ("Acme", AccountRole.DEVELOPER),
    }
    assert Account.unscoped.filter(organization=stay.organization).count() == 1
    home = text(client.get("/console/"))
    assert "Support line" in home
    assert "First account" in home
    assert client.get(link(to_max)).status_code == 410


def test_they_are_independent_there_and_no_managed_user(to_max, sign_in, ben) -> None:
    send(browser(), link(to_max), ANSWERS)
    admin = sign_in(ben)
    assert MAX in text(admin.get("/admin-center/users/independent/"))
    assert MAX not in text(admin.get("/admin-center/users/"))
    assert MAX not in text(admin.get(at("Support line", "pending-users/")))


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_made(to_max) -> None:
    with assert_no_effect():
        refused = browser().post(link(to_max), ANSWERS | {"password": "plum", "first_name": ""})
    assert {"password", "first_name"} <= set(refused.context["form"].errors)
    assert 'value="Quist"' in refused.content.decode()
    assert "plum" not in refused.content.decode()


# Access, for somebody with a login


def test_somebody_with_a_login_logs_in_first(to_zed) -> None:
    words = text(browser().get(link(to_zed)))
    assert "There is a login for this address. Log in to go on." in words


def test_they_accept_and_keep_what_they_have(to_zed, zed, sign_in) -> None:
    client = sign_in(zed)
    words = text(client.get(link(to_zed)))
    for part in ("as Billing Manager, Support", "It lasts until", "Reason: Audits the bills"):
        assert part in words
    assert "Your own organization ends" not in words
    home = stay_of(zed).organization
    where, done = send(client, link(to_zed))
    assert where == at("Support line", door=CONSOLE)
    assert notices(done) == ["Welcome to Support line."]
    assert stay_of(zed).organization == home
    held = RoleAssignment.unscoped.in_force().filter(account=account("Support line"), holder=zed)
    assert {one.role for one in held} == {AccountRole.SUPPORT, AccountRole.BILLING_MANAGER}
    assert {(one.ends_at, one.reason) for one in held} == {
        (to_zed.access_ends_at, "Audits the bills")
    }


@pytest.mark.parametrize("who", ["cy", "eve"])
def test_another_person_does_not_accept(who, to_zed, request, sign_in) -> None:
    client = sign_in(request.getfixturevalue(who))
    assert "This invitation is for another address" in text(client.get(link(to_zed)))
    with assert_no_effect():
        refused = client.post(link(to_zed))
    assert "This invitation is for another address" in text(refused)


@pytest.mark.parametrize("state", ["suspended inviter", "expired", "end gone by", "suspended"])
def test_what_no_longer_holds_is_asked_again(state, to_zed, zed, sign_in) -> None:
    client, line = sign_in(zed), account("Support line")
    at_moment = clock.now()
    if state == "suspended inviter":
        User.objects.filter(pk=line.owner_id).update(status=UserStatus.SUSPENDED)
    elif state == "expired":
        at_moment = to_zed.expires_at + timedelta(seconds=1)
    elif state == "end gone by":
        Invitation.unscoped.filter(pk=to_zed.pk).update(access_ends_at=clock.now())
    else:
        suspend_account(line, actor=acting(User.objects.get(email="ben@acme.example")))
    with time_machine.travel(at_moment):
        answer = client.post(link(to_zed))
    has_access = RoleAssignment.unscoped.in_force().filter(account=line, holder=zed).exists()
    assert has_access == (answer.status_code == 303) == (state == "suspended")
    User.objects.filter(pk=line.owner_id).update(status=UserStatus.ACTIVE)


# Declining


@pytest.mark.parametrize("logged_in", [True, False])
def test_a_declined_link_is_dead(logged_in, to_zed, zed, sign_in) -> None:
    client = sign_in(zed) if logged_in else browser()
    with assert_no_effect():
        assert client.get(link(to_zed, "decline/")).status_code == 303
    declined = client.post(link(to_zed, "decline/"))
    assert "You have declined" in declined.content.decode()
    for verb in ("", "decline/"):
        assert client.post(link(to_zed, verb)).status_code == 410
    assert client.get(link(to_zed)).status_code == 410
    assert not RoleAssignment.unscoped.filter(account=account("Support line"), holder=zed).exists()


def test_a_declined_invitation_is_no_longer_pending(to_max, sign_in, ben) -> None:
    browser().post(link(to_max, "decline/"))
    assert MAX not in text(sign_in(ben).get(at("Support line", "pending-users/")))


# Letting an account be added


@pytest.fixture
def nia(acme: Organization) -> User:
    """She owns an organization alone, with two accounts, at a domain that Acme has proven since."""
    user = founder(NIA)
    prove(acme, "acme-labs.example")
    return user


@pytest.fixture
def request_to_nia(nia: User, acme: Organization, ben: User) -> Invitation:
    hers = Account.unscoped.get(owner=nia)
    return add_existing_account(acme, sid=hers.sid, actor=acting(ben))


def test_its_owner_is_warned_that_their_organization_ends(request_to_nia, nia, sign_in) -> None:
    words = text(sign_in(nia).get(link(request_to_nia)))
    home = organization_of(nia)
    for part in (
        "Your own organization ends", "this cannot be undone", f"{home.name} ({home.sid}) ends",
        "The account First account moves to Acme, whose administrators govern it",
        "You stay its owner.", "asks nia@acme-labs.example to let the account First account",
    ):  # fmt: skip
        assert part in words


def test_they_accept_and_come_along(request_to_nia, nia, acme, sign_in, ben) -> None:
    client, former = sign_in(nia), organization_of(nia)
    assert request_to_nia.account
    where, done = send(client, link(request_to_nia), {"absorbing": former.sid})
    assert where == at_account(request_to_nia)
    assert notices(done) == ["Welcome to Acme."]
    moved = Account.unscoped.get(pk=request_to_nia.account.pk)
    assert (moved.organization, moved.owner) == (acme, nia)
    stay = stay_of(nia)
    assert (stay.organization, stay.role) == (acme, Role.STANDARD)
    former.refresh_from_db()
    assert former.ended_at is not None
    admin = sign_in(ben)
    assert moved.sid in text(admin.get("/admin-center/accounts/"))
    assert moved.sid not in text(admin.get("/admin-center/accounts/pending/"))


def at_account(invitation: Invitation) -> str:
    assert invitation.account
    return f"{CONSOLE}{invitation.account.sid}/"


@pytest.mark.parametrize("agreed", ["", "the inviter's"])
def test_without_agreeing_to_what_ends_nothing_moves(
    agreed, request_to_nia, nia, acme, sign_in
) -> None:
    client = sign_in(nia)
    with assert_no_effect():
        refused = client.post(link(request_to_nia), {"absorbing": acme.sid if agreed else ""})
    assert "Read it again before you accept." in text(refused)


def test_with_a_colleague_since_it_is_refused_with_the_way_out(
    request_to_nia, nia, sign_in
) -> None:
    prove(organization_of(nia), "nia.example")
    client = sign_in(nia)
    former = organization_of(nia)
    words = text(client.get(link(request_to_nia)))
    assert "not possible now" in words
    assert "hand its ownership over first" in words
    with assert_no_effect():
        client.post(link(request_to_nia), {"absorbing": former.sid})


def test_declined_it_is_not_added(request_to_nia, nia, sign_in) -> None:
    client = sign_in(nia)
    client.post(link(request_to_nia, "decline/"))
    assert client.get(link(request_to_nia)).status_code == 410
    assert Membership.unscoped.open().get(user=nia).organization == organization_of(nia)


def test_a_cancelled_request_is_dead(request_to_nia, nia, sign_in, ben) -> None:
    admin = sign_in(ben)
    page = f"/admin-center/accounts/pending/{request_to_nia.sid}/cancel/"
    send(admin, page)
    assert sign_in(nia).get(link(request_to_nia)).status_code == 410


def test_its_owner_without_a_session_logs_in_first(request_to_nia) -> None:
    assert "Log in to go on." in text(browser().get(link(request_to_nia)))


def test_a_link_has_ten_passwords_hashed_an_hour(to_max, globex) -> None:
    prove(globex, "contractor.example")
    hour = clock.now().replace(minute=0, second=1) + timedelta(hours=1)
    with time_machine.travel(hour, tick=False):
        pages = [text(browser().post(link(to_max), ANSWERS)) for _ in range(11)]
    assert ["Too many tries" in page for page in pages] == [False] * 10 + [True]
