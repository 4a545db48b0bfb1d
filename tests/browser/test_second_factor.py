"""Second factors in a real browser: an app without scripts, a lost phone, a passkey."""

import time
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import Site, log_in, running
from tests.browser.test_journey import sign_up
from tests.servers.console import Console
from tests.servers.ports import free_port
from tests.world import PASSWORD

pytestmark = pytest.mark.browser

_STEP_SECONDS = 30


def type_password(page: Page, address: str) -> None:
    page.goto("/login/")
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.goto("/logout/")
    page.get_by_role("button", name="Log out").last.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def add_app(page: Page) -> tuple[pyotp.TOTP, list[str]]:
    """From the profile: scan, type the code, keep the recovery codes."""
    page.goto("/profile/")
    page.get_by_role("link", name="See second factors").click()
    page.get_by_role("link", name="Add a second factor").click()
    page.get_by_role("link", name="Authenticator app").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    app = pyotp.TOTP(page.locator("dd code").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(app.now())
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator("li code").all_inner_texts()
    page.get_by_role("link", name="I have saved these codes").click()
    expect(page.get_by_role("rowheader", name="Authenticator app")).to_be_visible()
    return app, codes


def next_code(app: pyotp.TOTP) -> str:
    """One that adding the app has not used up."""
    return app.at(int(time.time()) + _STEP_SECONDS)


def test_an_app_is_asked_for_at_the_next_log_in_without_scripts(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=False)
    sign_up(page, site, "mila@harbour.example", "Mila", "Harbour")
    app, codes = add_app(page)
    assert len(codes) == 10
    site.mail_to("mila@harbour.example", subject="You can log in")

    log_out(page)
    type_password(page, "mila@harbour.example")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the code")
    page.get_by_label("Code").fill(next_code(app))
    page.get_by_label("Do not ask again on this computer for 30 days").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/console/")

    log_out(page)
    log_in(page, "mila@harbour.example")


def test_a_recovery_code_stands_in_for_a_lost_phone(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=False)
    sign_up(page, site, "nils@harbour.example", "Nils", "Harbour")
    _, codes = add_app(page)

    elsewhere = open_page(java_script_enabled=False)
    type_password(elsewhere, "nils@harbour.example")
    elsewhere.get_by_role("link", name="Use a recovery code").click()
    elsewhere.get_by_label("Recovery code").fill(codes[0])
    elsewhere.get_by_role("button", name="Continue").click()
    elsewhere.wait_for_url("**/console/")
    site.mail_to("nils@harbour.example", subject="A recovery code of yours was used")
    elsewhere.goto("/profile/second-factors/")
    expect(elsewhere.get_by_text("9", exact=True)).to_be_visible()
    elsewhere.get_by_role("link", name="Remove Authenticator app").click()
    elsewhere.get_by_role("button", name="Remove the second factor").click()
    expect(elsewhere.get_by_text("Authenticator app is removed.")).to_be_visible()
    expect(elsewhere.get_by_role("heading", name="No second factor yet")).to_be_visible()


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An installation that is reached by a name, as passkeys need it."""
    port = free_port()
    settings = {"BASE_URL": f"http://localhost:{port}", "ALLOWED_HOSTS": "localhost,127.0.0.1"}
    with running(tmp_path_factory.mktemp("named"), settings, port=port) as console:
        yield console


@pytest.fixture
def at_name(browser: Browser, named: Console) -> Iterator[Page]:
    """A window of that installation; whatever a script dies of fails."""
    context = browser.new_context(base_url=f"http://localhost:{named.port}")
    context.set_default_timeout(10_000)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def plug_in(page: Page) -> tuple[CDPSession, str]:
    """A security key that somebody always touches."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, key["authenticatorId"]


def test_a_passkey_is_added_and_proves_the_next_log_in(at_name: Page) -> None:
    page = at_name
    plug_in(page)
    log_in(page, "emil@acme.example")
    page.goto("/profile/second-factors/")
    page.get_by_role("link", name="Add a second factor").click()
    page.get_by_role("link", name="Passkey").click()
    page.get_by_label("Name").fill("Key ring")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="I have saved these codes").click()
    expect(page.get_by_role("rowheader", name="Passkey “Key ring”")).to_be_visible()

    log_out(page)
    type_password(page, "emil@acme.example")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/console/")
    page.goto("/profile/second-factors/")
    expect(page.get_by_role("cell", name="Never")).to_have_count(0)


def test_a_passkey_that_is_not_there_is_said_so(at_name: Page) -> None:
    page = at_name
    devtools, key = plug_in(page)
    log_in(page, "ben@acme.example")
    page.goto("/second-factor/set-up/passkey/?next=/profile/second-factors/")
    page.get_by_label("Name").fill("Lost key")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="I have saved these codes").click()
    log_out(page)
    devtools.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    type_password(page, "ben@acme.example")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("did not get a passkey from you")
    expect(page.get_by_role("link", name="Use a recovery code")).to_be_visible()


def test_without_scripts_a_page_about_passkeys_says_what_it_needs(
    browser: Browser, named: Console
) -> None:
    context = browser.new_context(
        base_url=f"http://localhost:{named.port}", java_script_enabled=False
    )
    page = context.new_page()
    log_in(page, "ana@acme.example")
    page.goto("/second-factor/set-up/passkey/")
    expect(page.get_by_text("Passkeys need JavaScript.")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    context.close()


def test_by_number_passkeys_are_not_offered_and_the_page_says_why(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    log_in(page, "emil@acme.example")
    page.goto("/second-factor/set-up/")
    expect(page.get_by_text("Passkeys need a host with a name")).to_be_visible()
    assert page.get_by_role("link", name="Passkey").count() == 0
