"""Looking for the proof: where it must stand, and around it for a hint, in one budget of time."""

import time
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from adminctr.core.addresses import DOMAIN_LENGTH
from domains import looks
from domains.explanations import explain, weigh
from domains.models import Domain, Method
from domains.probes import Outcome
from domains.states import Seen
from tests.servers.dns import Answer, NameServer
from tests.servers.https import Site, WebServer

pytestmark = pytest.mark.django_db

HERE = "127.0.0.1"
DOMAIN = Domain(name="acme.example")
BY_FILE = Domain(name=DOMAIN.name, method=Method.HTTPS)
SUB_DOMAIN = Domain(name="stage.acme.example")


@pytest.fixture(autouse=True)
def _website(names: NameServer) -> None:
    names[DOMAIN.name] = Answer(addresses=(HERE,))


def asked(names: NameServer) -> set[str]:
    return {name for name, _ in names.queries}


PLACES = {
    "the apex": (
        DOMAIN,
        "acme.example",
        "The value was found at acme.example itself. Move it to the name _twilio.acme.example.",
    ),
    "doubled": (
        DOMAIN,
        "_twilio.acme.example.acme.example",
        "Your DNS host added the domain by itself: the record was found at "
        "_twilio.acme.example.acme.example. Enter just _twilio as the name.",
    ),
    "below www": (
        DOMAIN,
        "_twilio.www.acme.example",
        "The value was found at _twilio.www.acme.example. Move it to the name "
        "_twilio.acme.example.",
    ),
    "www": (
        DOMAIN,
        "www.acme.example",
        "The value was found at www.acme.example. Move it to the name _twilio.acme.example.",
    ),
    "without the underscore": (
        DOMAIN,
        "twilio.acme.example",
        "The value was found at twilio.acme.example. Move it to the name _twilio.acme.example.",
    ),
    "the domain above": (
        SUB_DOMAIN,
        "_twilio.acme.example",
        "The value was found at _twilio.acme.example. Move it to the name "
        "_twilio.stage.acme.example.",
    ),
    "doubled by the domain above": (
        SUB_DOMAIN,
        "_twilio.stage.acme.example.acme.example",
        "Your DNS host added the domain by itself: the record was found at "
        "_twilio.stage.acme.example.acme.example. Enter just _twilio.stage as the name.",
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_record_at_another_place_is_hinted_at_and_proves_nothing(
    names: NameServer, case: str
) -> None:
    domain, place, hint = PLACES[case]
    names.publish(place, domain.record_value)
    look = looks.look(domain, Method.DNS)
    assert look.finding.outcome is Outcome.NO_NAME
    assert look.hint == hint
    assert hint in explain(domain, Method.DNS, look.finding, look.hint)


@pytest.mark.parametrize("answer", [Answer(), Answer(texts=("other",)), Answer(alias="x.example")])
def test_it_is_looked_around_whatever_else_stands_at_the_right_place(
    names: NameServer, answer: Answer
) -> None:
    names[DOMAIN.record_name] = answer
    names.publish(DOMAIN.name, DOMAIN.record_value)
    assert looks.look(DOMAIN, Method.DNS).hint.startswith("The value was found at acme.example")


@pytest.mark.parametrize("change", [str, lambda value: f'"{value}"', lambda value: value[-32:]])
def test_who_has_the_right_place_is_asked_nothing_more(names: NameServer, change) -> None:
    names.publish(DOMAIN.record_name, change(DOMAIN.record_value))
    names.publish(DOMAIN.name, DOMAIN.record_value)
    assert looks.look(DOMAIN, Method.DNS).hint == ""
    assert asked(names) == {DOMAIN.record_name}


@pytest.mark.parametrize("answer", [Answer(silent=True), Answer(code="SERVFAIL")])
def test_servers_that_cannot_tell_are_asked_nothing_more(names: NameServer, answer: Answer) -> None:
    names[DOMAIN.record_name] = answer
    assert looks.look(DOMAIN, Method.DNS).hint == ""
    assert asked(names) == {DOMAIN.record_name}


def test_nothing_anywhere_is_no_hint(names: NameServer) -> None:
    names.publish(DOMAIN.name, "v=spf1 -all", Domain(name=DOMAIN.name).record_value)
    assert looks.look(DOMAIN, Method.DNS).hint == ""


def test_the_other_places_are_asked_at_once_within_what_is_left(
    names: NameServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "_SECONDS_IN_ALL", 0.9)
    settings.DNS_LIFETIME = timedelta(seconds=0.8)
    names[DOMAIN.record_name] = Answer(delay=0.3)
    for place in looks._other_places(DOMAIN):
        names[place.name] = Answer(silent=True)
    begun = time.monotonic()
    assert looks.look(DOMAIN, Method.DNS).hint == ""
    assert time.monotonic() - begun < 1.5


def test_one_look_takes_under_five_seconds() -> None:
    assert looks._SECONDS_IN_ALL < 5


def test_a_mail_service_and_an_ending_for_all_are_never_asked(names: NameServer) -> None:
    for name in ("team.gmail.com", "acme.co.uk", "acme.github.io"):
        looks.look(Domain(name=name), Method.DNS)
    assert "acme.co.uk" in asked(names)
    for name in asked(names):
        assert name not in {"_twilio.gmail.com", "_twilio.co.uk", "_twilio.github.io"}
        assert not name.endswith((".gmail.com.gmail.com", ".co.uk.co.uk", ".github.io.github.io"))


def test_what_is_said_with_the_longest_hint_fits_its_column(names: NameServer) -> None:
    longest = Domain._meta.get_field("check_result").max_length
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 45, "example"])
    assert len(f"_twilio.{name}") == DOMAIN_LENGTH
    for domain in (Domain(name=name), Domain(name=f"{'a' * 60}.{'b' * 40}.example")):
        for place in looks._other_places(domain):
            for outcome in Outcome:
                finding = looks.Finding(outcome)
                assert len(explain(domain, Method.DNS, finding, place.hint)) <= longest


