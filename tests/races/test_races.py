"""Twenty processes that want the same thing: one gets it, the others are told why not."""

from datetime import timedelta
from functools import partial

import pytest
from django_tasks_db.models import DBTaskResult

from accounts.models import Account, RoleAssignment
from accounts.operations import create_account
from adminctr.core import clock, limits
from adminctr.core.actor import Actor
from adminctr.core.tenancy import every_tenant, person
from adminctr.queue import periodic
from adminctr.queue.models import PeriodicJob
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import (
    accept_invitation,
    accept_invitation_as_newcomer,
    invite_user,
    resend_invitation,
    revoke_invitation,
)
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role, transfer_ownership
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
    stay_of,
    tally,
    verify,
)
from tests.users.people import session_of
from users.models import EmailChange, SignUp, User
from users.operations import (
    change_email,
    change_name,
    reset_password,
    sign_up,
    start_email_change,
    start_sign_up,
)
from users.passwords import hash_password

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]

HALF = RACERS // 2


def events(action: str, subject_sid: str) -> int:
    return AuditEvent.unscoped.filter(action=action, subject_sid=subject_sid).count()


def invite(organization: Organization, email: str) -> Invitation:
    return invite_user(organization, email=email, role=Role.STANDARD, actor=owner_of(organization))


def as_newcomer(invitation: Invitation) -> Call:
    actor = Actor.stranger(invitation.email)
    return partial(accept_invitation_as_newcomer, invitation, newcomer=newcomer(), actor=actor)


def as_owner_of(own: Organization, invitation: Invitation) -> Call:
    """The owner of a one-person organization accepts and gives it up."""
    user = own.owner
    return partial(accept_invitation, invitation, user=user, absorbing=own, actor=acting(user))


def stays_of(email: str) -> list[Membership]:
    user = User.objects.get(email=email)
    with person(user):
        return list(Membership.objects.open())


def test_one_invitation_lets_one_newcomer_in() -> None:
    def run() -> None:
        organization, domain = company()
        invitation = invite(organization, f"nell@{domain}")
        outcomes = race(*[as_newcomer(invitation)] * RACERS)
        assert tally(outcomes) == {"ok": 1, "link_dead": RACERS - 1}
        (stay,) = stays_of(invitation.email)
        assert stay.organization == organization
        assert events("user.joined", stay.user.sid) == 1

    rounds(run)


def test_one_invitation_lets_a_known_person_in_once_with_their_accounts() -> None:
    def run() -> None:
        organization, _ = company()
        own = found_before_verifying(organization)
        invitation = invite(organization, own.owner.email)
        outcomes = race(*[as_owner_of(own, invitation)] * RACERS)
        assert tally(outcomes) == {"ok": 1, "link_dead": RACERS - 1}
        (stay,) = stays_of(invitation.email)
        assert stay.organization == organization
        assert events("organization.absorbed", own.sid) == 2
        with every_tenant():
            assert Account.objects.filter(organization=organization).count() == 2

    rounds(run)


def found_before_verifying(*holders: Organization) -> Organization:
    """An organization of one person whose address lies in a domain that these prove afterwards."""
    name = f"{fresh('shared')}.example"
    own = found(f"pat@{name}")
    for place, holder in enumerate(holders):
        verify(holder, name, beside_others=place > 0)
    return own


def test_one_person_joins_one_of_two_organizations() -> None:
    def run() -> None:
        first, _ = company()
        second, _ = company()
        own = found_before_verifying(first, second)
        email = own.owner.email
        calls = [as_owner_of(own, invite(one, email)) for one in (first, second)]
        outcomes = race(*calls * HALF)
        assert outcomes.count("ok") == 1
        winner = outcomes.index("ok") % 2
        assert set(outcomes[winner::2]) == {"ok", "link_dead"}
        assert set(outcomes[1 - winner :: 2]) <= {"already_in_an_organization"}
        (stay,) = stays_of(email)
        assert stay.organization == (first, second)[winner]

    rounds(run)


def test_one_newcomer_joins_one_of_two_organizations() -> None:
    def run() -> None:
        first, domain = company()
        second, _ = company()
        verify(second, domain, beside_others=True)
        email = f"nell@{domain}"
        calls = [as_newcomer(invite(one, email)) for one in (first, second)]
        outcomes = race(*calls * HALF)
        assert outcomes.count("ok") == 1
        winner = outcomes.index("ok") % 2
        assert set(outcomes[winner::2]) == {"ok", "link_dead"}
        assert set(outcomes[1 - winner :: 2]) == {"already_registered"}
        assert len(stays_of(email)) == 1

    rounds(run)


