"""One domain in several organizations: with the approval of support, and with what it costs all."""

from collections.abc import Callable
from email.message import EmailMessage
from functools import partial

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.web import invariants
from audit import presenters
from audit.models import AuditEvent
from domains import claims
from domains.models import SLOTS, Domain, DomainStatus
from domains.operations import (
    add_domain,
    approve_sharing,
    follow_setting_again,
    settle_check,
    withdraw_sharing,
)
from domains.probes import Finding, Outcome
from organizations import policy
from organizations.models import DomainSetting, Membership, Organization, Role
from organizations.policy import StaffGroup
from tests.conftest import acting
from tests.domains.following import follow_again, plan_of
from tests.domains.removing import remove
from tests.pages.effects import assert_no_effect, mails_to
from tests.users.people import choose, doubt, founder, organization_of, pending_sign_up
from tests.world import PASSWORD
from users import admission
from users.models import Outcome as Answer
from users.models import User, WayIn
from users.operations import appoint_staff, save_expectation

pytestmark = pytest.mark.django_db

NAME = "acme.example"  # Acme holds it
NEW = f"zoe@{NAME}"
STAGE = f"stage.{NAME}"
NAMES = ("Acme", "ana@", "ben@", "Ana ", "Ben ")  # of whom others must not read

Deliver = Callable[[], list[EmailMessage]]
SignIn = Callable[[User], Client]


@pytest.fixture
def lead(sue: User) -> Actor:
    appoint_staff(sue, group=StaffGroup.LEADS, actor=Actor.operator("test"))
    return policy.staff_actor(sue).with_reason("Ticket 4711")


def owner(organization: Organization) -> Actor:
    assert organization.owner
    return acting(organization.owner)


def claim_of(organization: Organization, name: str = NAME) -> Domain:
    return Domain.unscoped.select_related("organization").get(organization=organization, name=name)


def prove(domain: Domain) -> Domain:
    finding = Finding(Outcome.FOUND, (domain.record_value.encode(),))
    return settle_check(domain, finding=finding, actor=owner(domain.organization))


def share_with(organization: Organization, lead: Actor) -> Domain:
    return prove(approve_sharing(organization, name=NAME, actor=lead))


def give_up(domain: Domain) -> None:
    assert domain.organization.owner
    remove(domain, domain.organization.owner)


def administrators(*organizations: Organization) -> list[str]:
    stays = Membership.unscoped.in_force().filter(organization__in=organizations)
    return list(stays.exclude(role=Role.STANDARD).values_list("email", flat=True))


def events(organization: Organization, action: str) -> list[AuditEvent]:
    found = AuditEvent.unscoped.filter(chain=organization.sid, action=action)
    return list(found.select_related("details").order_by("sequence"))


@pytest.fixture
def left_alone(acme: Organization, globex: Organization, lead: Actor) -> Domain:
    """The domain that Acme shared with Globex and holds alone by now."""
    share_with(globex, lead)
    give_up(claim_of(globex))
    return claim_of(acme)


def page_of(domain: Domain) -> str:
    return reverse("domains:follow-setting", args=[domain.sid])


def confirm(client: Client, domain: Domain, password: str = PASSWORD) -> HttpResponse:
    """The setting applies again, as its plan is read, ticked and sent with the password."""
    shown = client.get(page_of(domain)).context
    look = {"plan": shown["plan"]["token"], "password": password}
    boxes = [name for name in shown["form"].fields if name not in look]
    return client.post(page_of(domain), look | dict.fromkeys(boxes, "on"))


def in_the_way(domain: Domain) -> list[str]:
    return [effect.key for effect in plan_of(domain).blockers]


def refusal(call: Callable[[], object]) -> str:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        call()
    assert not any(name in refused.value.message for name in NAMES)
    return refused.value.code


# Scenario 38


