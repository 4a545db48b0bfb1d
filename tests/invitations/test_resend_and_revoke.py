"""What becomes of an invitation that waits: sending it again, and taking it back."""

import ast
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation, Kind
from invitations.operations import (
    accept_invitation_as_newcomer,
    decline_invitation,
    resend_invitation,
    revoke_invitation,
)
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.accounts.made import offered
from tests.architecture import source
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, follow, link_in, mails_to
from tests.users.people import (
    doubt,
    founder,
    invited,
    lose,
    newcomer,
    organization_of,
    stay_of,
)

NEW = "new@acme.example"
OPERATIONS = [resend_invitation, revoke_invitation]


@pytest.fixture
def now():
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def invitation(acme, now) -> Invitation:
    """Sent six minutes ago, so that it may be sent again."""
    found = invited(acme, NEW)
    now.shift(timedelta(minutes=6))
    return found


def link(invitation: Invitation) -> str:
    return reverse("invitations:show", args=[invitation.token()])


def refused(operation, invitation: Invitation, actor: Actor) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        operation(invitation, actor=actor)
    return violation.value.code


def test_resending_makes_a_new_link_and_kills_the_old_one(
    invitation, now, sign_in, ben, deliver
) -> None:
    old = link(invitation)
    now.shift(timedelta(days=5))
    client = sign_in(ben)
    response = client.post(reverse("users:pending-resend", args=[invitation.sid]))
    assert response["Location"] == invitation.get_absolute_url()
    assert b"A new link is on its way" in follow(client, response).content

    (mail,) = mails_to(NEW, deliver())  # the mail of the first generation is not sent any more
    assert link_in(mail) != old
    assert browser().get(old).status_code == 410
    assert browser().get(link_in(mail)).status_code == 200
    invitation.refresh_from_db()
    assert invitation.total_sends == 2
    assert invitation.expires_at == clock.now() + timedelta(days=7)


def test_an_expired_invitation_comes_to_life_by_resending(invitation, now, ben) -> None:
    now.shift(timedelta(days=8))
    assert browser().get(link(invitation)).status_code == 410
    again = resend_invitation(invitation, actor=acting(ben))
    assert browser().get(link(again)).status_code == 200


def test_a_moment_ago_is_too_soon(acme, now, ben) -> None:
    invitation = invited(acme, NEW)
    now.shift(timedelta(minutes=4, seconds=59))
    assert refused(resend_invitation, invitation, acting(ben)) == "resend_throttle"
    now.shift(timedelta(seconds=2))
    assert resend_invitation(invitation, actor=acting(ben)).total_sends == 2


def test_ten_mails_are_the_most(invitation, now, ben) -> None:
    for _ in range(9):
        resend_invitation(invitation, actor=acting(ben))
        now.shift(timedelta(minutes=6))
    assert refused(resend_invitation, invitation, acting(ben)) == "resend_max_threshold_reached"


def test_a_month_after_its_end_is_too_late(invitation, now, ben) -> None:
    now.shift(timedelta(days=37))
    assert refused(resend_invitation, invitation, acting(ben)) == "resend_expired"


def test_the_three_reasons_show_distinctly_on_the_page(invitation, now, sign_in, ben) -> None:
    page = reverse("users:pending-detail", args=[invitation.sid])
    client = sign_in(ben)
    assert b"The old link stops working" in client.get(page).content
    resend_invitation(invitation, actor=acting(ben))
    assert b"a moment ago" in client.get(page).content
    Invitation.unscoped.filter(pk=invitation.pk).update(total_sends=10)
    assert b"sent 10 times" in client.get(page).content
    now.shift(timedelta(days=40))
    assert b"expired long ago" in sign_in(ben).get(page).content


def test_a_refused_resend_says_so_on_the_page_of_the_invitation(acme, sign_in, ben) -> None:
    invitation = invited(acme, NEW)
    client = sign_in(ben)
    with assert_no_effect():
        response = client.post(reverse("users:pending-resend", args=[invitation.sid]))
        page = follow(client, response).content
    assert response["Location"] == invitation.get_absolute_url()
    said_beside_the_button = client.get(response["Location"]).content.count(b"sent a moment ago")
    assert page.count(b"sent a moment ago") == said_beside_the_button + 1


@pytest.mark.parametrize("name", ["users:pending-resend", "users:pending-revoke"])
def test_what_is_refused_for_a_closed_invitation_is_said_on_the_list(
    name, invitation, sign_in, ben
) -> None:
    revoke_invitation(invitation, actor=acting(ben))
    client = sign_in(ben)
    with assert_no_effect():
        response = client.post(reverse(name, args=[invitation.sid]))
    assert response["Location"] == reverse("users:pending")
    assert b"has been revoked already" in follow(client, response).content


@pytest.mark.parametrize("spoil", [lose, doubt])
def test_a_domain_that_is_not_sure_any_more_sends_nobody_mail(spoil, invitation, ben) -> None:
    spoil("acme.example")
    assert refused(resend_invitation, invitation, acting(ben)) == "domain_not_verified"


