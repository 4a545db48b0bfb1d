"""axe finds nothing on any page, light or dark, and no page scrolls both ways when narrow."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import log_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PUBLIC = [
    "/login/",
    "/signup/",
    "/password/reset/",
    "/password/reset/sent/",
    "/mailbox/",
    "/gallery/",
]
ADMIN_CENTER = [
    "/console/",
    "/profile/",
    "/profile/name/",
    "/profile/email/",
    "/profile/password/",
    "/profile/preferences/",
    "/profile/sessions/",
    "/console/shortcuts/",
    "/admin-center/",
    "/admin-center/access/",
    "/admin-center/access/?source=direct&role=account-owner&sort=-began&on=x",
    "/admin-center/access/?search=nobody&state=ended&on=2026-11-01",
    "/admin-center/accounts/",
    "/admin-center/users/",
    "/admin-center/users/pending/",
    "/admin-center/users/invite/",
    "/admin-center/domains/",
    "/admin-center/domains/add/",
    "/admin-center/activity/",
    "/admin-center/settings/",
]
OWNERS = ["/admin-center/settings/ownership/"]
DETAILS = [
    ("/console/", "Billing"),
    ("/admin-center/accounts/", "Billing"),
    ("/admin-center/users/", "Cy Lindqvist"),
    ("/admin-center/users/pending/", "hana@acme.example"),
    ("/admin-center/domains/", "acme-labs.example"),
    ("/admin-center/domains/", "acme.example"),
]


def findings(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [f"{page.url}: {one['id']} {one['nodes'][0]['html']}" for one in violations]


def every_page(page: Page) -> list[str]:
    found = []
    for path in PUBLIC:
        page.goto(path)
        found += findings(page)
    log_in(page, "ben@acme.example")
    for path in ADMIN_CENTER:
        page.goto(path)
        found += findings(page)
    for path, name in DETAILS:
        page.goto(path)
        page.get_by_role("link", name=name, exact=True).click()
        found += findings(page)
    page.goto("/admin-center/users/invite/")
    page.get_by_role("button", name="Invite User").click()
    found += findings(page)
    page.context.clear_cookies()
    log_in(page, "ana@acme.example")
    for path in OWNERS:
        page.goto(path)
        found += findings(page)
    page.context.clear_cookies()
    log_in(page, "ida@freelance.example")
    page.goto("/admin-center/")
    page.get_by_text("1 of 4, next: Verify a domain").click()
    return found + findings(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme: str, open_page: Callable[..., Page]) -> None:
    assert every_page(open_page(color_scheme=theme)) == []


def test_no_page_scrolls_sideways_in_the_narrowest_window(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    log_in(page, "ana@acme.example")
    for path in [*ADMIN_CENTER, *OWNERS, "/gallery/"]:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"{path} is {width} pixels wide"


def test_the_keyboard_alone_logs_in_and_skips_to_the_content(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.goto("/login/")
    page.get_by_label("Email address").focus()
    page.keyboard.type("cy@acme.example")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery staple")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
