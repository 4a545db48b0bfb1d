"""The vendor of text messages down or silent: nobody waits, and the code leaves later."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.servers.console import Browser, Console, until
from tests.servers.sms import Mode, SmsVendor

ANA, NUMBER = "ana@acme.example", "+15005550001"
SET_UP = "/second-factor/set-up/phone/"


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def install(request: pytest.FixtureRequest) -> Callable[..., Console]:
    found: Callable[..., Console] = request.getfixturevalue(request.param)
    return found


def running(install: Callable[..., Console], vendor: SmsVendor) -> tuple[Console, Any, Browser]:
    """A console with its worker, and Ana's browser in it."""
    console = install(SMS_URL=vendor.url, TASK_FIRST_PAUSE_SECONDS="0.2", TASK_LEASE_SECONDS="2")
    console.serve_web()
    worker = console.serve_worker()
    return console, worker, Browser(console.url).log_in(ANA)


def ask_for_code(ana: Browser) -> str:
    """The page afterwards, which was there at once."""
    answer = ana.submit(SET_UP, number=NUMBER)
    assert (answer.status, answer.location) == (303, f"{SET_UP}code/")
    assert answer.seconds < 2
    return ana.get(answer.location).text


def code_from(vendor: SmsVendor) -> str:
    until(lambda: vendor.messages)
    [message] = vendor.messages
    assert message.to == NUMBER
    found = re.match(r"(\d{6}) is your", message.body)
    assert found, message.body
    return found.group(1)


def enrol(ana: Browser, code: str) -> None:
    answer = ana.submit(f"{SET_UP}code/", code=code)
    assert answer.status == 303, answer.text
    assert "Phone number" in ana.get("/profile/second-factors/").text


def test_a_code_goes_through_worker_and_vendor_to_the_phone_and_back(install) -> None:
    with SmsVendor() as vendor:
        console, _, ana = running(install, vendor)
        ask_for_code(ana)
        enrol(ana, code_from(vendor))
        assert vendor.tries == 1
        assert NUMBER not in console.log


def test_a_code_waits_for_a_vendor_that_is_down(install) -> None:
    with SmsVendor(down=True) as vendor:
        console, worker, ana = running(install, vendor)
        page = ask_for_code(ana)
        assert "some minutes when the network is slow" in page
        time.sleep(1)  # in which it is tried in vain
        vendor.listen()
        code = code_from(vendor)
        enrol(ana, code)
        assert worker.poll() is None
        for secret in (code, NUMBER, vendor.url):
            assert secret not in console.log


def test_a_vendor_that_does_not_answer_holds_up_no_page(install) -> None:
    with SmsVendor(Mode.SILENT) as vendor:
        _, worker, ana = running(install, vendor)
        ask_for_code(ana)
        assert vendor.asked.wait(30)
        begun = time.monotonic()
        assert ana.get("/console/").status == 200
        assert time.monotonic() - begun < 2
        vendor.mode = Mode.OK
        enrol(ana, code_from(vendor))
        assert worker.poll() is None


def test_a_vendor_that_hangs_up_gets_the_same_code_again(install) -> None:
    with SmsVendor(Mode.DROP_AFTER_ACCEPTING) as vendor:
        _, _, ana = running(install, vendor)
        ask_for_code(ana)
        until(lambda: len(vendor.messages) >= 2)
        vendor.mode = Mode.OK
        assert len(set(vendor.messages)) == 1
        code = vendor.messages[0].body[:6]
        enrol(ana, code)
