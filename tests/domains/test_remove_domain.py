"""Giving up a claim to a domain that was never proven."""

import pytest
from django.urls import reverse

from adminctr.core.errors import NotAllowed, RuleViolation
from audit.models import AuditEvent
from domains.models import Domain
from domains.operations import remove_domain
from organizations.models import Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow
from tests.users.people import doubt, stay_of


@pytest.fixture
def labs(acme) -> Domain:
    return Domain.unscoped.get(organization=acme, name="acme-labs.example")


@pytest.fixture
def proven(acme) -> Domain:
    return Domain.unscoped.get(organization=acme, name="acme.example")


def test_the_page_removes_and_goes_back_to_the_list(labs, acme, sign_in, ben) -> None:
    client = sign_in(ben)
    response = client.post(reverse("domains:remove", args=[labs.sid]))
    assert response["Location"] == reverse("domains:list")
    assert b"was removed" in follow(client, response).content
    assert not Domain.unscoped.filter(pk=labs.pk).exists()
    event = AuditEvent.unscoped.filter(subject_sid=labs.sid).latest("sequence")
    assert (event.chain, event.action) == (acme.sid, "domain.removed")


def test_a_verified_domain_stays(proven, ana) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        remove_domain(proven, actor=acting(ana))
    assert refused.value.code == "domain_verified"


def test_a_domain_in_doubt_stays(proven, ana) -> None:
    doubt(proven.name)
    with assert_no_effect(), pytest.raises(RuleViolation):
        remove_domain(proven, actor=acting(ana))


def test_the_page_says_why_a_verified_one_stays(proven, sign_in, ana) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        response = client.post(reverse("domains:remove", args=[proven.sid]))
    assert b"people and invitations depend on it" in follow(client, response).content


def test_removing_what_is_gone_does_nothing(labs, ana) -> None:
    remove_domain(labs, actor=acting(ana))
    labs.pk = Domain.unscoped.latest("pk").pk + 1
    with assert_no_effect():
        remove_domain(labs, actor=acting(ana))


@pytest.mark.parametrize("who", ["cy", "ida", "eve"])
def test_only_administrators_of_this_organization_remove(who, labs, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        remove_domain(labs, actor=actor)


def test_who_was_demoted_a_moment_ago_is_refused(labs, ana, ben) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        remove_domain(labs, actor=stale)
