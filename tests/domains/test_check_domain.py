"""Checking a domain: the exact record at the exact name verifies, anything else gives a hint."""

from collections.abc import Callable
from datetime import timedelta
from threading import BoundedSemaphore

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from adminctr.core import clock
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import OperationRequired
from audit.models import AuditEvent
from domains import looks
from domains.explanations import explain
from domains.models import Domain, DomainCheck, DomainStatus, Method
from domains.operations import add_domain, check_domain, checking, settle_check
from domains.probes import Finding, Outcome
from organizations.models import Organization
from tests.conftest import acting
from tests.domains.removing import remove
from tests.servers.dns import Answer, NameServer
from tests.servers.https import Site, WebServer
from users.models import User

pytestmark = pytest.mark.django_db

NAME = "acme-works.example"
AMONG_OTHERS = "among other characters"
ANOTHER_VALUE = "with another value"
NO_RECORD_NAMED = "There is no record named"

# Each is made of the right value, and must not be taken for it.
ALMOST_RIGHT: dict[str, tuple[Callable[[str], str | bytes | list[str]], str]] = {
    "prefix missing": (lambda value: value.partition("=")[2], "lacks its beginning"),
    "prefix missing, quoted": (lambda value: f'"{value.partition("=")[2]}"', "lacks its beginning"),
    "quoted twice": (lambda value: f'"{value}"', AMONG_OTHERS),
    "space in front": (lambda value: f" {value}", AMONG_OTHERS),
    "line break behind": (lambda value: f"{value}\n", AMONG_OTHERS),
    "NUL behind": (lambda value: f"{value}\0", AMONG_OTHERS),
    "longer": (lambda value: f"{value}0", AMONG_OTHERS),
    "one of several in a record": (lambda value: f"v=spf1 -all {value}", AMONG_OTHERS),
    "among 64 kilobytes": (lambda value: "x" * 60_000 + value, AMONG_OTHERS),
    "strings with a space between": (lambda value: [value[:40], " ", value[40:]], ANOTHER_VALUE),
    "shorter": (lambda value: value[:-1], ANOTHER_VALUE),
    "upper case": (str.upper, ANOTHER_VALUE),
    "prefix in upper case": (
        lambda value: value.replace("twilio", "TWILIO"),
        AMONG_OTHERS,
    ),
    "wrong token": (lambda value: value.partition("=")[0] + "=" + "0" * 32, ANOTHER_VALUE),
    "wide encoding": (lambda value: value.encode("utf-16"), ANOTHER_VALUE),
    "binary": (lambda value: bytes(range(256)), ANOTHER_VALUE),
    "empty": (lambda value: "", ANOTHER_VALUE),
}


@pytest.fixture
def domain(acme: Organization, ana: User) -> Domain:
    return add_domain(acme, name=NAME, actor=acting(ana))


@pytest.fixture
def client(sign_in: Callable[[User], Client], ana: User) -> Client:
    return sign_in(ana)


def stored(domain: Domain) -> Domain:
    return Domain.unscoped.get(pk=domain.pk)


def times_asked(names: NameServer, domain: Domain) -> int:
    """How often for the record itself, whatever was asked around it."""
    return [name for name, _ in names.queries].count(domain.record_name)


