"""Another's account is added when its owner agrees, who comes along; anything else is refused."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine

from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.operations import transfer_account
from adminctr.core import clock
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.sids import make_sid
from audit.models import AuditEvent
from invitations.models import Invitation, Kind
from invitations.operations import (
    accept_access,
    accept_invitation,
    add_existing_account,
    decline_invitation,
    resend_invitation,
    revoke_invitation,
)
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.accounts.made import (
    being_closed,
    below,
    closed,
    code_of,
    coming,
    fresh,
    leave_room,
    opened,
    outsider,
    roles_on,
    suspended,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import (
    doubt,
    founder,
    invited,
    lose,
    member,
    organization_of,
    prove,
    stay_of,
)
from users.models import User

SOLO = "solo@acme-labs.example"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def account(acme) -> Account:
    """Somebody's who has an address of a domain that Acme has proven, and nobody beside them."""
    return coming(acme, SOLO)


@pytest.fixture
def asked(acme, account, ben) -> Invitation:
    return add_existing_account(acme, sid=account.sid, actor=acting(ben))


def asking(organization: Organization, sid: str, user: User):
    return partial(add_existing_account, organization, sid=sid, actor=acting(user))


def agreeing(invitation: Invitation, user: User, absorbing: Organization | None = None):
    own = absorbing or organization_of(user)
    return partial(accept_invitation, invitation, user=user, absorbing=own, actor=acting(user))


# Asking


def test_it_is_pending_and_its_owner_is_asked_by_mail(acme, account, ben, deliver) -> None:
    invitation = add_existing_account(acme, sid=f" {account.sid}\n", actor=acting(ben))
    assert (invitation.kind, invitation.account) == (Kind.ADD_ACCOUNT, account)
    assert (invitation.email, invitation.invited_by) == (SOLO, ben)
    assert fresh(account).organization == organization_of(account.owner)
    (mail,) = mails_to(SOLO, deliver())
    for text in (mail.body, mail.alternatives[0].content):
        for part in (account.name, account.sid, "Acme", "Ben Okafor"):
            assert part in text
    assert link_in(mail).endswith(f"/{invitation.token()}/")
    event = AuditEvent.unscoped.get(subject_sid=invitation.sid)
    assert (event.chain, event.action) == (acme.sid, "account.add_requested")


@pytest.mark.parametrize("sid", ["", "AC", "x", f"US{'0' * 32}", f"AC{'g' * 32}", f"AC{'0' * 33}"])
def test_what_is_no_sid_of_an_account(sid, acme, ana) -> None:
    assert code_of(asking(acme, sid, ana)) == "sid_malformed"


def test_a_sid_that_nobody_has(acme, ana) -> None:
    assert code_of(asking(acme, make_sid("AC"), ana)) == "account_unknown"


def test_an_account_that_is_managed_here(acme, ana, billing) -> None:
    assert code_of(asking(acme, billing.sid, ana)) == "account_managed_already"
    assert code_of(asking(acme, below(billing).sid, ana)) == "account_managed_already"


def test_a_subaccount(acme, ana, account) -> None:
    assert code_of(asking(acme, below(account).sid, ana)) == "account_is_subaccount"


@pytest.mark.parametrize("end", [being_closed, closed])
def test_a_closed_account(end, acme, ana, account) -> None:
    end(account)
    assert code_of(asking(acme, account.sid, ana)) == "account_closed"


def test_an_owner_with_an_address_that_anybody_can_have(acme, ana) -> None:
    theirs = Account.unscoped.get(owner=founder("solo@gmail.com"))
    assert code_of(asking(acme, theirs.sid, ana)) == "owner_domain_common"


@pytest.mark.parametrize("spoil", [lose, doubt])
def test_an_owner_of_a_domain_that_is_not_proven(spoil, acme, ana, account) -> None:
    spoil("acme-labs.example")
    assert code_of(asking(acme, account.sid, ana)) == "owner_domain_not_verified"


def test_an_owner_of_a_domain_that_is_anothers(acme, ana, globex) -> None:
    theirs = Account.unscoped.get(organization=globex)
    assert code_of(asking(acme, theirs.sid, ana)) == "owner_domain_not_verified"


