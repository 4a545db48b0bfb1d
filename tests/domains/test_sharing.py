"""One domain in several organizations: with the approval of support, and with what it costs all."""

from collections.abc import Callable
from email.message import EmailMessage
from functools import partial

import pytest
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
from tests.domains.removing import remove
from tests.pages.effects import assert_no_effect, mails_to
from tests.users.people import founder, organization_of
from users import admission
from users.models import Outcome as Answer
from users.models import User, WayIn
from users.operations import appoint_staff

pytestmark = pytest.mark.django_db

NAME = "acme.example"  # Acme holds it
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
    assert "Apply the domain setting" in client.get(page).content.decode()
    answer = client.post(reverse("domains:follow-setting", args=[domain.sid]))
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert claim_of(acme).follows_setting
    assert "Apply the domain setting" not in client.get(page).content.decode()
    assert admission.decide(f"nell@{NAME}", WayIn.SIGN_UP).code == "domain_restricted"
    assert len(events(acme, "domain.setting_followed")) == 1


def test_the_setting_does_not_apply_again_while_others_hold_it(acme, globex, lead) -> None:
    share_with(globex, lead)
    for holder in (acme, globex):
        again = partial(follow_setting_again, claim_of(holder), actor=owner(holder))
        assert refusal(again) == "domain_shared"


def test_what_makes_no_sense_to_follow_is_refused(acme, globex, lead, ana) -> None:
    held, claimed = claim_of(acme), claim_of(acme, "acme-labs.example")
    assert refusal(lambda: follow_setting_again(held, actor=acting(ana))) == "setting_followed"
    assert refusal(lambda: follow_setting_again(claimed, actor=acting(ana))) == (
        "domain_not_verified"
    )
    give_up(held)
    assert refusal(lambda: follow_setting_again(held, actor=acting(ana))) == "domain_removed"


@pytest.mark.parametrize("who", ["cy", "eve", "ida"])
def test_only_administrators_let_it_follow(who, acme, globex, lead, request) -> None:
    share_with(globex, lead)
    give_up(claim_of(globex))
    with assert_no_effect(), pytest.raises(NotAllowed):
        follow_setting_again(claim_of(acme), actor=acting(request.getfixturevalue(who)))


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