def test_without_approval_nobody_else_adds_or_verifies_it(globex) -> None:
    eve = owner(globex)
    assert refusal(lambda: add_domain(globex, name=NAME, actor=eve)) == "domain_held_elsewhere"
    domain = Domain.unscoped.create(organization=globex, name=NAME)
    assert refusal(lambda: prove(domain)) == "domain_held_elsewhere"
    assert claim_of(globex).status == DomainStatus.UNVERIFIED


def test_with_approval_both_hold_it(acme, globex, lead) -> None:
    domain = approve_sharing(globex, name=" ACME.example. ", actor=lead)
    assert (domain.status, domain.organization) == (DomainStatus.UNVERIFIED, globex)
    assert domain.sharing_approved_at
    prove(domain)
    assert [(one.organization, one.slot) for one in claims.holders(NAME)] == [
        (acme, 0),
        (globex, 1),
    ]


def test_what_is_shared_follows_no_setting(acme, globex, lead) -> None:
    Organization.objects.update(domain_setting=DomainSetting.AUTO_ENROLLMENT)
    assert admission.decide(f"nell@{NAME}", WayIn.SIGN_UP).joins == acme
    share_with(globex, lead)
    assert not any(one.follows_setting for one in claims.holders(NAME))
    assert admission.decide(f"nell@{NAME}", WayIn.SIGN_UP).outcome == Answer.OUTSIDE
    for holder in (acme, globex):
        for way_in in (WayIn.IMPORT, WayIn.SCIM):
            assert not admission.decide(f"nell@{NAME}", way_in, into=holder).allowed
        assert admission.decide(f"nell@{NAME}", WayIn.INVITATION, into=holder).allowed


def test_every_administrator_of_every_holder_gets_a_mail_that_names_nobody_else(
    acme, globex, lead, eve, ben, deliver: Deliver
) -> None:
    deliver()
    share_with(globex, lead)
    mails = deliver()
    assert sorted(mail.to[0] for mail in mails) == sorted(administrators(acme, globex))
    [to_eve], [to_ben] = mails_to(eve.email, mails), mails_to(ben.email, mails)
    assert "Acme" not in to_eve.subject + to_eve.body.replace(NAME, "")
    assert "Globex" not in to_ben.subject + to_ben.body
    assert NAME in to_ben.subject


def test_the_trail_of_one_holder_names_nobody_of_another(acme, globex, lead) -> None:
    share_with(globex, lead)
    [of_acme], [of_globex] = events(acme, "domain.shared"), events(globex, "domain.shared")
    for event, others in ((of_acme, ("Globex", "eve@")), (of_globex, NAMES)):
        assert event.actor_sid == "system"
        line = presenters.line(event)
        assert not any(name in line for name in others)
    assert [one.details.data["actor"] for one in events(globex, "domain.verified")[-1:]] == [
        "eve@globex.example"
    ]


def test_the_pages_of_a_holder_name_no_other(globex, acme, lead, eve, sign_in: SignIn) -> None:
    domain = share_with(globex, lead)
    client = sign_in(eve)
    for page in (
        domain.get_absolute_url(),
        reverse("domains:list"),
        reverse("domains:remove", args=[domain.sid]),
        reverse("audit:list"),
    ):
        body = client.get(page).content.decode()
        assert not any(name in body for name in NAMES), page
    assert "Other organizations hold" in client.get(domain.get_absolute_url()).content.decode()


def test_the_twenty_first_is_refused(globex, lead) -> None:
    for number in range(1, SLOTS):
        organization = organization_of(founder(f"owner@holder{number}.example"))
        assert share_with(organization, lead).slot == number
    late = approve_sharing(globex, name=NAME, actor=lead)
    assert refusal(lambda: prove(late)) == "domain_full"
    assert len(claims.holders(NAME)) == SLOTS


def test_who_comes_after_one_left_takes_the_free_place(acme, globex, lead) -> None:
    third = organization_of(founder("owner@third.example"))
    share_with(globex, lead)
    share_with(third, lead)
    give_up(claim_of(globex))
    assert share_with(globex, lead).slot == 1


