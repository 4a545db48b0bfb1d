"""Adding a domain: what can be somebody's own, and what the page says about the rest."""

import pytest
from django.urls import reverse

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.web import invariants
from audit import presenters
from audit.models import AuditEvent
from domains.models import Domain, DomainStatus
from domains.operations import (
    HIGHEST_DOMAIN_LIMIT,
    add_domain,
    set_domain_limit,
)
from organizations.models import Organization, Role
from organizations.operations import change_role
from tests.conftest import acting
from tests.domains.removing import remove
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, organization_of, stay_of

PAGE = "/admin-center/domains/add/"

# By reason: what is typed, with the code that says why not.
REFUSED = {
    "domain_www": ["www.acme.org", "WWW.acme.org.", "www.b\u00fccher.example"],
    "domain_is_url": [
        "https://acme.org", "http:acme.org", "ftp://acme.org", "acme.org/path", "//acme.org",
        "acme.org/",
    ],
    "domain_common": [
        "gmail.com", "GMAIL.com", "Hotmail.com", "googlemail.com", "outlook.com", "yahoo.com",
        "icloud.com", "gmx.de", "web.de", "qq.com", "proton.me", "mailinator.com", "yopmail.com",
        "10minutemail.com", "gmail.com.",
    ],
    "domain_public_suffix": [
        "co.uk", "com.br", "github.io", "blogspot.com", "s3.amazonaws.com", "\u516c\u53f8.cn",
        "compute.amazonaws.com",
    ],
    "domain_single_label": ["localhost", "test", "com", "acme."],
    "domain_is_ip": ["10.0.0.1", "::1", "[::1]", "127.1.1.1", "2001:db8::1"],
    "domain_wildcard": ["*.acme.org", "*", "acme.*"],
    "domain_is_address": ["me@acme.org", "@acme.org"],
    "domain_blank": ["", " . ", "   ", "."],
    "domain_mixed_scripts": [
        "c\u043erp.example", "\u0440\u0430ypal.example", "xn--crp-8cd.example",
    ],
    "domain_invalid": [
        "acme..org", ".acme.org", "-acme.org", "acme-.org", "ac me.org", "acme_works.org",
        "acme.org\nevil.org", "acme.org\x00", "acme.org:443", "acme.org?x", "acme.org#x",
        "ac\u200bme.org", "ac\u200dme.org", "ac\u00adme.org", "\u202eacme.org", "\ufeffacme.org",
        "acme\u3002org", "\ufb03.example", "\uff41cme.org", "\U0001f600.example", "xn--a.example",
        "127.1", "0x7f.1", "acme.123", "a" * 64 + ".org", ".".join(["abc"] * 75), "a" * 300,
    ],
    "domain_already_added": ["acme.example", "ACME-labs.example."],
}  # fmt: skip
REFUSALS = [(name, code) for code, names in REFUSED.items() for name in names]


def fill(organization: Organization, number: int) -> None:
    """Give an organization so many domains altogether."""
    missing = number - Domain.unscoped.filter(organization=organization).count()
    Domain.unscoped.bulk_create(
        Domain(organization=organization, name=f"filler{one}.example") for one in range(missing)
    )


def refusal_of(organization: Organization, name: str) -> str:
    owner = organization.owner
    assert owner
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        add_domain(organization, name=name, actor=acting(owner))
    assert refused.value.field == "name"
    return refused.value.code


@pytest.mark.parametrize(("name", "code"), REFUSALS)
def test_a_name_that_cannot_be_somebodys_own_is_refused(name, code, acme) -> None:
    assert refusal_of(acme, name) == code


@pytest.mark.parametrize("name", [name for name, _ in REFUSALS])
def test_the_page_says_why_beside_the_field(name, sign_in, ben, names) -> None:
    client = sign_in(ben)
    with assert_no_effect():
        response = client.post(PAGE, {"name": name})
    assert response.status_code == 200
    assert b'id="id_name_error"' in response.content
    assert names.queries == []


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ACME.org.", "acme.org"),
        (" acme.org ", "acme.org"),
        ("mail.acme.example", "mail.acme.example"),
        ("fa\xdf.de", "xn--fa-hia.de"),
        ("xn--fa-hia.de", "xn--fa-hia.de"),
        ("XN--FA-HIA.de", "xn--fa-hia.de"),
        ("\ttwww.acme.org\n", "twww.acme.org"),
        ("acme.github.io", "acme.github.io"),
        ("acme.co.uk", "acme.co.uk"),
        ("corp.gmail.com", "corp.gmail.com"),
    ],
)
def test_a_name_is_kept_in_its_one_form(typed, name, acme, ana) -> None:
    assert add_domain(acme, name=typed, actor=acting(ana)).name == name


def test_the_page_adds_and_leads_to_the_record_to_publish(sign_in, ben, acme, names) -> None:
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
    assert names.queries == []


def test_the_hundred_and_first_is_refused_until_support_lets_there_be_more(
    acme, ana, sign_in
) -> None:
    assert acme.domain_limit == 100
    fill(acme, 100)
    assert refusal_of(acme, "acme.org") == "domain_limit"
    page = sign_in(ana).post(PAGE, {"name": "acme.org"}).content.decode()
    assert "This organization may have 100 domains. Ask support for more." in page
    set_domain_limit(acme, limit=101, actor=Actor.operator("test"))
    assert add_domain(acme, name="acme.org", actor=acting(ana)).pk
    assert refusal_of(acme, "acme.net") == "domain_limit"


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (0, "limit_out_of_range"),
        (HIGHEST_DOMAIN_LIMIT + 1, "limit_out_of_range"),
        (9, "limit_below_held"),
        (100, "limit_unchanged"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limit, code, acme) -> None:
    fill(acme, 10)
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        set_domain_limit(acme, limit=limit, actor=Actor.operator("test"))
    assert (refused.value.code, refused.value.field) == (code, "limit")


def test_a_limit_may_be_what_there_is(acme) -> None:
    fill(acme, 10)
    assert set_domain_limit(acme, limit=10, actor=Actor.operator("test")).domain_limit == 10
    [event] = AuditEvent.unscoped.filter(action="organization.domain_limit_set")
    assert presenters.line(event).endswith("set the domain limit from 100 to 10")


def test_a_new_organization_gets_the_limit_of_the_installation(db, settings) -> None:
    assert settings.DOMAINS_PER_ORGANIZATION == 100
    settings.DOMAINS_PER_ORGANIZATION = 7
    assert organization_of(founder("nia@fresh.example")).domain_limit == 7


def test_the_settings_say_the_limit(acme, ben, sign_in) -> None:
    Organization.objects.filter(pk=acme.pk).update(domain_limit=321)
    assert "321 domains" in sign_in(ben).get(reverse("organizations:settings")).content.decode()


@pytest.mark.breaks_invariants
def test_more_domains_than_allowed_are_a_fault(acme) -> None:
    fill(acme, 10)
    Organization.objects.filter(pk=acme.pk).update(domain_limit=9)
    assert invariants.faults() == [f"{acme.sid}: 10 domains, 9 allowed"]


def test_a_domain_that_another_organization_holds_is_refused_without_saying_whose(
    globex, eve
) -> None:
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        add_domain(globex, name="acme.example", actor=acting(eve))
    assert refused.value.code == "domain_held_elsewhere"
    assert "Acme" not in refused.value.message


def test_adding_again_makes_a_new_token(acme, ana) -> None:
    first = add_domain(acme, name="acme.org", actor=acting(ana))
    remove(first, ana)
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
