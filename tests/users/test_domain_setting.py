"""Choosing a domain setting: a plan in numbers, confirmed as it was read, and expectations."""

import re

import pytest
from django.urls import reverse

from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.plans import Plan
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from audit.presenters import line
from domains import removal
from domains.models import Domain
from organizations.models import DomainSetting, Organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import choose, doubt, invited, pending_sign_up, prove, share
from tests.world import PASSWORD
from users import setting_plan
from users.models import Expectation, WayIn
from users.operations import change_domain_setting, save_expectation

NEW = "zoe@acme.example"
SETTINGS = "/admin-center/settings/"
PAGE = f"{SETTINGS}domain-setting/auto-enrollment/"
AUTO, BLOCKED, RESTRICTED = (
    DomainSetting.AUTO_ENROLLMENT,
    DomainSetting.BLOCKED,
    DomainSetting.RESTRICTED,
)


def plan_of(organization: Organization, setting: DomainSetting = AUTO) -> Plan:
    organization.refresh_from_db()
    with tenant(organization):
        return setting_plan.plan(organization, setting)


def texts(organization: Organization, setting: DomainSetting = AUTO) -> dict[str, str]:
    return {effect.key: effect.text for effect in plan_of(organization, setting).effects}


def change(organization, by, setting=AUTO, digest=None) -> Organization:
    digest = digest or plan_of(organization, setting).digest
    return change_domain_setting(organization, setting=setting, digest=digest, actor=acting(by))


def expect(organization, by, email=NEW, way_in=WayIn.SIGN_UP) -> Expectation:
    return save_expectation(organization, email=email, way_in=way_in, actor=acting(by))


@pytest.fixture
def admin(sign_in, ben):
    return sign_in(ben)


def address_of(setting: DomainSetting) -> str:
    return reverse("users:domain-setting", args=[setting])


def confirm(admin, page: str = PAGE, password: str = PASSWORD):
    body = admin.get(page).content.decode()
    boxes = re.findall(r'type="checkbox" name="(\w+)"', body)
    token = re.search(r'name="plan" value="([^"]+)"', body)
    assert boxes
    assert token
    typed = {"plan": token[1], "password": password}
    return admin.post(page, typed | dict.fromkeys(boxes, "on"))


def test_the_plan_says_in_numbers_what_changes_for_whom(acme, globex) -> None:
    prove(acme, "acme-labs.example")
    prove(acme, "acme-old.example")
    prove(acme, "acme-group.example")
    choose(acme, BLOCKED)
    pending_sign_up(NEW)
    pending_sign_up("zed@acme-labs.example")
    pending_sign_up("zoe@fresh.example")
    doubt("acme-old.example")
    share("acme-group.example", globex)
    told = texts(acme)
    assert told["domains"].startswith("2 verified domains follow it: Auto-enrollment instead of")
    assert told["meaning"].startswith("Anyone who signs up with an address of your 2")
    assert told["under_way"] == (
        "2 people who sign up now are added to this organization when they finish."
    )
    assert told["uncertain"].startswith(
        "1 domain lets nobody new join until its verification record is back"
    )
    assert told["shared"].startswith("1 domain follows no setting")
    waiting = acme.pending_users + acme.pending_accounts
    assert told["invitations"] == f"{waiting} pending invitations keep working."
    assert told["people"].startswith(f"{acme.managed_users} managed users stay as they are")
    assert "who_joined_stays" in told


def test_the_plan_names_the_domains(acme, globex) -> None:
    prove(acme, "xn--bcher-kva.example")
    share("acme.example", globex)
    named = {
        effect.key: [thing.name for thing in effect.objects] for effect in plan_of(acme).effects
    }
    assert named["domains"] == ["bücher.example"]
    assert named["shared"] == ["acme.example"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (RESTRICTED, "1 person who signs up at this moment is refused, unless invited."),
        (AUTO, "1 person who signs up at this moment is added to this organization"),
    ],
)
def test_the_plan_says_what_comes_of_who_signs_up_at_this_moment(setting, said, acme) -> None:
    choose(acme, BLOCKED)
    pending_sign_up(NEW)
    assert texts(acme, setting)["under_way"].startswith(said)


def test_what_is_confirmed_is_done_and_recorded(acme, ana) -> None:
    change(acme, ana)
    acme.refresh_from_db()
    assert acme.domain_setting == AUTO
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert newest.action == "organization.domain_setting_changed"
    assert line(newest).endswith("changed the domain setting from Restricted to Auto-enrollment")


def test_no_invitation_and_no_person_changes(acme, ana) -> None:
    waiting = invited(acme, NEW)
    with assert_no_effect("organizations.Organization"):
        change(acme, ana)
    waiting.refresh_from_db()
    assert waiting.is_open()