def test_a_sub_domain_needs_no_approval(globex) -> None:
    domain = prove(add_domain(globex, name=STAGE, actor=owner(globex)))
    assert domain.is_verified()
    assert domain.follows_setting


# One holder again


def test_who_is_left_is_told_and_nothing_is_switched_on(
    acme, globex, lead, deliver: Deliver
) -> None:
    share_with(globex, lead)
    deliver()
    give_up(claim_of(globex))
    mails = deliver()
    assert sorted(mail.to[0] for mail in mails) == sorted(administrators(acme))
    assert all("Globex" not in mail.body and "Only Acme holds" in mail.subject for mail in mails)
    assert not claim_of(acme).follows_setting
    [alone] = events(acme, "domain.alone")
    assert alone.actor_sid == "system"


def test_while_two_of_three_are_left_nobody_is_told(acme, globex, lead, deliver: Deliver) -> None:
    third = organization_of(founder("owner@third.example"))
    share_with(globex, lead)
    share_with(third, lead)
    deliver()
    give_up(claim_of(third))
    assert deliver() == []
    assert events(acme, "domain.alone") == []


def test_the_setting_applies_again_when_an_administrator_says_so(
    acme, globex, lead, ben, sign_in: SignIn
) -> None:
    share_with(globex, lead)
    give_up(claim_of(globex))
    client, domain = sign_in(ben), claim_of(acme)
    page = domain.get_absolute_url()
    assert f'href="{page_of(domain)}"' in client.get(page).content.decode()
    answer = confirm(client, domain)
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert claim_of(acme).follows_setting
    assert "Apply the domain setting" not in client.get(page).content.decode()
    assert admission.decide(f"nell@{NAME}", WayIn.SIGN_UP).code == "domain_restricted"
    assert len(events(acme, "domain.setting_followed")) == 1


def test_the_setting_does_not_apply_again_while_others_hold_it(acme, globex, lead) -> None:
    share_with(globex, lead)
    for holder in (acme, globex):
        assert in_the_way(claim_of(holder)) == ["shared"]
        assert refusal(lambda one=holder: follow_again(claim_of(one), one.owner)) == "plan_blocked"


def test_what_makes_no_sense_to_follow_is_refused(acme, globex, lead, ana) -> None:
    held, claimed = claim_of(acme), claim_of(acme, "acme-labs.example")
    assert in_the_way(held) == ["followed"]
    assert in_the_way(claimed) == ["not_verified"]
    for domain in (held, claimed):
        assert refusal(lambda one=domain: follow_again(one, ana)) == "plan_blocked"
    give_up(held)
    assert refusal(lambda: follow_again(held, ana)) == "domain_removed"


def test_the_plan_says_in_numbers_what_following_the_setting_means_for_whom(left_alone) -> None:
    acme = left_alone.organization
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    pending_sign_up(NEW)
    pending_sign_up(f"zed@{NAME}")
    pending_sign_up("zoe@fresh.example")
    plan = plan_of(claim_of(acme))
    told = {effect.key: effect.text for effect in plan.effects}
    assert not plan.blockers
    assert told["domains"].startswith("1 domain follows the domain setting again: Auto-enrollment.")
    assert told["meaning"].startswith(f"Anyone who signs up with an address of {NAME} joins this")
    assert told["under_way"] == (
        "2 people who sign up now are added to this organization when they finish."
    )
    assert "who_joined_stays" in told
    waiting = acme.pending_users + acme.pending_accounts
    assert told["invitations"] == f"{waiting} pending invitations keep working."
    assert told["people"].startswith(f"{acme.managed_users} managed users stay as they are")


def test_a_domain_in_doubt_lets_nobody_join_although_it_follows_the_setting(left_alone) -> None:
    choose(left_alone.organization, DomainSetting.AUTO_ENROLLMENT)
    pending_sign_up(NEW)
    doubt(NAME)
    told = {
        effect.key: effect.text for effect in plan_of(claim_of(left_alone.organization)).effects
    }
    assert told["uncertain"].startswith("1 domain lets nobody new join until")
    assert "under_way" not in told


