"""Access to an account: at once for a managed user, by a mailed link for everybody else."""

from datetime import timedelta
from functools import partial

import pytest
import time_machine

from accounts import access
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import remove_access
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation, Kind
from invitations.operations import (
    accept_access,
    accept_access_as_newcomer,
    accept_invitation,
    accept_invitation_as_newcomer,
    decline_invitation,
    invite_to_account,
    resend_invitation,
    revoke_invitation,
)
from invitations.operations import inviting as inviting_operations
from organizations.models import Membership, Role
from organizations.operations import change_role
from tests.accounts.made import (
    being_closed,
    code_of,
    give,
    last_event,
    offered,
    outsider,
    owner_of,
    queued,
    roles_on,
    suspended,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, link_in, mails_to
from tests.users.people import (
    founder,
    invited,
    newcomer,
    pending_sign_up,
    prove,
    stay_of,
)
from users.models import SignUp, User
from users.operations import suspend_login

NADIA = "nadia@ext.example"
DEVELOPER, SUPPORT, BILLING = (
    AccountRole.DEVELOPER,
    AccountRole.SUPPORT,
    AccountRole.BILLING_MANAGER,
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def inviting(account: Account, email: str, *roles: AccountRole, **changes):
    values = {"roles": roles or [DEVELOPER], "actor": owner_of(account), **changes}
    return partial(invite_to_account, account, email=email, **values)


def as_newcomer(invitation: Invitation):
    actor = Actor.stranger(invitation.email)
    return partial(accept_access_as_newcomer, invitation, newcomer=newcomer(), actor=actor)


def accepting(invitation: Invitation, user: User):
    return partial(accept_access, invitation, user=user, actor=acting(user))


# A managed user


def test_a_managed_user_has_access_at_once_and_nothing_waits(billing, ben, dora) -> None:
    before = Invitation.unscoped.count()
    assert inviting(billing, dora.email, DEVELOPER, BILLING, reason="Audit")() is None
    assert Invitation.unscoped.count() == before
    assert roles_on(billing, dora) == {DEVELOPER, BILLING}
    rows = RoleAssignment.unscoped.filter(account=billing, holder=dora)
    assert {(one.source, one.by, one.reason) for one in rows} == {(Source.DIRECT, ben, "Audit")}
    told = [[billing.pk, dora.pk, "Developer, Billing Manager"]]
    assert queued("send_access_given", billing) == told
    assert last_event(billing).action == "account.roles_set"


def test_an_address_is_found_however_it_is_written(billing, dora) -> None:
    assert inviting(billing, " Dora@ACME.example ")() is None
    assert roles_on(billing, dora) == {DEVELOPER}


# Somebody new


def test_a_newcomer_gets_an_organization_a_first_account_and_the_roles(billing, ben) -> None:
    until = clock.now() + 30 * DAY
    invitation = inviting(billing, NADIA, DEVELOPER, SUPPORT, ends_at=until, reason="Audit")()
    assert (invitation.kind, invitation.account, invitation.role) == (Kind.ACCESS, billing, "")
    assert invitation.get_account_roles() == [DEVELOPER, SUPPORT]
    assert as_newcomer(invitation)() == billing

    nadia = User.objects.get(email=NADIA)
    stay = stay_of(nadia)
    assert (stay.role, stay.organization.owner) == (Role.OWNER, nadia)
    assert stay.organization != billing.organization
    first = Account.unscoped.get(organization=stay.organization)
    assert (first.name, first.owner) == ("First account", nadia)
    for given in RoleAssignment.unscoped.filter(account=billing, holder=nadia):
        assert (given.source, given.by) == (Source.INVITATION, ben)
        assert (given.ends_at, given.reason) == (until, "Audit")
        assert given.holder_organization == stay.organization
    assert roles_on(billing, nadia) == {DEVELOPER, SUPPORT}
    assert access.proof_of(nadia.pk, billing)
    event = last_event(billing)
    assert (event.action, event.actor_sid) == ("account.access_accepted", nadia.sid)
    signed_up = AuditEvent.unscoped.get(action="user.signed_up", subject_sid=nadia.sid)
    assert signed_up.chain == stay.organization.sid


def test_it_makes_nobody_a_managed_user(billing, acme) -> None:
    before = acme.managed_users
    nadia = outsider(billing, NADIA)
    with tenant(acme):
        assert not Membership.objects.filter(user=nadia).exists()
        held = RoleAssignment.objects.independent().filter(holder=nadia)
        assert [one.account for one in held] == [billing]
    acme.refresh_from_db()
    assert acme.managed_users == before


def test_an_open_sign_up_of_the_same_address_is_used_up(billing) -> None:
    pending_sign_up(NADIA)
    as_newcomer(offered(billing, NADIA))()
    assert not SignUp.objects.filter(email=NADIA).exists()


def test_who_has_a_login_by_now_is_no_newcomer(billing) -> None:
    invitation = offered(billing, NADIA)
    nadia = founder(NADIA)
    assert code_of(as_newcomer(invitation)) == "already_registered"
    accepting(invitation, nadia)()
    assert roles_on(billing, nadia) == {DEVELOPER}


def test_the_mail_says_what_is_offered_where_and_by_whom(billing, deliver) -> None:
    invitation = offered(billing, NADIA, DEVELOPER, SUPPORT)
    (mail,) = mails_to(NADIA, deliver())
    for text in (mail.body, mail.alternatives[0].content):
        for part in (billing.name, "Acme", "Ben Okafor", "ben@acme.example", "Developer, Support"):
            assert part in text
    assert link_in(mail).endswith(f"/{invitation.token()}/")


# Somebody who is elsewhere


def test_who_is_elsewhere_accepts_and_stays_there(billing, ida) -> None:
    home = stay_of(ida).organization
    accepting(offered(billing, ida.email), ida)()
    assert roles_on(billing, ida) == {DEVELOPER}
    assert stay_of(ida).organization == home
    given = RoleAssignment.unscoped.get(account=billing, holder=ida)
    assert given.holder_organization == home


def test_an_offer_is_accepted_once(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    accepting(invitation, ida)()
    assert code_of(accepting(invitation, ida)) == "link_dead"


def test_nobody_else_accepts_it(billing, ida, eve) -> None:
    invitation = offered(billing, ida.email)
    assert code_of(accepting(invitation, eve)) == "wrong_person"
    with assert_no_effect(), pytest.raises(NotAllowed):
        accept_access(invitation, user=ida, actor=acting(eve))


def test_each_kind_is_accepted_in_its_own_way(billing, acme, ida, cy) -> None:
    to_account, to_join = offered(billing, ida.email), invited(acme, "nell@acme.example")
    joining = partial(accept_invitation, to_account, user=ida, absorbing=None, actor=acting(ida))
    assert code_of(joining) == "link_dead"
    stranger = Actor.stranger(to_join.email)
    assert code_of(as_newcomer(to_join)) == "link_dead"
    joining = partial(
        accept_invitation_as_newcomer, to_account, newcomer=newcomer(), actor=stranger
    )
    assert code_of(joining) == "link_dead"


# Refused to whoever invites


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("stranger@acme.example", "membership_required"),
        ("stranger@globex.example", "domain_managed_elsewhere"),
        ("eve@globex.example", "domain_managed_elsewhere"),
        ("ben@acme.example", "already_has_access"),
        ("no address", "address_malformed"),
    ],
)
def test_why_an_address_gets_none(email, code, billing) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        inviting(billing, email)()
    if code == "address_malformed":
        assert refused.value.code.startswith(("address", "email"))
    else:
        assert refused.value.code == code
    assert refused.value.field == "email"


def test_the_refusal_never_says_whose_the_domain_is(billing) -> None:
    with pytest.raises(RuleViolation) as refused:
        inviting(billing, "stranger@globex.example")()
    assert "managed by an Organization" in refused.value.message
    assert "Globex" not in refused.value.message


def test_a_common_address_gets_access(billing) -> None:
    assert inviting(billing, "somebody@gmail.com")()


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([], "roles_missing"),
        ([AccountRole.OWNER], "role_not_grantable"),
        ([AccountRole.ADMINISTRATOR, DEVELOPER], "administrator_alone"),
    ],
)
@pytest.mark.parametrize("email", [NADIA, "dora@acme.example"])
def test_roles_that_cannot_be_offered(email, roles, code, billing) -> None:
    assert code_of(inviting(billing, email, roles=roles)) == code


