"""The file that proves a domain is fetched from its public website in time, and nowhere else."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from pytest_django.fixtures import Settings

from domains import files
from domains.probes import Finding, Outcome
from tests.servers.dns import Answer, NameServer
from tests.servers.https import Site, WebServer
from tests.servers.ports import free_port

HOST = "corp.example"
FILE = f"{'0' * 32}.html"
VALUE = "twilio-domain-verification=0"
SPARE_SECONDS = 0.6
HERE = "127.0.0.1"


@pytest.fixture
def names(names: NameServer) -> NameServer:
    names[HOST] = Answer(addresses=(HERE,))
    return names


def fetched_in_time() -> Finding:
    begun = time.monotonic()
    finding = files.fetch(HOST, FILE)
    lifetime = settings.HTTPS_CHECK_LIFETIME.total_seconds()
    assert time.monotonic() - begun < lifetime + SPARE_SECONDS
    return finding


LONG = "x" * 4096
SITES = {
    "found": (Site(files={FILE: VALUE}), Outcome.FOUND),
    "found, slowly": (Site(files={FILE: VALUE}, pause=0.001), Outcome.FOUND),
    "of the most bytes": (Site(files={FILE: LONG}), Outcome.FOUND),
    "of one more": (Site(files={FILE: LONG + "x"}), Outcome.TOO_LARGE),
    "huge": (Site(files={FILE: LONG * 2000}), Outcome.TOO_LARGE),
    "without its length": (Site(raw=f"HTTP/1.1 200 OK\r\n\r\n{VALUE}"), Outcome.FOUND),
    "in chunks": (
        Site(raw="HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n0\r\n\r\n"),
        Outcome.FOUND,
    ),
    "no file": (Site(), Outcome.NO_FILE),
    "gone": (Site(status=410), Outcome.NO_FILE),
    "forbidden": (Site(status=403), Outcome.OTHER_STATUS),
    "part of it": (Site(status=206, body=VALUE), Outcome.OTHER_STATUS),
    "broken": (Site(status=500, body=VALUE), Outcome.OTHER_STATUS),
    "moved": (Site(status=301, headers={"Location": "https://x.example/"}), Outcome.REDIRECTED),
    "moved nowhere": (Site(status=308), Outcome.REDIRECTED),
    "certificate of another name": (Site(wrong_certificate="name"), Outcome.BAD_CERTIFICATE),
    "certificate of a stranger": (Site(wrong_certificate="issuer"), Outcome.BAD_CERTIFICATE),
    "certificate that is over": (Site(wrong_certificate="date"), Outcome.BAD_CERTIFICATE),
    "silent": (Site(silent=True), Outcome.TOO_SLOW),
    "dripping": (Site(files={FILE: VALUE}, pause=0.05), Outcome.TOO_SLOW),
    "closes at once": (Site(closes=True), Outcome.GARBLED),
    "ends early": (Site(raw="HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntwi"), Outcome.GARBLED),
    "no HTTP": (Site(raw="220 mail.example ESMTP\r\n"), Outcome.GARBLED),
    "wrong chunks": (
        Site(raw="HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Outcome.GARBLED,
    ),
    "a header without end": (Site(raw=f"HTTP/1.1 200 OK\r\nX: {'x' * 9_000_000}"), Outcome.GARBLED),
    "kilobytes of headers": (
        Site(raw=f"HTTP/1.1 200 OK\r\n{f'X: {LONG}\r\n' * 22}\r\n{VALUE}"),
        Outcome.GARBLED,
    ),
    "goes on without end": (Site(raw="HTTP/1.1 100 Go on\r\n\r\n" * 90_000), Outcome.GARBLED),
}


@pytest.mark.parametrize("case", SITES)
def test_every_answer_of_a_website_is_an_outcome_within_the_budget(
    web: WebServer, case: str
) -> None:
    web[HOST], outcome = SITES[case]
    assert fetched_in_time().outcome is outcome


def test_the_content_is_read_as_it_is_but_for_white_space_around_it(web: WebServer) -> None:
    web.publish(HOST, FILE, f"\r\n\t {VALUE} <b>\0ü \n")
    server = f"{HERE}:{web.port}"
    assert files.fetch(HOST, FILE) == Finding(Outcome.FOUND, (f"{VALUE} <b>\0ü".encode(),), server)


def test_one_plain_request_is_sent_by_an_honest_name(web: WebServer, settings: Settings) -> None:
    settings.PRODUCT_NAME = "Büro Center"
    files.fetch(HOST, FILE)
    [request] = web.requests
    assert (request.host, request.path) == (HOST, f"/{FILE}")
    assert request.headers == {
        "Host": f"{HOST}:{web.port}",
        "Accept-Encoding": "identity",
        "User-Agent": "Bro Center domain check",
        "Connection": "close",
    }


def test_a_proxy_of_the_environment_is_not_asked(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{HERE}:1")
    web.publish(HOST, FILE, VALUE)
    assert files.fetch(HOST, FILE).outcome is Outcome.FOUND


def test_a_redirect_is_not_followed_to_another_host(web: WebServer, names: NameServer) -> None:
    names["other.example"] = Answer(addresses=(HERE,))
    web.publish("other.example", FILE, VALUE)
    target = f"https://other.example:{web.port}/{FILE}"
    web[HOST] = Site(status=302, headers={"Location": target}, body=VALUE)
    finding = files.fetch(HOST, FILE)
    assert (finding.outcome, finding.texts) == (
        Outcome.REDIRECTED,
        (b"HTTP 302", target.encode()),
    )
    assert [request.host for request in web.requests] == [HOST]
    assert ("other.example", "udp") not in names.queries


def test_nobody_listening_is_an_outcome(web: WebServer, settings: Settings) -> None:
    settings.HTTPS_CHECK_PORT = free_port()
    assert fetched_in_time().outcome is Outcome.NO_CONNECTION


def test_a_second_address_is_tried_where_the_first_takes_no_connection(
    web: WebServer, names: NameServer
) -> None:
    names[HOST] = Answer(addresses=("127.0.0.77", HERE))
    web.publish(HOST, FILE, VALUE)
    assert fetched_in_time().server == f"{HERE}:{web.port}"


@pytest.mark.parametrize(
    ("words", "outcome"), [(b"", Outcome.TOO_SLOW), (b"HTTP/1.1 400", Outcome.NO_CONNECTION)]
)
def test_what_does_not_speak_tls_is_an_outcome(
    web: WebServer, settings: Settings, words: bytes, outcome: Outcome
) -> None:
    with socket.create_server((HERE, 0)) as listener, ThreadPoolExecutor(1) as pool:
        settings.HTTPS_CHECK_PORT = listener.getsockname()[1]
        asked = pool.submit(fetched_in_time)
        with listener.accept()[0] as visitor:
            visitor.sendall(words)
            assert asked.result().outcome is outcome


# Where the website is


NO_ADDRESSES = {
    "no name": (None, Outcome.NO_WEBSITE),
    "no address": (Answer(texts=("v=spf1 -all",)), Outcome.NO_WEBSITE),
    "alias of nothing": (Answer(alias="gone.example"), Outcome.NO_WEBSITE),
    "silent": (Answer(silent=True), Outcome.WEBSITE_UNKNOWN),
    "server failure": (Answer(code="SERVFAIL"), Outcome.WEBSITE_UNKNOWN),
    "refused": (Answer(code="REFUSED"), Outcome.WEBSITE_UNKNOWN),
    "alias of itself": (Answer(alias=HOST), Outcome.WEBSITE_UNKNOWN),
}


@pytest.mark.parametrize("case", NO_ADDRESSES)
def test_a_website_that_is_nowhere_is_an_outcome_within_the_budget(
    web: WebServer, names: NameServer, case: str
) -> None:
    answer, outcome = NO_ADDRESSES[case]
    del names[HOST]
    if answer:
        names[HOST] = answer
    assert fetched_in_time().outcome is outcome
    assert web.connections == 0


def test_a_website_may_be_somewhere_while_only_one_kind_of_address_is_known_to_be_missing(
    web: WebServer, settings: Settings
) -> None:
    missing, failed = Answer(), Answer(code="SERVFAIL")
    lame = NameServer(zone=lambda: {HOST: missing if len(lame.queries) == 1 else failed})
    with lame:
        settings.DNS_RESOLVERS = [(HERE, lame.port)]
        assert files.fetch(HOST, FILE).outcome is Outcome.WEBSITE_UNKNOWN


def test_a_website_may_stand_behind_an_alias(web: WebServer, names: NameServer) -> None:
    names[HOST] = Answer(alias="sites.example")
    names["sites.example"] = Answer(addresses=(HERE,))
    web.publish(HOST, FILE, VALUE)
    assert files.fetch(HOST, FILE).outcome is Outcome.FOUND


PRIVATE = [
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.1", HERE,
    "127.8.8.8", "192.0.2.1", "198.18.0.1", "224.0.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "fe80::1", "fd00::1", "fec0::1", "ff0e::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808",
    "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2001:0:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_not_asked(
    web: WebServer, names: NameServer, settings: Settings, address: str
) -> None:
    settings.HTTPS_CHECK_NETWORKS = ()
    names[HOST] = Answer(addresses=(address,))
    assert fetched_in_time() == Finding(Outcome.NOT_PUBLIC)  # which does not tell the address
    assert web.connections == 0


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_a_public_address_is_asked(
    web: WebServer, names: NameServer, settings: Settings, address: str
) -> None:
    settings.HTTPS_CHECK_NETWORKS = ()
    names[HOST] = Answer(addresses=(address,))
    assert fetched_in_time().outcome is Outcome.NO_CONNECTION  # as the tests' network is closed


@pytest.mark.parametrize("private", ["10.0.0.1", "::1", "::ffff:10.0.0.1"])
def test_one_address_that_is_not_public_among_others_is_enough_to_ask_none(
    web: WebServer, names: NameServer, private: str
) -> None:
    web.publish(HOST, FILE, VALUE)
    names[HOST] = Answer(addresses=(HERE, private))
    assert fetched_in_time().outcome is Outcome.NOT_PUBLIC
    assert web.connections == 0


@pytest.mark.parametrize("address", [HERE, f"::ffff:{HERE}"])
def test_an_allowed_network_is_asked_by_whatever_form_of_its_address(
    web: WebServer, names: NameServer, address: str
) -> None:
    web.publish(HOST, FILE, VALUE)
    names[HOST] = Answer(addresses=(address,))
    assert files.fetch(HOST, FILE).outcome is Outcome.FOUND


def test_a_name_is_looked_up_once_and_what_it_says_later_counts_for_nothing(
    web: WebServer, settings: Settings
) -> None:
    web.publish(HOST, FILE, VALUE)
    first, later = Answer(addresses=(HERE,)), Answer(addresses=("169.254.169.254",))
    changing = NameServer(zone=lambda: {HOST: first if len(changing.queries) <= 2 else later})
    with changing:
        settings.DNS_RESOLVERS = [(HERE, changing.port)]
        assert files.fetch(HOST, FILE).outcome is Outcome.FOUND
        assert len(changing.queries) == 2  # once for each kind of address
        assert files.fetch(HOST, FILE).outcome is Outcome.NOT_PUBLIC
    assert web.connections == 1


def test_many_may_fetch_at_once(web: WebServer, settings: Settings) -> None:
    settings.HTTPS_CHECK_LIFETIME = timedelta(seconds=20)
    web.publish(HOST, FILE, VALUE)
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda _: files.fetch(HOST, FILE).outcome, range(128)))
    assert set(found) == {Outcome.FOUND}


def test_the_whole_budget_of_an_installation_is_five_seconds(settings: Settings) -> None:
    assert settings.HTTPS_CHECK_LIFETIME.total_seconds() <= 5
