"""Adding a domain: what can be somebody's own, and what the page says about the rest."""

import pytest
from django.urls import reverse

from adminctr.core.errors import NotAllowed, RuleViolation
from audit.models import AuditEvent
from domains.models import Domain, DomainStatus
from domains.operations import add_domain, remove_domain
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import stay_of

PAGE = "/admin-center/domains/add/"

REFUSED = [
    ("www.acme.org", "domain_www"),
    ("https://acme.org", "domain_is_url"),
    ("acme.org/path", "domain_is_url"),
    ("gmail.com", "domain_common"),
    ("GMAIL.com", "domain_common"),
    ("Hotmail.com", "domain_common"),
    ("googlemail.com", "domain_common"),
    ("outlook.com", "domain_common"),
    ("mailinator.com", "domain_common"),
    ("co.uk", "domain_public_suffix"),
    ("github.io", "domain_public_suffix"),
    ("localhost", "domain_single_label"),
    ("test", "domain_single_label"),
    ("10.0.0.1", "domain_is_ip"),
    ("[::1]", "domain_is_ip"),
    ("*.acme.org", "domain_wildcard"),
    ("me@acme.org", "domain_is_address"),
    ("", "domain_blank"),
    (" . ", "domain_blank"),
    ("acme..org", "domain_invalid"),
    ("-acme.org", "domain_invalid"),
    ("acme.org\nevil.org", "domain_invalid"),
    ("ac\u200bme.org", "domain_invalid"),
    ("\ufb03.example", "domain_invalid"),
    ("\uff41cme.org", "domain_invalid"),
    ("c\u043erp.example", "domain_mixed_scripts"),
    ("a" * 64 + ".org", "domain_invalid"),
    (".".join(["abc"] * 75), "domain_invalid"),
    ("acme.example", "domain_already_added"),
    ("ACME-labs.example.", "domain_already_added"),
]


def refusal_of(organization: Organization, name: str) -> str:
    owner = organization.owner
    assert owner
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        add_domain(organization, name=name, actor=acting(owner))
    assert refused.value.field == "name"
    return refused.value.code


@pytest.mark.parametrize(("name", "code"), REFUSED)
def test_a_name_that_cannot_be_somebodys_own_is_refused(name, code, acme) -> None:
    assert refusal_of(acme, name) == code


@pytest.mark.parametrize(("name", "_"), REFUSED)
def test_the_page_says_why_beside_the_field(name, _, sign_in, ben) -> None:
    client = sign_in(ben)
    with assert_no_effect():
        response = client.post(PAGE, {"name": name})
    assert response.status_code == 200
    assert b'id="id_name_error"' in response.content


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ACME.org.", "acme.org"),
        (" acme.org ", "acme.org"),
        ("mail.acme.example", "mail.acme.example"),
        ("fa\xdf.de", "xn--fa-hia.de"),
        ("xn--fa-hia.de", "xn--fa-hia.de"),
    ],
)
def test_a_name_is_kept_in_its_one_form(typed, name, acme, ana) -> None:
    assert add_domain(acme, name=typed, actor=acting(ana)).name == name


def test_the_page_adds_and_leads_to_the_record_to_publish(sign_in, ben, acme) -> None:
    client = sign_in(ben)
    response = client.post(PAGE, {"name": "acme.org"})
    domain = Domain.unscoped.get(name="acme.org")
    assert response["Location"] == domain.get_absolute_url()
    assert (domain.organization, domain.status) == (acme, DomainStatus.UNVERIFIED)
    page = client.get(domain.get_absolute_url()).content.decode()
    assert "_twilio.acme.org" in page
    assert f"twilio-domain-verification={domain.token}" in page
    event = AuditEvent.unscoped.get(subject_sid=domain.sid)
    assert (event.chain, event.action) == (acme.sid, "domain.added")


def test_the_hundredth_is_the_last(acme, ana, settings) -> None:
    settings.DOMAINS_PER_ORGANIZATION = Domain.unscoped.filter(organization=acme).count() + 1
    add_domain(acme, name="acme.org", actor=acting(ana))
    assert refusal_of(acme, "acme.net") == "domain_limit"


def test_the_limit_is_100_unless_it_is_set(settings) -> None:
    assert settings.DOMAINS_PER_ORGANIZATION == 100


def test_a_domain_that_another_organization_holds_is_refused_without_saying_whose(
    globex, eve
) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        add_domain(globex, name="acme.example", actor=acting(eve))
    assert refused.value.code == "domain_held_elsewhere"
    assert "Acme" not in refused.value.message


def test_adding_again_makes_a_new_token(acme, ana) -> None:
    first = add_domain(acme, name="acme.org", actor=acting(ana))
    remove_domain(first, actor=acting(ana))
    second = add_domain(acme, name="acme.org", actor=acting(ana))
    assert first.token != second.token
    assert len(second.token) == 32


@pytest.mark.parametrize("who", ["cy", "ida", "eve"])
def test_only_administrators_of_this_organization_add(who, acme, request) -> None:
    actor = acting(request.getfixturevalue(who))
    with assert_no_effect(), pytest.raises(NotAllowed):
        add_domain(acme, name="acme.org", actor=actor)


def test_a_standard_user_sees_neither_page_nor_effect(sign_in, cy) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"name": "acme.org"}).status_code == 403
        assert client.get(reverse("domains:list")).status_code == 403


def test_who_was_demoted_a_moment_ago_is_refused(acme, ana, ben) -> None:
    stale = acting(ben)
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    with assert_no_effect(), pytest.raises(NotAllowed):
        add_domain(acme, name="acme.org", actor=stale)


@pytest.mark.parametrize("extra", ["status", "organization", "token", "verified_at", "slot"])
def test_extra_keys_are_ignored(extra, sign_in, ben, acme) -> None:
    sign_in(ben).post(PAGE, {"name": "acme.org", extra: "verified"})
    domain = Domain.unscoped.get(name="acme.org")
    assert (domain.organization, domain.status) == (acme, DomainStatus.UNVERIFIED)
    assert (domain.slot, domain.verified_at) == (0, None)
