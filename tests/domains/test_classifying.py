"""What support says about domains against the lists, and what follows for whom."""

from collections.abc import Callable

import pytest
from django.test import Client

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from audit import presenters
from audit.models import AuditEvent
from domains import claims
from domains.models import Domain, MailDomain, Method
from domains.operations import (
    add_domain,
    classify_domain,
    forget_classification,
    settle_check,
)
from domains.probes import Finding
from domains.probes import Outcome as Found
from organizations import policy
from organizations.models import DomainSetting, Organization
from organizations.policy import StaffGroup
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import stay_of
from users import admission
from users.models import Outcome, User, WayIn
from users.operations import appoint_staff

pytestmark = pytest.mark.django_db

LIST = "/staff/domains/maildomain/"
ADD = f"{LIST}add/"
REASON = "Ticket 4711"


@pytest.fixture
def lead(sue: User) -> Actor:
    appoint_staff(sue, group=StaffGroup.LEADS, actor=Actor.operator("test"))
    return policy.staff_actor(sue).with_reason(REASON)


@pytest.fixture
def client(lead: Actor, sue: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(sue)


def refusal_to_add(organization: Organization, name: str) -> str:
    with pytest.raises(RuleViolation) as refused:
        add_domain(organization, name=name, actor=acting(organization.owner))
    return refused.value.code


def newest() -> AuditEvent:
    return AuditEvent.unscoped.filter(chain="system").latest("sequence")


def test_a_new_mail_service_can_be_nobodys_own(acme, lead) -> None:
    classify_domain("new-mail.example", is_common=True, actor=lead)
    assert refusal_to_add(acme, "new-mail.example") == "domain_common"


def test_a_company_that_is_on_the_lists_by_mistake_can_add_its_domain(acme, ana, lead) -> None:
    assert refusal_to_add(acme, "mailinator.com") == "domain_common"
    classify_domain("Mailinator.COM.", is_common=False, actor=lead)
    assert add_domain(acme, name="mailinator.com", actor=acting(ana)).pk


def test_one_name_says_nothing_about_another(acme, ana, lead) -> None:
    classify_domain("new-mail.example", is_common=True, actor=lead)
    assert add_domain(acme, name="corp.new-mail.example", actor=acting(ana)).pk


def test_what_is_forgotten_is_decided_by_the_lists_again(acme, ana, lead) -> None:
    forget_classification(
        classify_domain("new-mail.example", is_common=True, actor=lead), actor=lead
    )
    assert add_domain(acme, name="new-mail.example", actor=acting(ana)).pk


def test_support_can_say_the_opposite_later(lead) -> None:
    first = classify_domain("new-mail.example", is_common=True, actor=lead)
    second = classify_domain("new-mail.example", is_common=False, actor=lead)
    assert (second.pk, second.is_common) == (first.pk, False)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        classify_domain("new-mail.example", is_common=False, actor=lead)
    assert (refused.value.code, refused.value.field) == ("domain_classified", "name")


@pytest.mark.parametrize("setting", DomainSetting)
def test_by_a_mail_service_nobody_new_comes_into_who_holds_it(setting, acme, ana, lead) -> None:
    """And nobody who merely has an address of it is kept outside."""
    Organization.objects.filter(pk=acme.pk).update(domain_setting=setting)
    address = "nell@acme.example"
    classify_domain("acme.example", is_common=True, actor=lead)
    assert admission.decide(address, WayIn.SIGN_UP).outcome == Outcome.OUTSIDE
    assert admission.decide(address, WayIn.EMAIL_CHANGE).outcome == Outcome.OUTSIDE
    for way_in in (WayIn.INVITATION, WayIn.SCIM, WayIn.IMPORT):
        verdict = admission.decide(address, way_in, into=acme)
        assert (verdict.allowed, verdict.code) == (False, "domain_common")


def test_who_holds_what_becomes_a_mail_service_keeps_it_and_the_people(acme, ana, lead) -> None:
    classify_domain("acme.example", is_common=True, actor=lead)
    assert claims.is_held_by(acme, "acme.example")
    assert stay_of(ana).organization == acme


def test_it_is_in_the_trail_of_the_installation_with_its_reason(lead, sue) -> None:
    said = classify_domain("fa\xdf.example", is_common=True, actor=lead)
    event = newest()
    assert (event.action, event.subject_sid) == ("domain.classified", said.sid)
    assert event.details.data["stated_reason"] == REASON
    assert presenters.line(event) == f"{sue.email} said that fa\xdf.example is a mail service"
    forget_classification(said, actor=lead)
    assert "let the lists decide again on fa\xdf.example" in presenters.line(newest())


@pytest.mark.parametrize("group", [StaffGroup.READERS, StaffGroup.AGENTS])
def test_other_groups_do_not_classify(group, sue) -> None:
    appoint_staff(sue, group=group, actor=Actor.operator("test"))
    staff = policy.staff_actor(sue).with_reason(REASON)
    with assert_no_effect(), pytest.raises(NotAllowed):
        classify_domain("new-mail.example", is_common=True, actor=staff)


def test_whose_rights_were_taken_a_moment_ago_is_refused(lead, sue) -> None:
    appoint_staff(sue, group=StaffGroup.AGENTS, actor=Actor.operator("test"))
    with assert_no_effect(), pytest.raises(NotAllowed):
        classify_domain("new-mail.example", is_common=True, actor=lead)


def test_nobody_classifies_without_a_reason(lead, sue) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        classify_domain("new-mail.example", is_common=True, actor=policy.staff_actor(sue))


# Pages


def test_a_domain_is_classified_from_the_list(client) -> None:
    assert f'href="{ADD}"' in client.get(LIST).content.decode()
    assert "nobody new joins one" in client.get(ADD).content.decode()
    form = {"name": " New-Mail.example ", "is_common": "yes", "reason": REASON}
    answer = client.post(ADD, form)
    assert (answer.status_code, answer["Location"]) == (303, LIST)
    shown = follow(client, answer).content.decode()
    assert "From now on new-mail.example counts as a mail service." in shown
    assert MailDomain.objects.get().is_common


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "https://x.example"),
        ("name", "known.example"),
        ("is_common", ""),
        ("is_common", "maybe"),
        ("reason", ""),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(field, value, client, lead) -> None:
    classify_domain("known.example", is_common=True, actor=lead)
    form = {"name": "new-mail.example", "is_common": "yes", "reason": REASON, field: value}
    with assert_no_effect():
        answer = client.post(ADD, form)
    assert answer.status_code == 200
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_the_list_is_searched_in_any_spelling(client, lead) -> None:
    for name in ("fa\xdf.example", "new-mail.example"):
        classify_domain(name, is_common=True, actor=lead)
    for term in ("FA\xdf.example", "xn--fa-hia", "xn--fa-hia.example"):
        shown = client.get(LIST, {"q": term}).content.decode()
        assert "fa\xdf.example" in shown
        assert "new-mail.example" not in shown