@pytest.mark.parametrize("email", [NADIA, "dora@acme.example"])
def test_an_end_that_is_past_cannot_be_offered(email, billing) -> None:
    assert code_of(inviting(billing, email, ends_at=clock.now() - HOUR)) == "end_in_the_past"


def test_whose_access_is_over_by_plan_is_invited_again(billing) -> None:
    nadia = outsider(billing, NADIA)
    until = clock.now() + HOUR
    give(billing, nadia, DEVELOPER, ends_at=until)
    with time_machine.travel(until + HOUR):
        accepting(offered(billing, NADIA, SUPPORT), nadia)()
        assert roles_on(billing, nadia) == {SUPPORT}


def test_a_suspended_account_invites_nobody(billing, ana) -> None:
    suspended(billing)
    for email in (NADIA, "dora@acme.example"):
        assert code_of(inviting(billing, email, actor=acting(ana))) == "account_not_active"


def test_an_address_is_invited_once(billing, marketing) -> None:
    offered(billing, NADIA)
    assert code_of(inviting(billing, NADIA)) == "already_invited"
    assert inviting(marketing, NADIA)()


def test_an_expired_offer_gives_way_to_a_new_one(billing) -> None:
    first = offered(billing, NADIA)
    with time_machine.travel(clock.now() + 8 * DAY):
        second = offered(billing, NADIA)
    first.refresh_from_db()
    assert first.revoked_at
    assert second.is_open()


