"""The staff site in a real browser: axe finds nothing, the console is silent, no script needed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, log_in, make, set_up_phone
from tests.browser.test_accessibility import findings, follow, width_of

pytestmark = pytest.mark.browser

LISTS = [
    "/staff/organizations/organization/",
    "/staff/users/user/?q=a",
    "/staff/accounts/account/",
    "/staff/accounts/roleassignment/",
    "/staff/domains/domain/",
    "/staff/invitations/invitation/",
    "/staff/audit/auditevent/",
]
OPERATIONS = ["Rename", "Set the account limit", "Change the Owner"]


@dataclass(frozen=True, slots=True)
class Desk:
    """Sue, who has proven a second factor in one window, and what stands in for it elsewhere."""

    cookies: list[Any]
    recovery_codes: list[str]


@pytest.fixture(scope="module")
def desk(browser: Browser, site: Site) -> Desk:
    with browser.new_context(base_url=site.url) as context:
        page = context.new_page()
        log_in(page, "sue@support.example")
        codes = set_up_phone(page, site.console, "+15005550001")
        return Desk(context.cookies(), codes)


def open_organization(page: Page, owner: str) -> None:
    page.goto(f"/staff/organizations/organization/?q={owner}")
    follow(page.locator("#result_list th a"))


def every_page(page: Page, desk: Desk) -> Iterator[str]:
    """Lead the page over the whole staff site, and give the address of each stop."""
    page.context.add_cookies(desk.cookies)
    page.goto("/console/")
    page.locator(".topbar .menu > summary").click()
    follow(page.get_by_role("link", name="Staff site"))
    yield page.url
    for path in ["/staff/users/", *LISTS]:
        page.goto(path)
        yield page.url
    page.goto("/staff/users/user/?q=cy@acme.example")
    follow(page.get_by_role("link", name="cy@acme.example"))
    yield page.url
    for name in OPERATIONS:
        open_organization(page, "ana@acme.example")
        follow(page.get_by_role("link", name=name))
        follow(page.get_by_role("button", name=name))
        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        yield page.url
    open_organization(page, "ana@acme.example")
    yield page.url


def test_axe_finds_nothing_in_either_theme(desk: Desk, open_page: Callable[..., Page]) -> None:
    page = open_page()
    assert [found for _ in every_page(page, desk) for found in findings(page)] == []


def test_at_four_hundred_percent_no_page_scrolls_sideways(
    desk: Desk, open_page: Callable[..., Page]
) -> None:
    page = open_page(viewport={"width": 320, "height": 256})
    wide = {url: width_of(page) for url in every_page(page, desk) if width_of(page) > 320}
    assert wide == {}


def test_at_four_hundred_percent_the_pages_of_a_long_list_wrap(
    desk: Desk, site: Site, open_page: Callable[..., Page]
) -> None:
    make(site.console, "many_people('many-people.example')")
    page = open_page(viewport={"width": 320, "height": 256})
    page.context.add_cookies(desk.cookies)
    page.goto("/staff/users/user/?p=6")
    expect(page.get_by_role("button", name="9", exact=True)).to_be_visible()  # three further on
    assert width_of(page) == 320


def test_staff_put_a_name_right_without_scripts(desk: Desk, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/staff/")
    page.get_by_label("Email address").fill("sue@support.example")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(desk.recovery_codes[0])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/staff/")
    open_organization(page, "ida@freelance.example")
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Organization name").fill("Freelance Works")
    page.get_by_label("Reason").fill("Ticket 12")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("The name is Freelance Works now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Freelance Works")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
