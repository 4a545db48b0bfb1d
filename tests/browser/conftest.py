"""A real installation for a real browser: server and worker processes, name server, mail server.

Browser tests talk to these processes and touch no ORM.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.servers.console import ROOT, Console
from tests.servers.dns import NameServer
from tests.servers.smtp import MailServer
from tests.world import PASSWORD

CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
_MAIL_SECONDS = 15
_CALL = "import django; django.setup(); from tests.browser import casts; casts.{cast}"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the installation answers, what it asks and where it mails to."""

    console: Console
    names: NameServer
    mails: MailServer

    @property
    def url(self) -> str:
        return self.console.url

    def link_mailed_to(self, address: str, *, subject: str) -> str:
        """The link in the newest mail to this address."""
        found = re.search(r"http://\S+", self.mail_to(address, subject=subject))
        assert found, "the mail has no link"
        return found.group()

    def mail_to(self, address: str, *, subject: str) -> str:
        """The text of the newest such mail, waiting for the worker to send it."""
        until = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < until:
            for mail in reversed(self.mails.mails):
                if mail["To"] == address and mail["Subject"].startswith(subject):
                    body = mail.get_body(("plain",))
                    return body.get_content() if body else ""
            time.sleep(0.1)
        raise AssertionError(f"no mail to {address}")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with NameServer() as names, MailServer() as mails:
        settings = {
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "DNS_RESOLVERS": f"127.0.0.1:{names.port}",
            "DNS_LIFETIME_SECONDS": "1",
        }
        with running(tmp_path_factory.mktemp("site"), settings) as console:
            yield Site(console, names, mails)


@contextmanager
def running(run_dir: Path, settings: dict[str, str], *, port: int = 0) -> Iterator[Console]:
    """`manage.py serve` with the demo, on a free port, until the context closes."""
    with Console(run_dir, settings | {"LOG_LEVEL": "ERROR"}, port=port) as console:
        console.serve()
        yield console


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: its event loop must not run beside tests that use the database."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """A new private window; whatever its console complains about, or a script dies of, fails.

    A page that is refused on purpose is named in `refused`: the console complains about it.
    """
    contexts, complaints = [], []

    def make(*, refused: Collection[str] = (), **options: object) -> Page:
        expected = {f"{site.url}{path}" for path in refused}

        def listen(message: ConsoleMessage) -> None:
            known = message.location["url"] in expected
            if message.type in {"error", "warning"} and not known:
                complaints.append(message.text)

        context = browser.new_context(base_url=site.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def make(console: Console, cast: str) -> None:
    """Write people into the database of an installation, by a call of one of the casts."""
    command = [sys.executable, "-c", _CALL.format(cast=cast)]
    made = subprocess.run(
        command, cwd=ROOT, env=console.environment, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr


def log_in(page: Page, address: str) -> None:
    page.goto("/login/")
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")


def set_up_phone(page: Page, console: Console, number: str) -> list[str]:
    """Prove a phone where somebody has just logged in; the recovery codes that come of it."""
    page.goto("/second-factor/set-up/phone/")
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill(code_sent_to(number, console))
    page.get_by_role("button", name="Add the phone number").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    return page.locator("main code").all_inner_texts()


def code_sent_to(number: str, console: Console) -> str:
    """The code of the newest text message, waiting for the worker to send it."""
    until = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < until:
        for file in sorted((console.run_dir / "sms").glob("*.txt"), reverse=True):
            text = file.read_text()
            found = re.search(r"^(\d{6}) is your", text, re.MULTILINE)
            if text.startswith(f"To: {number}\n") and found:
                return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"no message to {number}")
