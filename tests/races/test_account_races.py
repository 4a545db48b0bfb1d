"""Twenty processes about one account: what follows holds whoever comes first."""

from functools import partial

import pytest

from accounts import closing
from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.operations import (
    close_account,
    create_account,
    create_subaccount,
    finish_closing,
    reactivate_account,
    set_roles,
    suspend_account,
    transfer_account,
    upgrade_account,
)
from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import (
    accept_access,
    accept_access_as_newcomer,
    accept_invitation,
    add_existing_account,
    invite_to_account,
    revoke_invitation,
)
from organizations.models import Organization, Role
from tests.conftest import acting
from tests.races.harness import (
    RACERS,
    Call,
    bring_in,
    company,
    found,
    fresh,
    newcomer,
    owner_of,
    race,
    rounds,
    tally,
    verify,
)
from users.models import User
from users.operations import change_name

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]

HALF = RACERS // 2
JOB = Actor.system("test")


def events(action: str, account: Account) -> int:
    return AuditEvent.unscoped.filter(action=action, subject_sid=account.sid).count()


def first_of(organization: Organization) -> Account:
    rows = Account.unscoped.select_related("organization", "owner")
    return rows.filter(organization=organization, parent=None).earliest("pk")


def again(account: Account) -> Account:
    return Account.unscoped.select_related("organization", "owner").get(pk=account.pk)


def offer(account: Account, email: str) -> Invitation:
    invitation = invite_to_account(
        account, email=email, roles=[AccountRole.DEVELOPER], actor=owner_of(account.organization)
    )
    assert invitation
    return invitation


def open_roles(account: Account) -> list[tuple[str, str]]:
    rows = RoleAssignment.unscoped.open().filter(account=account)
    return sorted(rows.values_list("email", "role"))


def taking(invitation: Invitation) -> Call:
    """Somebody new accepts access."""
    actor = Actor.stranger(invitation.email)
    return partial(accept_access_as_newcomer, invitation, newcomer=newcomer(), actor=actor)


def test_the_last_free_subaccount_is_made_once() -> None:
    def run() -> None:
        account = first_of(company()[0])
        make = partial(create_subaccount, account, actor=acting(account.owner))
        outcomes = race(*[make] * RACERS)
        assert tally(outcomes) == {"ok": 1, "subaccount_limit": RACERS - 1}
        assert Account.unscoped.filter(parent=account).count() == 1

    rounds(run)


def test_one_form_makes_one_account() -> None:
    def run() -> None:
        organization, _ = company()
        owner, actor = organization.owner, owner_of(organization)
        make = partial(
            create_account, organization, name="New", owner=owner, form_key="f1", actor=actor
        )
        assert tally(race(*[make] * RACERS)) == {"ok": RACERS}
        made = Account.unscoped.exclude(form_key="").get(organization=organization)
        assert events("account.created", made) == 1

    rounds(run)


def test_an_account_that_is_handed_to_two_people_has_one_owner() -> None:
    def run() -> None:
        organization, domain = company()
        account = first_of(organization)
        former, actor = account.owner, owner_of(organization)
        people = [
            bring_in(organization, f"{one}@{domain}", Role.STANDARD) for one in ("ben", "fay")
        ]
        calls: list[Call] = [
            partial(transfer_account, account, to=one, actor=actor) for one in people
        ]
        outcomes = race(*calls * HALF)
        assert set(outcomes) <= {"ok", "owner_unchanged"}
        owner = again(account).owner
        assert owner in people
        roles = dict(open_roles(account))
        assert [email for email, role in roles.items() if role == "owner"] == [owner.email]
        assert roles[former.email] == AccountRole.ADMINISTRATOR
        assert events("account.transferred", account) == outcomes.count("ok")

    rounds(run)


