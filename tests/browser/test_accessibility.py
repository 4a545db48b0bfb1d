"""axe finds nothing on any page, light or dark, and no page scrolls both ways at 400 percent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import Site, log_in, make
from tests.browser.test_second_factor import add_app, type_password

pytestmark = pytest.mark.browser

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
    "/admin-center/accounts/independent/",
    "/admin-center/accounts/pending/",
    "/admin-center/accounts/new/",
    "/admin-center/accounts/new/review/?name=Lab&owner=cy@acme.example&product=twilio",
    "/admin-center/accounts/new/review/?owner=nobody",
    "/admin-center/accounts/add/",
    "/admin-center/users/",
    "/admin-center/users/?status=active&factor=no&signed_in=never&sort=-seen",
    "/admin-center/users/save-view/?status=active",
    "/admin-center/users/imported/",
    "/admin-center/users/independent/",
    "/admin-center/users/leaving/",
    "/admin-center/users/pending/",
    "/admin-center/users/invite/",
    "/admin-center/users/invite-many/",
    "/admin-center/domains/",
    "/admin-center/domains/add/",
    "/admin-center/activity/",
    "/admin-center/domains/what-if/?email=zoe@acme.example&way_in=sign_up",
    "/admin-center/domains/what-if/?email=zoe",
    "/admin-center/settings/",
    "/admin-center/settings/domain-setting/auto-enrollment/",
    "/admin-center/settings/second-factor/",
    "/admin-center/settings/second-factor/every-log-in/",
    "/profile/browsers/",
    "/profile/second-factors/",
    "/profile/second-factors/recovery-codes/",
    "/second-factor/set-up/",
    "/second-factor/set-up/app/",
    "/second-factor/set-up/passkey/",
    "/second-factor/set-up/phone/",
]
IMPORTS = [
    f"/admin-center/users/import/{page}"
    for page in ("", "new/", "new/way/", "new/review/", "new/all/", "new/upload/")
]
BULK_ACTIONS = "/admin-center/users/bulk/runs/"
OWN_FACTORS = ["/profile/second-factors/", "/profile/second-factors/recovery-codes/"]
OWNERS = ["/admin-center/settings/ownership/"]
REFUSED = ["/admin-center/", "/nowhere/"]
DETAILS = [
    ("/console/", "Billing"),
    ("/admin-center/accounts/", "Platform"),
    ("/admin-center/accounts/", "Platform", "Change Owner"),
    ("/admin-center/accounts/", "Platform", "Close Account"),
    ("/admin-center/accounts/", "Platform", "Subaccounts", "Platform trials"),
    ("/admin-center/accounts/", "Platform", "Subaccounts", "Create New Subaccount"),
    ("/admin-center/accounts/", "Billing", "Users", "Cy Lindqvist"),
    ("/admin-center/accounts/", "Billing", "Users", "Cy Lindqvist", "Change roles"),
    ("/admin-center/accounts/", "Marketing", "Users", "Invite User"),
    ("/admin-center/accounts/", "Support line", "Pending Users", "max@contractor.example"),
    ("/admin-center/accounts/", "Bulk mailer"),
    ("/admin-center/accounts/", "Old hotline"),
    ("/admin-center/accounts/independent/", "Client sites"),
    ("/admin-center/accounts/independent/", "Client sites", "Relinquish access"),
    ("/admin-center/accounts/pending/", "First account"),
    ("/admin-center/users/independent/", "Ida Berg"),
    ("/admin-center/users/", "Cy Lindqvist"),
    *[
        ("/admin-center/users/", "Cy Lindqvist", *links)
        for links in (
            ("Sign-in",),
            ("Sign-in", "Require 2FA"),
            ("Access",),
            ("Access", "Give access"),
            ("Activity",),
            ("Activity", "By this person"),
            ("Change name",),
            ("Reset Password",),
            ("Deactivate",),
            ("Remove User",),
            ("Delete User",),
        )
    ],
    ("/admin-center/users/pending/", "hana@acme.example"),
    ("/admin-center/domains/", "acme-labs.example"),
    ("/admin-center/domains/", "acme-labs.example", "HTTPS"),
    ("/admin-center/domains/", "acme-labs.example", "I am not sure"),
    ("/admin-center/domains/", "acme-labs.example", "I am not sure", "the page for your colleague"),
    ("/admin-center/domains/", "acme-labs.example", "All checks"),
    ("/admin-center/domains/", "acme.example"),
    ("/admin-center/domains/", "acme.example", "Remove domain"),
]
_FINISH_TRANSITIONS = (
    "document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())"
)
TABLE = "email,role\nnew@elsewhere.example,Standard User\nnobody,Standard User"
WANTED = "goro.tanaka@acme.example"
PEOPLE = {
    "ana": "ana@acme.example",
    "ben": "ben@acme.example",
    "cy": "cy@acme.example",
    "goro": "goro@acme.example",
    "ida": "ida@freelance.example",
    "kai": "kai@acme.example",
    "gina": "gina@busy.example",
    "rob": "rob@busy.example",
}


@dataclass(frozen=True, slots=True)
class Visitors:
    """People who have logged in once, and the links that were mailed.

    To a wanted address, with an offer to somebody new, and with a request to Kai.
    """

    cookies: dict[str, list[Any]]
    link: str
    offer: str
    request: str

    def enter(self, page: Page, name: str) -> None:
        page.context.clear_cookies()
        page.context.add_cookies(self.cookies[name])


@pytest.fixture(scope="module")
def visitors(browser: Browser, site: Site) -> Visitors:
    make(site.console, "busy_company('busy.example')")
    cookies = {}
    for name, address in PEOPLE.items():
        with browser.new_context(base_url=site.url) as context:
            page = context.new_page()
            log_in(page, address)
            if name == "rob":
                add_app(page)
            cookies[name] = context.cookies()
            if name == "goro":
                want(page, WANTED)
    return Visitors(
        cookies,
        site.link_mailed_to(WANTED, subject="Confirm your new address"),
        site.link_mailed_to("max@contractor.example", subject="Fay O'Connor invites you"),
        site.link_mailed_to(PEOPLE["kai"], subject="Acme wants to add your account"),
    )


def want(page: Page, address: str) -> None:
    page.goto("/profile/email/")
    page.get_by_label("New email address").fill(address)
    page.get_by_role("button", name="Send the link").click()
    page.wait_for_url("**/profile/")


def follow(link: Locator) -> None:
    """Click, and wait for the whole page that it leads to."""
    with link.page.expect_navigation():
        link.click()


def findings(page: Page) -> list[str]:
    """What axe finds on a page in either theme."""
    return [*_violations(page, "light"), *_violations(page, "dark")]


def width_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def _violations(page: Page, theme: Literal["light", "dark"]) -> list[str]:
    page.emulate_media(color_scheme=theme)
    page.evaluate(_FINISH_TRANSITIONS)  # to the colours of the theme
    violations = Axe().run(page).response["violations"]
    return [f"{page.url}, {theme}: {one['id']} {one['nodes'][0]['html']}" for one in violations]


def every_page(page: Page, visitors: Visitors) -> Iterator[str]:
    """Lead the page everywhere, and give the address of each stop."""

    def walk(*paths: str) -> Iterator[str]:
        for path in paths:
            page.goto(path)
            yield page.url

    def click(role: Any, name: str) -> str:
        follow(page.locator("#main").get_by_role(role, name=name, exact=True))
        return page.url

    yield from walk(*PUBLIC, visitors.offer, visitors.request)
    visitors.enter(page, "ben")
    yield from walk(*ADMIN_CENTER)
    for path, *names in DETAILS:
        page.goto(path)
        for name in names:
            click("link", name)
        yield page.url
    page.goto("/admin-center/users/")
    click("link", "Cy Lindqvist")
    yield click("link", "Change role")
    page.goto("/admin-center/users/invite/")
    yield click("button", "Invite User")
    visitors.enter(page, "gina")
    page.goto("/admin-center/users/")
    for name in ("Rob Reyes", "Sign-in", "Reset 2FA"):
        click("link", name)
    yield page.url
    yield from walk(*IMPORTS, BULK_ACTIONS)
    for path, link in (
        (IMPORTS[0], ".card tbody th a"),
        (IMPORTS[0], ".page__content > .table tbody th a"),
        ("/admin-center/users/leaving/", "tbody th a"),
        (BULK_ACTIONS, "tbody th a"),
    ):
        page.goto(path)
        follow(page.locator(link).first)
        yield page.url
    page.goto(f"{IMPORTS[0]}new/all/")
    yield click("button", "Continue")
    page.get_by_label("No, nobody gets an email").check()
    yield click("button", "Continue")
    page.goto("/admin-center/users/invite-many/")
    page.get_by_label("Addresses or rows").fill(TABLE)
    yield click("button", "Check rows")
    table = page.url
    yield from walk(f"{table}send/", f"{table}cancel/")
    visitors.enter(page, "rob")
    yield from walk(*OWN_FACTORS)
    page.goto(OWN_FACTORS[0])
    yield click("link", "Remove Authenticator app")
    page.context.clear_cookies()
    type_password(page, PEOPLE["rob"])
    page.wait_for_url("**/second-factor/**")
    yield page.url
    yield click("link", "Use a recovery code")
    visitors.enter(page, "ana")
    yield from walk(*OWNERS)
    visitors.enter(page, "cy")
    yield from walk(*REFUSED, "/console/", "/console/accounts/new/", visitors.offer)
    for name in ("Marketing", "Billing"):
        page.goto("/console/")
        yield click("link", name)
    yield click("link", "Why do I have access?")
    visitors.enter(page, "goro")
    yield from walk("/profile/", visitors.link)
    visitors.enter(page, "kai")
    yield from walk(visitors.request)
    visitors.enter(page, "ida")
    page.goto("/admin-center/")
    page.get_by_text("1 of 4, next: Verify a domain").click()
    yield page.url


def test_axe_finds_nothing_in_either_theme(
    visitors: Visitors, open_page: Callable[..., Page]
) -> None:
    page = open_page(refused=REFUSED)
    assert [found for _ in every_page(page, visitors) for found in findings(page)] == []


def test_at_four_hundred_percent_no_page_scrolls_sideways(
    visitors: Visitors, open_page: Callable[..., Page]
) -> None:
    page = open_page(viewport={"width": 320, "height": 256}, refused=REFUSED)
    wide = {url: width_of(page) for url in every_page(page, visitors) if width_of(page) > 320}
    assert wide == {}


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
