"""Each operation of the staff site: done, refused beside its field, and never without a reason."""

from dataclasses import dataclass, field
from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.limits import HIGHEST_LIMIT
from accounts.models import Account, AccountStatus, AccountType
from accounts.operations import reactivate_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from audit.models import AuditEvent
from domains.models import Domain
from domains.operations import HIGHEST_DOMAIN_LIMIT
from organizations.models import Organization, Role
from organizations.policy import StaffGroup
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, follow, mails_to
from tests.users.people import app_of, organization_of, session_of, stay_of
from tests.world import PASSWORD
from users.models import User, UserStatus
from users.operations import appoint_staff, dismiss_staff

ORGANIZATION, USER = "staff:organizations_organization", "staff:users_user"
ACCOUNT = "staff:accounts_account"
REASON = "Ticket 4711: the Owner asked <b>by phone</b>"
CONFIRMED = {"reason": REASON, "password": PASSWORD}


@dataclass(frozen=True)
class Page:
    """A page: what a good answer is, what is refused in which field, and what it writes.

    A page of an account is tried on the demo's account of this name.
    """

    name: str
    event: str
    account: str = ""
    good: dict[str, str] = field(default_factory=dict)
    bad: dict[str, list[str]] = field(default_factory=dict)


PAGES = {
    "rename": Page(
        f"{ORGANIZATION}_rename",
        "organization.renamed",
        good={"name": "Acme Works"},
        bad={"name": ["", "   ", "Acme", "x" * 65, "a\x00b", "a\u202eb"]},
    ),
    "limit": Page(
        f"{ORGANIZATION}_account-limit",
        "organization.limit_set",
        good={"limit": "25"},
        bad={
            "limit": [
                "",
                "0",
                "-1",
                "3",
                "20",
                str(HIGHEST_LIMIT + 1),
                "9" * 400,
                "x",
                "1.5",
                "1e3",
            ]
        },
    ),
    "domain limit": Page(
        f"{ORGANIZATION}_domain-limit",
        "organization.domain_limit_set",
        good={"limit": "250"},
        bad={"limit": ["", "0", "-1", "1", "100", str(HIGHEST_DOMAIN_LIMIT + 1), "9" * 400, "x"]},
    ),
    "approve sharing": Page(
        f"{ORGANIZATION}_approve-sharing",
        "domain.sharing_approved",
        good={"name": "globex.example"},
        bad={
            "name": [
                "",
                "acme.example",
                "gmail.com",
                "github.io",
                "www.globex.example",
                "https://a.example",
                "a\x00b.example",
                "localhost",
                "x" * 300,
            ]
        },
    ),
    "ownership": Page(
        f"{ORGANIZATION}_ownership",
        "organization.transferred",
        good={"to": "cy@acme.example"},
        bad={
            "to": [
                "",
                "nobody@acme.example",
                "ana@acme.example",
                "eve@globex.example",
                "no address",
            ]
        },
    ),
    "record baa": Page(
        f"{ORGANIZATION}_record-baa",
        "organization.baa_recorded",
        good={"effective_on": "2026-01-31"},
        bad={"effective_on": ["", "2025-01-01", "1999-12-31", "31.1.2026", "x"]},
    ),
    "upgrade": Page(f"{ACCOUNT}_upgrade", "account.upgraded", "Billing"),
    "suspend account": Page(f"{ACCOUNT}_suspend", "account.suspended", "Platform"),
    "reactivate": Page(f"{ACCOUNT}_reactivate", "account.reactivated", "Bulk mailer"),
    "account owner": Page(
        f"{ACCOUNT}_owner",
        "account.transferred",
        "Billing",
        {"owner": "DORA@acme.example"},
        {"owner": ["", "nobody@acme.example", "ben@acme.example", "ida@freelance.example", "no"]},
    ),
    "enable hipaa": Page(f"{ACCOUNT}_enable-hipaa", "account.hipaa_enabled", "Marketing"),
    "disable hipaa": Page(f"{ACCOUNT}_disable-hipaa", "account.hipaa_disabled", "Health line"),
    "reset password": Page(f"{USER}_reset-password", "user.password_reset"),
    "suspend": Page(f"{USER}_suspend", "user.suspended"),
}
# What agents may not do.
OF_LEADS = {
    "approve sharing", "ownership", "suspend", "record baa", "account owner", "enable hipaa",
    "disable hipaa",
}  # fmt: skip
REASONS = ["", "   ", "x" * 201, "a\x00b", "a\nb", "a\u202eb"]
BAD = [
    (page, key, value) for page, one in PAGES.items() for key in one.bad for value in one.bad[key]
]


