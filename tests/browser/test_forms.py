"""Forms are finished by keys alone, and lists are filtered and taken out without scripts."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import log_in
from tests.browser.test_look import FOCUSED

pytestmark = pytest.mark.browser

MOST_STOPS = 60
ACCESS = "/admin-center/access/"
SEARCH = "Name, email or SID"
scripts_on_and_off = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])


def tab_to(page: Page, goal: Locator) -> None:
    """Go there by Tab alone; every stop on the way shows that it has the focus."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUSED)
        assert focus["ring"], focus["name"]
        if goal.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {goal}")


def type_into(page: Page, label: str, words: str) -> None:
    tab_to(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def press_button(page: Page, name: str) -> None:
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press("Enter")


# By keys alone


@scripts_on_and_off
def test_keys_rename_the_organization(scripts: bool, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=scripts)
    log_in(page, "eve@globex.example")
    page.goto("/admin-center/settings/")
    name = "Globex by keys" if scripts else "Globex by keys alone"
    type_into(page, "Organization name", name)
    press_button(page, "Save")
    expect(page.get_by_text(f"The name is {name} now.")).to_be_visible()
    expect(page.locator(".topbar__organization strong")).to_have_text(f"Organization: {name}")


@scripts_on_and_off
def test_keys_change_ones_name(scripts: bool, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=scripts)
    log_in(page, "eve@globex.example")
    page.goto("/profile/name/")
    name = "Evelyn" if scripts else "Eva"
    type_into(page, "First name", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/profile/")
    expect(page.get_by_text(f"{name} Haddad").last).to_be_visible()


@scripts_on_and_off
def test_keys_filter_the_role_assignments(scripts: bool, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=scripts)
    log_in(page, "eve@globex.example")
    page.goto(ACCESS)
    type_into(page, SEARCH, "nobody")
    press_button(page, "Apply")
    page.wait_for_url("**search=nobody**")
    expect(page.get_by_role("heading", name="No match")).to_be_visible()
    tab_to(page, page.get_by_role("link", name=f"Remove filter {SEARCH}: nobody"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader").first).to_contain_text("eve@globex.example")


@scripts_on_and_off
def test_keys_choose_preferences(scripts: bool, open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=scripts)
    log_in(page, "eve@globex.example")
    page.goto("/profile/preferences/")
    tab_to(page, page.locator("input[type=radio]:checked"))
    page.keyboard.press("ArrowUp" if page.get_by_label("Dark").is_checked() else "ArrowDown")
    chosen = page.locator("input[type=radio]:checked").input_value()
    zone, city = ("Europe/Lisbon", "Lisbon") if scripts else ("Europe/Vienna", "Vienna")
    tab_to(page, page.get_by_label("Time zone"))
    page.keyboard.type(city)
    shortcuts = page.get_by_label("Keyboard shortcuts")
    now = "Off" if shortcuts.is_checked() else "On"
    tab_to(page, shortcuts)
    page.keyboard.press("Space")
    press_button(page, "Save preferences")
    page.wait_for_url("**/profile/")
    expect(page.get_by_text(zone)).to_be_visible()
    expect(page.get_by_text(now, exact=True)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", chosen)


# Without scripts


@pytest.fixture
def access(open_page: Callable[..., Page]) -> Page:
    page = open_page(java_script_enabled=False)
    log_in(page, "ben@acme.example")
    page.goto(ACCESS)
    return page


def people(page: Page) -> list[str]:
    return page.get_by_role("rowheader").all_inner_texts()


def test_filters_work_without_scripts(access: Page) -> None:
    everybody = people(access)
    access.get_by_label(SEARCH).fill("cy@acme")
    access.get_by_role("button", name="Apply").click()
    access.wait_for_url("**search=cy%40acme**")
    assert people(access)
    assert all("cy@acme.example" in one for one in people(access))
    access.locator("summary").filter(has_text="More filters").click()
    access.get_by_label("Source").select_option(label="Direct")
    access.get_by_role("button", name="Apply").click()
    chips = access.get_by_role("list", name="Active filters")
    expect(chips.get_by_role("link")).to_have_count(3)
    chips.get_by_role("link", name="Remove filter Source: Direct").click()
    expect(chips.get_by_role("link")).to_have_count(2)
    chips.get_by_role("link", name="Clear filters").click()
    assert people(access) == everybody


def test_a_list_is_ordered_without_scripts(access: Page) -> None:
    name = access.get_by_role("columnheader", name="Person")
    forward = people(access)
    name.get_by_role("link").click()
    expect(name).to_have_attribute("aria-sort", "descending")
    assert people(access)[0] != forward[0]
    name.get_by_role("link").click()
    expect(name).to_have_attribute("aria-sort", "ascending")
    assert people(access) == forward


def test_what_is_filtered_is_taken_out_without_scripts(access: Page, tmp_path: Path) -> None:
    access.get_by_label(SEARCH).fill("cy@acme")
    access.get_by_role("button", name="Apply").click()
    shown = people(access)
    with access.expect_download() as started:
        access.get_by_role("button", name="Export CSV").click()
    file = tmp_path / "export.csv"
    started.value.save_as(file)
    assert started.value.suggested_filename.startswith("role-assignments")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["Email address"] for row in rows] == ["cy@acme.example"] * len(shown)
