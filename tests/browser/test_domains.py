"""Domains as people live them: proven, lost and regained, and what visitors meet at sign-up."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, log_in
from tests.browser.test_accessibility import findings
from tests.browser.test_journey import invite, sign_up
from tests.world import PASSWORD

pytestmark = pytest.mark.browser

AT_ONCE = {"DOMAIN_MISSING_DAYS": "0", "DOMAIN_UNCERTAIN_DAYS": "0"}


def add_domain(page: Page, name: str, *, way: str = "DNS") -> None:
    page.goto("/admin-center/domains/add/")
    page.get_by_label("Domain name").fill(name)
    page.get_by_label(way).check()
    page.get_by_role("button", name="Add Domain").click()
    expect(page.get_by_text(f"{name} was added.")).to_be_visible()


def value_on(page: Page) -> str:
    found = re.search(r"twilio-domain-verification=[0-9a-f]{32}", page.content())
    assert found
    return found.group()


def verify(page: Page, site: Site, name: str) -> None:
    """Publish what the page of the domain shows, and press Check."""
    site.names.publish(f"_twilio.{name}", value_on(page))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text(f"{name} is verified.")).to_be_visible()


def join(page: Page, site: Site, address: str, inviter: str, first_name: str) -> None:
    page.goto(site.link_mailed_to(address, subject=f"{inviter} invites you"))
    page.get_by_label("First name").fill(first_name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accept invitation").click()
    expect(page.get_by_text("Welcome to")).to_be_visible()


def choose_setting(page: Page, name: str) -> None:
    page.goto("/admin-center/settings/")
    page.get_by_role("link", name=f"Choose {name}").click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name=f"Choose {name}").click()
    expect(page.get_by_text(f"The domain setting is {name} now.")).to_be_visible()


def ask_to_sign_up(page: Page, address: str) -> None:
    page.goto("/signup/")
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Sign up").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_domain_is_lost_with_its_people_and_regained_with_them(
    site: Site, open_page: Callable[..., Page], *, scripts: bool
) -> None:
    name = f"lapse-{'on' if scripts else 'off'}.example"
    olga, pia = (open_page(java_script_enabled=scripts) for _ in range(2))
    sign_up(olga, site, f"olga@{name}", "Olga", f"Lapse {scripts}")
    add_domain(olga, name)
    verify(olga, site, name)
    invite(olga, f"pia@{name}", "Administrator")
    join(pia, site, f"pia@{name}", "Olga", "Pia")

    # The record goes; whoever can do something is warned on every page.
    del site.names[f"_twilio.{name}"]
    site.console.manage("look_at_domain", name, settings=AT_ONCE)
    olga.goto("/admin-center/users/")
    expect(olga.get_by_text("The verification record of a domain is missing")).to_be_visible()
    olga.get_by_role("link", name="See domains").click()
    olga.get_by_role("link", name=name).click()
    expect(olga.get_by_text("30 days left")).to_be_visible()
    assert not scripts or findings(olga) == []
    mailed = site.link_mailed_to(f"pia@{name}", subject="30 days left to verify")
    assert "/admin-center/domains/" in mailed

    # It does not come back: the domain is lost, and Pia with it; Olga owns the organization.
    site.console.manage("look_at_domain", name, settings=AT_ONCE)
    olga.reload()
    expect(olga.get_by_text("Lost on")).to_be_visible()
    site.link_mailed_to(f"pia@{name}", subject="You are no longer a member")
    log_in(pia, f"pia@{name}")
    expect(pia.get_by_text("You do not belong to an organization").first).to_be_visible()

    # Proven again, everybody comes back at once.
    verify(olga, site, name)
    olga.get_by_role("link", name="See who, and bring them back").click()
    assert not scripts or findings(olga) == []
    olga.get_by_role("button", name="Bring everybody back").click()
    site.link_mailed_to(f"pia@{name}", subject="You are a member of Lapse")
    olga.goto("/admin-center/users/")
    expect(olga.get_by_role("row").filter(has_text=f"pia@{name}")).to_contain_text("Administrator")


def test_a_colleague_publishes_the_record_without_a_login(
    site: Site, open_page: Callable[..., Page]
) -> None:
    rosa, colleague = open_page(), open_page()
    sign_up(rosa, site, "rosa@letters.example", "Rosa", "Letters")
    add_domain(rosa, "letters.example", way="I am not sure")
    link = rosa.get_by_role("link", name="the page for your colleague").get_attribute("href")
    assert link
    colleague.goto(link)
    colleague.get_by_role("button", name="Check", exact=True).click()
    expect(colleague.get_by_text("There is no record named")).to_be_visible()
    site.names.publish("_twilio.letters.example", value_on(colleague))
    colleague.get_by_role("button", name="Check", exact=True).click()
    expect(colleague.get_by_text("The record was found at")).to_be_visible()
    rosa.get_by_role("button", name="Check", exact=True).click()
    expect(rosa.get_by_text("letters.example is verified.")).to_be_visible()


def test_each_domain_setting_from_the_side_of_a_visitor(
    site: Site, open_page: Callable[..., Page]
) -> None:
    tom, visitor, joiner = (open_page() for _ in range(3))
    sign_up(tom, site, "tom@doors.example", "Tom", "Doors")
    add_domain(tom, "doors.example")
    verify(tom, site, "doors.example")

    ask_to_sign_up(visitor, "uma@doors.example")
    expect(visitor.get_by_text("lets people in by invitation only").first).to_be_visible()

    choose_setting(tom, "Auto-enrollment")
    ask_to_sign_up(joiner, "vic@doors.example")
    joiner.goto(site.link_mailed_to("vic@doors.example", subject="Confirm your address"))
    expect(joiner.get_by_text("Doors").first).to_be_visible()
    joiner.get_by_label("First name").fill("Vic")
    joiner.get_by_label("Password").fill(PASSWORD)
    joiner.get_by_role("button", name="Sign up").click()
    expect(joiner.get_by_role("heading", name="Welcome, Vic")).to_be_visible()
    tom.goto("/admin-center/users/")
    expect(tom.get_by_role("row").filter(has_text="vic@doors.example")).to_contain_text("Standard")

    choose_setting(tom, "Blocked")
    sign_up(visitor, site, "uma@doors.example", "Uma", "Uma alone")
    tom.goto("/admin-center/users/")
    expect(tom.get_by_role("row").filter(has_text="uma@doors.example")).to_have_count(0)
