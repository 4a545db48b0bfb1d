"""Accounts as their administrators and contractors live them, with scripts off where none matter.

Created and handed over, brought in by consent, given to somebody from outside and taken again.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Site, log_in, running, set_up_phone
from tests.browser.test_journey import sign_up
from tests.servers.console import Console
from tests.world import PASSWORD

pytestmark = pytest.mark.browser

# Time enough for a page to open, and soon past.
IDLE_SECONDS = 16


def open_account(page: Page, name: str) -> None:
    page.goto("/admin-center/accounts/")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def tab(page: Page, name: str) -> Locator:
    tabs = page.get_by_role("navigation", name="Account", exact=True)
    return tabs.get_by_role("link", name=name, exact=True)


def test_an_administrator_creates_an_account_and_hands_it_over(
    open_page: Callable[..., Page],
) -> None:
    ben, dora = (open_page(java_script_enabled=False) for _ in range(2))
    log_in(ben, "ben@acme.example")
    ben.goto("/admin-center/accounts/")
    ben.get_by_role("link", name="Create New Account").click()
    ben.get_by_label("Friendly name").fill("Field service")
    ben.get_by_label("Owner").fill("nobody@acme.example")
    ben.get_by_role("button", name="Review").click()
    problem = "Owner: The owner must be a managed user of this organization."
    expect(ben.get_by_role("link", name=problem)).to_be_visible()
    expect(ben.get_by_label("Friendly name")).to_have_value("Field service")
    ben.get_by_role("link", name="Back").click()
    ben.get_by_label("Owner").fill("ben@acme.example")
    ben.get_by_role("button", name="Review").click()
    expect(ben.get_by_text("Ben Okafor (ben@acme.example)")).to_be_visible()
    ben.get_by_role("button", name="Create").click()
    expect(ben.get_by_text("Field service is created.")).to_be_visible()

    ben.get_by_role("link", name="Change Owner").click()
    ben.get_by_label("New owner").fill("dora@acme.example")
    ben.get_by_role("button", name="Change Owner").click()
    expect(ben.get_by_text("dora@acme.example owns Field service now.")).to_be_visible()

    log_in(dora, "dora@acme.example")
    dora.get_by_role("link", name="Field service", exact=True).click()
    tab(dora, "Users").click()
    expect(dora.get_by_role("row").filter(has_text="dora@")).to_contain_text("Owner")
    expect(dora.get_by_role("row").filter(has_text="ben@")).to_contain_text("Administrator")


def test_an_existing_account_comes_in_when_its_owner_accepts_what_that_means(
    site: Site, open_page: Callable[..., Page]
) -> None:
    ben, nia = (open_page(java_script_enabled=False) for _ in range(2))
    sign_up(nia, site, "nia@bringing.example", "Nia", "Nia alone")
    nia.get_by_role("link", name="First account", exact=True).click()
    sid = nia.url.rstrip("/").rpartition("/")[2]

    def ask() -> None:
        ben.goto("/admin-center/accounts/add/")
        ben.get_by_label("Account SID").fill(sid)
        ben.get_by_role("button", name="Add Existing Account").click()

    log_in(ben, "ben@acme.example")
    ask()
    not_verified = "of a domain that your organization has not verified"
    expect(ben.get_by_text(not_verified).first).to_be_visible()
    verify(ben, site, "bringing.example")
    ask()
    expect(ben.get_by_text("nia@bringing.example was asked to confirm.")).to_be_visible()
    expect(ben.get_by_role("row").filter(has_text=sid)).to_contain_text("nia@bringing.example")

    nia.goto(site.link_mailed_to("nia@bringing.example", subject="Acme wants to add your account"))
    expect(nia.get_by_text("Your own organization ends")).to_be_visible()
    nia.get_by_role("button", name="Accept invitation").click()
    expect(nia.get_by_text("Welcome to Acme.")).to_be_visible()

    ben.goto("/admin-center/accounts/")
    expect(ben.get_by_role("row").filter(has_text=sid)).to_contain_text("nia@bringing.example")
    ben.goto("/admin-center/accounts/pending/")
    expect(ben.get_by_role("row").filter(has_text=sid)).to_have_count(0)
    ben.goto("/admin-center/users/")
    expect(ben.get_by_role("row").filter(has_text="nia@")).to_contain_text("Standard User")


def verify(page: Page, site: Site, domain: str) -> None:
    page.goto("/admin-center/domains/add/")
    page.get_by_label("Domain name").fill(domain)
    page.get_by_role("button", name="Add Domain").click()
    value = page.get_by_text("twilio-domain-verification=").first.inner_text()
    site.names.publish(f"_twilio.{domain}", value)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text(f"{domain} is verified.")).to_be_visible()


def test_a_contractor_gets_one_account_and_loses_it_again(
    site: Site, open_page: Callable[..., Page]
) -> None:
    address = "con@outside.example"
    ben = open_page(java_script_enabled=False)
    log_in(ben, "ben@acme.example")
    open_account(ben, "Billing")
    path = ben.url.removeprefix(site.url).replace("/admin-center/", "/console/")
    con = open_page(java_script_enabled=False, refused=[path])
    tab(ben, "Users").click()
    ben.get_by_role("link", name="Invite User").click()
    ben.get_by_label("Email address").fill(address)
    ben.get_by_label("Administrator").check()
    ben.get_by_label("Developer").check()
    ben.get_by_label("Reason").fill("Moves the invoices")
    ben.get_by_role("button", name="Invite User").click()
    expect(ben.get_by_text("Administrator includes the other roles.").first).to_be_visible()
    expect(ben.get_by_label("Email address")).to_have_value(address)
    ben.get_by_label("Administrator").uncheck()
    ben.get_by_role("button", name="Invite User").click()
    expect(ben.get_by_text(f"{address} was invited.")).to_be_visible()

    con.goto(site.link_mailed_to(address, subject="Ben Okafor invites you to Billing"))
    expect(con.get_by_text("and to nothing else of Acme")).to_be_visible()
    con.get_by_label("First name").fill("Con")
    con.get_by_label("Password").fill(PASSWORD)
    con.get_by_role("button", name="Accept invitation").click()
    expect(con.get_by_role("heading", name="Billing", exact=True)).to_be_visible()
    con.get_by_role("link", name="Why do I have access?").click()
    expect(con.get_by_text("because “Moves the invoices”")).to_be_visible()
    con.goto("/console/")
    expect(con.get_by_role("row").filter(has_text="Billing")).to_contain_text("Developer")

    ben.goto("/admin-center/users/independent/")
    ben.get_by_role("link", name="Con", exact=True).click()
    ben.get_by_role("button", name="Remove access to Billing").click()
    expect(ben.get_by_text(f"{address} no longer has access to Billing.")).to_be_visible()

    gone = con.goto(path)
    assert gone
    assert gone.status == 404
    con.goto("/console/")
    expect(con.get_by_role("row").filter(has_text="Billing")).to_have_count(0)
    expect(con.get_by_role("row").filter(has_text="First account")).to_have_count(1)


def test_ticking_administrator_clears_and_disables_the_others(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    log_in(page, "ben@acme.example")
    open_account(page, "Marketing")
    tab(page, "Users").click()
    page.get_by_role("link", name="Invite User").click()
    lone, *others = (
        page.get_by_label(name)
        for name in ("Administrator", "Developer", "Billing Manager", "Support")
    )
    others[0].check()
    lone.check()
    for other in others:
        expect(other).not_to_be_checked()
        expect(other).to_be_disabled()
    lone.uncheck()
    for other in others:
        expect(other).to_be_enabled()

    # What is held already is there when the page opens, and what is refused when it comes back.
    others[2].check()
    page.get_by_label("Email address").fill("emil@acme.example")
    page.get_by_role("button", name="Invite User").click()
    page.get_by_role("link", name="Emil Novák").click()
    page.get_by_role("link", name="Change roles").click()
    lone.check()
    page.get_by_role("button", name="Change roles").click()
    page.get_by_role("link", name="Change roles").click()
    expect(lone).to_be_checked()
    for other in others:
        expect(other).to_be_disabled()
    lone.uncheck()
    others[1].check()
    page.get_by_role("button", name="Change roles").click()
    expect(page.get_by_text("is Billing Manager on this account")).to_be_visible()


@pytest.fixture
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """An installation where a session that opened a HIPAA account ends soon."""
    settings = {"HIPAA_IDLE_MINUTES": str(IDLE_SECONDS / 60)}
    with running(tmp_path_factory.mktemp("hurried"), settings) as console:
        yield console


def test_a_session_that_opens_a_hipaa_account_is_warned_and_can_stay(
    hurried: Console, browser: Browser
) -> None:
    with browser.new_context(base_url=hurried.url) as context:
        page = context.new_page()
        log_in(page, "dora@acme.example")
        warning = page.get_by_role("alertdialog")
        expect(page.locator(".idle")).to_have_count(0)
        set_up_phone(page, hurried, "+15005550077")
        page.goto("/console/")
        page.get_by_role("link", name="Health line", exact=True).click()
        expect(warning).to_be_visible(timeout=IDLE_SECONDS * 1000)
        expect(warning).to_contain_text("You will be logged out in")
        warning.get_by_role("button", name="Stay logged in").click()
        expect(warning).to_be_hidden()
        page.wait_for_timeout(1000 * IDLE_SECONDS / 2)  # past the end that was put off
        page.goto("/console/")
        expect(page.get_by_role("heading", name="Welcome, Dora")).to_be_visible()
        page.wait_for_url("**/login/**", timeout=2500 * IDLE_SECONDS)