def test_only_so_many_wait(billing, marketing, settings) -> None:
    settings.ACCOUNT_INVITATIONS_PENDING = 2
    first, _ = offered(billing, NADIA), offered(billing, "olga@ext.example")
    assert code_of(inviting(billing, "pia@ext.example")) == "too_many_pending"
    assert inviting(marketing, "pia@ext.example")()
    revoke_invitation(first, actor=owner_of(billing))
    assert inviting(billing, "pia@ext.example")()


def test_nobody_is_mailed_without_end(billing, settings) -> None:
    settings.INVITATION_MAX_SENDS = 2
    for _ in range(2):
        revoke_invitation(offered(billing, NADIA), actor=owner_of(billing))
    assert code_of(inviting(billing, NADIA)) == "invited_too_often"


def test_another_account_makes_no_room_for_more_mail_to_strangers(
    billing, marketing, settings, monkeypatch
) -> None:
    settings.ACCOUNT_INVITATIONS_PENDING = 2
    monkeypatch.setattr(inviting_operations, "_ACCOUNTS_IN_A_DAY", 1, raising=False)
    for number in range(5):  # and the demo has invited somebody
        account = (billing, marketing)[number % 2]
        revoke_invitation(offered(account, f"s{number}@ext.example"), actor=owner_of(account))
    refused = inviting(marketing, NADIA)
    assert code_of(refused) == "too_many_in_a_day"
    with time_machine.travel(clock.now() + DAY + HOUR):
        assert refused()


def test_who_has_as_many_roles_as_there_may_be_gets_no_more(billing, marketing, settings) -> None:
    settings.ACCOUNT_ROLES_PER_USER = 1
    nadia = founder(NADIA)
    both = offered(billing, NADIA), offered(marketing, NADIA)
    accepting(both[0], nadia)()
    assert code_of(accepting(both[1], nadia)) == "too_many_roles"
    revoke_invitation(both[1], actor=owner_of(marketing))
    assert code_of(inviting(marketing, NADIA)) == "too_many_roles"


# Refused to whoever accepts


