"""An invitation to join may offer roles on an account, which whoever joins has at once."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts import jobs
from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import (
    accept_access,
    accept_invitation,
    accept_invitation_as_newcomer,
    invite_user,
)
from organizations.models import DomainSetting, Organization, Role
from organizations.operations import change_role
from tests.accounts.made import (
    being_closed,
    closed,
    fresh,
    offered,
    plan_of,
    roles_on,
    suspended,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, browser, mails_to
from tests.users.people import (
    ANSWERS,
    choose,
    founder,
    newcomer,
    pending_sign_up,
    prove,
    stay_of,
)
from users.models import User
from users.operations import sign_up

PAGE = "/admin-center/users/invite/"
NEW = "new@acme.example"
ASKED = {"email": NEW, "role": Role.STANDARD}
ROLES = [AccountRole.DEVELOPER, AccountRole.SUPPORT]


@pytest.fixture
def invitation(acme: Organization, ben: User, billing: Account) -> Invitation:
    return offer(acme, ben, billing)


def offer(
    organization: Organization,
    by: User,
    account: Account | None,
    *,
    roles: list[AccountRole] = ROLES,
    email: str = NEW,
) -> Invitation:
    return invite_user(
        organization,
        email=email,
        role=Role.STANDARD,
        account=account,
        account_roles=roles,
        actor=acting(by),
    )


def refusal_of(organization: Organization, by: User, account: Account | None, roles) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        offer(organization, by, account, roles=roles)
    return refused.value.code


def link(invitation: Invitation) -> str:
    return reverse("invitations:show", args=[invitation.token()])


def test_joining_brings_the_roles_and_the_trail_of_both_tells(invitation, acme, billing) -> None:
    client = browser()
    page = client.get(link(invitation)).content.decode()
    assert f"access to its account <strong>{billing.name}</strong>, as Developer, Support" in page
    client.post(link(invitation), ANSWERS)

    user = User.objects.get(email=NEW)
    assert roles_on(billing, user) == {"developer", "support"}
    assert stay_of(user).role == Role.STANDARD
    actions = AuditEvent.unscoped.filter(chain=acme.sid, subject_sid=billing.sid)
    assert "account.access_accepted" in actions.values_list("action", flat=True)
    invited = AuditEvent.unscoped.select_related("details").get(subject_sid=invitation.sid)
    offer_told = f"{Role.STANDARD.label}, with Developer, Support on {billing.name}"
    assert invited.details.data["role"] == offer_told


def test_the_mail_tells_of_the_account(invitation, billing, deliver) -> None:
    [sent] = mails_to(NEW, deliver())
    told = f"access to the account {billing.name}, as Developer, Support."
    assert f"Joining brings {told}" in sent.body
    assert "as Developer, Support." in sent.alternatives[0].content


def test_a_name_of_an_account_is_no_link_in_the_mail(acme, ben, billing, deliver) -> None:
    Account.unscoped.filter(pk=billing.pk).update(name="www.evil.example/x")
    offer(acme, ben, billing)
    [sent] = mails_to(NEW, deliver())
    assert "www.evil.example" not in sent.body


def test_an_invitation_without_an_account_tells_of_none(acme, ben, deliver) -> None:
    invitation = offer(acme, ben, None, roles=[])
    [sent] = mails_to(NEW, deliver())
    assert "account" not in sent.body
    assert b"Joining brings" not in browser().get(link(invitation)).content


def test_the_page_of_the_pending_user_tells_of_the_account(
    sign_in, ben, invitation, billing
) -> None:
    page = sign_in(ben).get(invitation.get_absolute_url()).content.decode()
    assert billing.get_absolute_url() in page
    assert "as Developer, Support" in page


def test_somebody_with_a_login_gets_the_roles_too(acme, ben, billing) -> None:
    solo = founder("solo@acme-labs.example")
    prove(acme, "acme-labs.example")
    invitation = offer(acme, ben, billing, email=solo.email)
    absorbing = Organization.objects.get(owner=solo)
    accept_invitation(invitation, user=solo, absorbing=absorbing, actor=acting(solo))
    assert roles_on(billing, solo) == {"developer", "support"}
    [held] = RoleAssignment.unscoped.open().filter(account=billing, holder=solo, role="support")
    assert (held.source, held.by_id, held.holder_organization) == ("invitation", ben.pk, acme)


def test_who_has_access_already_keeps_what_they_have(acme, ben, billing) -> None:
    solo = founder("solo@acme-labs.example")
    accept_access(
        offered(billing, solo.email, AccountRole.BILLING_MANAGER), user=solo, actor=acting(solo)
    )
    prove(acme, "acme-labs.example")
    invitation = offer(acme, ben, billing, email=solo.email)
    absorbing = Organization.objects.get(owner=solo)
    accept_invitation(invitation, user=solo, absorbing=absorbing, actor=acting(solo))
    assert roles_on(billing, solo) == {"billing_manager"}


def test_signing_up_brings_the_roles_that_an_invitation_offers(acme, invitation, billing) -> None:
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    pending = pending_sign_up(NEW)
    user = sign_up(pending, newcomer=newcomer(), joining=acme.sid, actor=Actor.stranger(NEW))
    assert roles_on(billing, user) == {"developer", "support"}
    assert stay_of(user).organization == acme


# What cannot be offered


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([], "roles_missing"),
        ([AccountRole.OWNER], "role_not_grantable"),
        ([AccountRole.ADMINISTRATOR, AccountRole.SUPPORT], "administrator_alone"),
    ],
)
def test_only_roles_that_can_be_given_are_offered(roles, code, acme, ben, billing) -> None:
    assert refusal_of(acme, ben, billing, roles) == code


def test_roles_without_an_account_are_refused(acme, ben) -> None:
    assert refusal_of(acme, ben, None, ROLES) == "account_missing"


def test_the_account_of_another_organization_is_not_offered(acme, ben, eve) -> None:
    theirs = Account.unscoped.filter(organization__name="Globex").first()
    assert refusal_of(acme, ben, theirs, ROLES) == "account_moved"


def test_an_account_that_does_not_run_is_not_offered(acme, ben, billing) -> None:
    suspended(billing)
    assert refusal_of(acme, ben, billing, ROLES) == "account_not_active"


def test_a_closed_account_is_not_offered(acme, ben, billing) -> None:
    being_closed(billing)
    assert refusal_of(acme, ben, fresh(billing), ROLES) == "account_closed"


def test_too_many_roles_are_not_offered(acme, ben, billing, settings) -> None:
    solo = founder("solo@acme-labs.example")
    prove(acme, "acme-labs.example")
    settings.ACCOUNT_ROLES_PER_USER = 1
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        offer(acme, ben, billing, email=solo.email)
    assert refused.value.code == "too_many_roles"


def test_a_standard_user_invites_nobody_so_either(acme, cy, marketing) -> None:
    with assert_no_effect("attempts"), pytest.raises(NotAllowed):
        offer(acme, cy, marketing)


# What becomes of the offer


def test_the_account_closes_and_the_invitation_stays(invitation, acme, billing) -> None:
    before = Organization.objects.get(pk=acme.pk).pending_users
    told = {one.key: one.text for one in plan_of(billing).effects}
    assert told["offers_end"] == "1 invitation to join no longer offers access."
    assert "invitations_end" not in told

    being_closed(billing)

    now = Invitation.unscoped.get(pk=invitation.pk)
    assert (now.is_open(), now.account, now.account_roles) == (True, None, "")
    assert Organization.objects.get(pk=acme.pk).pending_users == before
    user = accept_invitation_as_newcomer(now, newcomer=newcomer(), actor=Actor.stranger(NEW)).user
    assert stay_of(user).organization == acme
    assert roles_on(billing, user) == set()


def test_who_has_joined_by_it_stays_told_when_the_account_is_purged(invitation, billing) -> None:
    accept_invitation_as_newcomer(invitation, newcomer=newcomer(), actor=Actor.stranger(NEW))
    account = closed(billing)
    with time_machine.travel(account.closing_at + timedelta(days=31), tick=False):
        jobs.purge_closed_accounts.call()
    now = Invitation.unscoped.get(pk=invitation.pk)
    assert (now.accepted_at is not None, now.account) == (True, None)


def test_an_account_that_is_suspended_meanwhile_is_given_and_stays_suspended(
    invitation, billing
) -> None:
    suspended(billing)
    user = accept_invitation_as_newcomer(
        invitation, newcomer=newcomer(), actor=Actor.stranger(NEW)
    ).user
    assert roles_on(billing, user) == {"developer", "support"}


def test_an_inviter_who_may_no_longer_invite_gives_nothing(invitation, acme, ana, ben) -> None:
    with tenant(acme):
        stay = stay_of(ben)
    change_role(stay, role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        accept_invitation_as_newcomer(invitation, newcomer=newcomer(), actor=Actor.stranger(NEW))
    assert refused.value.code == "inviter_may_not"