@pytest.fixture
def address(acme: Organization, cy: User):
    def find(page: str) -> str:
        name, of = PAGES[page].name, PAGES[page].account
        if of:
            return reverse(name, args=[account_named(of).sid])
        return reverse(name, args=[acme.sid if name.startswith(ORGANIZATION) else cy.sid])

    return find


def account_named(name: str) -> Account:
    rows = Account.unscoped.select_related("organization", "owner", "parent")
    return rows.get(name=name)


def newest(organization: Organization) -> AuditEvent:
    return AuditEvent.unscoped.filter(chain=organization.sid).latest("sequence")


@pytest.mark.parametrize("page", PAGES)
def test_it_is_done_said_and_recorded_with_its_reason(page, lead, acme, sue, address) -> None:
    form = PAGES[page].good | CONFIRMED | {"reason": f"  {REASON} "}
    response = lead.post(address(page), form)
    assert response.status_code == 303
    assert response["Location"] == address(page).rpartition("/")[0].rpartition("/")[0] + "/"
    assert 'class="success"' in follow(lead, response).content.decode()
    event = newest(acme)
    assert (event.action, event.via, event.actor_sid) == (PAGES[page].event, "staff", sue.sid)
    assert event.details.data["stated_reason"] == REASON
    assert event.details.data["ip"] == "127.0.0.1"


def test_what_is_done_is_there(lead, acme, ana, cy, address, deliver) -> None:
    for page in PAGES:
        lead.post(address(page), PAGES[page].good | CONFIRMED)
    acme.refresh_from_db()
    assert (acme.name, acme.account_limit, acme.owner) == ("Acme Works", 25, cy)
    assert acme.domain_limit == 250
    assert Domain.unscoped.get(organization=acme, name="globex.example").sharing_approved_at
    assert acme.baa_effective_on == date(2026, 1, 31)
    assert stay_of(ana).role == Role.ADMINISTRATOR
    billing, platform = account_named("Billing"), account_named("Platform")
    assert (billing.type, billing.owner.email) == (AccountType.FULL, "dora@acme.example")
    assert (platform.status, platform.suspended_by) == ("suspended", "support")
    assert account_named("Bulk mailer").status == AccountStatus.ACTIVE
    assert account_named("Marketing").is_hipaa
    assert not account_named("Health line").is_hipaa
    assert stay_of(cy).status == UserStatus.SUSPENDED
    mails = deliver()
    assert mails_to(cy.email, mails)
    assert mails_to(ana.email, mails)


def test_a_suspension_is_lifted_on_its_page(lead, cy, address) -> None:
    lead.post(address("suspend"), CONFIRMED)
    page = reverse(f"{USER}_detail", args=[cy.sid])
    shown = lead.get(page).content.decode()
    assert "Lift the suspension" in shown
    assert "Suspend the login" not in shown
    response = lead.post(f"{page}lift-suspension/", CONFIRMED)
    assert b"may log in again" in follow(lead, response).content
    assert stay_of(cy).status == UserStatus.ACTIVE


@pytest.mark.parametrize(("page", "key", "value"), BAD)
def test_what_is_wrong_is_said_beside_its_field_and_kept(page, key, value, lead, address) -> None:
    form = PAGES[page].good | CONFIRMED | {key: value}
    with assert_no_effect():
        response = lead.post(address(page), form)
    body = response.content.decode()
    assert response.status_code == 200
    assert f'id="id_{key}_error"' in body
    assert f'value="{escape(REASON)}"' in body
    assert "There is a problem" in body
    assert f'value="{escape(value)}"' in body or not value or "\x00" in value


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_happens_without_a_reason(page, reason, lead, address) -> None:
    with assert_no_effect():
        body = lead.post(
            address(page), PAGES[page].good | CONFIRMED | {"reason": reason}
        ).content.decode()
    assert 'id="id_reason_error"' in body