def test_its_page_says_what_holds_by_the_lists_and_who_claims_it(client, lead) -> None:
    said = classify_domain("acme.example", is_common=True, actor=lead)
    shown = client.get(f"{LIST}{said.sid}/").content.decode()
    assert "a mail service" in shown
    assert "a company&#x27;s own domain" in shown
    assert ">Acme</a>" in shown


def test_its_page_turns_it_round_and_forgets_it(client, lead) -> None:
    said = classify_domain("new-mail.example", is_common=True, actor=lead)
    page = f"{LIST}{said.sid}/"
    answer = client.post(f"{page}turn/", {"reason": REASON})
    assert answer["Location"] == page
    assert not MailDomain.objects.get().is_common
    answer = client.post(f"{page}forget/", {"reason": REASON})
    assert answer["Location"] == LIST
    assert b"The lists decide on new-mail.example again." in follow(client, answer).content
    assert not MailDomain.objects.exists()
    assert client.get(page).status_code == 404


def test_an_agent_reads_who_may(sue, sign_in) -> None:
    appoint_staff(sue, group=StaffGroup.AGENTS, actor=Actor.operator("test"))
    client = sign_in(sue)
    shown = client.get(LIST).content.decode()
    assert f'href="{ADD}"' not in shown
    assert "Classify a domain</strong>: Your group may not do this; Support leads may." in shown
    with assert_no_effect():
        form = {"name": "new-mail.example", "is_common": "yes", "reason": REASON}
        assert client.post(ADD, form).status_code == 403
    assert newest().action.endswith(".refused")


# What was added before


def proven(domain: Domain) -> Domain:
    finding = Finding(Found.FOUND, (domain.record_value.encode(),))
    actor = acting(domain.organization.owner)
    return settle_check(domain, method=Method.DNS, finding=finding, actor=actor)


def test_what_has_become_a_mail_service_since_it_was_added_is_proven_no_more(
    acme, ana, lead
) -> None:
    domain = add_domain(acme, name="new-mail.example", actor=acting(ana))
    classify_domain("new-mail.example", is_common=True, actor=lead)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        proven(domain)
    assert refused.value.code == "domain_common"
    assert not claims.is_held("new-mail.example")


def test_who_holds_it_may_prove_it_again(acme, ana, lead) -> None:
    domain = proven(add_domain(acme, name="new-mail.example", actor=acting(ana)))
    classify_domain("new-mail.example", is_common=True, actor=lead)
    assert proven(domain).is_verified()