def test_what_following_means_is_as_the_setting_is_now(left_alone, ana) -> None:
    """What somebody read before another setting was chosen confirms nothing."""
    read = plan_of(left_alone).digest
    choose(left_alone.organization, DomainSetting.AUTO_ENROLLMENT)
    pending_sign_up(NEW)
    again = partial(follow_setting_again, left_alone, digest=read, actor=acting(ana))
    assert refusal(again) == "plan_outdated"


def test_an_expectation_that_following_would_break_is_in_the_way(
    left_alone, ana, sign_in: SignIn
) -> None:
    acme = left_alone.organization
    choose(acme, DomainSetting.AUTO_ENROLLMENT)
    for address, way_in in [
        (NEW, WayIn.SIGN_UP),
        (NEW, WayIn.INVITATION),
        ("zoe@fresh.example", WayIn.SIGN_UP),
    ]:
        save_expectation(acme, email=address, way_in=way_in, actor=acting(ana))
    domain = claim_of(acme)
    [blocker] = plan_of(domain).blockers
    assert blocker.text.startswith(f"Your expectation for {NEW} who signs up: ")
    assert blocker.objects[0].name == NEW
    assert refusal(lambda: follow_again(domain, ana)) == "plan_blocked"
    body = sign_in(ana).get(page_of(domain)).content.decode()
    assert blocker.text in body
    assert 'href="/admin-center/domains/what-if/#expected"' in body
    assert "First fix what is in the way." in body


def test_an_expectation_that_following_keeps_is_in_nobodys_way(left_alone, ana) -> None:
    """Under Blocked, people with such an address come in outside, as while it was shared."""
    acme = left_alone.organization
    choose(acme, DomainSetting.BLOCKED)
    save_expectation(acme, email=NEW, way_in=WayIn.SIGN_UP, actor=acting(ana))
    follow_again(claim_of(acme), ana)
    assert claim_of(acme).follows_setting


@pytest.mark.parametrize("typed", ["", "wrong words"])
def test_nothing_follows_without_the_password(typed, left_alone, ben, sign_in: SignIn) -> None:
    with assert_no_effect():
        answer = confirm(sign_in(ben), left_alone, password=typed)
    assert 'id="id_password_error"' in answer.content.decode()


def test_nothing_follows_before_the_box_is_ticked(left_alone, ben, sign_in: SignIn) -> None:
    client, page = sign_in(ben), page_of(left_alone)
    look = {"plan": client.get(page).context["plan"]["token"], "password": PASSWORD}
    with assert_no_effect():
        answer = client.post(page, look)
    assert "Tick the box to continue." in answer.content.decode()


@pytest.mark.parametrize("who", ["cy", "eve", "ida"])
def test_only_administrators_let_it_follow(who, left_alone, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        follow_again(left_alone, request.getfixturevalue(who))


def test_who_lost_a_shared_domain_comes_back_without_asking(acme, globex, lead) -> None:
    share_with(globex, lead)
    Domain.unscoped.filter(organization=acme, name=NAME).update(
        status=DomainStatus.UNVERIFIED, verified_at=None, next_check_at=None
    )
    assert prove(claim_of(acme)).slot == 0
    assert len(claims.holders(NAME)) == 2


# Support


def test_an_approval_is_in_the_trail_with_its_reason(globex, lead, sue) -> None:
    approve_sharing(globex, name=NAME, actor=lead)
    [event] = events(globex, "domain.sharing_approved")
    assert (event.via, event.actor_sid) == ("staff", sue.sid)
    assert event.details.data["stated_reason"] == "Ticket 4711"
    assert presenters.line(event).endswith(f"let {NAME} be verified although others may hold it")


def test_an_approval_for_what_is_on_the_list_already_keeps_its_token(acme, lead) -> None:
    before = claim_of(acme, "acme-labs.example")
    domain = approve_sharing(acme, name="acme-labs.example", actor=lead)
    assert (domain.pk, domain.token) == (before.pk, before.token)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (NAME, "domain_verified"),
        ("gmail.com", "domain_common"),
        ("github.io", "domain_public_suffix"),
        ("www.globex.example", "domain_www"),
        ("https://globex.example", "domain_is_url"),
        ("", "domain_blank"),
    ],
)
def test_what_cannot_be_shared_is_refused(name, code, acme, lead) -> None:
    assert refusal(lambda: approve_sharing(acme, name=name, actor=lead)) == code


