"""Giving up a domain: what depends on it is said first, and ends with it."""

import pytest
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from domains import removal
from domains.models import Domain
from domains.operations import remove_domain
from invitations.models import Invitation, Kind
from organizations.models import DomainSetting, Membership, Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.domains.removing import digest_of, remove
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import doubt, invited, pending_sign_up, stay_of
from tests.world import PASSWORD
from users.models import SignUp

BOXES = {name: "on" for name, _ in removal.ACKNOWLEDGEMENTS}


@pytest.fixture
def labs(acme: Organization) -> Domain:
    return Domain.unscoped.get(organization=acme, name="acme-labs.example")


@pytest.fixture
def proven(acme: Organization) -> Domain:
    return Domain.unscoped.get(organization=acme, name="acme.example")


def texts_of(domain: Domain) -> str:
    with tenant(domain.organization):
        return " ".join(effect.text for effect in removal.plan(domain).effects)


def fill_in(client, domain: Domain, **answers: str) -> dict[str, str]:
    page = client.get(reverse("domains:remove", args=[domain.sid])).content.decode()
    token = page.partition('name="plan" value="')[2].partition('"')[0]
    return {"plan": token, **answers}


def test_a_claim_goes_with_one_press_and_leads_to_the_list(labs, acme, sign_in, ben) -> None:
    client = sign_in(ben)
    url = reverse("domains:remove", args=[labs.sid])
    response = client.post(url, fill_in(client, labs))
    assert response["Location"] == reverse("domains:list")
    assert b"was removed" in follow(client, response).content
    assert not Domain.unscoped.filter(pk=labs.pk).exists()
    event = AuditEvent.unscoped.filter(subject_sid=labs.sid).latest("sequence")
    assert (event.chain, event.action) == (acme.sid, "domain.removed")


def test_a_held_domain_goes_after_every_box_and_the_password(proven, sign_in, ana) -> None:
    client = sign_in(ana)
    url = reverse("domains:remove", args=[proven.sid])
    for incomplete in ({}, BOXES, {"password": PASSWORD}, BOXES | {"password": "wrong"}):
        with assert_no_effect():
            assert client.post(url, fill_in(client, proven, **incomplete)).status_code == 200
    response = client.post(url, fill_in(client, proven, **BOXES, password=PASSWORD))
    assert response.status_code == 303
    assert not Domain.unscoped.filter(pk=proven.pk).exists()


def test_its_invitations_end_with_it_and_its_people_stay(proven, acme, ana) -> None:
    waiting = Invitation.unscoped.open().filter(organization=acme)
    pending = waiting.filter(kind=Kind.JOIN).count()
    people = Membership.unscoped.open().filter(organization=acme).count()
    assert pending > 1
    remove(proven, ana)
    assert not waiting.exclude(kind=Kind.ACCESS).exists()
    assert Membership.unscoped.open().filter(organization=acme).count() == people


def test_invitations_to_another_domain_and_to_accounts_stay(labs, proven, acme, ana) -> None:
    access = Invitation.unscoped.open().filter(organization=acme, kind=Kind.ACCESS)
    before = set(access.values_list("sid"))
    assert before
    remove(proven, ana)
    assert set(access.values_list("sid")) == before


def test_the_plan_says_in_numbers_what_goes_and_what_stays(proven, acme) -> None:
    text = texts_of(proven)
    people = Membership.unscoped.open().filter(organization=acme, domain="acme.example").count()
    assert f"{people} managed users with an address of acme.example stay" in text
    assert "invitations stop working" in text
    assert "The domain setting, Restricted, no longer applies" in text


@pytest.mark.parametrize("doubted", [True, False])
def test_a_setting_that_does_not_apply_now_ends_for_nobody(proven, acme, doubted: bool) -> None:
    """While the proof is in doubt, or the domain is or was shared."""
    Organization.objects.filter(pk=acme.pk).update(domain_setting=DomainSetting.AUTO_ENROLLMENT)
    pending_sign_up("noa@acme.example")
    if doubted:
        doubt(proven.name)
    else:
        Domain.unscoped.filter(pk=proven.pk).update(follows_setting=False)
    text = texts_of(Domain.unscoped.get(pk=proven.pk))
    assert "domain setting" not in text
    assert "signing up" not in text


@pytest.mark.parametrize("which", ["labs", "proven"])
def test_the_end_of_an_approval_is_told(which, request) -> None:
    domain = request.getfixturevalue(which)
    assert "approval of support" not in texts_of(domain)
    domain.sharing_approved_at = clock.now()
    assert "approval of support" in texts_of(domain)


def test_who_signs_up_at_this_moment_is_counted(proven, acme) -> None:
    Organization.objects.filter(pk=acme.pk).update(domain_setting=DomainSetting.AUTO_ENROLLMENT)
    pending_sign_up("noa@acme.example")
    too_late = pending_sign_up("late@acme.example")
    SignUp.objects.filter(pk=too_late.pk).update(expires_at=clock.now())
    assert "1 person who is signing up at this moment gets an organization" in texts_of(proven)


def test_a_plan_that_has_moved_is_not_carried_out(proven, acme, ana) -> None:
    digest = digest_of(proven)
    invited(acme, "late@acme.example")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        remove_domain(proven, digest=digest, actor=acting(ana))
    assert refused.value.code == "plan_outdated"


def test_an_uncertain_domain_takes_its_warning_along(proven, acme, ana) -> None:
    doubt(proven.name)
    proven.refresh_from_db()
    remove(proven, ana)
    acme.refresh_from_db()
    assert acme.domain_deadline is None


def test_removing_what_is_gone_does_nothing(labs, ana) -> None:
    remove(labs, ana)
    labs.pk = Domain.unscoped.latest("pk").pk + 1
    with assert_no_effect():
        remove_domain(labs, digest="", actor=acting(ana))


@pytest.mark.parametrize("who", ["cy", "ida", "eve"])
def test_only_administrators_of_this_organization_remove(who, labs, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        remove_domain(labs, digest="", actor=actor)


def test_who_was_demoted_a_moment_ago_is_refused(labs, ana, ben) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        remove_domain(labs, digest="", actor=stale)
