"""What becomes of a one-person organization when its Owner joins another."""

import pytest
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import every_tenant
from adminctr.web.display import moment
from audit.models import AuditEvent
from domains.models import Domain
from domains.operations import add_domain
from invitations.models import Invitation
from invitations.operations import accept_invitation
from merges.operations import Absorption, absorb
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, invited, lose, member, organization_of, prove, stay_of
from users.models import User

SOLO = "solo@acme-labs.example"


@pytest.fixture
def solo(acme) -> User:
    user = founder(SOLO)
    prove(acme, "acme-labs.example")
    return user


@pytest.fixture
def joined(solo, acme) -> Organization:
    """Solo's organization after Solo has joined Acme; it had all that one can have."""
    own = organization_of(solo)
    create_account(own, name="Second", owner=solo, actor=acting(solo))
    prove(own, "solo.example")
    invited(own, "friend@solo.example")
    lose("solo.example")
    add_domain(own, name="other-solo.example", actor=acting(solo))
    accept_invitation(invited(acme, SOLO), user=solo, absorbing=own, actor=acting(solo))
    own.refresh_from_db()
    return own


def test_the_accounts_move_with_their_owner_and_roles(joined, solo, acme) -> None:
    with every_tenant():
        accounts = Account.objects.filter(owner=solo)
        assert {one.name for one in accounts} == {"First account", "Second"}
        assert {one.organization for one in accounts} == {acme}
        roles = RoleAssignment.objects.open().on_accounts().filter(holder=solo)
        held = {(one.account.name, one.role, one.organization) for one in roles}
        assert {one.holder_organization for one in roles} == {acme}
    assert held == {
        ("First account", AccountRole.OWNER, acme),
        ("Second", AccountRole.OWNER, acme),
    }


def test_the_old_organization_ends_with_its_stay_and_its_owner_role(joined, solo, acme) -> None:
    assert joined.ended_at
    assert joined.owner is None
    with every_tenant():
        stays = Membership.objects.filter(user=solo).order_by("pk")
        before, now = stays
        roles = RoleAssignment.objects.on_organization().filter(holder=solo).order_by("pk")
        first, second = roles
    assert (before.organization, before.role) == (joined, Role.OWNER)
    assert before.ended_at
    assert (now.organization, now.ended_at) == (acme, None)
    assert (first.role, second.role) == (Role.OWNER, Role.STANDARD)
    assert first.ended_at
    assert second.ended_at is None


def test_its_invitations_are_revoked_and_its_domains_are_gone(joined) -> None:
    assert Invitation.unscoped.get(email="friend@solo.example").revoked_at
    assert not Domain.unscoped.filter(organization=joined).exists()


def test_both_chains_tell_of_it(joined, acme) -> None:
    events = AuditEvent.unscoped.filter(action="organization.absorbed", subject_sid=joined.sid)
    assert {event.chain for event in events} == {joined.sid, acme.sid}
    for event in events:
        told = event.details.data
        assert (told["subject"], told["into"]) == (joined.name, "Acme")
        assert sorted(told["accounts"]) == ["First account", "Second"]
        assert told["revoked_invitations"] == ["friend@solo.example"]
        assert sorted(told["removed_domains"]) == ["other-solo.example", "solo.example"]


OPERATORS = [Actor.operator("test"), Actor.system("test")]


@pytest.mark.parametrize("actor", OPERATORS, ids=["operator", "system"])
def test_nobody_acts_in_an_organization_that_has_ended(actor, joined, solo) -> None:
    attempts = (
        lambda: add_domain(joined, name="late-solo.example", actor=actor),
        lambda: create_account(joined, name="Late", owner=solo, actor=actor),
    )
    for attempt in attempts:
        with assert_no_effect(), pytest.raises(NotAllowed, match="has ended"):
            attempt()


def test_a_page_that_was_loaded_before_the_end_acts_on_it_no_more(solo, acme) -> None:
    stale = organization_of(solo)
    actor = acting(solo)
    accept_invitation(invited(acme, SOLO), user=solo, absorbing=organization_of(solo), actor=actor)
    with assert_no_effect(), pytest.raises(NotAllowed, match="has ended"):
        add_domain(stale, name="late-solo.example", actor=actor)


def test_who_was_absorbed_shows_their_last_sign_in_at_once(
    solo, acme, ana, log_in, sign_in
) -> None:
    client = log_in(solo)
    solo.refresh_from_db()
    assert solo.last_login
    link = reverse("invitations:show", args=[invited(acme, SOLO).token()])
    client.post(link, {"absorbing": organization_of(solo).sid})
    stay = stay_of(solo)
    assert stay.organization == acme
    assert stay.last_sign_in_at == solo.last_login
    page = sign_in(ana).get(stay.get_absolute_url()).content.decode()
    shown = page.partition("Last sign-in")[2].partition("</div>")[0]
    assert moment(solo.last_login).text in shown


def test_who_was_absorbed_may_own_an_organization_again(joined, solo) -> None:
    assert not Organization.objects.filter(owner=solo).exists()
    assert Organization.objects.filter(pk=joined.pk, owner=None).exists()


@pytest.mark.parametrize("who", ["ana", "cy", "eve"])
def test_only_its_owner_can_let_it_be_absorbed(who, solo, acme, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        absorb(Absorption(organization_of(solo), into=acme), actor=actor)


@pytest.mark.parametrize("actor", [Actor.system("test"), Actor.stranger(SOLO)])
def test_nobody_without_a_login_can(actor, solo, acme) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        absorb(Absorption(organization_of(solo), into=acme), actor=actor)


def refused(organization: Organization, into: Organization, owner: User) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        absorb(Absorption(organization, into=into), actor=acting(owner))
    return violation.value.code


def test_a_verified_domain_makes_it_a_merge(solo, acme) -> None:
    own = organization_of(solo)
    prove(own, "solo.example")
    assert refused(own, acme, solo) == "merge_needed"


def test_a_second_person_makes_it_a_merge(solo, acme) -> None:
    own = organization_of(solo)
    prove(own, "solo.example")
    member(own, "second@solo.example")
    lose("solo.example")
    assert refused(own, acme, solo) == "merge_needed"


def test_no_more_accounts_come_than_there_is_room_for(solo, acme) -> None:
    held = Account.unscoped.filter(organization=acme).counted().count()
    Organization.objects.filter(pk=acme.pk).update(account_limit=held)
    assert refused(organization_of(solo), acme, solo) == "account_limit"


def test_a_person_of_the_past_does_not_count(joined, acme, solo) -> None:
    assert stay_of(solo).organization == acme
    stay = Membership.unscoped.get(organization=joined)
    assert stay.ended_at >= stay.began_at