def test_a_second_approval_is_refused(globex, lead) -> None:
    approve_sharing(globex, name=NAME, actor=lead)
    assert refusal(lambda: approve_sharing(globex, name=NAME, actor=lead)) == "sharing_approved"


def test_an_approval_needs_room_on_the_list(globex, lead) -> None:
    held = Domain.unscoped.filter(organization=globex).count()
    Organization.objects.filter(pk=globex.pk).update(domain_limit=held)
    assert refusal(lambda: approve_sharing(globex, name=NAME, actor=lead)) == "domain_limit"


@pytest.mark.parametrize("group", [StaffGroup.READERS, StaffGroup.AGENTS])
def test_other_groups_do_not_approve(group, globex, sue) -> None:
    appoint_staff(sue, group=group, actor=Actor.operator("test"))
    staff = policy.staff_actor(sue).with_reason("Ticket 4711")
    with assert_no_effect(), pytest.raises(NotAllowed):
        approve_sharing(globex, name=NAME, actor=staff)


@pytest.mark.parametrize("who", ["ana", "eve"])
def test_no_customer_approves(who, globex, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        approve_sharing(globex, name=NAME, actor=acting(request.getfixturevalue(who)))


def test_an_approval_that_was_not_used_is_withdrawn(globex, lead) -> None:
    domain = withdraw_sharing(approve_sharing(globex, name=NAME, actor=lead), actor=lead)
    assert domain.sharing_approved_at is None
    assert refusal(lambda: prove(domain)) == "domain_held_elsewhere"
    assert refusal(lambda: withdraw_sharing(domain, actor=lead)) == "sharing_not_approved"
    assert len(events(globex, "domain.sharing_withdrawn")) == 1


def test_an_approval_that_was_used_stays(globex, lead) -> None:
    domain = share_with(globex, lead)
    assert refusal(lambda: withdraw_sharing(domain, actor=lead)) == "domain_verified"


def test_removing_the_domain_ends_the_approval(globex, acme, lead) -> None:
    give_up(share_with(globex, lead))
    eve = owner(globex)
    assert refusal(lambda: add_domain(globex, name=NAME, actor=eve)) == "domain_held_elsewhere"


def test_staff_approve_and_withdraw_on_their_pages(
    globex, acme, lead, sue, sign_in: SignIn
) -> None:
    client = sign_in(sue)
    page = reverse("staff:organizations_organization_approve-sharing", args=[globex.sid])
    assert "name no other" in client.get(page).content.decode()
    answer = client.post(page, {"name": "ACME.example", "reason": "Ticket 4711"})
    assert answer.status_code == 303
    domain = claim_of(globex)
    of_domain = reverse("staff:domains_domain_detail", args=[domain.sid])
    shown = client.get(of_domain).content.decode()
    assert "Withdraw the approval to share" in shown
    assert "Acme" in shown  # staff see who else claims it
    answer = client.post(f"{of_domain}withdraw-sharing/", {"reason": "A mistake"})
    assert answer["Location"] == of_domain
    assert claim_of(globex).sharing_approved_at is None
    assert "Withdraw the approval to share" not in client.get(of_domain).content.decode()


@pytest.mark.breaks_invariants
def test_a_setting_that_applies_to_a_shared_domain_is_a_fault(acme, globex, lead) -> None:
    share_with(globex, lead)
    Domain.unscoped.filter(organization=acme, name=NAME).update(follows_setting=True)
    assert invariants.faults() == [
        f"{claim_of(acme).sid}: the domain setting applies to a domain that others hold too"
    ]