def test_a_closed_account_lets_nobody_in(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    being_closed(billing)
    assert code_of(accepting(invitation, ida)) == "link_dead"


@pytest.mark.breaks_invariants
def test_nor_does_a_link_that_closing_has_left_alive(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    being_closed(billing)
    Invitation.unscoped.filter(pk=invitation.pk).update(revoked_at=None)
    assert code_of(accepting(invitation, ida)) == "link_dead"


def test_a_day_that_is_past_gives_no_access(billing, ida) -> None:
    until = clock.now() + HOUR
    invitation = inviting(billing, ida.email, ends_at=until)()
    with time_machine.travel(until, tick=False):
        assert code_of(accepting(invitation, ida)) == "link_dead"


def test_a_link_lives_seven_days(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    with time_machine.travel(invitation.expires_at, tick=False):
        assert code_of(accepting(invitation, ida)) == "link_dead"
    with time_machine.travel(invitation.expires_at - timedelta(seconds=1), tick=False):
        assert accepting(invitation, ida)()


def test_a_domain_proven_by_another_organization_meanwhile_stops_it(billing, globex, ida) -> None:
    invitation = offered(billing, ida.email)
    prove(globex, "freelance.example")
    assert code_of(accepting(invitation, ida)) == "domain_managed_elsewhere"
    assert code_of(partial(resend_invitation, aged(invitation), actor=owner_of(billing))) == (
        "domain_managed_elsewhere"
    )


def aged(invitation: Invitation) -> Invitation:
    """Sent long enough ago to be sent again."""
    Invitation.unscoped.filter(pk=invitation.pk).update(last_sent_at=clock.now() - HOUR)
    invitation.refresh_from_db()
    return invitation


def test_what_would_have_ended_by_now_is_not_sent_again(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    Invitation.unscoped.filter(pk=invitation.pk).update(access_ends_at=clock.now())
    again = partial(resend_invitation, aged(invitation), actor=owner_of(billing))
    assert code_of(again) == "access_over"


def test_a_domain_proven_by_this_organization_meanwhile_asks_for_membership(billing, acme) -> None:
    invitation = offered(billing, NADIA)
    prove(acme, "ext.example")
    assert code_of(as_newcomer(invitation)) == "membership_required"
    joined = invited(acme, NADIA)
    accept_invitation_as_newcomer(joined, newcomer=newcomer(), actor=Actor.stranger(NADIA))
    nadia = User.objects.get(email=NADIA)
    accepting(invitation, nadia)()
    assert roles_on(billing, nadia) == {DEVELOPER}


def test_who_was_given_access_meanwhile_has_it_already(billing, acme) -> None:
    invitation = offered(billing, NADIA)
    prove(acme, "ext.example")
    joined = invited(acme, NADIA)
    accept_invitation_as_newcomer(joined, newcomer=newcomer(), actor=Actor.stranger(NADIA))
    nadia = User.objects.get(email=NADIA)
    give(billing, nadia, SUPPORT)
    assert code_of(accepting(invitation, nadia)) == "already_has_access"
    assert roles_on(billing, nadia) == {SUPPORT}


def test_an_inviter_who_lost_their_role_invites_nobody(billing, ida) -> None:
    nadia = outsider(billing, NADIA, AccountRole.ADMINISTRATOR)
    invitation = inviting(billing, ida.email, actor=acting(nadia))()
    remove_access(billing, holder=nadia, actor=owner_of(billing))
    assert code_of(accepting(invitation, ida)) == "inviter_may_not"


def test_nor_does_one_whose_login_is_suspended(billing, ida, ana, support) -> None:
    invitation = inviting(billing, ida.email, actor=acting(ana))()
    suspend_login(ana, actor=support)
    assert code_of(accepting(invitation, ida)) == "inviter_may_not"


def test_an_administrator_demoted_meanwhile_invites_nobody(marketing, ana, ben, ida) -> None:
    invitation = inviting(marketing, ida.email, actor=acting(ben))()
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    assert code_of(accepting(invitation, ida)) == "inviter_may_not"


# Who may


@pytest.mark.parametrize(
    ("who", "may"),
    [("ana", True), ("ben", True), ("cy", True), ("dora", False), ("ida", False), ("eve", False)],
)
def test_who_invites_resends_and_revokes(who, may, marketing, request) -> None:
    """Cy owns this account and is a Standard User."""
    actor = acting(request.getfixturevalue(who))
    waiting = aged(offered(marketing, "olga@ext.example"))
    for operation in (
        inviting(marketing, NADIA, actor=actor),
        partial(resend_invitation, waiting, actor=actor),
        partial(revoke_invitation, waiting, actor=actor),
    ):
        if may:
            operation()
        else:
            with assert_no_effect(), pytest.raises(NotAllowed):
                operation()


def test_an_administrator_of_the_account_from_elsewhere_does_too(marketing) -> None:
    nadia = outsider(marketing, NADIA, AccountRole.ADMINISTRATOR)
    waiting = inviting(marketing, "olga@ext.example", actor=acting(nadia))()
    again = resend_invitation(aged(waiting), actor=acting(nadia))
    assert (again.generation, again.total_sends) == (2, 2)
    revoke_invitation(again, actor=acting(nadia))


def test_an_administrator_of_one_account_does_not_reach_another(billing, marketing) -> None:
    nadia = outsider(marketing, NADIA, AccountRole.ADMINISTRATOR)
    waiting = aged(offered(billing, "olga@ext.example"))
    for operation in (
        inviting(billing, "pia@ext.example", actor=acting(nadia)),
        partial(resend_invitation, waiting, actor=acting(nadia)),
        partial(revoke_invitation, waiting, actor=acting(nadia)),
    ):
        with assert_no_effect(), pytest.raises(NotAllowed):
            operation()


def test_a_resent_link_kills_the_old_one(billing, ida) -> None:
    waiting = aged(offered(billing, ida.email))
    again = resend_invitation(waiting, actor=owner_of(billing))
    assert code_of(accepting(waiting, ida)) == "link_dead"
    accepting(again, ida)()


def test_a_suspended_account_resends_nothing(billing, ana) -> None:
    waiting = aged(offered(billing, NADIA))
    suspended(billing)
    assert code_of(partial(resend_invitation, waiting, actor=acting(ana))) == "account_not_active"


# Declining


def test_whoever_holds_the_link_declines_and_it_is_dead(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    declined = decline_invitation(invitation, actor=acting(ida))
    assert declined.declined_at
    assert not declined.is_open()
    event = AuditEvent.unscoped.get(action="user.invitation_declined")
    assert event.chain == billing.organization.sid
    assert event.details.data["role"] == "Developer"
    assert code_of(accepting(invitation, ida)) == "link_dead"
    again = partial(decline_invitation, invitation, actor=acting(ida))
    assert code_of(again) == "link_dead"
    assert offered(billing, ida.email)


def test_a_stranger_with_the_link_declines_an_offer_to_join(acme) -> None:
    before = acme.pending_users
    invitation = invited(acme, "nell@acme.example")
    decline_invitation(invitation, actor=Actor.stranger(invitation.email))
    acme.refresh_from_db()
    assert acme.pending_users == before
    joining = partial(
        accept_invitation_as_newcomer,
        invitation,
        newcomer=newcomer(),
        actor=Actor.stranger(invitation.email),
    )
    assert code_of(joining) == "link_dead"


@pytest.mark.parametrize("who", ["ana", "eve"])
def test_nobody_declines_for_somebody_else(who, billing, ida, request) -> None:
    invitation = offered(billing, ida.email)
    with assert_no_effect(), pytest.raises(NotAllowed):
        decline_invitation(invitation, actor=acting(request.getfixturevalue(who)))


def test_what_is_over_is_not_declined(billing, ida) -> None:
    invitation = offered(billing, ida.email)
    decline = partial(decline_invitation, invitation, actor=acting(ida))
    with time_machine.travel(clock.now() + 8 * DAY):
        assert code_of(decline) == "link_dead"
    revoke_invitation(invitation, actor=owner_of(billing))
    assert code_of(decline) == "link_dead"