def test_a_new_owner_changes_their_name_meanwhile() -> None:
    """The copies stay true; the invariants are checked at the end."""

    def run() -> None:
        organization, domain = company()
        account = first_of(organization)
        ben = bring_in(organization, f"ben@{domain}", Role.STANDARD)
        naming = [
            partial(change_name, ben, first_name=f"Ben{n}", last_name="", actor=acting(ben))
            for n in range(HALF)
        ]
        give = partial(transfer_account, account, to=ben, actor=owner_of(organization))
        make = partial(
            create_account, organization, name="New", owner=ben, actor=owner_of(organization)
        )
        helping = partial(
            set_roles,
            first_of(found(f"pat@{fresh('elsewhere')}.example")),
            holder=ben,
            roles=[AccountRole.SUPPORT],
            actor=JOB,
        )
        outcomes = race(give, make, helping, *naming)
        assert outcomes[:3] == ["ok", "ok", "not_a_user"]
        assert set(outcomes[3:]) == {"ok"}

    rounds(run)


def test_access_is_accepted_or_cancelled() -> None:
    def run() -> None:
        organization, _ = company()
        account = first_of(organization)
        invitation = offer(account, f"nell@{fresh('ext')}.example")
        revoke = partial(revoke_invitation, invitation, actor=owner_of(organization))
        outcomes = race(*[taking(invitation), revoke] * HALF)
        assert outcomes.count("ok") == 1
        assert set(outcomes[::2]) <= {"ok", "link_dead"}
        assert set(outcomes[1::2]) <= {"ok", "invitation_closed"}
        has_access = (invitation.email, "developer") in open_roles(account)
        assert has_access == ("ok" in outcomes[::2])
        assert User.objects.filter(email=invitation.email).exists() == has_access

    rounds(run)


def asked() -> tuple[Organization, Organization, Invitation]:
    """Who asks, the small organization of whoever is asked, and the request for their account."""
    organization, _ = company()
    name = f"{fresh('shared')}.example"
    own = found(f"pat@{name}")
    verify(organization, name)
    sid = first_of(own).sid
    return (
        organization,
        own,
        add_existing_account(organization, sid=sid, actor=owner_of(organization)),
    )


def agreeing(own: Organization, invitation: Invitation) -> Call:
    user = own.owner
    return partial(accept_invitation, invitation, user=user, absorbing=own, actor=acting(user))


def test_an_account_is_added_or_the_request_cancelled() -> None:
    def run() -> None:
        organization, own, invitation = asked()
        revoke = partial(revoke_invitation, invitation, actor=owner_of(organization))
        outcomes = race(*[agreeing(own, invitation), revoke] * HALF)
        assert outcomes.count("ok") == 1
        assert set(outcomes[::2]) <= {"ok", "link_dead"}
        assert set(outcomes[1::2]) <= {"ok", "invitation_closed"}
        home = again(invitation.account).organization
        assert home == (organization if "ok" in outcomes[::2] else own)

    rounds(run)


def closing_it(account: Account) -> Call:
    with tenant(account.organization):
        digest = closing.plan(account, by_support=False).digest
    return partial(close_account, account, digest=digest, actor=acting(account.owner))


def test_an_account_is_added_or_closed() -> None:
    def run() -> None:
        organization, own, invitation = asked()
        account = first_of(own)
        outcomes = race(*[agreeing(own, invitation), closing_it(account)] * HALF)
        assert outcomes.count("ok") == 1
        now = again(account)
        if "ok" in outcomes[::2]:
            assert (now.organization, now.status) == (organization, AccountStatus.ACTIVE)
            assert set(outcomes[1::2]) <= {"NotAllowed", "account_moved"}
        else:
            assert (now.organization, now.status) == (own, AccountStatus.PENDING_CLOSURE)
            assert set(outcomes[::2]) == {"account_changed"}

    rounds(run)