def test_revoking_kills_the_link_and_empties_the_list(invitation, sign_in, ben) -> None:
    client = sign_in(ben)
    response = client.post(reverse("users:pending-revoke", args=[invitation.sid]))
    assert response["Location"] == reverse("users:pending")
    assert b"was revoked" in follow(client, response).content
    assert NEW not in client.get(reverse("users:pending")).content.decode()
    with assert_no_effect():
        assert browser().get(link(invitation)).status_code == 410
        assert browser().post(link(invitation)).status_code == 410
    event = AuditEvent.unscoped.filter(subject_sid=invitation.sid).latest("sequence")
    assert event.action == "user.invitation_revoked"


def test_a_mail_that_waits_is_not_sent_after_revoking(acme, ben, deliver) -> None:
    revoke_invitation(invited(acme, NEW), actor=acting(ben))
    assert mails_to(NEW, deliver()) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_revoked_one_is_closed(operation, invitation, ben) -> None:
    revoke_invitation(invitation, actor=acting(ben))
    assert refused(operation, invitation, acting(ben)) == "invitation_closed"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_accepted_one_is_closed(operation, invitation, ben) -> None:
    accept_invitation_as_newcomer(invitation, newcomer=newcomer(), actor=Actor.stranger(NEW))
    assert refused(operation, invitation, acting(ben)) == "invitation_closed"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("who", ["cy", "ida", "eve"])
def test_only_administrators_of_this_organization_may(operation, who, invitation, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        operation(invitation, actor=actor)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_was_demoted_a_moment_ago_is_refused(operation, invitation, ana, ben) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        operation(invitation, actor=stale)


# How they are closed


def others_of(organization: Organization, number: int) -> list[Organization]:
    """Organizations that each wait for somebody, and for an account of this organization."""
    account = Account.unscoped.filter(organization=organization, parent=None).first()
    owners = [founder(f"owner{one}@others.example") for one in range(number)]
    others = [organization_of(one) for one in owners]
    for other in others:
        for kind, email in ((Kind.JOIN, f"new@{other.pk}.example"), (Kind.ADD_ACCOUNT, NEW)):
            is_joining = kind == Kind.JOIN
            waiting = Invitation.unscoped.create(
                organization=other,
                kind=kind,
                email=email,
                role=Role.STANDARD if is_joining else "",
                account=None if is_joining else account,
                invited_by=other.owner,
                expires_at=clock.now() + timedelta(days=7),
                token_hash=f"{kind} {other.pk}",
            )
            waiting.tally(1)
    return others


def counted(organization: Organization) -> tuple[int, int]:
    organization.refresh_from_db()
    return organization.pending_users, organization.pending_accounts


def test_what_is_revoked_is_counted_no_more_where_it_was(acme) -> None:
    first, second = others_of(acme, 2)
    going = Invitation.unscoped.filter(organization__in=[first, second]).exclude(
        organization=second, kind=Kind.JOIN
    )
    assert going.revoke() == 3
    assert (counted(first), counted(second)) == ((0, 0), (1, 0))
    assert not going.open().exists()


def test_what_is_closed_already_is_neither_revoked_nor_counted_again(acme) -> None:
    [other] = others_of(acme, 1)
    invitation = Invitation.unscoped.get(organization=other, kind=Kind.JOIN)
    with tenant(other):
        decline_invitation(invitation, actor=Actor.stranger(invitation.email))
    assert Invitation.unscoped.filter(organization=other).revoke() == 1
    assert Invitation.unscoped.filter(organization=other).revoke() == 0
    assert Invitation.unscoped.none().revoke() == 0
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
    assert counted(other) == (0, 0)


def test_what_offers_access_is_revoked_and_no_counter_moves(acme) -> None:
    account = Account.unscoped.filter(organization=acme, parent=None).first()
    before = counted(acme)
    offered(account, "far@away.example")
    waiting = Invitation.unscoped.filter(email="far@away.example")
    assert waiting.revoke() == 1
    assert counted(acme) == before


def test_many_are_revoked_at_the_cost_of_one(acme, count_queries) -> None:
    others = others_of(acme, 12)
    one = Invitation.unscoped.filter(organization=others[0])
    rest = Invitation.unscoped.filter(organization__in=others[1:])
    assert count_queries(one.revoke) == count_queries(rest.revoke) == 2


def test_nobody_closes_an_invitation_past_the_one_verb_for_it() -> None:
    """Else its organization could go on counting it."""
    writing = {
        source.path_of(file)
        for file in source.files()
        for node in source.nodes(file)
        if (isinstance(node, ast.keyword) and node.arg == "revoked_at")
        or (
            isinstance(node, ast.Attribute)
            and node.attr == "revoked_at"
            and isinstance(node.ctx, ast.Store)
        )
    }
    assert writing == {"invitations/models.py"}