def test_a_sign_up_and_an_invitation_make_one_user() -> None:
    def run() -> None:
        organization, _ = company()
        domain = f"{fresh('late')}.example"
        email = f"nell@{domain}"
        start_sign_up(email, actor=Actor.stranger(email))
        pending = SignUp.objects.get(email=email)
        verify(organization, domain)
        finish = partial(sign_up, pending, newcomer=newcomer(), actor=Actor.stranger(email))
        outcomes = race(*[finish, as_newcomer(invite(organization, email))] * HALF)
        assert tally(outcomes[1::2]) == {"ok": 1, "link_dead": HALF - 1}
        assert set(outcomes[::2]) <= {"domain_restricted", "link_dead"}
        assert len(stays_of(email)) == 1

    rounds(run)


def test_equal_sign_ups_make_one_row_and_one_user() -> None:
    def run() -> None:
        domain = fresh("Sign-Up")
        spellings = [
            f"Nell@{domain}.Example",
            f" nell@{domain.upper()}.example",
            f"NELL@{domain}.EXAMPLE",
        ]
        calls = [
            partial(start_sign_up, spelling, actor=Actor.stranger(spelling))
            for spelling in (spellings * RACERS)[:RACERS]
        ]
        assert tally(race(*calls)) == {"ok": RACERS}
        email = f"nell@{domain.lower()}.example"
        pending = SignUp.objects.get(email__endswith=f"@{domain.lower()}.example")
        assert pending.email == email

        actor = Actor.stranger(email)
        finish = partial(sign_up, pending, newcomer=newcomer(), actor=actor)
        outcomes = race(*[finish] * RACERS)
        assert outcomes.count("ok") == 1
        assert set(outcomes) <= {"ok", "link_dead", "already_registered"}
        (stay,) = stays_of(email)
        with every_tenant():
            assert Account.objects.filter(organization=stay.organization).count() == 1
        assert not SignUp.objects.filter(email=email).exists()

    rounds(run)


def test_signing_up_while_a_sign_up_is_finished_makes_one_user() -> None:
    def run() -> None:
        email = f"nell@{fresh('again')}.example"
        actor = Actor.stranger(email)
        start = partial(start_sign_up, email, actor=actor)
        start()
        pending = SignUp.objects.get(email=email)
        finish = partial(sign_up, pending, newcomer=newcomer(), actor=actor)
        outcomes = race(*[start, finish] * HALF)
        assert tally(outcomes[::2]) == {"ok": HALF}
        assert tally(outcomes[1::2])["ok"] == 1
        assert set(outcomes[1::2]) <= {"ok", "link_dead", "already_registered"}
        assert len(stays_of(email)) == 1
        assert not SignUp.objects.filter(email=email).exists()

    rounds(run)


def test_two_administrators_who_demote_each_other_leave_one() -> None:
    def run() -> None:
        organization, domain = company()
        people = [
            bring_in(organization, f"{name}@{domain}", Role.ADMINISTRATOR)
            for name in ("kim", "lou")
        ]
        stays = [stay_of(organization, user) for user in people]
        calls: list[Call] = [
            partial(change_role, stay, role=Role.STANDARD, actor=acting(other))
            for stay, other in zip(stays, reversed(people), strict=True)
        ]
        outcomes = race(*calls * HALF)
        winner = outcomes.index("ok") % 2
        assert tally(outcomes[winner::2]) == {"ok": 1, "role_unchanged": HALF - 1}
        assert tally(outcomes[1 - winner :: 2]) == {"NotAllowed": HALF}
        roles = [stay_of(organization, user).role for user in people]
        assert sorted(roles) == [Role.ADMINISTRATOR, Role.STANDARD]

    rounds(run)


def test_the_ownership_is_handed_to_one_of_two_people() -> None:
    def run() -> None:
        organization, domain = company()
        former = organization.owner
        people = [
            bring_in(organization, f"{name}@{domain}", Role.ADMINISTRATOR)
            for name in ("ben", "fay")
        ]
        calls: list[Call] = [
            partial(transfer_ownership, organization, to=user.email, actor=acting(former))
            for user in people
        ]
        outcomes = race(*calls * HALF)
        assert tally(outcomes) == {"ok": 1, "NotAllowed": RACERS - 1}
        winner = people[outcomes.index("ok") % 2]
        organization.refresh_from_db()
        assert organization.owner == winner
        with every_tenant():
            owners = Membership.objects.open().filter(organization=organization, role=Role.OWNER)
            assert [stay.user for stay in owners] == [winner]
            roles = RoleAssignment.objects.open().on_organization().filter(role=Role.OWNER)
            (role,) = roles.filter(organization=organization)
            assert role.holder == winner
        assert stay_of(organization, former).role == Role.ADMINISTRATOR
        assert events("organization.transferred", winner.sid) == 1

    rounds(run)


