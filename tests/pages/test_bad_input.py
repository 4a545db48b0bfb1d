"""Whatever is typed into a form: an error beside the field, nothing lost, nothing written."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import GRANTABLE_ACCOUNT_ROLES, Product
from organizations.models import Organization, SecondFactor
from tests.pages.addresses import path_to
from tests.pages.effects import assert_no_effect, browser, link_in, mails_to
from tests.users.people import invited, pending_sign_up
from tests.world import PASSWORD as EVERYBODYS
from users.models import User

LONG = "x" * 10_000
ADDRESS = [
    "",
    "   ",
    LONG,
    f"{LONG}@acme.example",
    "a\x00b@acme.example",
    "a\x07b@acme.example",
    "a\u202eb@acme.example",
    "a\u200bb@acme.example",
    "<b>x</b>@acme.example",
    "<svg onload=alert(1)>",
    "a@acme.example\r\nBcc: evil@evil.example",
    "a@acme.example, b@evil.example",
    "{{7*7}}",
    "%s@%s",
    "\ud7ff\uffff",
]
REQUIRED_LINE = [
    "",
    "   ",
    LONG,
    "a\x00b",
    "a\x07b",
    "a\x1b[31mb",
    "a\u202eb",
    "a\u2066b",
    "a\u200bb",
    "a\r\nBcc: evil@evil.example",
    "a\nb",
]
LINE = [value for value in REQUIRED_LINE if value.strip()]
CHOICE = ["", LONG, "a\x00b", "owner", "<b>", "administrator\r\n", "STANDARD", "0"]
PASSWORD = ["", LONG, "a\x00b" * 5, "short"]
DOMAIN = [*REQUIRED_LINE, "<b>x</b>", "<svg onload=alert(1)>.example", "{{7*7}}.example"]

DATE = ["x", "2027-13-01", "2027-02-30", "99999-01-01", "01.02.2027", "2027-1-1T00:00", "a\x00b"]
DATE += ["2020-01-01", "3000-01-01"]
ROLE_CHOICE = [*CHOICE[1:], "Developer"]

PERSON = {"first_name": "Zoë", "last_name": "Quist", "password": "plum harbour lantern"}


@dataclass(frozen=True)
class Page:
    """A form: what a good answer is, and what is bad in which field."""

    good: dict[str, str]
    bad: dict[str, list[str]]


PAGES = {
    "sign up": Page({"email": "zoe@fresh.example"}, {"email": ADDRESS}),
    "finish sign-up": Page(
        PERSON | {"organization_name": "Fresh"},
        {
            "first_name": REQUIRED_LINE,
            "last_name": LINE,
            "organization_name": [*LINE, "x" * 65],
            "password": PASSWORD,
        },
    ),
    "log in": Page(
        {"login": "cy@acme.example", "password": "wrong"},
        {"login": ADDRESS, "password": PASSWORD[:3]},
    ),
    "reset": Page({"email": "cy@acme.example"}, {"email": ADDRESS}),
    "new password": Page({"password1": "plum harbour lantern"}, {"password1": PASSWORD}),
    "invite": Page(
        {"email": "new@acme.example", "role": "standard"}, {"email": ADDRESS, "role": CHOICE}
    ),
    "add domain": Page({"name": "acme.org"}, {"name": DOMAIN}),
    "change role": Page({"role": "administrator"}, {"role": CHOICE}),
    "rename": Page({"name": "Acme Works"}, {"name": [*REQUIRED_LINE, "x" * 65]}),
    "change owner": Page(
        {"to": "cy@acme.example", "password": EVERYBODYS},
        {"to": ADDRESS, "password": ["", LONG, "a\x00b" * 5, "wrong words"]},
    ),
    "rename passkey": Page(
        {"name": "Key ring", "password": EVERYBODYS},
        {
            "name": [*REQUIRED_LINE, "x" * 61],
            "password": ["", LONG, "a\x00b" * 5, "wrong words"],
        },
    ),
    "phone number": Page(
        {"number": "+15005550001", "password": EVERYBODYS},
        {
            "number": [*REQUIRED_LINE, "5005550001", "+1 FLOWERS", "+44 20 7946 0958"],
            "password": ["", LONG, "a\x00b" * 5, "wrong words"],
        },
    ),
    "create account": Page(
        {"name": "Shop", "owner": "cy@acme.example", "product": "flex"},
        {
            "name": [*REQUIRED_LINE, "x" * 65],
            "owner": [*ADDRESS, "nobody@acme.example", "eve@globex.example"],
            "product": CHOICE,
        },
    ),
    "create my account": Page(
        {"name": "Shop", "product": "flex"},
        {"name": [*REQUIRED_LINE, "x" * 65], "product": CHOICE},
    ),
    "add account": Page(
        {"sid": "AC" + "0" * 32},
        {"sid": [*REQUIRED_LINE, "AC", "AC" + "0" * 31, "US" + "0" * 32, "<b>", "{{7*7}}"]},
    ),
    "account settings": Page(
        {"name": "Shop", "second_factor": "every_log_in"},
        {"name": [*REQUIRED_LINE, "x" * 65], "second_factor": CHOICE},
    ),
    "change account owner": Page(
        {"owner": "cy@acme.example"},
        {"owner": [*ADDRESS, "nobody@acme.example", "eve@globex.example"]},
    ),
    "new subaccount": Page({"name": "Shop", "form_key": "a"}, {"name": [*LINE, "x" * 65]}),
    "account roles": Page(
        {"roles": "billing_manager", "ends_on": "2999-12-31", "reason": "Ticket 12"},
        {"roles": ROLE_CHOICE, "ends_on": DATE, "reason": [*LINE, "x" * 201]},
    ),
    "invite to account": Page(
        {
            "email": "new@contractor.example",
            "roles": "developer",
            "ends_on": "2999-12-31",
            "reason": "Ticket 12",
        },
        {
            "email": ADDRESS,
            "roles": ROLE_CHOICE,
            "ends_on": DATE,
            "reason": [*LINE, "x" * 201],
        },
    ),
    "look up": Page({"who": "nobody@x.example"}, {"who": REQUIRED_LINE}),
    "accept": Page(PERSON, {"first_name": REQUIRED_LINE, "last_name": LINE, "password": PASSWORD}),
}
OPTIONAL = {"last_name", "organization_name", "ends_on", "reason"}
# At the admin center and, of accounts, at the door of the console.
ABOUT_AN_ACCOUNT = {
    "account settings": "detail",
    "change account owner": "change-owner",
    "new subaccount": "new-subaccount",
    "account roles": "roles",
    "invite to account": "invite",
    "look up": "look-up",
}
# Which values of these are shown as chosen; others are nowhere to be shown.
CHOICES = {
    "role": {"administrator", "standard"},
    "roles": set(GRANTABLE_ACCOUNT_ROLES),
    "product": set(Product),
    "second_factor": set(SecondFactor),
}
CASES = [(page, field) for page, one in PAGES.items() for field in one.bad]
EXTRA = {
    name: "1"
    for key in (
        "is_staff", "is_superuser", "organization", "organization_id", "owner", "owner_id",
        "hipaa_enabled", "email_verified", "verified_at", "account_limit", "status", "id", "pk",
        "sid", "created_at", "user", "source", "slot", "token", "generation", "expires_at",
    )
    for name in (key, f"user.{key}", f"user[{key}]", f"{key}__pk", f"{key}[]")
}  # fmt: skip

Open = Callable[[str], tuple[Client, str]]


@pytest.fixture
def open_page(
    sids: dict[str, str],
    acme: Organization,
    ana: User,
    cy: User,
    sign_in: Callable[..., Client],
    deliver: Callable,
) -> Open:
    """A browser that is on the page, and where its form goes to."""

    def find(page: str) -> tuple[Client, str]:
        if page == "finish sign-up":
            token = pending_sign_up("zoe@fresh.example").token()
            return browser(), reverse("users:sign-up-finish", args=[token])
        if page == "accept":
            token = invited(acme, "new@acme.example").token()
            return browser(), reverse("invitations:show", args=[token])
        if page == "new password":
            client = browser()
            client.post("/password/reset/", {"email": cy.email})
            link = link_in(mails_to(cy.email, deliver())[-1])
            return client, client.get(link)["Location"]
        public = {"sign up": "/signup/", "log in": "/login/", "reset": "/password/reset/"}
        if page in public:
            return browser(), public[page]
        inside = {
            "invite": reverse("users:invite"),
            "add domain": reverse("domains:add"),
            "change role": reverse("users:change-role", args=[cy.sid]),
            "rename": reverse("organizations:settings"),
            "change owner": reverse("organizations:ownership"),
            "phone number": reverse("users:second-factor-set-up-phone"),
            "rename passkey": path_to("profile:passkey-rename", sids),
            "create account": reverse("accounts:new-review"),
            "create my account": reverse("account:new-review"),
            "add account": reverse("accounts:add"),
        }
        if page in ABOUT_AN_ACCOUNT:
            return sign_in(ana), path_to(f"account:{ABOUT_AN_ACCOUNT[page]}", sids)
        return sign_in(ana), inside[page]

    return find


def is_optional(page: str, field: str) -> bool:
    return field in OPTIONAL or (page, field) == ("new subaccount", "name")


def assert_says_so(body: str, field: str) -> None:
    assert f'id="id_{field}_error"' in body
    assert 'aria-invalid="true"' in body
    assert "There is a problem" in body


@pytest.mark.parametrize(("page", "field"), CASES)
def test_bad_input_is_told_beside_its_field_and_kept(page, field, open_page) -> None:
    client, where = open_page(page)
    form = PAGES[page]
    with assert_no_effect():
        for value in form.bad[field]:
            response = client.post(where, form.good | {field: value})
            assert response.status_code == 200, value[:50]
            body = response.content.decode()
            assert_says_so(body, field)
            for name, typed in (form.good | {field: value}).items():
                assert_kept(body, name, typed)


def assert_kept(body: str, name: str, typed: str) -> None:
    if "password" in name:
        assert f'value="{typed}"' not in body
        assert "plum harbour" not in body
    elif name in CHOICES:
        chosen = rf'value="{re.escape(typed)}"[^>]* (checked|selected)'
        assert typed not in CHOICES[name] or re.search(chosen, body)
    elif typed:
        assert f'value="{escape(typed)}"' in body
    if "<" in typed:
        assert typed not in body


@pytest.mark.parametrize(("page", "field"), CASES)
def test_a_field_that_is_missing_is_asked_for(page, field, open_page) -> None:
    client, where = open_page(page)
    form = {name: value for name, value in PAGES[page].good.items() if name != field}
    if is_optional(page, field):
        assert client.post(where, form).status_code == 303
        return
    with assert_no_effect():
        response = client.post(where, form)
    assert response.status_code == 200
    assert_says_so(response.content.decode(), field)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("body", [b"", b"\x00", b"&&==&", b"%00=%00&%ff=%fe", b"{}", b"=" * 500])
def test_a_body_that_makes_no_sense_changes_nothing(body, page, open_page) -> None:
    client, where = open_page(page)
    kinds = [
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "",
    ]
    with assert_no_effect():
        for kind in kinds:
            response = client.post(where, body, content_type=kind)
            assert response.status_code in {200, 400}, kind


@pytest.mark.parametrize("page", PAGES)
def test_a_file_in_the_place_of_text_changes_nothing(page, open_page, tmp_path) -> None:
    client, where = open_page(page)
    file = tmp_path / "x.txt"
    file.write_text("x")
    with assert_no_effect():
        for field in PAGES[page].bad:
            if is_optional(page, field):
                continue
            with file.open("rb") as upload:
                form = {name: v for name, v in PAGES[page].good.items() if name != field}
                response = client.post(where, form | {field: upload})
            assert_says_so(response.content.decode(), field)


@pytest.mark.parametrize(("page", "field"), CASES)
def test_of_a_list_the_last_value_is_judged(page, field, open_page) -> None:
    client, where = open_page(page)
    form = PAGES[page]
    good, bad = form.good[field], next(value for value in form.bad[field] if value)
    with assert_no_effect():
        response = client.post(where, form.good | {field: [good, bad]})
        assert_says_so(response.content.decode(), field)
        if not is_optional(page, field):
            form_data = {name: value for name, value in form.good.items() if name != field}
            form_data |= {f"{field}[]": good, f"{field}[0]": good, f"{field}.0": good}
            assert_says_so(client.post(where, form_data).content.decode(), field)


@pytest.mark.parametrize("page", PAGES)
def test_keys_that_no_field_asks_for_are_ignored(page, open_page, acme, ana, cy) -> None:
    client, where = open_page(page)
    limits = set(Organization.objects.values_list("pk", "account_limit"))
    status = client.post(where, PAGES[page].good | EXTRA).status_code
    assert status in {200, 302, 303}
    for user in User.objects.filter(email__in=["zoe@fresh.example", "new@acme.example", cy.email]):
        assert not user.is_staff
        assert not user.is_superuser
    acme.refresh_from_db()
    assert acme.owner == (cy if page == "change owner" else ana)
    assert limits <= set(Organization.objects.values_list("pk", "account_limit"))


@pytest.mark.parametrize("page", ["create account", "create my account"])
def test_what_is_wrong_in_the_first_step_is_told_in_the_second(page, open_page) -> None:
    client, where = open_page(page)
    good, bad = PAGES[page].good, PAGES[page].bad
    with assert_no_effect():
        assert "There is a problem" not in client.get(where, good).content.decode()
        for field, values in bad.items():
            for value in values:
                if len(value) < 1000:
                    body = client.get(where, good | {field: value}).content.decode()
                    assert_says_so(body, field)


@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "{{7*7}}{% debug %}", "%s{0.__class__}"])
def test_a_strange_name_is_shown_as_the_text_it_is(name, open_page, sign_in, ana, acme) -> None:
    client, where = open_page("accept")
    assert client.post(where, PERSON | {"first_name": name}).status_code == 303
    admin = sign_in(ana)
    user = User.objects.get(email="new@acme.example")
    for url in ("/admin-center/users/", reverse("users:detail", args=[user.sid])):
        body = admin.get(url).content.decode()
        assert escape(name) in body
        assert "<svg onload" not in body
    assert escape(name) in client.get("/console/").content.decode()
