"""The staff site in a real browser: axe finds nothing, the console is silent, no script needed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import log_in
from tests.browser.test_accessibility import findings

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

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


def open_organization(page: Page, owner: str) -> None:
    page.goto(f"/staff/organizations/organization/?q={owner}")
    page.locator("#result_list th a").click()


def every_page(page: Page) -> list[str]:
    log_in(page, "sue@support.example")
    page.get_by_text("Sue Park").first.click()
    page.get_by_role("link", name="Staff site").click()
    found = findings(page)
    for path in ["/staff/users/", *LISTS]:
        page.goto(path)
        found += findings(page)
    page.goto("/staff/users/user/?q=cy@acme.example")
    page.get_by_role("link", name="cy@acme.example").click()
    found += findings(page)
    for name in OPERATIONS:
        open_organization(page, "ana@acme.example")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        found += findings(page)
    open_organization(page, "ana@acme.example")
    return found + findings(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme: str, open_page: Callable[..., Page]) -> None:
    assert every_page(open_page(color_scheme=theme)) == []


def test_no_page_scrolls_sideways_in_the_narrowest_window(open_page: Callable[..., Page]) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    log_in(page, "sue@support.example")
    for path in ["/staff/", *LISTS]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_staff_put_a_name_right_without_scripts(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/staff/")
    page.get_by_label("Email address").fill("sue@support.example")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Log in").click()
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
