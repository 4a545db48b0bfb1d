"""People as administrators live them: a lost phone, a departure, and two hundred who come in."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site, log_in, make
from tests.browser.test_accessibility import findings
from tests.browser.test_second_factor import add_app, log_out, next_code, type_password

pytestmark = pytest.mark.browser

BEN = "ben@acme.example"
IMPORT_SECONDS = 90


def open_user(page: Page, name: str) -> None:
    page.goto("/admin-center/users/")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def tick_all(page: Page) -> None:
    for box in page.get_by_role("checkbox").all():
        box.check()


def fact(page: Page, name: str) -> Locator:
    """What a summary says about something."""
    one = page.locator(".summary > div").filter(has=page.get_by_text(name, exact=True))
    return one.locator("dd")


def says(page: Page, words: str) -> None:
    expect(page.get_by_text(words).first).to_be_visible()


def saved_rows(page: Page, button: Locator, folder: Path) -> list[list[str]]:
    """The file behind a button, as a spreadsheet reads it."""
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def test_lists_of_people_show_every_column_on_a_usual_screen(
    site: Site, open_page: Callable[..., Page]
) -> None:
    make(site.console, "somebody_of_acme('maximiliana.constance@acme.example', 'Maximiliana')")
    page = open_page(viewport={"width": 1280, "height": 800})
    log_in(page, BEN)
    for name in ("", "imported/", "independent/", "leaving/", "pending/"):
        page.goto(f"/admin-center/users/{name}")
        for table in page.get_by_role("region").all():
            assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth"), name


def test_the_people_of_a_page_are_chosen_together(open_page: Callable[..., Page]) -> None:
    page = open_page()
    log_in(page, BEN)
    page.goto("/admin-center/users/")
    together = page.get_by_role("checkbox", name="Select all on this page")
    boxes = page.locator("tbody").get_by_role("checkbox")
    count = page.get_by_text("With the selected")  # the styles write how many
    none = count.screenshot()
    together.check()
    for box in boxes.all():
        expect(box).to_be_checked()
    assert count.screenshot() != none
    boxes.first.uncheck()
    expect(together).not_to_be_checked()
    boxes.first.check()
    expect(together).to_be_checked()
    together.uncheck()
    expect(boxes.first).not_to_be_checked()
    assert count.screenshot() == none


def test_a_lost_phone_and_an_administrators_help(
    site: Site, open_page: Callable[..., Page]
) -> None:
    make(site.console, "somebody_of_acme('lou@acme.example', 'Lou')")
    lou, ben = (open_page(java_script_enabled=False) for _ in range(2))
    log_in(lou, "lou@acme.example")
    lost, _ = add_app(lou)
    log_out(lou)
    type_password(lou, "lou@acme.example")
    expect(lou.get_by_role("heading", name="Code from your app")).to_be_visible()

    log_in(ben, BEN)
    open_user(ben, "Lou Reyes")
    ben.get_by_role("link", name="Sign-in", exact=True).click()
    expect(ben.get_by_role("rowheader", name="Authenticator app")).to_be_visible()
    ben.get_by_role("link", name="Reset 2FA").click()
    press(ben, "Reset 2FA")
    says(ben, "lou@acme.example no longer has a second factor")
    says(ben, "They set one up at the next log-in, before anything else.")
    mail = site.mail_to("lou@acme.example", subject="Your second factors for")
    assert "An administrator of Acme has reset your 2FA" in mail

    # A log-in that is half-way ends, and at the next one setting up a new factor comes first.
    lou.get_by_label("Code").fill(next_code(lost))
    press(lou, "Continue")
    says(lou, "Please log in again.")
    new_phone = open_page(java_script_enabled=False)
    type_password(new_phone, "lou@acme.example")
    says(new_phone, "Your second factor was reset.")
    new_phone.goto("/console/")
    expect(new_phone.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    found = enrol_app(new_phone)
    expect(new_phone.get_by_role("heading", name="Welcome, Lou")).to_be_visible()
    log_out(new_phone)
    type_password(new_phone, "lou@acme.example")
    new_phone.get_by_label("Code").fill(next_code(found))
    press(new_phone, "Continue")
    new_phone.wait_for_url("**/console/")


def enrol_app(page: Page) -> pyotp.TOTP:
    """At the door: scan, type the code, keep the recovery codes, go on."""
    page.get_by_role("link", name="Authenticator app").click()
    app = pyotp.TOTP(page.locator("dd code").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(app.now())
    press(page, "Add the app")
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have saved these codes").click()
    return app


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_whoever_leaves_gives_their_accounts_to_a_colleague(
    site: Site, open_page: Callable[..., Page], *, scripts: bool
) -> None:
    domain = f"leaving-{'on' if scripts else 'off'}.example"
    make(site.console, f"company({domain!r})")
    gina, leo = (open_page(java_script_enabled=scripts) for _ in range(2))
    log_in(leo, f"leo@{domain}")
    log_in(gina, f"gina@{domain}")

    # Everything that hangs on him stands there; nothing can be done before it has an owner.
    open_user(gina, "Leo Reyes")
    gina.get_by_role("link", name="Remove User").click()
    says(gina, "2 accounts need a new owner.")
    says(gina, "First fix what is in the way.")
    gina.get_by_label("Choose a new owner").fill(f"nobody@{domain}")
    press(gina, "Show what this does")
    says(gina, "must be a managed user of this organization")
    gina.get_by_label("Choose a new owner").fill(f"tess@{domain}")
    gina.get_by_label("Owner of Depot").fill(f"gina@{domain}")
    press(gina, "Show what this does")
    says(gina, f"1 account goes to Tess Reyes (tess@{domain})")
    says(gina, f"1 account goes to Gina Reyes (gina@{domain})")
    assert not scripts or findings(gina) == []

    press(gina, "Remove User")
    expect(gina.get_by_role("alert")).to_be_visible()
    tick_all(gina)
    gina.get_by_label("Reason").fill("Goes to sea")
    press(gina, "Remove User")
    says(gina, "Leo Reyes was removed.")
    sheet = gina.get_by_role("region", name="Results")
    expect(sheet.get_by_role("row").filter(has_text="Shop")).to_contain_text("Tess Reyes")
    expect(sheet.get_by_role("row").filter(has_text="Office")).to_be_visible()
    assert not scripts or findings(gina) == []

    gina.goto("/admin-center/accounts/")
    expect(gina.get_by_role("row").filter(has_text="Shop")).to_contain_text(f"tess@{domain}")
    expect(gina.get_by_role("row").filter(has_text="Depot")).to_contain_text(f"gina@{domain}")
    gina.goto("/admin-center/users/")
    expect(gina.get_by_role("row").filter(has_text=f"leo@{domain}")).to_have_count(0)
    site.mail_to(f"leo@{domain}", subject="You are no longer a member")
    leo.goto("/console/")
    expect(leo.get_by_role("heading", name="Log in", exact=True)).to_be_visible()
    log_in(leo, f"leo@{domain}")
    says(leo, "You do not belong to an organization")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_whom_one_deletes_one_names_once_more(
    site: Site, open_page: Callable[..., Page], tmp_path: Path, *, scripts: bool
) -> None:
    domain = f"deleting-{'on' if scripts else 'off'}.example"
    make(site.console, f"company({domain!r})")
    gina, rob = (open_page(java_script_enabled=scripts) for _ in range(2))
    log_in(rob, f"rob@{domain}")
    log_in(gina, f"gina@{domain}")

    open_user(gina, "Rob Reyes")
    gina.get_by_role("link", name="Delete User").click()
    tick_all(gina)
    gina.get_by_label("Type their email address").fill(f"tess@{domain}")
    press(gina, "Delete User")
    asked = f"Type rob@{domain} to confirm whom you delete."
    says(gina, asked)
    assert not scripts or findings(gina) == []
    tick_all(gina)
    gina.get_by_label("Type their email address").fill(f"rob@{domain}")
    press(gina, "Delete User")
    says(gina, "Rob Reyes was deleted.")
    rows = saved_rows(gina, gina.get_by_role("button", name="Export CSV"), tmp_path)
    assert rows[0] == ["Kind", "What", "SID", "Name", "Note"]
    assert rows[1:]
    gina.goto("/admin-center/users/leaving/")
    expect(gina.get_by_role("row").filter(has_text="Delete")).to_contain_text("Done")

    rob.goto("/console/")
    expect(rob.get_by_role("heading", name="Log in", exact=True)).to_be_visible()
    type_password(rob, f"rob@{domain}")
    expect(rob.get_by_role("alert")).to_be_visible()
    rob.goto("/console/")
    expect(rob.get_by_role("heading", name="Log in", exact=True)).to_be_visible()


def test_two_hundred_people_are_imported_and_fourteen_are_not(
    site: Site, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    domain, home = "arrivals.example", "vera.example"
    make(site.console, f"arrivals({domain!r}, {home!r})")
    page = open_page()
    log_in(page, f"vera@{home}")
    page.goto("/admin-center/users/import/")
    page.get_by_role("link", name="Import users").first.click()
    page.get_by_role("link", name="Continue").click()
    press(page, "Continue")
    page.get_by_label(domain).check()
    press(page, "Continue")

    # The list goes out with 201 people and comes back with one row less.
    button = page.get_by_role("button", name="Download CSV of all users")
    header, *people = saved_rows(page, button, tmp_path)
    assert (header[1], len(people)) == ("Email address", 201)
    upload(page, [header, ["x", *people[0][1:]], *people[1:]], tmp_path / "changed.csv")
    expect(
        page.get_by_text("Rows may be deleted, and nothing else may be changed").first
    ).to_be_visible()
    upload(page, [header, *people[1:]], tmp_path / "reviewed.csv")
    says(page, f"200 people of {domain}")
    page.get_by_label("No, nobody gets an email").check()
    press(page, "Continue")

    says(page, "186 people become managed users")
    says(page, "9 accounts come along.")
    for words in (
        "6 people are not imported: This login is deactivated",
        "5 people are not imported: The person belongs to another organization",
        "3 people are not imported: Your organization has no room",
    ):
        says(page, words)
    assert findings(page) == []
    tick_all(page)
    press(page, "Start importing users and accounts")

    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    expect(fact(page, "Status")).to_have_text("Finished", timeout=1000 * IMPORT_SECONDS)
    expect(fact(page, "People")).to_have_text("200 of 200")
    expect(fact(page, "Imported")).to_have_text("186")
    expect(fact(page, "Not imported")).to_have_text("14")
    expect(fact(page, "Accounts that came along")).to_have_text("9")
    assert findings(page) == []
    page.get_by_role("link", name="3: No room for the accounts").click()
    expect(page.locator("tbody tr")).to_have_count(3)

    _, *failures = saved_rows(page, page.get_by_role("button", name="Download failures"), tmp_path)
    reasons = [row[-1] for row in failures]
    assert (len(failures), len(set(reasons))) == (14, 3)
    assert {row[1] for row in failures} < {row[1] for row in people}
    page.goto("/admin-center/users/?search=person")
    says(page, "186 users")


def test_a_table_of_invitations_shows_all_of_it_and_asks_for_no_more_than_it_needs(
    site: Site, open_page: Callable[..., Page]
) -> None:
    domain = "tables.example"
    make(site.console, f"company({domain!r})")
    page = open_page(viewport={"width": 1280, "height": 800})
    log_in(page, f"gina@{domain}")
    page.goto("/admin-center/users/invite-many/")
    rows = f"{'long.' * 10}name@{domain}\nsomebody@nowhere.example"
    page.get_by_label("Addresses or rows").fill(rows)
    press(page, "Check rows")
    table = page.get_by_role("region", name="Rows")
    assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth")

    day = page.get_by_label("Day", exact=True)
    expect(day).to_be_hidden()
    page.get_by_label("Later, on this day and time").check()
    expect(day).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 800})
    good, bad = table.locator("td[data-label='Message']").all()
    expect(good).to_be_hidden()
    expect(bad).to_be_visible()


def upload(page: Page, rows: list[list[str]], path: Path) -> None:
    """Hand a table in, as a spreadsheet saves it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    page.get_by_label("Reviewed list").set_input_files(path)
    press(page, "Upload")
