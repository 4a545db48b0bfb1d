"""Text messages go into a folder or by the vendor's API, to a server that checks every request."""

import stat
import time
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from adminctr import environment
from adminctr.core import sms
from adminctr.core.sms import NotSent
from tests.servers.sms import ACCOUNT, SENDER, TOKEN, Message, Mode, SmsVendor

NUMBER = "+15005550001"
TEXT = "123456 is your code: ünïcode & all"


@pytest.fixture
def vendor(settings: Settings):
    with SmsVendor() as server:
        settings.TEXT_MESSAGES = environment.text_messages(server.url)
        yield server


def refusal() -> str:
    with pytest.raises(NotSent) as refused:
        sms.send(NUMBER, TEXT)
    told = str(refused.value)
    for secret in (NUMBER, TEXT, TOKEN, ACCOUNT):
        assert secret not in told
    assert refused.value.__cause__ is None  # the queue keeps what is told of an error
    return told


def test_a_folder_gets_one_file_for_each(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "some where"
    settings.TEXT_MESSAGES = environment.text_messages(f"folder:{tmp_path}/some%20where")
    sms.send(NUMBER, TEXT)
    sms.send(NUMBER, "another")
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".txt", ".txt"]
    assert files[0].read_text().startswith(f"To: {NUMBER}\nDate: ")
    assert files[0].read_text().endswith(f"\n\n{TEXT}\n")
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_vendor_accepts_what_is_sent(vendor: SmsVendor) -> None:
    sms.send(NUMBER, TEXT)
    assert vendor.messages == [Message(NUMBER, TEXT)]


@pytest.mark.parametrize(
    ("mode", "told"), [(Mode.BROKEN, "503, code 20503"), (Mode.BUSY, "429, code 20429")]
)
def test_what_a_vendor_refuses_is_told_by_its_code(vendor, mode: Mode, told: str) -> None:
    vendor.mode = mode
    assert told in refusal()


def test_a_redirect_is_not_followed(vendor: SmsVendor) -> None:
    vendor.mode = Mode.ELSEWHERE
    assert "307" in refusal()
    assert vendor.tries == 1


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"login": (ACCOUNT, "stolen")}, "401, code 20003"),
        ({"sender": "+15005550007"}, "400, code 21606"),
        ({"sender": " 15005550006"}, "400, code 21212"),
    ],
)
def test_a_wrong_setting_is_told_by_its_code(
    vendor, settings: Settings, part: dict[str, object], told: str
) -> None:
    settings.TEXT_MESSAGES = settings.TEXT_MESSAGES | part
    assert told in refusal()
    assert vendor.messages == []


def test_a_number_that_is_none_is_refused_by_the_vendor(vendor: SmsVendor) -> None:
    with pytest.raises(NotSent, match="400, code 21211"):
        sms.send("5550001", TEXT)


def test_a_vendor_that_is_down_is_told(settings: Settings) -> None:
    settings.TEXT_MESSAGES = environment.text_messages(SmsVendor(down=True).url)
    assert "not reached: ConnectError" in refusal()


def test_a_vendor_that_is_silent_is_given_up(vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "_TIMEOUT", httpx.Timeout(0.2))
    vendor.mode = Mode.SILENT
    begun = time.monotonic()
    assert "not reached: ReadTimeout" in refusal()
    assert time.monotonic() - begun < 2


def test_a_vendor_is_waited_for_some_seconds_only() -> None:
    assert sms._TIMEOUT.read <= 10
    assert sms._TIMEOUT.connect <= 5


def test_the_vendor_is_spelled_as_a_url() -> None:
    made = environment.text_messages(f"twilio://{ACCOUNT}:a%2Fb%40c@api.twilio.com?from={SENDER}")
    assert made == {
        "url": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        "login": (ACCOUNT, "a/b@c"),
        "sender": SENDER,
    }


@pytest.mark.parametrize(
    ("host", "scheme"),
    [
        ("api.twilio.com:8443", "https"),
        ("10.0.0.7:8000", "https"),
        ("127.0.0.1:8000", "http"),
        ("localhost:8000", "http"),
        ("[::1]:8000", "http"),
        ("localhost.evil.example", "https"),
    ],
)
def test_the_token_leaves_this_machine_encrypted_alone(host: str, scheme: str) -> None:
    made = environment.text_messages(f"twilio://AC1:token@{host}?from={SENDER}")
    assert made["url"].startswith(f"{scheme}://{host}/2010-04-01/")


@pytest.mark.parametrize(
    "url",
    [
        "", "folder:", "twilio://", "twilio://api.twilio.com?from=+1", "smtp://x",
        f"twilio://AC1@api.twilio.com?from={SENDER}", f"https://AC1:t@x.example?from={SENDER}",
    ],
)  # fmt: skip
def test_an_unknown_way_is_told_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match="SMS_URL: use folder:"):
        environment.text_messages(url)


@pytest.mark.parametrize("query", ["", "?from=", "?from=15005550006", "?to=+15005550006"])
def test_who_sends_must_be_said(query: str) -> None:
    with pytest.raises(ValueError, match="SMS_URL: say who sends"):
        environment.text_messages(f"twilio://AC1:token@api.twilio.com{query}")
