"""Pictures of every page of the demo for docs/images: light, dark and narrow.

`python -m tests.browser.screenshots`, which `make screenshots` calls.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.conftest import CHROMIUM, log_in, running, set_up_phone
from tests.browser.test_second_factor import add_app, type_password
from tests.servers.console import ROOT, Console

Cookies = list[Any]

MARA = "mara@tidewater.example"
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
        "remembered-browsers": "/profile/browsers/",
        "second-factors": "/profile/second-factors/",
        "set-up-second-factor": "/second-factor/set-up/",
        "set-up-app": "/second-factor/set-up/app/",
        "set-up-phone": "/second-factor/set-up/phone/",
        "shortcuts": "/console/shortcuts/",
        "overview": "/admin-center/",
        "accounts": "/admin-center/accounts/",
        "independent-accounts": "/admin-center/accounts/independent/",
        "pending-accounts": "/admin-center/accounts/pending/",
        "create-account": "/admin-center/accounts/new/",
        "review-account": "/admin-center/accounts/new/review/?name=Lab&owner=cy@acme.example"
        "&product=twilio",
        "add-account": "/admin-center/accounts/add/",
        "role-assignments": "/admin-center/access/",
        "independent-users": "/admin-center/users/independent/",
        "domains": "/admin-center/domains/",
        "add-domain": "/admin-center/domains/add/",
        "what-if": "/admin-center/domains/what-if/?email=zoe@acme.example&way_in=sign_up",
        "choose-domain-setting": "/admin-center/settings/domain-setting/auto-enrollment/",
        "activity": "/admin-center/activity/",
        "settings": "/admin-center/settings/",
    },
    "ana@acme.example": {"change-ownership": "/admin-center/settings/ownership/"},
    MARA: {
        "overview-of-people": "/admin-center/",
        "users": "/admin-center/users/",
        "imported-users": "/admin-center/users/imported/",
        "save-view": "/admin-center/users/save-view/?status=active",
        "leaving-users": "/admin-center/users/leaving/",
        "pending-users": "/admin-center/users/pending/",
        "invite-user": "/admin-center/users/invite/",
        "invite-many": "/admin-center/users/invite-many/",
        "imports": "/admin-center/users/import/",
        "import-instructions": "/admin-center/users/import/new/",
        "import-way": "/admin-center/users/import/new/way/",
        "import-domains": "/admin-center/users/import/new/review/",
        "import-upload": "/admin-center/users/import/new/upload/",
        "second-factor-of-everybody": "/admin-center/settings/second-factor/",
        "require-second-factor": "/admin-center/settings/second-factor/every-log-in/",
    },
    "ines@tidewater.example": {
        "own-second-factors": "/profile/second-factors/",
        "recovery-codes": "/profile/second-factors/recovery-codes/",
    },
    "cy@acme.example": {"not-allowed": "/admin-center/", "not-found": "/nowhere/"},
    "sue@support.example": {
        "staff": "/staff/",
        "staff-organizations": "/staff/organizations/organization/",
        "staff-users": "/staff/users/user/",
        "staff-events": "/staff/audit/auditevent/",
    },
}
# What somebody sees who has typed a password, and nothing else yet.
DOORS = {
    "door-phone": ("nils@tidewater.example", "/second-factor/phone/"),
    "door-app": ("oskar@tidewater.example", "/second-factor/app/"),
    "door-recovery-code": ("oskar@tidewater.example", "/second-factor/recovery-code/"),
    "door-set-up": ("sami@tidewater.example", "/second-factor/set-up/"),
}
# Behind the first such row of a list, as Mara.
ROWS = {
    "import-run": ("/admin-center/users/import/", ".page__content > .table tbody th a"),
    "import-notice": ("/admin-center/users/import/", ".card tbody th a"),
    "invitations-draft": ("/admin-center/users/invite-many/", "tr:has-text('Draft') a"),
    "invitations-sent": ("/admin-center/users/invite-many/", "tr:has-text('Sent') a"),
    "leaving-user": ("/admin-center/users/leaving/", "tr:has-text('Ulla') a"),
    "removed-user": ("/admin-center/users/leaving/", "tr:has-text('Vera') a"),
    "deleted-user": ("/admin-center/users/leaving/", "tr:has-text('Delete') a"),
}
# Found by their names on the lists, and on what those lead to.
DETAILS = {
    "ben@acme.example": {
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
        "domain": ("/admin-center/domains/", "acme-labs.example"),
        "domain-by-https": ("/admin-center/domains/", "acme-labs.example", "HTTPS"),
        "domain-by-a-colleague": ("/admin-center/domains/", "acme-labs.example", "I am not sure"),
        "domain-verified": ("/admin-center/domains/", "acme.example"),
        "remove-domain": ("/admin-center/domains/", "acme.example", "Remove domain"),
        "record-for-a-colleague": (
            "/admin-center/domains/",
            "acme-labs.example",
            "I am not sure",
            "the page for your colleague",
        ),
    },
    MARA: {
        "user": ("/admin-center/users/", "Ulla Brandt"),
        "user-sign-in": ("/admin-center/users/", "Pia Ferrari", "Sign-in"),
        "user-access": ("/admin-center/users/", "Ulla Brandt", "Access"),
        "user-activity": ("/admin-center/users/", "Sami Ito", "Activity"),
        "user-deactivated": ("/admin-center/users/", "Quentin Gray"),
        "user-without-password": ("/admin-center/users/", "Rúna Hansen"),
        "user-without-factor": ("/admin-center/users/", "Tove Jansen", "Sign-in"),
        "change-role": ("/admin-center/users/", "Pia Ferrari", "Change role"),
        "rename-user": ("/admin-center/users/", "Pia Ferrari", "Change name"),
        "reset-user-password": ("/admin-center/users/", "Pia Ferrari", "Reset Password"),
        "require-2fa-of-user": ("/admin-center/users/", "Pia Ferrari", "Sign-in", "Require 2FA"),
        "reset-2fa": ("/admin-center/users/", "Pia Ferrari", "Sign-in", "Reset 2FA"),
        "deactivate-user": ("/admin-center/users/", "Pia Ferrari", "Deactivate"),
        "remove-user": ("/admin-center/users/", "Ulla Brandt", "Remove User"),
        "delete-user": ("/admin-center/users/", "Ulla Brandt", "Delete User"),
        "pending-user": ("/admin-center/users/pending/", "dina@tidewater.example"),
    },
}
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}
# Who gets nowhere without a second factor, and their phone.
PHONES = {"sue@support.example": "+15005550001"}
WITH_APP = "ines@tidewater.example"
FOLDER = ROOT / "docs" / "images"
# Nobody is asked for the password again on the way.
_PATIENCE = {"REAUTHENTICATION_MINUTES": "120"}
_LONGEST_WAIT = 120_000  # milliseconds, for a busy machine


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as taken,
        tempfile.TemporaryDirectory() as run_dir,
        running(Path(run_dir), _PATIENCE) as console,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM
        )
        people = {person: cookies_of(person, browser, console) for person in PAGES}
        waiting = {
            person: cookies_at_door(person, browser, console) for person, _ in DOORS.values()
        }
        for look, options in LOOKS.items():
            with browser.new_context(base_url=console.url, **options) as context:  # type: ignore[arg-type]
                context.set_default_timeout(_LONGEST_WAIT)
                Walk(context, look, Path(taken)).take_all(people, waiting)
        browser.close()
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(taken, FOLDER)


def cookies_of(person: str, browser: Browser, console: Console) -> Cookies:
    """Of a browser in which somebody has logged in."""
    with browser.new_context(base_url=console.url) as context:
        page = context.new_page()
        log_in(page, person)
        if person in PHONES:
            set_up_phone(page, console, PHONES[person])
        if person == WITH_APP:
            add_app(page)
        return context.cookies()


def cookies_at_door(person: str, browser: Browser, console: Console) -> Cookies:
    """Of one in which they have typed their password alone."""
    with browser.new_context(base_url=console.url) as context:
        page = context.new_page()
        type_password(page, person)
        page.wait_for_url("**/second-factor/**")
        return context.cookies()


@dataclass(frozen=True, slots=True)
class Walk:
    """Leads everywhere, in one look."""

    context: BrowserContext
    look: str
    folder: Path

    def take_all(self, people: dict[str, Cookies], waiting: dict[str, Cookies]) -> None:
        for name, path in PUBLIC.items():
            self._take(name, path)
        for name, (person, path) in DOORS.items():
            self._become(waiting[person])
            self._take(name, path)
        for person, pages in PAGES.items():
            self._become(people[person])
            for name, path in pages.items():
                self._take(name, path)
        for person, details in DETAILS.items():
            self._become(people[person])
            for name, (path, *links) in details.items():
                self._take(name, path, *map(self._link, links))
        self._become(people[MARA])
        for name, (path, row) in ROWS.items():
            self._take(name, path, row)

    def _become(self, cookies: Cookies) -> None:
        self.context.clear_cookies()
        self.context.add_cookies(cookies)

    def _link(self, name: str) -> str:
        return f'#main >> role=link[name="{name}"]'

    def _take(self, name: str, path: str, *selectors: str) -> None:
        # In a tab of its own, so that nothing of one page is left on the next.
        with self.context.new_page() as page:
            page.goto(path)
            for selector in selectors:
                page.locator(selector).first.click()
            page.screenshot(path=self.folder / f"{name}-{self.look}.png", full_page=True)


if __name__ == "__main__":
    main()