def test_a_refusal_without_a_field_is_said_on_top(lead, cy, address) -> None:
    lead.post(address("suspend"), CONFIRMED)
    with assert_no_effect():
        body = lead.post(address("suspend"), CONFIRMED).content.decode()
    assert "This login is suspended already." in body
    assert f'value="{escape(REASON)}"' in body


@pytest.mark.parametrize(
    ("group", "page"),
    [
        *((StaffGroup.READERS, page) for page in PAGES),
        *((StaffGroup.AGENTS, page) for page in OF_LEADS),
    ],
)
def test_a_group_without_it_is_refused_reads_why_and_is_noted(
    group, page, staff, address, acme
) -> None:
    client = staff(group)
    with assert_no_effect():
        refused = client.post(address(page), PAGES[page].good | CONFIRMED)
    assert refused.status_code == 403
    assert b"Your group may not do this" in refused.content
    event = AuditEvent.unscoped.filter(chain="system").latest("sequence")
    assert event.action.endswith(".refused")
    assert event.via == "staff"
    above = address(page).rpartition("/")[0].rpartition("/")[0] + "/"
    shown = client.get(above).content.decode()
    assert f'href="{address(page)}"' not in shown
    assert "Your group may not do this; " in shown


@pytest.mark.parametrize("page", [page for page in PAGES if page not in OF_LEADS])
def test_an_agent_does_what_the_group_may(page, staff, address, acme) -> None:
    client = staff(StaffGroup.AGENTS)
    assert client.post(address(page), PAGES[page].good | CONFIRMED).status_code == 303
    assert newest(acme).action == PAGES[page].event


@pytest.mark.parametrize("page", PAGES)
def test_whose_rights_are_taken_while_the_page_is_open_is_refused(page, lead, sue, address) -> None:
    assert lead.get(address(page)).status_code == 200
    appoint_staff(sue, group=StaffGroup.READERS, actor=Actor.operator("test"))
    form = PAGES[page].good | CONFIRMED
    with assert_no_effect():
        assert lead.post(address(page), form).status_code == 403
    dismiss_staff(sue, actor=Actor.operator("test"))
    with assert_no_effect():
        assert lead.post(address(page), form).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_what_is_forged_beside_the_fields_changes_nothing(page, lead, acme, sue, address) -> None:
    extra = {
        "owner": "1", "owner_id": "1", "account_limit": "9999", "ended_at": "2020-01-01",
        "is_superuser": "1", "is_staff": "1", "groups": "1", "actor": "x", "via": "command",
        "trusted": "1", "sid": "OR" + "0" * 32, "pk": "1", "_save": "1", "_method": "DELETE",
    }  # fmt: skip
    limits = {acme.account_limit, 25}
    lead.post(address(page), extra | PAGES[page].good | CONFIRMED)
    acme.refresh_from_db()
    assert acme.account_limit in limits
    assert not User.objects.filter(is_superuser=True).exists()
    assert list(User.objects.filter(is_staff=True)) == [sue]
    assert newest(acme).via == "staff"


def test_staff_touch_neither_themselves_nor_each_other(lead, sue, ida) -> None:
    appoint_staff(ida, group=StaffGroup.READERS, actor=Actor.operator("test"))
    for user in (sue, ida):
        page = reverse(f"{USER}_suspend", args=[user.sid])
        with assert_no_effect():
            assert lead.post(page, CONFIRMED).status_code == 403
        shown = lead.get(reverse(f"{USER}_detail", args=[user.sid])).content.decode()
        assert f'href="{page}"' not in shown
        assert "<strong>Suspend the login</strong>:" in shown