def test_an_owner_who_is_in_another_organization_without_owning_it(acme, globex, ana) -> None:
    prove(globex, "acme-labs.example")
    theirs = opened(member(globex, SOLO))
    prove(acme, "acme-labs.example")
    code = "account_already_in_an_organization"
    assert code_of(asking(acme, theirs.sid, ana)) == code


def test_an_organization_that_is_too_large(acme, ana, account) -> None:
    prove(organization_of(account.owner), "solo.example")
    assert code_of(asking(acme, account.sid, ana)) == "account_merge_needed"


def test_more_accounts_than_there_is_room_for(acme, ana, account) -> None:
    opened(account.owner)
    leave_room(acme, 1)
    assert code_of(asking(acme, account.sid, ana)) == "account_limit"
    leave_room(acme, 2)
    assert asking(acme, account.sid, ana)()


def test_one_that_is_asked_for_already(asked, acme, ana, account) -> None:
    assert code_of(asking(acme, account.sid, ana)) == "already_pending"
    second = opened(account.owner)
    assert asking(acme, second.sid, ana)()


def test_an_expired_request_gives_way_to_a_new_one(asked, acme, ana, account) -> None:
    with time_machine.travel(clock.now() + 8 * DAY):
        again = asking(acme, account.sid, ana)()
    asked.refresh_from_db()
    assert asked.revoked_at
    assert again.is_open()


def test_nobody_is_asked_without_end(acme, ana, account, settings) -> None:
    settings.INVITATION_MAX_SENDS = 1
    revoke_invitation(asking(acme, account.sid, ana)(), actor=acting(ana))
    assert code_of(asking(acme, account.sid, ana)) == "invited_too_often"


REFUSALS = {
    "sid_malformed", "account_unknown", "account_managed_already", "account_is_subaccount",
    "account_closed", "owner_domain_common", "owner_domain_not_verified",
    "account_already_in_an_organization", "account_merge_needed", "account_limit",
    "already_pending",
}  # fmt: skip


def test_each_refusal_has_words_of_its_own(acme, ana, account, billing, globex) -> None:
    own = organization_of(account.owner)
    sub = below(account)
    said: dict[str, str] = {}

    def ask(sid: str) -> None:
        with pytest.raises(RuleViolation) as refused:
            asking(acme, sid, ana)()
        said[refused.value.code] = refused.value.message

    for sid in ("x", make_sid("AC"), billing.sid, sub.sid):
        ask(sid)
    ask(Account.unscoped.get(owner=founder("solo@gmail.com")).sid)
    ask(Account.unscoped.get(organization=globex).sid)
    leave_room(acme, 0)
    ask(account.sid)
    leave_room(acme, 1)
    asking(acme, account.sid, ana)()
    ask(account.sid)
    prove(own, "solo.example")
    ask(account.sid)
    prove(globex, "acme-labs.example")
    theirs = opened(member(globex, "other@acme-labs.example"))
    prove(acme, "acme-labs.example")
    ask(theirs.sid)
    ask(closed(account).sid)
    assert set(said) == REFUSALS
    assert len(set(said.values())) == len(REFUSALS)
    assert not any("Globex" in words for words in said.values())


@pytest.mark.parametrize(("who", "may"), [("ana", True), ("ben", True), ("cy", False),
                                          ("eve", False)])  # fmt: skip
def test_owner_and_administrators_ask_resend_and_cancel(who, may, acme, account, request) -> None:
    actor = acting(request.getfixturevalue(who))
    other = opened(account.owner)
    waiting = aged(asking(acme, other.sid, acme.owner)())
    for operation in (
        partial(add_existing_account, acme, sid=account.sid, actor=actor),
        partial(resend_invitation, waiting, actor=actor),
        partial(revoke_invitation, waiting, actor=actor),
    ):
        if may:
            operation()
        else:
            with assert_no_effect(), pytest.raises(NotAllowed):
                operation()


def aged(invitation: Invitation) -> Invitation:
    """Sent long enough ago to be sent again."""
    Invitation.unscoped.filter(pk=invitation.pk).update(last_sent_at=clock.now() - HOUR)
    invitation.refresh_from_db()
    return invitation


