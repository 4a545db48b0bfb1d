"""The main job as its users live it, with scripts off: sign up, prove a domain, invite, join."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.world import PASSWORD

pytestmark = pytest.mark.browser


def sign_up(page: Page, site: Site, address: str, first_name: str, organization: str) -> None:
    page.goto("/signup/")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(site.link_mailed_to(address, subject="Confirm your address"))
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Organization name").fill(organization)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name=f"Welcome, {first_name}")).to_be_visible()


def invite(page: Page, address: str, role: str) -> None:
    page.goto("/admin-center/users/")
    page.get_by_role("link", name="Invite User").click()
    page.get_by_label("Email address").fill(address)
    page.get_by_label(role).check()
    page.get_by_role("button", name="Invite User").click()
    expect(page.get_by_text(f"{address} was invited.")).to_be_visible()


def row(page: Page, address: str) -> str:
    return page.get_by_role("row").filter(has_text=address).inner_text()


def test_a_stranger_founds_an_organization_and_brings_colleagues_in(
    site: Site, open_page: Callable[..., Page]
) -> None:
    lena, nia, max_ = (open_page(java_script_enabled=False) for _ in range(3))
    sign_up(nia, site, "nia@journey.example", "Nia", "Nia alone")
    sign_up(lena, site, "lena@journey.example", "Lena", "Journey")

    # The domain is proven by what a name server really answers.
    lena.get_by_role("link", name="Open the Admin Center").click()
    lena.get_by_role("link", name="Domains").click()
    lena.get_by_role("link", name="Add Domain").first.click()
    lena.get_by_label("Domain name").fill("Journey.Example.")
    lena.get_by_role("button", name="Add Domain").click()
    lena.get_by_role("button", name="Check").click()
    missing = lena.get_by_text("There is no record named _twilio.journey.example yet")
    expect(missing.first).to_be_visible()
    value = re.search(r"twilio-domain-verification=[0-9a-f]{32}", lena.content())
    assert value
    site.names.publish("_twilio.journey.example", value.group())
    lena.get_by_role("button", name="Check").click()
    expect(lena.get_by_text("journey.example is verified.")).to_be_visible()

    # Somebody new joins by the mailed link; a stranger may not sign up into the domain.
    invite(lena, "max@journey.example", "Standard User (Account Creation)")
    link = site.link_mailed_to("max@journey.example", subject="Lena invites you to Journey")
    lena.goto(link)
    expect(lena.get_by_role("heading", name="This invitation is for another")).to_be_visible()
    max_.goto("/signup/")
    max_.get_by_label("Email address").fill("mo@journey.example")
    max_.get_by_role("button", name="Sign up").click()
    expect(max_.get_by_text("lets people in by invitation only").first).to_be_visible()
    max_.goto(link)
    max_.get_by_label("First name").fill("Max")
    max_.get_by_label("Password").fill(PASSWORD)
    max_.get_by_role("button", name="Accept invitation").click()
    expect(max_.get_by_text("Welcome to Journey.")).to_be_visible()

    # Somebody with a login is warned that their own small organization ends.
    invite(lena, "nia@journey.example", "Administrator")
    nia.goto(site.link_mailed_to("nia@journey.example", subject="Lena invites you to Journey"))
    expect(nia.get_by_text("Your own organization ends")).to_be_visible()
    nia.get_by_role("button", name="Accept invitation").click()
    expect(nia.get_by_text("Welcome to Journey.")).to_be_visible()

    # All are listed with their roles, and every step stands in the trail.
    lena.goto("/admin-center/users/")
    assert "Owner" in row(lena, "lena@journey.example")
    assert "Standard User" in row(lena, "max@journey.example")
    assert "Administrator" in row(lena, "nia@journey.example")
    lena.goto("/admin-center/accounts/")
    assert "Trial" in row(lena, "nia@journey.example")
    lena.goto("/admin-center/activity/")
    for step in (
        "signed up",
        "added the domain journey.example",
        "verified the domain journey.example",
        "invited max@journey.example as Standard User (Account Creation)",
        "joined by invitation as Standard User (Account Creation)",
        "let the organization “Nia alone” be absorbed by “Journey”",
        "joined by invitation as Administrator",
    ):
        expect(lena.get_by_text(step).first).to_be_visible()
    lena.locator("summary").filter(has_text="Lena").click()
    lena.get_by_role("button", name="Log out").click()
    expect(lena.get_by_role("heading", name="Log in")).to_be_visible()
