"""Every answer a name server can give becomes an outcome with a sentence of its own, in time."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from adminctr.core.addresses import DOMAIN_LENGTH
from domains import probes
from domains.explanations import explain
from domains.models import Domain
from domains.probes import Outcome, TxtAnswer
from tests.servers.dns import Answer, NameServer

NAME = "_twilio.corp.example"
LIFETIME = timedelta(seconds=0.4)
SPARE_SECONDS = 0.6

ANSWERS = {
    "no name": (None, Outcome.NO_NAME),
    "no record": (Answer(), Outcome.NO_RECORD),
    "found": (Answer(texts=("value",)), Outcome.FOUND),
    "silent": (Answer(silent=True), Outcome.TIMED_OUT),
    "too slow": (Answer(texts=("value",), delay=1), Outcome.TIMED_OUT),
    "slow enough": (Answer(texts=("value",), delay=0.1), Outcome.FOUND),
    "server failure": (Answer(code="SERVFAIL"), Outcome.SERVER_FAILED),
    "refused": (Answer(code="REFUSED"), Outcome.REFUSED),
    "not understood": (Answer(code="FORMERR"), Outcome.SERVER_FAILED),
    "malformed over UDP": (Answer(malformed=True), Outcome.TIMED_OUT),
    "malformed over TCP": (Answer(malformed=True, truncated=True), Outcome.UNREADABLE),
    "silent over TCP": (Answer(silent=True, truncated=True), Outcome.TIMED_OUT),
    "alias of a record": (Answer(alias="txt.elsewhere.example"), Outcome.ALIAS),
    "alias of a name without one": (Answer(alias="empty.elsewhere.example"), Outcome.ALIAS),
    "alias of nothing": (Answer(alias="gone.elsewhere.example"), Outcome.ALIAS),
    "alias of itself": (Answer(alias=NAME), Outcome.UNREADABLE),
}


@pytest.fixture
def names(settings: Settings) -> Iterator[NameServer]:
    with NameServer() as server:
        settings.DNS_RESOLVERS = [("127.0.0.1", server.port)]
        settings.DNS_LIFETIME = LIFETIME
        server.publish("txt.elsewhere.example", "value")
        server["empty.elsewhere.example"] = Answer()
        yield server


@pytest.mark.parametrize("case", ANSWERS)
def test_every_answer_is_an_outcome_within_the_budget(names: NameServer, case: str) -> None:
    answer, outcome = ANSWERS[case]
    if answer:
        names[NAME] = answer
    begun = time.monotonic()
    assert probes.look_up_txt(NAME).outcome is outcome
    assert time.monotonic() - begun < LIFETIME.total_seconds() + SPARE_SECONDS


def test_a_system_without_name_servers_is_an_outcome(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DNS_RESOLVERS = []
    monkeypatch.setattr("dns.resolver.Resolver.read_resolv_conf", lambda self, file: None)
    assert probes.look_up_txt(NAME).outcome is Outcome.SERVER_FAILED


def test_nobody_listening_is_an_outcome(settings: Settings) -> None:
    settings.DNS_RESOLVERS = [("127.0.0.1", 1)]
    settings.DNS_LIFETIME = LIFETIME
    outcome = probes.look_up_txt(NAME).outcome
    assert outcome in {Outcome.TIMED_OUT, Outcome.SERVER_FAILED}


def test_a_second_resolver_answers_when_the_first_fails(
    names: NameServer, settings: Settings
) -> None:
    names.publish(NAME, "value")
    with NameServer() as broken:
        broken[NAME] = Answer(code="SERVFAIL")
        settings.DNS_RESOLVERS = [("127.0.0.1", broken.port), ("127.0.0.1", names.port)]
        assert probes.look_up_txt(NAME) == TxtAnswer(Outcome.FOUND, (b"value",))
        assert broken.queries


def test_the_whole_budget_of_an_installation_is_under_five_seconds(
    settings: Settings,
) -> None:
    assert settings.DNS_LIFETIME.total_seconds() < 5


def test_an_answer_too_long_for_udp_is_asked_for_over_tcp(names: NameServer) -> None:
    names[NAME] = Answer(texts=("value",), truncated=True)
    assert probes.look_up_txt(NAME).texts == (b"value",)
    assert names.queries == [(NAME, "udp"), (NAME, "tcp")]


def test_the_strings_of_a_record_are_joined_and_records_stay_apart(names: NameServer) -> None:
    names.publish(NAME, ["val", "ue"], "other")
    assert probes.look_up_txt(NAME).texts == (b"value", b"other")


def test_a_record_of_64_kilobytes_is_read(names: NameServer) -> None:
    text = b"x" * 64_000
    names.publish(NAME, text)
    assert probes.look_up_txt(NAME).texts == (text,)


def test_at_most_500_records_are_read(names: NameServer, settings) -> None:
    settings.DNS_LIFETIME = timedelta(seconds=10)  # a busy machine needs a while for so many
    names.publish(NAME, *(f"{number}" for number in range(700)))
    assert len(probes.look_up_txt(NAME).texts) == 500


@pytest.mark.parametrize(
    "text", [bytes(range(256)), b"\xff\xfe\x00", b"", "wert für dich".encode()]
)
def test_any_bytes_are_read_as_they_are(names: NameServer, text: bytes) -> None:
    names.publish(NAME, text)
    assert probes.look_up_txt(NAME) == TxtAnswer(Outcome.FOUND, (text,))


def test_nothing_is_remembered_between_two_looks(names: NameServer) -> None:
    assert probes.look_up_txt(NAME).outcome is Outcome.NO_NAME
    names.publish(NAME, "value")
    assert probes.look_up_txt(NAME).outcome is Outcome.FOUND


def test_a_name_too_long_to_exist_is_an_outcome(names: NameServer) -> None:
    assert probes.look_up_txt(f"_twilio.{_longest_domain()}").outcome is Outcome.NO_NAME


def test_every_outcome_has_a_sentence_of_its_own() -> None:
    domain = Domain(name="corp.example")
    said = [explain(domain, TxtAnswer(outcome)) for outcome in Outcome]
    assert len(set(said)) == len(Outcome)
    assert all(sentence.endswith(".") and "{" not in sentence for sentence in said)


@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_said_about_the_longest_domain_fits_its_column(outcome: Outcome) -> None:
    domain = Domain(name=_longest_domain())
    longest = Domain._meta.get_field("check_result").max_length
    for texts in [(), (domain.token.encode(),), (domain.record_value.encode() + b"x",), (b"x",)]:
        assert len(explain(domain, TxtAnswer(outcome, texts))) <= longest


def _longest_domain() -> str:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 53, "example"])
    assert len(name) == DOMAIN_LENGTH
    return name