# Agreeing


def test_it_is_managed_from_then_on_and_its_owner_is_a_standard_user(
    asked, acme, account, ben
) -> None:
    acme.refresh_from_db()
    pending, managed = acme.pending_accounts, acme.managed_accounts
    owner, own = account.owner, organization_of(account.owner)
    second = opened(owner)
    nadia = outsider(account, "nadia@ext.example", AccountRole.SUPPORT)
    stay = agreeing(asked, owner)()
    assert (stay.organization, stay.role, stay.by) == (acme, Role.STANDARD, ben)
    for one in (account, second):
        now = fresh(one)
        assert (now.organization, now.owner) == (acme, owner)
        assert now.status == AccountStatus.ACTIVE
        assert roles_on(now, owner) == {AccountRole.OWNER}
    role = RoleAssignment.unscoped.get(holder=nadia, account=account)
    assert (role.organization, role.ended_at) == (acme, None)
    own.refresh_from_db()
    assert own.ended_at
    acme.refresh_from_db()
    assert (acme.pending_accounts, acme.managed_accounts) == (pending - 1, managed + 2)
    event = AuditEvent.unscoped.get(action="account.added")
    assert (event.chain, event.subject_sid) == (acme.sid, account.sid)
    assert event.actor_sid == owner.sid


def test_subaccounts_come_along(asked, acme, account) -> None:
    sub = below(account)
    agreeing(asked, account.owner)()
    assert fresh(sub).organization == acme


def test_other_requests_for_what_came_along_are_done(asked, acme, ana, account) -> None:
    acme.refresh_from_db()
    pending = acme.pending_accounts
    other = asking(acme, opened(account.owner).sid, ana)()
    agreeing(asked, account.owner)()
    other.refresh_from_db()
    assert other.revoked_at
    acme.refresh_from_db()
    assert acme.pending_accounts == pending - 1


def test_a_suspended_account_comes_as_it_is(asked, acme, account) -> None:
    suspended(account)
    agreeing(asked, account.owner)()
    assert fresh(account).status == AccountStatus.SUSPENDED


def test_its_owner_agrees_once(asked, account) -> None:
    own = organization_of(account.owner)
    agreeing(asked, account.owner)()
    assert code_of(agreeing(asked, account.owner, own)) == "link_dead"


def test_nobody_agrees_for_them(asked, account, eve, acme) -> None:
    own = organization_of(account.owner)
    with assert_no_effect(), pytest.raises(NotAllowed):
        accept_invitation(asked, user=account.owner, absorbing=own, actor=acting(eve))
    assert code_of(agreeing(asked, eve, own)) == "wrong_person"
    wrong_way = partial(accept_access, asked, user=account.owner, actor=acting(account.owner))
    assert code_of(wrong_way) == "link_dead"


def test_without_agreeing_to_give_their_organization_up_nothing_comes(asked, account) -> None:
    owner = account.owner
    agree = partial(accept_invitation, asked, user=owner, absorbing=None, actor=acting(owner))
    assert code_of(agree) == "consent_outdated"


# What has changed between asking and agreeing


def test_the_account_is_closed_meanwhile(asked, account) -> None:
    being_closed(account)
    assert code_of(agreeing(asked, account.owner)) == "account_changed"


def hand_over(account: Account, to: User) -> None:
    """Within their organization, which is small again afterwards."""
    transfer_account(account, to=to, actor=acting(account.organization.owner))


def test_the_account_has_another_owner_meanwhile(asked, account, acme) -> None:
    owner, own = account.owner, organization_of(account.owner)
    prove(own, "solo.example")
    hand_over(account, member(own, "second@solo.example"))
    lose("solo.example")
    assert code_of(agreeing(asked, owner)) == "merge_needed"


@pytest.mark.breaks_invariants
def test_the_account_is_another_owners_though_nobody_else_is_there(asked, account, ida) -> None:
    Account.unscoped.filter(pk=account.pk).update(owner=ida)
    assert code_of(agreeing(asked, User.objects.get(email=SOLO))) == "account_changed"