def test_an_invitation_is_accepted_or_revoked() -> None:
    def run() -> None:
        organization, domain = company()
        invitation = invite(organization, f"nell@{domain}")
        revoke = partial(revoke_invitation, invitation, actor=owner_of(organization))
        outcomes = race(*[as_newcomer(invitation), revoke] * HALF)
        assert outcomes.count("ok") == 1
        assert set(outcomes[::2]) <= {"ok", "link_dead"}
        assert set(outcomes[1::2]) <= {"ok", "invitation_closed"}
        joined = User.objects.filter(email=invitation.email).exists()
        assert joined == ("ok" in outcomes[::2])

    rounds(run)


def test_an_invitation_is_accepted_or_its_link_is_replaced() -> None:
    def run() -> None:
        organization, domain = company()
        invitation = invite(organization, f"nell@{domain}")
        long_ago = clock.now() - timedelta(hours=1)
        Invitation.unscoped.filter(pk=invitation.pk).update(last_sent_at=long_ago)
        resend = partial(resend_invitation, invitation, actor=owner_of(organization))
        outcomes = race(*[as_newcomer(invitation), resend] * HALF)
        assert outcomes.count("ok") == 1
        assert set(outcomes[::2]) <= {"ok", "link_dead"}
        assert set(outcomes[1::2]) <= {"ok", "invitation_closed", "resend_throttle"}
        current = Invitation.unscoped.get(pk=invitation.pk)
        assert current.generation == current.total_sends == 1 + outcomes[1::2].count("ok")
        assert current.is_open() == ("ok" in outcomes[1::2])

    rounds(run)


def test_an_inviter_who_is_demoted_invites_before_or_not_at_all() -> None:
    def run() -> None:
        organization, domain = company()
        kim = bring_in(organization, f"kim@{domain}", Role.ADMINISTRATOR)
        demote = partial(
            change_role,
            stay_of(organization, kim),
            role=Role.STANDARD,
            actor=owner_of(organization),
        )
        calls: list[Call] = []
        for number in range(HALF):
            invitee = f"invitee{number}@{domain}"
            calls += [
                demote,
                partial(
                    invite_user, organization, email=invitee, role=Role.STANDARD, actor=acting(kim)
                ),
            ]
        outcomes = race(*calls)
        assert tally(outcomes[::2]) == {"ok": 1, "role_unchanged": HALF - 1}
        assert set(outcomes[1::2]) <= {"ok", "NotAllowed"}
        invited = Invitation.unscoped.filter(organization=organization, email__startswith="invitee")
        assert invited.count() == outcomes[1::2].count("ok")

    rounds(run)


def test_the_last_free_account_is_taken_once() -> None:
    def run() -> None:
        organization, _ = company()
        owner, actor = organization.owner, owner_of(organization)
        for number in range(organization.account_limit - 2):
            create_account(organization, name=f"Account {number}", owner=owner, actor=actor)
        take = partial(create_account, organization, name="Last", owner=owner, actor=actor)
        outcomes = race(*[take] * RACERS)
        assert tally(outcomes) == {"ok": 1, "account_limit": RACERS - 1}
        with every_tenant():
            held = Account.objects.filter(organization=organization)
            assert held.count() == organization.account_limit
            roles = RoleAssignment.objects.open().on_accounts().filter(organization=organization)
            assert roles.count() == organization.account_limit
            assert events("account.created", held.get(name="Last").sid) == 1

    rounds(run)


def test_one_address_is_invited_once() -> None:
    def run() -> None:
        organization, domain = company()
        email = f"nell@{domain}"
        again = partial(
            invite_user,
            organization,
            email=email,
            role=Role.STANDARD,
            actor=owner_of(organization),
        )
        before = DBTaskResult.objects.count()
        outcomes = race(*[again] * RACERS)
        assert tally(outcomes) == {"ok": 1, "already_invited": RACERS - 1}
        assert Invitation.unscoped.filter(email=email).count() == 1
        assert DBTaskResult.objects.count() == before + 1

    rounds(run)