SIGN_INS = [
    "suspend", "lift-suspension", "reset-password", "reset-2fa", "end-sessions", "deactivate",
    "reactivate",
]  # fmt: skip


@pytest.mark.parametrize("name", SIGN_INS)
def test_a_borrowed_session_of_support_gets_at_no_sign_in(name, lead, cy) -> None:
    app_of(cy)
    session_of(cy)
    page = reverse(f"{USER}_{name}", args=[cy.sid])
    assert 'name="password"' in lead.get(page).content.decode()
    for typed in ({}, {"password": "wrong words"}):
        with assert_no_effect():
            body = lead.post(page, {"reason": REASON} | typed).content.decode()
        assert 'id="id_password_error"' in body
        assert f'value="{escape(REASON)}"' in body


def test_a_borrowed_session_of_support_hands_no_ownership_over(lead, address) -> None:
    with assert_no_effect():
        body = lead.post(address("ownership"), PAGES["ownership"].good | {"reason": REASON})
    assert b'id="id_password_error"' in body.content


def test_support_who_gave_the_password_is_not_asked_again_for_a_while(lead, cy, ida) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for user, form in ((cy, CONFIRMED), (ida, {"reason": REASON})):
            page = reverse(f"{USER}_suspend", args=[user.sid])
            assert lead.post(page, form).status_code == 303
        traveller.shift(600)
        page = reverse(f"{USER}_lift-suspension", args=[cy.sid])
        assert 'name="password"' in lead.get(page).content.decode()


def test_what_concerns_no_sign_in_asks_support_for_no_password(lead, address) -> None:
    assert 'name="password"' not in lead.get(address("rename")).content.decode()


@pytest.mark.parametrize("name", ["suspend", "lift-suspension"])
def test_support_suspends_nobody_of_the_own_organization(name, cy, ana, ben, sign_in) -> None:
    """Else a Standard User in a group of support would stand above the Owner."""
    appoint_staff(cy, group=StaffGroup.LEADS, actor=Actor.operator("test"))
    client = sign_in(cy)
    for user in (ana, ben):
        page = reverse(f"{USER}_{name}", args=[user.sid])
        with assert_no_effect():
            refused = client.post(page, CONFIRMED)
        assert refused.status_code == 403
        assert b"This is your own organization" in refused.content
        shown = client.get(reverse(f"{USER}_detail", args=[user.sid])).content.decode()
        assert f'href="{page}"' not in shown


def test_the_reason_is_read_by_the_organization_and_by_staff(lead, acme, ana, sign_in, address):
    lead.post(address("rename"), PAGES["rename"].good | CONFIRMED)
    for page in (
        sign_in(ana).get("/admin-center/activity/"),
        lead.get("/staff/audit/auditevent/", {"q": acme.sid}),
    ):
        body = page.content.decode()
        assert escape(REASON) in body
        assert REASON not in body


@pytest.mark.parametrize("page", PAGES)
def test_a_form_from_another_site_is_refused(page, sue, address) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(sue, backend="users.sign_in.PasswordBackend")
    with assert_no_effect():
        assert client.post(address(page), PAGES[page].good | {"reason": "x"}).status_code == 403


# Accounts


def offered(client: Client, name: str) -> set[str]:
    """The operations that the page of an account offers."""
    page = reverse(f"{ACCOUNT}_detail", args=[account_named(name).sid])
    return {one["words"] for one in client.get(page).context["operations"]}


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        ("Billing", {"Upgrade", "Suspend", "Change Owner", "Enable HIPAA"}),
        ("Platform", {"Suspend", "Change Owner", "Enable HIPAA"}),
        ("Platform tests", {"Suspend", "Enable HIPAA"}),
        ("Health line", {"Suspend", "Change Owner", "Disable HIPAA"}),
        (
            "Summer campaign",
            {"Upgrade", "Suspend", "Reactivate", "Change Owner", "Enable HIPAA"},
        ),
        ("Bulk mailer", {"Upgrade", "Reactivate", "Change Owner", "Enable HIPAA"}),
        ("Trade fair", set()),
        ("Old hotline", set()),
    ],
)
def test_what_makes_no_sense_is_not_offered(name, operations, lead, acme) -> None:
    assert offered(lead, name) == operations