@pytest.mark.breaks_invariants
def test_the_account_is_in_another_organization_meanwhile(asked, account, globex) -> None:
    Account.unscoped.filter(pk=account.pk).update(organization=globex)
    assert code_of(agreeing(asked, account.owner)) == "account_changed"


def test_its_owner_has_joined_another_organization_meanwhile(asked, account, acme, globex) -> None:
    own = organization_of(account.owner)
    prove(globex, "acme-labs.example")
    joining = invited(globex, SOLO)
    agreeing(joining, account.owner)()
    prove(acme, "acme-labs.example")
    assert code_of(agreeing(asked, account.owner, own)) == "already_in_an_organization"
    assert fresh(account).organization == globex


def test_its_owner_has_joined_this_one_meanwhile(asked, account, acme) -> None:
    own = organization_of(account.owner)
    agreeing(invited(acme, SOLO), account.owner)()
    assert code_of(agreeing(asked, account.owner, own)) == "link_dead"
    asked.refresh_from_db()
    assert asked.revoked_at


def test_their_organization_has_grown_meanwhile(asked, account) -> None:
    prove(organization_of(account.owner), "solo.example")
    assert code_of(agreeing(asked, account.owner)) == "merge_needed"


@pytest.mark.parametrize("spoil", [lose, doubt])
def test_the_domain_is_lost_meanwhile(spoil, asked, account, ben) -> None:
    spoil("acme-labs.example")
    assert code_of(agreeing(asked, account.owner)) == "owner_domain_not_verified"
    again = partial(resend_invitation, aged(asked), actor=acting(ben))
    assert code_of(again) == "owner_domain_not_verified"


def test_the_room_is_taken_meanwhile(asked, account, acme) -> None:
    leave_room(acme, 0)
    assert code_of(agreeing(asked, account.owner)) == "account_limit"


def test_who_asked_may_not_any_more(asked, account, ana, ben) -> None:
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    assert code_of(agreeing(asked, account.owner)) == "inviter_may_not"


# Not agreeing


def test_declining_leaves_it_where_it_is(asked, account, acme) -> None:
    acme.refresh_from_db()
    pending, home = acme.pending_accounts, account.organization
    decline_invitation(asked, actor=acting(account.owner))
    assert code_of(agreeing(asked, account.owner)) == "link_dead"
    assert fresh(account).organization == home
    acme.refresh_from_db()
    assert acme.pending_accounts == pending - 1
    told = AuditEvent.unscoped.get(action="user.invitation_declined").details.data
    assert told["subject"] == SOLO


def test_nobody_declines_for_them(asked, eve) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        decline_invitation(asked, actor=acting(eve))


def test_it_expires_after_seven_days(asked, account) -> None:
    with time_machine.travel(asked.expires_at, tick=False):
        assert code_of(agreeing(asked, account.owner)) == "link_dead"


def test_it_is_cancelled(asked, account, ana, acme) -> None:
    acme.refresh_from_db()
    pending = acme.pending_accounts
    revoke_invitation(asked, actor=acting(ana))
    assert code_of(agreeing(asked, account.owner)) == "link_dead"
    acme.refresh_from_db()
    assert acme.pending_accounts == pending - 1


def test_it_is_sent_again_with_a_new_link(asked, account, ben) -> None:
    again = resend_invitation(aged(asked), actor=acting(ben))
    assert (again.generation, again.total_sends) == (2, 2)
    assert code_of(agreeing(asked, account.owner)) == "link_dead"
    assert agreeing(again, account.owner)()


def test_the_one_who_resends_answers_for_it(asked, account, ana, ben) -> None:
    again = resend_invitation(aged(asked), actor=acting(ana))
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    assert agreeing(again, account.owner)().by == ana


def test_another_way_in_is_withdrawn_once_its_owner_is_in(acme, account, asked) -> None:
    solo = account.owner
    other = invited(acme, solo.email)
    agreeing(asked, solo)()
    other.refresh_from_db()
    assert other.revoked_at is not None
    acme.refresh_from_db()
    assert acme.pending_users == Invitation.unscoped.pending().filter(organization=acme).count()
