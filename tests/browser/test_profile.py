"""People look after themselves in a real browser, with scripts off and by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, log_in
from tests.browser.test_journey import sign_up

pytestmark = pytest.mark.browser


def test_somebody_changes_their_address_and_logs_in_with_it(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(java_script_enabled=False)
    sign_up(page, site, "lea@harbour.example", "Lea", "Harbour")
    page.get_by_role("link", name="Profile").first.click()
    page.get_by_role("link", name="Change email address").click()
    page.get_by_label("New email address").fill("Lea.Moreau@HARBOUR.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("lea.moreau@harbour.example is not confirmed yet")).to_be_visible()
    page.goto(site.link_mailed_to("lea.moreau@harbour.example", subject="Confirm your new address"))
    page.get_by_role("button", name="Change my address").click()
    expect(page.get_by_text("Your address is lea.moreau@harbour.example now.")).to_be_visible()

    elsewhere = open_page(java_script_enabled=False)
    log_in(elsewhere, "lea.moreau@harbour.example")
    page.goto("/profile/sessions/")
    expect(page.get_by_text("This browser")).to_be_visible()
    page.get_by_role("button", name="Log out everywhere else").click()
    expect(page.get_by_text("You are logged out everywhere else.")).to_be_visible()
    elsewhere.goto("/console/")
    expect(elsewhere.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_theme_of_ones_own_beats_the_systems(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="dark", java_script_enabled=False)
    log_in(page, "emil@acme.example")
    page.goto("/profile/preferences/")
    page.get_by_label("Light").check()
    page.get_by_label("Time zone").select_option(label="Lisbon")
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_text("Europe/Lisbon")).to_be_visible()
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.goto("/profile/preferences/")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save preferences").click()
    assert page.evaluate(background) != "rgb(255, 255, 255)"
