"""Every answer a name server can give becomes an outcome with a sentence of its own, in time."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import dns.resolver
import pytest
from pytest_django.fixtures import Settings

from adminctr.core.addresses import DOMAIN_LENGTH
from domains import probes
from domains.explanations import explain, proves, shorten, weigh
from domains.models import Domain, Method
from domains.probes import MISSING, Finding, Outcome
from domains.states import Seen
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
def names(names: NameServer, settings: Settings) -> NameServer:
    settings.DNS_LIFETIME = LIFETIME
    names.publish("txt.elsewhere.example", "value")
    names["empty.elsewhere.example"] = Answer()
    return names


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
        assert probes.look_up_txt(NAME) == _found(names, b"value")
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


def test_at_most_500_records_are_read(names: NameServer, settings: Settings) -> None:
    settings.DNS_LIFETIME = timedelta(seconds=10)  # a busy machine needs a while for so many
    names.publish(NAME, *(f"{number}" for number in range(700)))
    assert len(probes.look_up_txt(NAME).texts) == 500


@pytest.mark.parametrize(
    "text", [bytes(range(256)), b"\xff\xfe\x00", b"", "wert für dich".encode()]
)
def test_any_bytes_are_read_as_they_are(names: NameServer, text: bytes) -> None:
    names.publish(NAME, text)
    assert probes.look_up_txt(NAME) == _found(names, text)


def test_nothing_is_remembered_between_two_looks(names: NameServer) -> None:
    assert probes.look_up_txt(NAME).outcome is Outcome.NO_NAME
    names.publish(NAME, "value")
    assert probes.look_up_txt(NAME).outcome is Outcome.FOUND


def test_a_name_too_long_to_exist_is_an_outcome(names: NameServer) -> None:
    assert probes.look_up_txt(f"_twilio.{_longest_domain()}").outcome is Outcome.NO_NAME


# From each resolver by itself


def test_each_resolver_is_asked_by_itself_and_named(names: NameServer, settings: Settings) -> None:
    names.publish(NAME, "value")
    with NameServer() as empty, NameServer() as broken:
        broken[NAME] = Answer(code="SERVFAIL")
        ports = [empty.port, broken.port, names.port]
        settings.DNS_RESOLVERS = [("127.0.0.1", port) for port in ports]
        assert list(probes.look_up_txt_everywhere(NAME)) == [
            Finding(Outcome.NO_NAME, server=f"127.0.0.1:{empty.port}"),
            Finding(Outcome.SERVER_FAILED, server=f"127.0.0.1:{broken.port}"),
            _found(names, b"value"),
        ]
        assert [len(server.queries) for server in (empty, broken, names)] == [1, 1, 1]


def test_the_next_resolver_is_asked_only_when_somebody_wants_to_know(
    names: NameServer, settings: Settings
) -> None:
    names.publish(NAME, "value")
    with NameServer() as other:
        settings.DNS_RESOLVERS = [("127.0.0.1", names.port), ("127.0.0.1", other.port)]
        assert next(probes.look_up_txt_everywhere(NAME)).texts == (b"value",)
        assert other.queries == []


def test_at_most_three_resolvers_are_asked_each_within_the_budget(
    names: NameServer, settings: Settings
) -> None:
    names[NAME] = Answer(silent=True)
    settings.DNS_RESOLVERS = [("127.0.0.1", names.port)] * 5
    begun = time.monotonic()
    found = [finding.outcome for finding in probes.look_up_txt_everywhere(NAME)]
    assert found == [Outcome.TIMED_OUT] * 3
    assert time.monotonic() - begun < 3 * LIFETIME.total_seconds() + SPARE_SECONDS


def test_several_silent_resolvers_share_one_budget(names: NameServer, settings: Settings) -> None:
    names[NAME] = Answer(silent=True)
    settings.DNS_RESOLVERS = [("127.0.0.1", names.port)] * 3
    begun = time.monotonic()
    assert probes.look_up_txt(NAME).outcome is Outcome.TIMED_OUT
    assert time.monotonic() - begun < LIFETIME.total_seconds() + SPARE_SECONDS
    assert len(names.queries) == 6  # each asked twice


def test_a_silent_resolver_leaves_time_for_the_next(names: NameServer, settings: Settings) -> None:
    names.publish(NAME, "value")
    with NameServer() as silent:
        silent[NAME] = Answer(silent=True)
        settings.DNS_RESOLVERS = [("127.0.0.1", silent.port), ("127.0.0.1", names.port)]
        assert probes.look_up_txt(NAME) == _found(names, b"value")


def test_the_resolvers_of_the_system_are_asked_where_none_are_configured(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    own = tmp_path / "resolv.conf"
    own.write_text("".join(f"nameserver 127.0.0.{number}\n" for number in (3, 4, 5, 6)))
    monkeypatch.setattr(dns.resolver.Resolver.__init__, "__defaults__", (str(own), True))
    settings.DNS_RESOLVERS = []
    settings.DNS_LIFETIME = timedelta(seconds=0.1)
    found = probes.look_up_txt_everywhere(NAME)
    assert [finding.server for finding in found] == ["127.0.0.3", "127.0.0.4", "127.0.0.5"]


def test_a_system_without_name_servers_is_one_finding(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.DNS_RESOLVERS = []
    monkeypatch.setattr("dns.resolver.Resolver.read_resolv_conf", lambda self, file: None)
    assert list(probes.look_up_txt_everywhere(NAME)) == [Finding(Outcome.SERVER_FAILED)]


def test_many_may_ask_at_once(names: NameServer, settings: Settings) -> None:
    settings.DNS_LIFETIME = timedelta(seconds=20)
    for number in range(256):
        names.publish(f"{number}.example", f"{number}")
    with ThreadPoolExecutor(64) as pool:
        found = pool.map(lambda number: probes.look_up_txt(f"{number}.example"), range(256))
    assert [finding.texts for finding in found] == [(b"%d" % number,) for number in range(256)]


@pytest.mark.parametrize(
    ("server", "called"),
    [
        (("192.0.2.1", 53), "192.0.2.1"),
        (("192.0.2.1", 5353), "192.0.2.1:5353"),
        (("2001:db8::1", 53), "2001:db8::1"),
        (("2001:db8::1", 5353), "[2001:db8::1]:5353"),
    ],
)
def test_a_server_is_called_by_its_port_where_it_is_not_the_usual_one(
    server: tuple[str, int], called: str
) -> None:
    assert probes.call_server(*server) == called


# What it means


PROOF = Finding(Outcome.FOUND, (b"twilio-domain-verification=0",))
WRONG = Finding(Outcome.FOUND, (b"other",))
GONE = Finding(Outcome.NO_NAME)
FAILED = Finding(Outcome.SERVER_FAILED)


@pytest.mark.parametrize(
    ("findings", "seen"),
    [
        ([PROOF], Seen.THERE),
        ([GONE, WRONG, PROOF], Seen.THERE),
        ([FAILED, PROOF], Seen.THERE),
        ([GONE], Seen.MISSING),
        ([GONE, WRONG], Seen.MISSING),
        ([FAILED], Seen.UNKNOWN),
        ([GONE, FAILED], Seen.UNKNOWN),
        ([FAILED, GONE, WRONG], Seen.UNKNOWN),
    ],
)
def test_one_proof_is_enough_and_missing_takes_everybody(
    findings: list[Finding], seen: Seen
) -> None:
    assert weigh(Domain(name="corp.example", token="0"), findings)[0] is seen


@pytest.mark.parametrize("outcome", Outcome)
def test_a_fault_of_servers_never_counts_as_removal(outcome: Outcome) -> None:
    removed = {
        Outcome.FOUND, Outcome.NO_NAME, Outcome.NO_RECORD, Outcome.ALIAS,
        Outcome.NO_WEBSITE, Outcome.NO_FILE, Outcome.REDIRECTED, Outcome.TOO_LARGE,
    }  # fmt: skip
    assert (outcome in MISSING) == (outcome in removed)
    seen, _ = weigh(Domain(name="corp.example"), [Finding(outcome)])
    assert seen is (Seen.MISSING if outcome in removed else Seen.UNKNOWN)


@pytest.mark.parametrize("outcome", set(Outcome) - {Outcome.FOUND})
def test_the_right_text_proves_only_where_it_was_found(outcome: Outcome) -> None:
    domain = Domain(name="corp.example", token="0")
    assert not proves(domain, Finding(outcome, PROOF.texts))


def test_every_outcome_has_a_sentence_of_its_own() -> None:
    domain = Domain(name="corp.example")
    said = {explain(domain, Method.HTTPS, Finding(outcome)) for outcome in Outcome}
    said |= {explain(domain, Method.DNS, Finding(Outcome.FOUND, texts)) for texts in _near(domain)}
    said |= {
        explain(domain, Method.HTTPS, Finding(Outcome.FOUND, texts)) for texts in _near(domain)
    }
    assert len(said) == len(Outcome) + 2 * len(_near(domain)) - 1
    assert all(sentence.endswith(".") and "{" not in sentence for sentence in said)


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("outcome", Outcome)
def test_what_is_said_about_the_longest_domain_fits_its_column(
    outcome: Outcome, method: Method
) -> None:
    domain = Domain(name=_longest_domain())
    longest = Domain._meta.get_field("check_result").max_length
    for texts in _near(domain):
        assert len(explain(domain, method, Finding(outcome, texts))) <= longest


def test_a_hint_stands_in_place_of_the_usual_advice() -> None:
    domain = Domain(name="corp.example")
    said = explain(domain, Method.DNS, Finding(Outcome.NO_NAME), "Do {this}.")
    assert said == f"There is no record named {NAME} yet. Do {{this}}."


def test_a_usual_name_is_not_cut() -> None:
    assert shorten("a" * 100) == "a" * 100
    assert len(shorten("a" * 101)) == 100


def _near(domain: Domain) -> list[tuple[bytes, ...]]:
    """Texts from wrong to right."""
    token, value = domain.token.encode(), domain.record_value.encode()
    return [(b"x",), (b"x" + value,), (token,), (value,)]


def _found(server: NameServer, *texts: bytes) -> Finding:
    return Finding(Outcome.FOUND, texts, f"127.0.0.1:{server.port}", 60)


def _longest_domain() -> str:
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 53, "example"])
    assert len(name) == DOMAIN_LENGTH
    return name