def test_a_plan_that_has_moved_is_refused(acme, ana) -> None:
    read = plan_of(acme).digest
    prove(acme, "acme-labs.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change(acme, ana, digest=read)
    assert refused.value.code == "plan_outdated"


def test_the_plan_of_one_setting_does_not_confirm_another(acme, ana) -> None:
    read = plan_of(acme, BLOCKED).digest
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change(acme, ana, digest=read)
    assert refused.value.code == "plan_outdated"


def test_the_setting_in_force_is_not_chosen_again(acme, ana) -> None:
    assert [effect.key for effect in plan_of(acme, RESTRICTED).blockers] == ["in_force"]
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change(acme, ana, RESTRICTED)
    assert refused.value.code == "plan_blocked"


def test_a_standard_user_and_support_are_refused(acme, cy, sue) -> None:
    for somebody in (cy, sue):
        with assert_no_effect(), pytest.raises(NotAllowed):
            change(acme, somebody)


# Expectations


def test_each_expectation_that_would_break_is_in_the_way_with_its_address(acme, ana) -> None:
    expect(acme, ana)
    expect(acme, ana, "zed@acme.example")
    expect(acme, ana, NEW, WayIn.INVITATION)
    expect(acme, ana, "zoe@fresh.example")
    blockers = plan_of(acme).blockers
    assert [effect.objects[0].name for effect in blockers] == ["zed@acme.example", NEW]
    assert blockers[1].text == (
        "Your expectation for zoe@acme.example who signs up: is refused. It would be: becomes a "
        "managed user of this organization. Remove that expectation first, or change nothing."
    )
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        change(acme, ana)
    assert refused.value.code == "plan_blocked"


def test_expectations_that_hold_are_in_nobodys_way(acme, ana) -> None:
    expect(acme, ana, NEW, WayIn.INVITATION)
    expect(acme, ana, NEW, WayIn.SCIM)
    assert not plan_of(acme).blockers
    assert [effect.objects[0].name for effect in plan_of(acme, BLOCKED).blockers] == [NEW]
    change(acme, ana)


def test_what_is_broken_already_is_not_in_the_way_of_what_would_not_break_it(acme, ana) -> None:
    expect(acme, ana, "zoe@acme-labs.example")
    prove(acme, "acme-labs.example")
    assert not plan_of(acme).blockers
    assert not plan_of(acme, BLOCKED).blockers


def test_removing_a_domain_tells_what_is_broken_by_it(acme, ana) -> None:
    expect(acme, ana)
    expect(acme, ana, "zoe@fresh.example")
    with tenant(acme):
        domain = Domain.objects.select_related("organization").get(name="acme.example")
        told = {effect.key: effect for effect in removal.plan(domain).effects}
    assert told["expectations"].text == "1 saved expectation is broken."
    assert told["expectations"].objects[0].name == f"{NEW} signs up: Is refused"


def test_an_expectation_of_another_organization_is_in_nobodys_way(acme, globex, ana, eve) -> None:
    expect(globex, eve, "zoe@globex.example")
    assert not plan_of(acme).blockers
    assert plan_of(globex).blockers


def test_the_plan_is_computed_with_as_many_queries_however_much_is_expected(
    acme, ana, count_queries
) -> None:
    expect(acme, ana, "zoe@fresh.example")
    few = count_queries(lambda: plan_of(acme))
    for number in range(20):
        expect(acme, ana, f"zoe{number}@fresh{number}.example", list(WayIn)[number % 8])
    assert count_queries(lambda: plan_of(acme)) == few


# Pages


def test_the_settings_page_leads_to_the_plan_and_the_plan_to_the_setting(admin, acme) -> None:
    assert f'href="{PAGE}"' in admin.get(SETTINGS).content.decode()
    answer = confirm(admin)
    assert (answer.status_code, answer["Location"]) == (303, SETTINGS)
    body = follow(admin, answer).content.decode()
    assert "The domain setting is Auto-enrollment now." in body
    acme.refresh_from_db()
    assert acme.domain_setting == AUTO


def test_a_box_that_is_not_ticked_changes_nothing(admin) -> None:
    body = admin.get(PAGE).content.decode()
    token = re.search(r'name="plan" value="([^"]+)"', body)
    with assert_no_effect():
        again = admin.post(PAGE, {"plan": token[1]}).content.decode()
    assert "Tick the box to continue." in again


def test_what_is_in_the_way_is_shown_and_leads_to_what_is_expected(admin, acme, ana) -> None:
    expect(acme, ana)
    body = admin.get(PAGE).content.decode()
    assert "Your expectation for zoe@acme.example who signs up: is refused." in body
    assert 'href="/admin-center/domains/what-if/#expected"' in body
    assert "First fix what is in the way." in body


@pytest.mark.parametrize("setting", [AUTO, BLOCKED])
def test_opening_the_organization_asks_for_the_password(setting, admin, acme) -> None:
    page = address_of(setting)
    assert 'name="password"' in admin.get(page).content.decode()
    for wrong in ("", "wrong words"):
        with assert_no_effect():
            answer = confirm(admin, page, password=wrong)
        assert 'id="id_password_error"' in answer.content.decode()
    assert confirm(admin, page).status_code == 303
    acme.refresh_from_db()
    assert acme.domain_setting == setting


def test_it_is_asked_for_once_for_several_changes(admin) -> None:
    confirm(admin, address_of(BLOCKED))
    assert 'name="password"' not in admin.get(address_of(AUTO)).content.decode()
    assert confirm(admin, address_of(AUTO), password="").status_code == 303


def test_closing_the_organization_asks_for_none(admin, acme) -> None:
    choose(acme, AUTO)
    page = address_of(RESTRICTED)
    assert 'name="password"' not in admin.get(page).content.decode()
    assert confirm(admin, page, password="").status_code == 303
    acme.refresh_from_db()
    assert acme.domain_setting == RESTRICTED


def test_there_is_no_fourth_setting(admin) -> None:
    assert admin.get(f"{SETTINGS}domain-setting/open/").status_code == 404