def test_an_account_closes_before_somebody_comes_in_or_not_as_planned() -> None:
    def run() -> None:
        account = first_of(company()[0])
        invitation = offer(account, f"nell@{fresh('ext')}.example")
        outcomes = race(*[taking(invitation), closing_it(account)] * HALF)
        assert outcomes.count("ok") == 1
        if "ok" in outcomes[::2]:
            assert set(outcomes[1::2]) == {"plan_outdated"}
            assert again(account).status == AccountStatus.ACTIVE
        else:
            assert set(outcomes[::2]) == {"link_dead"}
            assert set(outcomes[1::2]) <= {"ok", "account_closed", "NotAllowed"}
            assert not User.objects.filter(email=invitation.email).exists()

    rounds(run)


def test_closing_is_finished_once() -> None:
    def run() -> None:
        account = first_of(company()[0])
        create_subaccount(account, actor=acting(account.owner))
        closing_it(again(account))()
        finish = partial(finish_closing, account, actor=JOB)
        assert tally(race(*[finish] * RACERS)) == {"ok": RACERS}
        assert events("account.closed", account) == 1
        assert open_roles(account) == []

    rounds(run)


def test_what_is_below_follows_whoever_suspends_or_reactivates_last() -> None:
    def run() -> None:
        organization, _ = company()
        account = upgrade_account(first_of(organization), actor=Actor.operator("test"))
        actor = owner_of(organization)
        subs = [create_subaccount(again(account), name=one, actor=actor) for one in ("a", "b")]
        calls: list[Call] = [
            partial(suspend_account, account, actor=actor),
            partial(reactivate_account, account, actor=actor),
        ]
        outcomes = race(*calls * HALF)
        assert set(outcomes[::2]) <= {"ok", "already_suspended"}
        assert set(outcomes[1::2]) <= {"ok", "not_suspended"}
        status = again(account).status
        assert {again(sub).status for sub in subs} == {status}
        more = outcomes[::2].count("ok") - outcomes[1::2].count("ok")
        assert more == (status == AccountStatus.SUSPENDED)

    rounds(run)


def test_the_same_roles_are_given_once() -> None:
    def run() -> None:
        organization, domain = company()
        account = first_of(organization)
        ben = bring_in(organization, f"ben@{domain}", Role.STANDARD)
        roles = [AccountRole.DEVELOPER, AccountRole.SUPPORT]
        give = partial(set_roles, account, holder=ben, roles=roles, actor=owner_of(organization))
        assert tally(race(*[give] * RACERS)) == {"ok": 1, "roles_unchanged": RACERS - 1}
        assert RoleAssignment.unscoped.filter(account=account, holder=ben).count() == 2
        assert events("account.roles_set", account) == 1

    rounds(run)


def test_of_two_sets_of_roles_one_is_held_whole() -> None:
    def run() -> None:
        organization, domain = company()
        account = first_of(organization)
        ben = bring_in(organization, f"ben@{domain}", Role.STANDARD)
        sets = (
            [AccountRole.ADMINISTRATOR],
            [AccountRole.DEVELOPER, AccountRole.BILLING_MANAGER],
        )
        calls: list[Call] = [
            partial(set_roles, account, holder=ben, roles=one, actor=owner_of(organization))
            for one in sets
        ]
        outcomes = race(*calls * HALF)
        assert set(outcomes) <= {"ok", "roles_unchanged"}
        held = {role for email, role in open_roles(account) if email == ben.email}
        assert held in [set(map(str, one)) for one in sets]

    rounds(run)


def test_the_last_free_role_of_a_person_is_given_in_one_of_two_organizations(settings) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 1

    def run() -> None:
        nell = found(f"nell@{fresh('home')}.example").owner
        accounts = [first_of(company()[0]) for _ in range(2)]
        calls: list[Call] = [
            partial(accept_access, offer(one, nell.email), user=nell, actor=acting(nell))
            for one in accounts
        ]
        outcomes = race(*calls * HALF)
        assert outcomes.count("ok") == 1
        winner = outcomes.index("ok") % 2
        assert set(outcomes[winner::2]) == {"ok", "link_dead"}
        assert set(outcomes[1 - winner :: 2]) == {"too_many_roles"}
        assert RoleAssignment.unscoped.granted().filter(holder=nell).count() == 1

    rounds(run)