def test_a_periodic_job_that_is_due_is_enqueued_once() -> None:
    periodic.discover()

    def run() -> None:
        PeriodicJob.objects.update(due_at=clock.now() - timedelta(days=1))
        before = DBTaskResult.objects.count()
        assert tally(race(*[periodic.enqueue_due] * RACERS)) == {"ok": RACERS}
        assert DBTaskResult.objects.count() == before + PeriodicJob.objects.count()

    rounds(run)


def test_a_limit_counts_every_try_of_many_at_once() -> None:
    limit = limits.Limit("race", times=8, seconds=10**9)

    def run() -> None:
        key = fresh("key")
        outcomes = race(*[partial(limit.spend, key)] * RACERS)
        assert tally(outcomes) == {"ok": 8, "too_many_tries": RACERS - 8}

    rounds(run)


def wants(user: User, email: str) -> EmailChange:
    return start_email_change(user, email=email, actor=acting(user))


def taking(change: EmailChange) -> Call:
    keep = session_of(change.user).sid
    return partial(change_email, change, keep=keep, actor=acting(change.user))


def test_one_address_becomes_one_persons() -> None:
    def run() -> None:
        email = f"wanted@{fresh('prize')}.example"
        changes = [
            wants(found(f"{fresh('racer')}@many.example").owner, email) for _ in range(RACERS)
        ]
        outcomes = race(*map(taking, changes))
        assert tally(outcomes) == {"ok": 1, "email_taken": RACERS - 1}
        winner = User.objects.get(email=email)
        assert events("user.email_changed", winner.sid) == 1

    rounds(run)


def test_an_address_is_taken_by_a_change_or_by_a_sign_up() -> None:
    def run() -> None:
        email = f"wanted@{fresh('prize')}.example"
        change = wants(found(f"{fresh('racer')}@many.example").owner, email)
        start_sign_up(email, actor=Actor.stranger(email))
        pending = SignUp.objects.get(email=email)
        signing_up = partial(sign_up, pending, newcomer=newcomer(), actor=Actor.stranger(email))
        outcomes = race(*[taking(change), signing_up] * HALF)
        assert tally(outcomes)["ok"] == 1
        assert set(outcomes) <= {"ok", "link_dead", "email_taken", "already_registered"}
        assert User.objects.filter(email=email).count() == 1

    rounds(run)


def test_asking_for_an_address_and_proving_one_wait_for_each_other() -> None:
    def run() -> None:
        user = found(f"{fresh('racer')}@many.example").owner
        change = wants(user, f"first@{fresh('prize')}.example")
        asking = partial(wants, user, f"second@{fresh('prize')}.example")
        outcomes = race(*[taking(change), asking] * HALF)
        assert set(outcomes) <= {"ok", "link_dead"}
        assert EmailChange.objects.filter(user=user).count() <= 1

    rounds(run)


def test_a_name_changes_while_the_role_does_and_somebody_joins() -> None:
    """The copies that lists keep stay true; the invariants are checked at the end."""

    def run() -> None:
        organization, domain = company()
        member = bring_in(organization, f"nell@{domain}", Role.STANDARD)
        stay = stay_of(organization, member)
        naming = [
            partial(change_name, member, first_name=f"Nell{n}", last_name="", actor=acting(member))
            for n in range(5)
        ]
        roles = [
            partial(change_role, stay, role=role, actor=owner_of(organization))
            for role in (Role.ADMINISTRATOR, Role.STANDARD) * 2
        ]
        owned = partial(
            create_account, organization, name="New", owner=member, actor=owner_of(organization)
        )
        outcomes = race(*naming, *roles, owned)
        assert set(outcomes) <= {"ok", "role_unchanged"}

    rounds(run)


def test_a_name_changes_while_its_owner_joins_another_organization() -> None:
    def run() -> None:
        organization, _ = company()
        own = found_before_verifying(organization)
        invitation = invite(organization, own.owner.email)
        user = own.owner
        naming = [
            partial(change_name, user, first_name=f"Nell{n}", last_name="", actor=acting(user))
            for n in range(HALF)
        ]
        outcomes = race(as_owner_of(own, invitation), *naming)
        assert outcomes[0] == "ok"
        assert set(outcomes[1:]) <= {"ok", "moved_meanwhile"}

    rounds(run)


def test_one_of_many_new_passwords_is_set() -> None:
    def run() -> None:
        user = found(f"{fresh('racer')}@many.example").owner
        actor = Actor.stranger(user.email)
        passwords = [hash_password(f"password number {n}") for n in range(RACERS)]
        outcomes = race(
            *[partial(reset_password, user, password=one, actor=actor) for one in passwords]
        )
        assert tally(outcomes) == {"ok": 1, "password_changed_meanwhile": RACERS - 1}

    rounds(run)
