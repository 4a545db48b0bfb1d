"""What administrators and their colleagues see of a domain."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from adminctr.core import clock
from adminctr.web.display import moment
from domains import record_links
from domains.models import Domain, DomainCheck, DomainStatus
from domains.operations import add_domain, settle_check
from domains.probes import Finding, Outcome
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.servers.dns import NameServer
from tests.users.people import doubt
from users.models import User

pytestmark = pytest.mark.django_db

SignIn = Callable[[User], Client]


@pytest.fixture
def proven(acme: Organization) -> Domain:
    return Domain.unscoped.select_related("organization").get(name="acme.example")


@pytest.fixture
def claim(acme: Organization, ana: User) -> Domain:
    return add_domain(acme, name="acme-works.example", actor=acting(ana))


@pytest.fixture
def client(sign_in: SignIn, ben: User) -> Client:
    return sign_in(ben)


def page_of(client: Client, domain: Domain, way: str = "") -> str:
    query = f"?way={way}" if way else ""
    return client.get(f"{domain.get_absolute_url()}{query}").content.decode()


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("dns", "Add a TXT record"),
        ("https", "Download the file"),
        ("ask", "The mail"),
        ("", "Add a TXT record"),
        ("magic", "Add a TXT record"),
    ],
)
def test_each_way_to_prove_a_domain_has_its_page(
    client: Client, claim: Domain, way: str, text: str
) -> None:
    assert text in page_of(client, claim, way)


@pytest.mark.parametrize(("way", "leads"), [("https", "https"), ("ask", "ask"), ("", "")])
def test_adding_leads_to_the_way_that_was_chosen(client: Client, way: str, leads: str) -> None:
    response = client.post(reverse("domains:add"), {"name": "acme.org", "way": way})
    assert urlsplit(response["Location"]).query == (f"way={leads}" if leads else "")


def test_the_file_holds_the_value_under_its_name(client: Client, claim: Domain) -> None:
    response = client.get(reverse("domains:file", args=[claim.sid]))
    assert response.content.decode().strip() == claim.record_value
    assert f"{claim.token}.html" in response["Content-Disposition"]
    assert response["Content-Disposition"].startswith("attachment")


def test_the_mail_to_a_colleague_can_be_sent_as_it_is(
    client: Client, claim: Domain, ben: User
) -> None:
    page = page_of(client, claim, "ask")
    letter = page.partition('aria-label="The mail">')[2].partition("</pre>")[0]
    for part in (claim.record_name, claim.record_value, "Acme", ben.get_full_name()):
        assert part in letter
    body = unquote(page.partition("body=")[2].partition('"')[0])
    assert claim.record_value in body
    assert "/domain-record/" in letter


def test_of_a_sub_domain_is_typed_what_its_zone_leaves(
    client: Client, acme: Organization, ana: User
) -> None:
    claim = add_domain(acme, name="sub.acme-works.example", actor=acting(ana))
    below = "where yours adds acme-works.example, enter just <code>_twilio.sub</code>"
    itself = "where yours adds sub.acme-works.example, enter just <code>_twilio</code>"
    for url in (claim.get_absolute_url(), record_links.path_for(claim)):
        assert client.get(url).content.decode().count(f"{below}; {itself}") == 2
    letter = page_of(client, claim, "ask")
    for zone, label in (("acme-works", "_twilio.sub"), ("sub.acme-works", "_twilio")):
        typed = f"If the form adds {zone}.example to names by itself, enter just {label}."
        assert typed in letter


def test_of_a_whole_domain_is_typed_the_label_alone(client: Client, claim: Domain) -> None:
    page = page_of(client, claim)
    assert "where yours adds acme-works.example, enter just <code>_twilio</code>." in page
    letter = page_of(client, claim, "ask").partition("<pre")[2].partition("</pre>")[0]
    assert letter.count("If the form adds") == 1


def test_the_list_of_hosts_helps_where_a_record_is_asked_for(client: Client, claim: Domain) -> None:
    page = page_of(client, claim)
    assert "Cloudflare" in page
    assert "Amazon Route 53" in page


def test_every_check_is_told_with_what_came_back(client: Client, claim: Domain, ana: User) -> None:
    finding = Finding(Outcome.FOUND, (b"<b>other</b>", b"\xff\0"), server="192.0.2.53", ttl=300)
    settle_check(claim, finding=finding, actor=acting(ana))
    for page in (
        page_of(client, claim),
        client.get(reverse("domains:checks", args=[claim.sid])).content.decode(),
    ):
        assert "&lt;b&gt;other&lt;/b&gt;" in page
        assert "\\xff\\x00" in page
        assert "192.0.2.53" in page
        assert "valid for 300 s" in page
        assert "ana@acme.example" in page


def test_what_is_kept_of_an_answer_is_bounded(claim: Domain, ana: User) -> None:
    texts = (b"x" * 60_000, "ä".encode() * 200, *(b"y",) * 100)
    settle_check(claim, finding=Finding(Outcome.FOUND, texts), actor=acting(ana))
    check = DomainCheck.unscoped.get(domain=claim)
    assert len(check.answer) == 10
    assert max(map(len, check.answer)) <= 255


def test_an_uncertain_domain_says_until_when_and_gives_the_day_to_the_calendar(
    client: Client, proven: Domain
) -> None:
    doubt(proven.name)
    proven.refresh_from_db()
    page = page_of(client, proven)
    assert "30 days left" in page
    assert "Add a TXT record" in page
    content = client.get(reverse("domains:deadline", args=[proven.sid])).content
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert event["DTSTART"].dt == proven.lost_on.replace(microsecond=0)


def test_a_domain_whose_record_is_missing_says_when_it_was_seen_and_looked_for_last(
    client: Client, proven: Domain, ana: User
) -> None:
    seen, missed, looked_at = (clock.now() + timedelta(days=days) for days in (-2, -1, 1))
    times = {"proven_at": seen, "missing_since": missed, "checked_at": missed}
    Domain.unscoped.filter(pk=proven.pk).update(**times)
    with time_machine.travel(looked_at):
        settle_check(proven, finding=Finding(Outcome.NO_NAME), actor=acting(ana))
    page = page_of(client, proven)
    assert f"It was last seen on {moment(seen).text}" in page
    assert moment(looked_at).text in page.partition("Last check")[2].partition("</dd>")[0]


def test_every_page_warns_whoever_can_do_something(
    client: Client, proven: Domain, sign_in: SignIn, cy: User
) -> None:
    warning = "The verification record of a domain is missing"
    assert warning not in client.get(reverse("users:list")).content.decode()
    doubt(proven.name)
    assert warning in client.get(reverse("users:list")).content.decode()
    assert warning not in sign_in(cy).get("/console/").content.decode()


def test_a_sure_domain_has_no_deadline(client: Client, proven: Domain) -> None:
    response = client.get(reverse("domains:deadline", args=[proven.sid]))
    assert (response.status_code, response["Location"]) == (303, proven.get_absolute_url())


def test_a_lost_domain_says_so_and_can_be_proven_again(client: Client, proven: Domain) -> None:
    lost = {"status": DomainStatus.UNVERIFIED, "verified_at": None, "next_check_at": None}
    Domain.unscoped.filter(pk=proven.pk).update(**lost, lost_at=clock.now())
    page = page_of(client, proven)
    assert "Lost on" in page
    assert "Add a TXT record" in page


# The page for a colleague


def test_a_colleague_sees_the_record_without_a_login_and_nothing_else(claim: Domain) -> None:
    page = Client().get(record_links.path_for(claim)).content.decode()
    assert claim.record_name in page
    assert claim.record_value in page
    for private in ("acme.example", "Ana", "Ben", claim.sid, claim.organization.sid, "Acme<"):
        assert private not in page


def test_a_colleague_looks_for_the_record_and_changes_nothing(
    claim: Domain, names: NameServer
) -> None:
    link = record_links.path_for(claim)
    with assert_no_effect():
        assert "There is no record named" in Client().post(link).content.decode()
        names.publish(claim.record_name, claim.record_value)
        assert "The record was found at" in Client().post(link).content.decode()


def test_a_colleague_does_not_use_up_the_checks_of_administrators(
    claim: Domain, names: NameServer, client: Client
) -> None:
    with time_machine.travel(clock.now().replace(second=10), tick=False):
        for _ in range(10):
            Client().post(record_links.path_for(claim))
        assert "Too many tries" in Client().post(record_links.path_for(claim)).content.decode()
        client.post(reverse("domains:check", args=[claim.sid]))
    assert DomainCheck.unscoped.filter(domain=claim).exists()


def test_the_links_of_an_organization_look_no_oftener_than_one_of_them(
    claim: Domain, proven: Domain, globex: Organization, names: NameServer
) -> None:
    """Else whoever has many domains keeps the whole installation asking slow name servers."""
    with time_machine.travel(clock.now().replace(second=10), tick=False):
        for _ in range(10):
            Client().post(record_links.path_for(claim))
        assert "Too many tries" in Client().post(record_links.path_for(proven)).content.decode()
        theirs = Domain.unscoped.filter(organization=globex)[0]
        assert "Too many tries" not in Client().post(record_links.path_for(theirs)).content.decode()


@pytest.mark.parametrize("change", [lambda link: f"{link[:-2]}/", lambda link: f"{link[:-1]}x/"])
def test_a_link_that_was_changed_is_dead(claim: Domain, change: Callable[[str], str]) -> None:
    assert Client().get(change(record_links.path_for(claim))).status_code == 410


def test_a_link_is_dead_when_the_domain_is_gone_or_after_thirty_days(claim: Domain) -> None:
    link = record_links.path_for(claim)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert Client().get(link).status_code == 410
    Domain.unscoped.filter(pk=claim.pk).delete()
    assert Client().get(link).status_code == 410
