"""Pictures of every page of the demo for docs/images: light, dark and narrow.

`python -m tests.browser.screenshots`, which `make screenshots` calls.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, log_in, running
from tests.servers.console import ROOT

PUBLIC = {"log-in": "/login/", "sign-up": "/signup/", "reset-password": "/password/reset/"}
# Whose eyes see it best.
PAGES = {
    "ben@acme.example": {
        "console": "/console/",
        "profile": "/profile/",
        "change-name": "/profile/name/",
        "change-email": "/profile/email/",
        "change-password": "/profile/password/",
        "preferences": "/profile/preferences/",
        "sessions": "/profile/sessions/",
        "shortcuts": "/console/shortcuts/",
        "gallery": "/gallery/",
        "overview": "/admin-center/",
        "accounts": "/admin-center/accounts/",
        "independent-accounts": "/admin-center/accounts/independent/",
        "pending-accounts": "/admin-center/accounts/pending/",
        "create-account": "/admin-center/accounts/new/",
        "review-account": "/admin-center/accounts/new/review/?name=Lab&owner=cy@acme.example"
        "&product=twilio",
        "add-account": "/admin-center/accounts/add/",
        "role-assignments": "/admin-center/access/",
        "users": "/admin-center/users/",
        "independent-users": "/admin-center/users/independent/",
        "pending-users": "/admin-center/users/pending/",
        "invite-user": "/admin-center/users/invite/",
        "domains": "/admin-center/domains/",
        "add-domain": "/admin-center/domains/add/",
        "activity": "/admin-center/activity/",
        "settings": "/admin-center/settings/",
    },
    "ana@acme.example": {"change-ownership": "/admin-center/settings/ownership/"},
    "cy@acme.example": {"not-allowed": "/admin-center/", "not-found": "/nowhere/"},
    "sue@support.example": {
        "staff": "/staff/",
        "staff-organizations": "/staff/organizations/organization/",
        "staff-users": "/staff/users/user/",
        "staff-events": "/staff/audit/auditevent/",
    },
}
# Found by their names on the lists, and on what those lead to, as Ben.
DETAILS = {
    "console-account": ("/console/", "Billing"),
    "account": ("/admin-center/accounts/", "Platform"),
    "change-account-owner": ("/admin-center/accounts/", "Platform", "Change Owner"),
    "close-account": ("/admin-center/accounts/", "Platform", "Close Account"),
    "subaccounts": ("/admin-center/accounts/", "Health line", "Subaccounts"),
    "account-users": ("/admin-center/accounts/", "Marketing", "Users"),
    "account-user": ("/admin-center/accounts/", "Billing", "Users", "Cy Lindqvist"),
    "account-roles": (
        "/admin-center/accounts/",
        "Billing",
        "Users",
        "Cy Lindqvist",
        "Change roles",
    ),
    "invite-to-account": ("/admin-center/accounts/", "Billing", "Users", "Invite User"),
    "account-pending-user": (
        "/admin-center/accounts/",
        "Support line",
        "Pending Users",
        "max@contractor.example",
    ),
    "suspended-account": ("/admin-center/accounts/", "Bulk mailer"),
    "closed-account": ("/admin-center/accounts/", "Old hotline"),
    "independent-account": ("/admin-center/accounts/independent/", "Client sites"),
    "pending-account": ("/admin-center/accounts/pending/", "First account"),
    "independent-user": ("/admin-center/users/independent/", "Ida Berg"),
    "user": ("/admin-center/users/", "Cy Lindqvist"),
    "pending-user": ("/admin-center/users/pending/", "hana@acme.example"),
    "domain": ("/admin-center/domains/", "acme-labs.example"),
}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}
FOLDER = ROOT / "docs" / "images"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as run_dir,
        running(Path(run_dir), {}) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        for look, options in LOOKS.items():
            page = browser.new_context(base_url=url, **options).new_page()  # type: ignore[arg-type]
            take_all(page, look)
        browser.close()


def take_all(page: Page, look: str) -> None:
    def take(name: str) -> None:
        page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)

    for name, path in PUBLIC.items():
        page.goto(path)
        take(name)
    for person, pages in PAGES.items():
        page.context.clear_cookies()
        log_in(page, person)
        for name, path in pages.items():
            page.goto(path)
            take(name)
    page.context.clear_cookies()
    log_in(page, "ben@acme.example")
    for name, (path, *links) in DETAILS.items():
        page.goto(path)
        for link in links:
            page.get_by_role("link", name=link, exact=True).click()
        take(name)


if __name__ == "__main__":
    main()