@pytest.mark.parametrize(
    ("page", "name", "words"),
    [
        ("upgrade", "Platform", "This account is upgraded already."),
        ("upgrade", "Platform tests", "This is a subaccount."),
        ("suspend", "Bulk mailer", "This account is suspended already."),
        ("suspend", "Old hotline", "This account is closed; nobody can change it."),
        ("reactivate", "Billing", "This account is not suspended."),
        ("enable-hipaa", "Health line", "HIPAA is enabled for this account already."),
        ("disable-hipaa", "Billing", "HIPAA is not enabled for this account already."),
    ],
)
def test_what_makes_no_sense_is_refused_on_top(page, name, words, lead, acme) -> None:
    url = reverse(f"{ACCOUNT}_{page}", args=[account_named(name).sid])
    with assert_no_effect():
        body = lead.post(url, CONFIRMED).content.decode()
    assert words in body


def test_customers_cannot_lift_what_support_suspended(lead, ben, address) -> None:
    lead.post(address("suspend account"), CONFIRMED)
    platform = account_named("Platform")
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        reactivate_account(platform, actor=acting(ben))
    assert refused.value.code == "suspended_by_support"
    lead.post(reverse(f"{ACCOUNT}_reactivate", args=[platform.sid]), CONFIRMED)
    assert account_named("Platform").status == AccountStatus.ACTIVE
    assert account_named("Platform trials").status == AccountStatus.SUSPENDED


def test_support_takes_over_what_customers_suspended(lead, acme) -> None:
    summer = account_named("Summer campaign")
    lead.post(reverse(f"{ACCOUNT}_suspend", args=[summer.sid]), CONFIRMED)
    assert account_named("Summer campaign").suspended_by == "support"


def test_a_subaccount_below_a_suspended_one_waits_for_it(lead, acme) -> None:
    for name in ("Platform tests", "Platform"):
        suspend = reverse(f"{ACCOUNT}_suspend", args=[account_named(name).sid])
        lead.post(suspend, CONFIRMED)
    url = reverse(f"{ACCOUNT}_reactivate", args=[account_named("Platform tests").sid])
    body = follow(lead, lead.post(url, CONFIRMED)).content.decode()
    assert "runs again as soon as the account above it does" in body
    assert account_named("Platform tests").suspended_by == "parent"


def test_an_owner_is_named_by_sid_too(lead, cy, eve, address) -> None:
    where = address("account owner")
    with assert_no_effect():
        refused = lead.post(where, {"owner": eve.sid} | CONFIRMED).content.decode()
    assert "The owner must be a managed user of this organization." in refused
    assert eve.email not in refused
    lead.post(where, {"owner": cy.sid} | CONFIRMED)
    assert account_named("Billing").owner == cy


def test_an_agreement_is_taken_back_once_no_account_needs_it(lead, acme, address) -> None:
    for name in ("Health line", "Health line reminders"):
        page = reverse(f"{ACCOUNT}_disable-hipaa", args=[account_named(name).sid])
        lead.post(page, CONFIRMED)
    done = lead.post(address("record baa"), {"effective_on": ""} | CONFIRMED)
    assert b"No agreement is recorded now." in follow(lead, done).content
    acme.refresh_from_db()
    assert acme.baa_effective_on is None
    with assert_no_effect():
        flagged = lead.post(address("enable hipaa"), CONFIRMED).content.decode()
    assert "HIPAA needs a Business Associate Agreement" in flagged


def test_nobody_of_support_touches_their_own_organizations_accounts(sue, acme, lead) -> None:
    own = Account.unscoped.get(organization=organization_of(sue))
    for page in ("upgrade", "suspend", "owner", "enable-hipaa"):
        url = reverse(f"{ACCOUNT}_{page}", args=[own.sid])
        with assert_no_effect():
            assert lead.post(url, CONFIRMED).status_code == 403