# By HTTPS


def test_the_file_on_the_website_proves(web: WebServer) -> None:
    web.publish(DOMAIN.name, DOMAIN.file_name, f"{DOMAIN.record_value}\n")
    look = looks.look(DOMAIN, Method.HTTPS)
    assert explain(DOMAIN, Method.HTTPS, look.finding) == (
        "The file was found on the website of acme.example."
    )


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("https://www.acme.example/x", "It leads to www.acme.example. Let acme.example itself"),
        ("//login.acme.example:8443/x", "It leads to login.acme.example. Let"),
        ("/en/", "It leads to another address of acme.example. Let it"),
        ("https://acme.example/en/", "It leads to another address of acme.example. Let it"),
        ("", "It leads to another address of acme.example. Let it"),
        ("https://<b>x</b>.example/", ""),
        ("https://[::1/", ""),
        ("https://\xff.example/", ""),
        (f"https://{'x' * 300}.example/", ""),
    ],
)
def test_where_a_redirect_leads_is_said_if_it_can_be(
    web: WebServer, target: str, hint: str
) -> None:
    web[DOMAIN.name] = Site(status=302, headers={"Location": target})
    look = looks.look(DOMAIN, Method.HTTPS)
    assert look.finding.outcome is Outcome.REDIRECTED
    assert look.hint.startswith(hint)
    assert bool(look.hint) == bool(hint)


def test_a_redirect_to_the_right_value_proves_nothing(web: WebServer) -> None:
    web[DOMAIN.name] = Site(status=302, headers={"Location": DOMAIN.record_value})
    look = looks.look(DOMAIN, Method.HTTPS)
    assert "leads elsewhere" in explain(DOMAIN, Method.HTTPS, look.finding)


# By the worker


def test_the_worker_asks_resolver_after_resolver_until_one_has_the_proof(
    names: NameServer, settings: Settings
) -> None:
    with NameServer() as empty, NameServer() as unasked:
        servers = [(HERE, server.port) for server in (empty, names, unasked)]
        settings.DNS_RESOLVERS = servers
        names.publish(DOMAIN.record_name, DOMAIN.record_value)
        outcomes = [finding.outcome for finding in looks.look_again(DOMAIN)]
        assert outcomes == [Outcome.NO_NAME, Outcome.FOUND]
        assert unasked.queries == []
        del names[DOMAIN.record_name]
        assert len(looks.look_again(DOMAIN)) == 3
        assert asked(names) == {DOMAIN.record_name}


def test_the_worker_looks_at_the_website_of_who_proves_by_that(web: WebServer) -> None:
    [finding] = looks.look_again(BY_FILE)
    assert finding.outcome is Outcome.NO_FILE
    assert [request.path for request in web.requests] == [f"/{BY_FILE.file_name}"]


STALE = {
    "has no name": None,
    "has no address": Answer(),
    "fails": Answer(code="SERVFAIL"),
    "leads to a website that is closed": Answer(addresses=("127.0.0.2",)),
    "leads nowhere public": Answer(addresses=("10.0.0.1",)),
}


@pytest.mark.parametrize("case", STALE)
def test_the_worker_believes_one_resolver_that_leads_to_the_file(
    web: WebServer, names: NameServer, settings: Settings, case: str
) -> None:
    web.publish(BY_FILE.name, BY_FILE.file_name, BY_FILE.record_value)
    with NameServer() as stale:
        if answer := STALE[case]:
            stale[BY_FILE.name] = answer
        settings.DNS_RESOLVERS = [(HERE, stale.port), (HERE, names.port)]
        seen, finding = weigh(BY_FILE, looks.look_again(BY_FILE))
    assert (seen, finding.outcome) == (Seen.THERE, Outcome.FOUND)


@pytest.mark.parametrize(
    ("other", "seen"),
    [(None, Seen.MISSING), (Answer(code="SERVFAIL"), Seen.UNKNOWN)],
)
def test_a_website_is_gone_only_where_every_resolver_says_so(
    web: WebServer, names: NameServer, settings: Settings, other: Answer | None, seen: Seen
) -> None:
    del names[BY_FILE.name]
    with NameServer() as second:
        if other:
            second[BY_FILE.name] = other
        settings.DNS_RESOLVERS = [(HERE, names.port), (HERE, second.port)]
        assert weigh(BY_FILE, looks.look_again(BY_FILE))[0] is seen


def test_without_any_resolver_nobody_knows_where_a_website_is(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domains.probes.resolvers", list)
    assert weigh(BY_FILE, looks.look_again(BY_FILE))[0] is Seen.UNKNOWN
