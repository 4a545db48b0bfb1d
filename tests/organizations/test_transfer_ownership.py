"""Handing over the ownership: to one active managed user, by the Owner alone, and told to both."""

import pytest

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.periods import Source
from adminctr.core.tenancy import every_tenant, tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, Role
from organizations.operations import transfer_ownership
from organizations.policy import NOT_A_MEMBER, OWNER_ALONE
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import stay_of
from users.models import User, UserStatus


def owners(acme: Organization) -> list[User]:
    """Whoever is Owner by the organization, by a stay and by a role in force."""
    with every_tenant():
        stays = Membership.objects.open().filter(organization=acme, role=Role.OWNER)
        roles = RoleAssignment.objects.open().on_organization().filter(organization=acme)
        return [
            Organization.objects.get(pk=acme.pk).owner,
            *[stay.user for stay in stays],
            *[role.holder for role in roles.filter(role=Role.OWNER)],
        ]


def refused(acme: Organization, to: str, by: User) -> RuleViolation:
    with assert_no_effect(), pytest.raises(RuleViolation) as violation:
        transfer_ownership(acme, to=to, actor=acting(by))
    return violation.value


def not_allowed(acme: Organization, by: User, to: str = "cy@acme.example") -> str:
    with assert_no_effect(), pytest.raises(NotAllowed) as refusal:
        transfer_ownership(acme, to=to, actor=acting(by))
    return refusal.value.reason


@pytest.mark.parametrize("successor", ["ben", "cy"])
def test_the_roles_change_places_and_there_is_one_owner(successor, acme, ana, request) -> None:
    heir = request.getfixturevalue(successor)
    transfer_ownership(acme, to=heir.email, actor=acting(ana))
    assert owners(acme) == [heir, heir, heir]
    assert stay_of(heir).role == Role.OWNER
    assert stay_of(ana).role == Role.ADMINISTRATOR


def test_both_roles_begin_anew_and_say_where_they_came_from(acme, ana, cy) -> None:
    transfer_ownership(acme, to=cy.email, actor=acting(ana))
    with every_tenant():
        roles = RoleAssignment.objects.on_organization().order_by("pk")
        for user, before, after in (
            (ana, Role.OWNER, Role.ADMINISTRATOR),
            (cy, Role.STANDARD, Role.OWNER),
        ):
            first, second = roles.filter(holder=user)
            assert (first.role, second.role) == (before, after)
            assert first.ended_at
            assert second.ended_at is None
            assert (second.by, second.source) == (ana, "transfer")


def test_nobody_elses_role_changes(acme, ana, ben, cy) -> None:
    others = Membership.unscoped.exclude(user__in=[ana, cy]).order_by("pk")
    before = list(others.values_list())
    transfer_ownership(acme, to=cy.email, actor=acting(ana))
    assert list(others.values_list()) == before


def test_an_address_is_understood_however_it_is_written(acme, ana, cy) -> None:
    transfer_ownership(acme, to=" Cy@ACME.Example ", actor=acting(ana))
    assert owners(acme) == [cy, cy, cy]


def test_both_are_mailed(acme, ana, cy, deliver) -> None:
    deliver()
    transfer_ownership(acme, to=cy.email, actor=acting(ana))
    mails = deliver()
    assert len(mails) == 2
    (given,), (received,) = mails_to(ana.email, mails), mails_to(cy.email, mails)
    assert given.subject == "You are no longer the Owner of Acme"
    assert received.subject == "You are the Owner of Acme now"
    assert link_in(given) == link_in(received) == "/admin-center/settings/"
    assert "Cy Lindqvist (cy@acme.example)" in given.body
    assert "ana@acme.example" in received.body


def test_one_event_tells_who_handed_over_to_whom(acme, ana, cy) -> None:
    transfer_ownership(acme, to=cy.email, actor=acting(ana))
    (event,) = AuditEvent.unscoped.filter(action="organization.transferred")
    assert (event.chain, event.actor_sid, event.subject_sid) == (acme.sid, ana.sid, cy.sid)
    told = event.details.data
    assert (told["before"], told["after"]) == (ana.email, cy.email)


@pytest.mark.parametrize(
    "to",
    [
        "hana@acme.example",  # a pending invitee
        "eve@globex.example",  # owns another organization
        "ida@freelance.example",
        "nobody@acme.example",
        "sue@support.example",
    ],
)
def test_only_a_managed_user_becomes_the_owner(to, acme, ana) -> None:
    """One wording, so that nobody learns who has a login elsewhere."""
    violation = refused(acme, to, ana)
    assert (violation.code, violation.field) == ("owner_not_managed", "to")


def test_somebody_who_has_a_role_on_an_account_alone_does_not_become_the_owner(
    acme, ana, eve
) -> None:
    """An independent user: of another organization, with access to an account of this one."""
    billing = Account.unscoped.select_related("organization").get(organization=acme, name="Billing")
    with tenant(acme):
        RoleAssignment.begin(
            eve,
            role=AccountRole.ADMINISTRATOR,
            home=stay_of(eve).organization,
            account=billing,
            source=Source.INVITATION,
        )
    assert refused(acme, eve.email, ana).code == "owner_not_managed"


@pytest.mark.parametrize("status", [UserStatus.INACTIVE, UserStatus.SUSPENDED])
def test_a_login_that_is_not_active_owns_nothing(status, acme, ana, cy) -> None:
    User.objects.filter(pk=cy.pk).update(status=status)
    Membership.unscoped.filter(user=cy).update(status=status)
    violation = refused(acme, cy.email, ana)
    assert (violation.code, violation.field) == ("owner_not_active", "to")


def test_the_owner_is_the_owner_already(acme, ana) -> None:
    violation = refused(acme, ana.email, ana)
    assert (violation.code, violation.field) == ("owner_unchanged", "to")


@pytest.mark.parametrize("to", ["", "cy", "cy@", "cy@acme.example, ben@acme.example", "c\x00y@a.b"])
def test_what_is_no_address_is_refused(to, acme, ana) -> None:
    assert not refused(acme, to, ana).code.startswith("owner_")


@pytest.mark.parametrize("who", ["ben", "cy"])
@pytest.mark.parametrize("to", ["ben@acme.example", "cy@acme.example", "ana@acme.example"])
def test_only_the_owner_hands_over(who, to, acme, request) -> None:
    assert not_allowed(acme, request.getfixturevalue(who), to) == OWNER_ALONE


@pytest.mark.parametrize("who", ["eve", "ida", "sue"])
def test_owners_of_other_organizations_hand_over_nothing_here(who, acme, request) -> None:
    assert not_allowed(acme, request.getfixturevalue(who)) == NOT_A_MEMBER


def test_who_was_owner_a_moment_ago_is_refused_under_the_lock(acme, ana, ben, cy) -> None:
    stale = acting(ana)
    transfer_ownership(acme, to=ben.email, actor=stale)
    with assert_no_effect(), pytest.raises(NotAllowed, match=OWNER_ALONE):
        transfer_ownership(acme, to=cy.email, actor=stale)
    assert owners(acme) == [ben, ben, ben]


def test_the_new_owner_may_hand_it_back(acme, ana, ben) -> None:
    transfer_ownership(acme, to=ben.email, actor=acting(ana))
    transfer_ownership(acme, to=ana.email, actor=acting(ben))
    assert owners(acme) == [ana, ana, ana]
    assert stay_of(ben).role == Role.ADMINISTRATOR