def test_the_exact_value_at_the_exact_name_verifies(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names.publish(f"_twilio.{NAME}", f"twilio-domain-verification={domain.token}")
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()
    assert stored(domain).verified_at == stored(domain).checked_at
    assert AuditEvent.unscoped.filter(action="domain.verified", subject_sid=domain.sid).count() == 1


def test_one_right_record_among_others_verifies(
    names: NameServer, domain: Domain, ana: User
) -> None:
    others = [f"v=spf1 {number}" for number in range(300)]
    names.publish(domain.record_name, b"\xff\x00", *others, domain.record_value)
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()


@pytest.mark.parametrize("cut", [1, 20, 40])
def test_a_value_split_into_strings_verifies(
    names: NameServer, domain: Domain, ana: User, cut: int
) -> None:
    names.publish(domain.record_name, [domain.record_value[:cut], domain.record_value[cut:]])
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()


def test_an_answer_that_needs_tcp_verifies(names: NameServer, domain: Domain, ana: User) -> None:
    names[domain.record_name] = Answer(texts=(domain.record_value,), truncated=True)
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()
    assert [way for _, way in names.queries] == ["udp", "tcp"]


@pytest.mark.parametrize("case", ALMOST_RIGHT)
def test_an_almost_right_record_does_not_verify_and_gives_a_hint(
    names: NameServer, domain: Domain, ana: User, case: str
) -> None:
    change, hint = ALMOST_RIGHT[case]
    names.publish(domain.record_name, change(domain.record_value))
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert stored(domain).status == DomainStatus.UNVERIFIED
    assert hint in stored(domain).check_result


@pytest.mark.parametrize(
    "place",
    [NAME, f"_twillio.{NAME}", f"twilio.{NAME}", f"_twilio.www.{NAME}", f"_twilio.{NAME}.{NAME}"],
)
def test_the_right_record_at_another_name_does_not_verify(
    names: NameServer, domain: Domain, ana: User, place: str
) -> None:
    names.publish(place, domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert stored(domain).status == DomainStatus.UNVERIFIED
    assert f"{NO_RECORD_NAMED} _twilio.{NAME}" in stored(domain).check_result


def test_a_wildcard_with_another_value_does_not_verify(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names.publish(f"*.{NAME}", "v=spf1 -all")
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert ANOTHER_VALUE in stored(domain).check_result


def test_the_right_record_behind_an_alias_does_not_verify(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names[domain.record_name] = Answer(alias="txt.hosting.example")
    names.publish("txt.hosting.example", domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert stored(domain).status == DomainStatus.UNVERIFIED
    assert "is an alias (CNAME)" in stored(domain).check_result


def test_the_value_of_another_organization_does_not_verify(
    names: NameServer, domain: Domain, ana: User, globex: Organization, eve: User
) -> None:
    theirs = add_domain(globex, name=NAME, actor=acting(eve))
    names.publish(domain.record_name, theirs.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert stored(domain).status == DomainStatus.UNVERIFIED
    assert check_domain(theirs, method=Method.DNS, actor=acting(eve)).is_verified()


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (Answer(), "has no TXT record"),
        (Answer(silent=True), "did not answer in time"),
        (Answer(code="SERVFAIL"), "answered with an error"),
        (Answer(code="REFUSED"), "refused to answer"),
        (Answer(malformed=True, truncated=True), "cannot be read"),
    ],
)
def test_a_fault_of_the_name_servers_is_said_and_can_be_tried_again(
    names: NameServer, domain: Domain, ana: User, answer: Answer, hint: str
) -> None:
    names[domain.record_name] = answer
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert hint in stored(domain).check_result
    assert stored(domain).checked_at
    names.publish(domain.record_name, domain.record_value)
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()


def test_a_verified_domain_stays_verified_when_its_record_is_gone(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names.publish(domain.record_name, domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    del names[domain.record_name]
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()


FAULTS = [
    Answer(silent=True),
    Answer(texts=("late",), delay=0.4),
    Answer(code="SERVFAIL"),
    Answer(code="REFUSED"),
    Answer(malformed=True, truncated=True),
    Answer(alias=f"_twilio.{NAME}"),
    Answer(),
    Answer(texts=("another",)),
]


@pytest.mark.parametrize("answer", FAULTS)
def test_whatever_is_answered_a_check_that_somebody_asks_for_takes_no_domain_away(
    names: NameServer, domain: Domain, ana: User, answer: Answer
) -> None:
    names.publish(domain.record_name, domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    names[domain.record_name] = answer
    assert check_domain(domain, method=Method.DNS, actor=acting(ana)).is_verified()


def test_a_check_is_kept_with_what_came_back_from_where(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names.publish(domain.record_name, domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    [check] = DomainCheck.unscoped.filter(domain=domain)
    assert (check.by, check.method, check.is_proof) == ("ana@acme.example", Method.DNS, True)
    assert (check.server, check.ttl) == (f"127.0.0.1:{names.port}", 60)
    assert check.answer == [domain.record_value]
    assert check.meaning == stored(domain).check_result


def test_a_hint_of_where_the_record_stands_is_told(
    names: NameServer, domain: Domain, ana: User
) -> None:
    names.publish(NAME, domain.record_value)
    check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert stored(domain).check_result == (
        f"There is no record named _twilio.{NAME} yet. "
        f"The value was found at {NAME} itself. Move it to the name _twilio.{NAME}."
    )


def test_a_check_inside_a_transaction_is_refused_before_anybody_is_asked(
    names: NameServer, domain: Domain, ana: User
) -> None:
    with transaction.atomic(), pytest.raises(OperationRequired):
        check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert names.queries == []


@pytest.mark.parametrize("who", ["cy", "eve", "ida"])
def test_only_administrators_of_the_organization_may_check(
    names: NameServer, domain: Domain, who: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(NotAllowed):
        check_domain(domain, method=Method.DNS, actor=acting(request.getfixturevalue(who)))
    assert names.queries == []


def claimed_by_both(acme: Organization, ana: User) -> Domain:
    """Acme's claim on a domain that Globex has claimed as well, and proven first."""
    domain = add_domain(acme, name="shared.example", actor=acting(ana))
    eve = acting(User.objects.get(email="eve@globex.example"))
    other = add_domain(Organization.objects.get(name="Globex"), name="shared.example", actor=eve)
    proof = Finding(Outcome.FOUND, (other.record_value.encode(),))
    settle_check(other, method=Method.DNS, finding=proof, actor=eve)
    return domain


def test_a_domain_that_another_organization_has_verified_is_held_elsewhere(
    names: NameServer, acme: Organization, ana: User
) -> None:
    domain = claimed_by_both(acme, ana)
    names.publish(domain.record_name, domain.record_value)
    with pytest.raises(RuleViolation) as refused:
        check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert refused.value.code == "domain_held_elsewhere"
    assert "Globex" not in refused.value.message
    assert stored(domain).status == DomainStatus.UNVERIFIED


def test_a_domain_added_again_has_a_new_token_and_the_old_one_is_dead(
    names: NameServer, acme: Organization, domain: Domain, ana: User
) -> None:
    names.publish(domain.record_name, domain.record_value)
    remove(domain, ana)
    again = add_domain(acme, name=NAME, actor=acting(ana))
    assert again.token != domain.token
    assert again.sid != domain.sid
    check_domain(again, method=Method.DNS, actor=acting(ana))
    assert ANOTHER_VALUE in stored(again).check_result
    with pytest.raises(RuleViolation) as refused:
        check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert refused.value.code == "domain_removed"


def test_the_eleventh_check_within_a_minute_is_refused_and_asks_nobody(
    names: NameServer, domain: Domain, ana: User
) -> None:
    moment = clock.now().replace(second=10)
    with time_machine.travel(moment, tick=False):
        for _ in range(10):
            check_domain(domain, method=Method.DNS, actor=acting(ana))
        with pytest.raises(RuleViolation) as refused:
            check_domain(domain, method=Method.DNS, actor=acting(ana))
        assert refused.value.code == "too_many_tries"
        assert times_asked(names, domain) == 10
    with time_machine.travel(moment + timedelta(minutes=1), tick=False):
        check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert times_asked(names, domain) == 11


# By HTTPS


@pytest.fixture(autouse=True)
def _websites(names: NameServer) -> None:
    for name in (NAME, "acme-mirror.example"):
        names[name] = Answer(addresses=("127.0.0.1",))


def test_the_file_verifies_by_https_and_no_record_is_asked_for(
    web: WebServer, names: NameServer, domain: Domain, ana: User
) -> None:
    web.publish(NAME, domain.file_name, f"\n{domain.record_value}\r\n")
    checked = check_domain(domain, method=Method.HTTPS, actor=acting(ana))
    assert (checked.is_verified(), checked.method) == (True, Method.HTTPS)
    assert times_asked(names, domain) == 0
    [check] = DomainCheck.unscoped.filter(domain=domain)
    assert (check.method, check.server, check.ttl) == (
        Method.HTTPS,
        f"127.0.0.1:{web.port}",
        None,
    )


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda value: value.partition("=")[2], "lacks its beginning"),
        (lambda value: f"<p>{value}</p>", AMONG_OTHERS),
        (lambda value: f"{value} {value}", AMONG_OTHERS),
        (lambda value: value + "x" * 5000, "far too large"),
        (str.upper, "something else in place of the file"),
    ],
)
def test_an_almost_right_file_does_not_verify_and_gives_a_hint(
    web: WebServer, domain: Domain, ana: User, change: Callable[[str], str], hint: str
) -> None:
    web.publish(NAME, domain.file_name, change(domain.record_value))
    assert not check_domain(domain, method=Method.HTTPS, actor=acting(ana)).is_verified()
    assert hint in stored(domain).check_result


def test_the_right_file_on_a_website_that_this_one_leads_to_does_not_verify(
    web: WebServer, domain: Domain, ana: User
) -> None:
    web.publish("acme-mirror.example", domain.file_name, domain.record_value)
    target = f"https://acme-mirror.example:{web.port}/{domain.file_name}"
    web[NAME] = Site(status=301, headers={"Location": target}, body=domain.record_value)
    assert not check_domain(domain, method=Method.HTTPS, actor=acting(ana)).is_verified()
    assert f"It leads to acme-mirror.example. Let {NAME} itself" in stored(domain).check_result
    assert {request.host for request in web.requests} == {NAME}


def test_the_file_of_another_organization_does_not_verify(
    web: WebServer, domain: Domain, ana: User, globex: Organization, eve: User
) -> None:
    theirs = add_domain(globex, name=NAME, actor=acting(eve))
    files = {theirs.file_name: theirs.record_value, domain.file_name: theirs.record_value}
    web[NAME] = Site(files=files)
    assert not check_domain(domain, method=Method.HTTPS, actor=acting(ana)).is_verified()
    assert check_domain(theirs, method=Method.HTTPS, actor=acting(eve)).is_verified()


def test_a_website_that_is_not_public_is_not_asked(
    web: WebServer, domain: Domain, ana: User, settings: Settings
) -> None:
    settings.HTTPS_CHECK_NETWORKS = ()
    web.publish(NAME, domain.file_name, domain.record_value)
    assert not check_domain(domain, method=Method.HTTPS, actor=acting(ana)).is_verified()
    assert "not on the public internet" in stored(domain).check_result
    assert web.connections == 0


# Through the page


def check_on_page(client: Client, domain: Domain) -> str:
    """Press Check; returns the page where it leads, with the way open that was checked."""
    answer = client.post(f"{domain.get_absolute_url()}check/")
    assert answer.status_code == 303
    assert answer["Location"].partition("?")[0] == domain.get_absolute_url()
    page = client.get(answer["Location"])
    assert page.status_code == 200
    return page.content.decode()


def test_the_page_says_that_the_domain_is_verified(
    names: NameServer, domain: Domain, client: Client
) -> None:
    names.publish(domain.record_name, domain.record_value)
    page = check_on_page(client, domain)
    assert f"{NAME} is verified." in page
    assert "Publish this record" not in page


@pytest.mark.parametrize("case", ["no record", "quoted twice", "alias", "silent"])
def test_the_page_says_what_was_found(
    names: NameServer, domain: Domain, client: Client, case: str
) -> None:
    if case != "no record":
        names[domain.record_name] = {
            "quoted twice": Answer(texts=(f'"{domain.record_value}"',)),
            "alias": Answer(alias="elsewhere.example"),
            "silent": Answer(silent=True),
        }[case]
    page = check_on_page(client, domain)
    result = stored(domain).check_result
    assert result
    assert escape(result) in page
    assert "Not verified yet" in page
    assert domain.record_value in page


def test_the_page_says_that_another_organization_holds_the_domain(
    names: NameServer, acme: Organization, ana: User, client: Client
) -> None:
    domain = claimed_by_both(acme, ana)
    names.publish(domain.record_name, domain.record_value)
    page = check_on_page(client, domain)
    assert "Another organization has verified this domain." in page
    assert "Globex" not in page


def test_the_page_says_that_there_were_too_many_checks(
    names: NameServer, domain: Domain, client: Client
) -> None:
    with time_machine.travel(clock.now().replace(second=10), tick=False):
        for _ in range(10):
            check_on_page(client, domain)
        assert "Too many tries. Wait a minute" in check_on_page(client, domain)


HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "template": "{{ settings.SECRET_KEY }}",
    "format": "%s%n{name}",
    "binary": b"\xff<b>\x00</b>",
    "other characters": "wert f\u00fcr dich".encode("utf-16"),
    "64 kilobytes": "y" * 64_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_hostile_record_says_is_shown_escaped_and_cut_and_never_told(
    names: NameServer, domain: Domain, client: Client, settings: Settings, case: str
) -> None:
    names.publish(domain.record_name, HOSTILE[case], f"<i>{domain.token}</i>")
    page = check_on_page(client, domain)
    assert AMONG_OTHERS in page
    for markup in ("<script>alert", "<b>", "<i>", "\0", "y" * 256, settings.SECRET_KEY):
        assert markup not in page
    near = Finding(Outcome.FOUND, (f"<i>{domain.token}</i>".encode(),))
    assert stored(domain).check_result == explain(domain, Method.DNS, near)
    [check] = DomainCheck.unscoped.filter(domain=domain)
    assert all(escape(text) in page for text in check.answer)


def test_of_500_records_the_first_are_shown(
    names: NameServer, domain: Domain, client: Client, settings: Settings
) -> None:
    settings.DNS_LIFETIME = timedelta(seconds=4)
    names.publish(domain.record_name, *(f"record {number}" for number in range(500)))
    page = check_on_page(client, domain)
    assert page.count("record ") < 30


@pytest.mark.parametrize(("who", "status"), [("cy", 403), ("eve", 404)])
def test_nobody_else_can_check_through_the_page(
    names: NameServer,
    domain: Domain,
    sign_in: Callable[[User], Client],
    request: pytest.FixtureRequest,
    who: str,
    status: int,
) -> None:
    answer = sign_in(request.getfixturevalue(who)).post(f"{domain.get_absolute_url()}check/")
    assert answer.status_code == status
    assert names.queries == []


def test_others_check_later_while_all_places_are_taken(
    names: NameServer, domain: Domain, ana: User, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever checks holds a thread, in however many organizations."""
    other = add_domain(Organization.objects.get(name="Globex"), name=NAME, actor=acting(eve))
    monkeypatch.setattr(checking, "_places", BoundedSemaphore(1), raising=False)
    look, codes = looks.look, []

    def slow(asked: Domain, method: Method) -> looks.Look:
        if asked.pk == domain.pk:
            with pytest.raises(RuleViolation) as refused:
                check_domain(other, method=Method.DNS, actor=acting(eve))
            codes.append(refused.value.code)
        return look(asked, method)

    monkeypatch.setattr(looks, "look", slow)
    for _ in range(2):
        check_domain(domain, method=Method.DNS, actor=acting(ana))
    assert codes == ["check_running"] * 2
    assert check_domain(other, method=Method.DNS, actor=acting(eve))
