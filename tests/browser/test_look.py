"""What scripts add works, rests where it must, and is not needed; coming back costs one request."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Site, log_in

pytestmark = pytest.mark.browser

A_YEAR = 365 * 24 * 3600
MOST_REQUESTS = 30
MOST_OF_A_DOCUMENT = 40_000
FOCUSED = """() => {
  const one = document.activeElement;
  const seen = getComputedStyle(one);
  return {
    name: one.innerText || one.ariaLabel || one.name,
    place: one === document.body ? 0 : [...document.querySelectorAll("*")].indexOf(one),
    ring: seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 2,
  };
}"""
CONTROLS = """() => [...document.querySelectorAll(
    "a[href], button, input, select, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility() && !one.disabled && one.type !== "hidden").length"""


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


# Keys


@pytest.mark.parametrize(
    ("key", "path"),
    [("o", "/admin-center/"), ("u", "/admin-center/users/"), ("r", "/admin-center/activity/"),
     ("s", "/admin-center/settings/"), ("c", "/console/")],
)  # fmt: skip
def test_two_keys_lead_to_a_page(key: str, path: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, "ben@acme.example")
    page.goto("/admin-center/domains/")
    press(page, "g", key)
    page.wait_for_url(f"**{path}")


def test_a_key_leads_nobody_to_what_they_may_not_open(open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, "cy@acme.example")
    press(page, "g", "u", "u", "x")
    press(page, "?")
    page.wait_for_url("**/console/shortcuts/")


def test_keys_rest_while_somebody_types_or_holds_a_modifier(open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, "ben@acme.example")
    page.goto("/admin-center/users/invite/")
    page.get_by_label("Email address").focus()
    page.keyboard.type("gu?/")
    expect(page.get_by_label("Email address")).to_have_value("gu?/")
    page.get_by_role("heading", level=1).click()
    press(page, "g", "Control+u", "Alt+g", "u")
    page.wait_for_timeout(300)
    assert page.url.endswith("/admin-center/users/invite/")


def test_keys_that_somebody_switched_off_do_nothing(open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, "fay@acme.example")
    choose_shortcuts(page, on=False)
    press(page, "g", "u", "?")
    page.wait_for_timeout(300)
    assert page.url.endswith("/profile/")
    choose_shortcuts(page, on=True)
    press(page, "g", "u")
    page.wait_for_url("**/admin-center/users/")


def choose_shortcuts(page: Page, *, on: bool) -> None:
    page.goto("/profile/preferences/")
    page.get_by_label("Keyboard shortcuts").set_checked(on)
    page.get_by_role("button", name="Save preferences").click()
    page.wait_for_url("**/profile/")


def test_a_slash_goes_to_the_search(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/gallery/")
    press(page, "/")
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    expect(page.get_by_label("Search", exact=True)).to_have_value("ana")


# Copying


def test_a_button_copies_a_sid(open_page: Callable[..., Page]) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    log_in(page, "cy@acme.example")
    sid = page.locator(".topbar .sid")
    sid.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == sid.inner_text().strip()


def test_without_scripts_there_is_text_to_select_and_no_button(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(java_script_enabled=False)
    log_in(page, "cy@acme.example")
    expect(page.locator(".topbar .sid code")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)


# Menus


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, "ben@acme.example")
    menu = page.locator(".topbar .menu")
    summary, log_out = menu.locator("summary"), menu.get_by_role("button", name="Log out")
    summary.click()
    press(page, "Tab")
    press(page, "Escape")
    expect(log_out).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    expect(log_out).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(log_out).to_be_hidden()


def test_the_menu_works_without_scripts(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    log_in(page, "ben@acme.example")
    page.locator(".topbar .menu > summary").click()
    page.get_by_role("link", name="Keyboard shortcuts").click()
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()


# The keyboard alone, and other ways to look


@pytest.mark.parametrize("path", ["/admin-center/users/", "/admin-center/settings/"])
def test_tab_reaches_every_control_in_order_and_shows_where_it_is(
    path: str, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    log_in(page, "ana@acme.example")
    page.goto(path)
    stops: list[int] = []
    for _ in range(page.evaluate(CONTROLS)):
        press(page, "Tab")
        focus = page.evaluate(FOCUSED)
        assert focus["ring"], focus["name"]
        stops.append(focus["place"])
    assert stops == sorted(set(stops))
    press(page, "Tab")
    assert page.evaluate(FOCUSED)["place"] < stops[0]


@pytest.mark.parametrize("colours", ["active", "none"])
def test_at_four_hundred_percent_the_gallery_scrolls_one_way(
    colours: str, open_page: Callable[..., Page]
) -> None:
    page = open_page(
        viewport={"width": 320, "height": 256}, forced_colors=colours, reduced_motion="reduce"
    )
    page.goto("/gallery/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_on_a_phone_every_line_of_a_cell_stands_beside_its_label(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(viewport={"width": 390, "height": 800})
    page.goto("/gallery/")
    lines = page.get_by_role("cell").filter(has_text="By support").locator("> *")
    expect(lines).to_have_count(2)
    boxes = [line.bounding_box() for line in lines.all()]
    assert all(boxes)
    first, second = (box for box in boxes if box)
    assert first["x"] == second["x"] > 390 / 3
    assert first["y"] < second["y"]


def test_paper_shows_the_content_without_the_navigation(open_page: Callable[..., Page]) -> None:
    page = open_page(color_scheme="dark", viewport={"width": 720, "height": 900})
    log_in(page, "ben@acme.example")
    page.goto("/admin-center/users/")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("rowheader", name="Cy Lindqvist")).to_be_visible()
    expect(page.locator(".topbar__organization strong")).to_be_visible()
    for gone in (".nav", ".menu", ".tabs", ".page__actions"):
        expect(page.locator(gone).first).to_be_hidden()
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.querySelector('thead')).display]"
    )
    assert colours == ["rgb(255, 255, 255)", "table-header-group"]


# Weight on the way


def test_the_first_visit_is_light_and_the_second_asks_for_the_document_alone(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    log_in(page, "ben@acme.example")
    page.goto("about:blank")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto("/admin-center/users/")
    assert len(answers) <= MOST_REQUESTS
    document, *files = answers
    assert len(document.body()) <= MOST_OF_A_DOCUMENT
    for answer in files:
        assert answer.url.startswith(f"{site.url}/static/")
        stem, digest, _ = answer.url.rsplit("/", 1)[1].split(".")
        assert len(digest) == 12, stem
        caching = answer.headers["cache-control"]
        assert "immutable" in caching
        assert int(caching.partition("max-age=")[2].split(",")[0]) >= A_YEAR
    page.goto("/admin-center/users/")
    fetched = page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.transferSize > 0)"
        ".map((one) => one.name)"
    )
    assert fetched == []
