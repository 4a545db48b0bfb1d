"""Name servers that fail, are slow or say too much: a plain answer in time, nothing changed."""

from html import unescape

import pytest

from tests.servers.console import Answer as Page
from tests.servers.console import Browser, Console
from tests.servers.dns import Answer, NameServer

DOMAINS = "/admin-center/domains/"
PREFIX = "twilio-domain-verification="
LONGEST_SECONDS = 5
STRINGS = [f"v=spf1 {number}" for number in range(500)]

NO_ANSWER = {
    "no name": (None, "There is no record named"),
    "no record": (Answer(), "has no TXT record"),
    "silent": (Answer(silent=True), "did not answer in time"),
    "after four seconds": (Answer(texts=("late",), delay=4.2), "did not answer in time"),
    "server failure": (Answer(code="SERVFAIL"), "answered with an error"),
    "refused": (Answer(code="REFUSED"), "refused to answer"),
    "alias of itself": (Answer(alias="_twilio.alias-of-itself.example"), "cannot be read"),
    "cut off": (Answer(texts=("other",), truncated=True), "with another value"),
}
WRONG_ANSWER = {
    "64 kilobytes": (Answer(texts=("x" * 60_000,)), "with another value"),
    "500 records": (Answer(texts=tuple(STRINGS)), "with another value"),
    "binary": (Answer(texts=(bytes(range(256)), b"\xff\xfe\x00")), "with another value"),
    "wrong charset": (Answer(texts=("wert für dich".encode("utf-16"),)), "with another value"),
    "markup": (Answer(texts=("<script>alert(1)</script>",)), "with another value"),
}


class Owner:
    """Adds domains and presses Check."""

    def __init__(self, console: Console, names: NameServer) -> None:
        self.names = names
        self.browser = Browser(console.url).log_in("ana@acme.example")

    def add(self, name: str) -> tuple[str, str]:
        """The page of a domain, and the value that its record must have."""
        page = self.browser.submit(f"{DOMAINS}add/", name=name).location
        value = PREFIX + self.browser.get(page).text.partition(PREFIX)[2][:32]
        return page, value

    def check(self, page: str) -> Page:
        """What the page of the domain says after a check that was answered in time."""
        answer = self.browser.post(f"{page}check/", **self.browser.hidden_fields(page))
        assert answer.status == 303
        assert answer.seconds < LONGEST_SECONDS
        return self.browser.get(answer.location)


@pytest.mark.parametrize("answers", [NO_ANSWER, WRONG_ANSWER], ids=["none", "wrong"])
def test_no_answer_verifies_and_each_is_told(answers, on_sqlite) -> None:
    with NameServer() as names:
        console = on_sqlite(DNS_RESOLVERS=f"127.0.0.1:{names.port}")
        console.serve_web()
        owner = Owner(console, names)
        for case, (answer, words) in answers.items():
            name = f"{case.replace(' ', '-')}.example"
            page, value = owner.add(name)
            if answer:
                names[f"_twilio.{name}"] = answer
            told = owner.check(page)
            assert (case, told.status) == (case, 200)
            assert words in unescape(told.text), case
            assert "Not verified yet" in told.text
            assert "<script>alert" not in told.text
        names.publish(f"_twilio.{name}", value)
        assert f"{name} is verified." in owner.check(page).text
        names[f"_twilio.{name}"] = Answer(code="SERVFAIL")
        assert "Not verified yet" not in owner.check(page).text
        console.manage("check_invariants")
