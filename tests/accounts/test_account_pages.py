"""The pages about one account: facts, settings, owner, whether it runs, HIPAA, subaccounts."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Account, AccountRole, AccountStatus, RoleAssignment
from accounts.operations import create_subaccount, set_roles
from adminctr.core import clock
from organizations.models import Organization, SecondFactor
from tests.accounts.pages import CONSOLE, account, at, beside, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect, mails_to
from users.models import Session, User

ALL_BOXES = {"stops": "on", "for_good": "on", "deleted": "on"}
DOORS = pytest.mark.parametrize("door", ["/admin-center/accounts/", CONSOLE])


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def standard(sign_in: Callable[[User], Client], cy: User) -> Client:
    """Cy owns Marketing and is Developer on Billing."""
    return sign_in(cy)


@pytest.fixture
def ida_in(sign_in: Callable[[User], Client], ida: User) -> Client:
    """Somebody from elsewhere who is Developer on Support line."""
    return sign_in(ida)


# General


def test_it_says_what_the_account_is(admin) -> None:
    words = text(admin.get(at("Health line")))
    for fact in (
        f"SID {account('Health line').sid}", "Organization Acme", "Owner Dora Marín",
        "Status Active", "Type Full", "Use Twilio", "2FA requirement Once per computer",
        "HIPAA Enabled", "Last activity Never",
    ):  # fmt: skip
        assert fact in words


def test_opening_it_is_noted_as_its_use_once_in_an_hour(admin) -> None:
    admin.get(at("Billing"))
    first = account("Billing").last_active_at
    assert first
    admin.get(at("Billing"))
    assert account("Billing").last_active_at == first
    with time_machine.travel(first + timedelta(minutes=61)):
        admin.get(at("Billing"))
    later = account("Billing").last_active_at
    assert later
    assert later > first


@DOORS
def test_its_settings_are_saved_by_whoever_may(door, admin, standard) -> None:
    client, name = (standard, "Marketing") if door == CONSOLE else (admin, "Billing")
    url = at(name, door=door)
    where, done = send(client, url, {"name": "Renamed", "second_factor": "every_log_in"})
    assert where == url
    assert notices(done) == ["The settings of Renamed are saved."]
    assert "2FA requirement Every log-in" in text(done)


def test_an_upgraded_account_must_ask_for_a_second_factor(admin) -> None:
    typed = {"name": "Platform two", "second_factor": SecondFactor.DISABLED.value}
    with assert_no_effect():
        refused = admin.post(at("Platform"), typed)
    assert beside(refused, "second_factor") == (
        "Only a trial account may go without. Choose how often to ask."
    )
    assert 'value="Platform two"' in refused.content.decode()


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_a_name_that_is_none_is_refused_beside_its_field(name, admin) -> None:
    with assert_no_effect():
        refused = admin.post(at("Billing"), {"name": name, "second_factor": "disabled"})
    assert beside(refused, "name")


def test_a_developer_sees_it_and_is_told_who_changes_it(standard) -> None:
    page = at("Billing", door=CONSOLE)
    words = text(standard.get(page))
    assert "Its Owner or Administrator can help." in words
    with assert_no_effect():
        refused = standard.post(page, {"name": "Mine", "second_factor": "disabled"})
    assert "Its Owner or Administrator can help." in text(refused)


def test_whoever_has_no_role_on_it_learns_nothing_of_it(standard, admin) -> None:
    for name in ("Platform", "Support line"):
        page = at(name, door=CONSOLE)
        gone = standard.get(page)
        assert gone.status_code == 404
        assert standard.get(f"{CONSOLE}AC{'0' * 32}/").status_code == 404
        assert standard.get(at(name)).status_code == 403
        assert admin.get(page).status_code == 404  # a governor's door is the other one
        assert admin.get(at(name)).status_code == 200


def test_a_governor_is_led_from_the_console_to_the_other_door(admin, ida_in) -> None:
    assert "Open in the Admin Center" in text(admin.get(at("Billing", door=CONSOLE)))
    from_elsewhere = ida_in.get(at("Support line", door=CONSOLE))
    assert "Open in the Admin Center" not in text(from_elsewhere)
    assert "/admin-center/accounts/AC" not in from_elsewhere.content.decode()


# Owner


@pytest.mark.parametrize("by", ["email", "sid"])
def test_its_owner_is_changed_to_a_managed_user_named_by(by, admin, cy, deliver) -> None:
    deliver()
    url = at("Billing")
    where, done = send(admin, f"{url}change-owner/", {"owner": getattr(cy, by)})
    assert where == url
    assert notices(done) == ["cy@acme.example owns Billing now."]
    held = RoleAssignment.unscoped.in_force().filter(account=account("Billing"))
    assert {(one.email, one.role) for one in held} == {
        ("cy@acme.example", AccountRole.OWNER),
        ("ben@acme.example", AccountRole.ADMINISTRATOR),
    }
    mails = deliver()
    for address in ("cy@acme.example", "ben@acme.example"):
        assert len(mails_to(address, mails)) == 1


@pytest.mark.parametrize(
    "who", ["ida@freelance.example", "hana@acme.example", "eve@globex.example"]
)
def test_nobody_from_elsewhere_becomes_its_owner(who, admin) -> None:
    with assert_no_effect():
        refused = admin.post(at("Billing", "change-owner/"), {"owner": who})
    assert beside(refused, "owner") == "The owner must be a managed user of this organization."
    assert f'value="{who}"' in refused.content.decode()


def test_its_owner_may_not_hand_it_over_without_a_role_in_the_organization(standard) -> None:
    page = at("Marketing", door=CONSOLE)
    with assert_no_effect():
        refused = standard.post(f"{page}change-owner/", {"owner": "ana@acme.example"})
    assert refused.status_code == 403


# Suspending


def test_it_is_suspended_and_runs_again(admin) -> None:
    url = at("Platform")
    _, suspended = send(admin, f"{url}suspend/")
    assert notices(suspended) == ["Platform is suspended, with its subaccounts."]
    assert "This account is suspended" in text(suspended)
    assert account("Platform tests").status == AccountStatus.SUSPENDED
    below = text(admin.get(at("Platform tests")))
    assert "It stopped with the account above it" in below
    assert "The account above it is suspended. Reactivate that one first." in below
    _, running = send(admin, f"{url}reactivate/")
    assert notices(running) == ["Platform runs again."]
    assert account("Platform tests").status == AccountStatus.ACTIVE
    assert account("Platform trials").status == AccountStatus.SUSPENDED  # it was before


def test_what_support_suspended_only_support_reactivates(admin) -> None:
    words = text(admin.get(at("Bulk mailer")))
    assert "Support suspended it; only support can reactivate it." in words
    with assert_no_effect():
        _, refused = send(admin, at("Bulk mailer", "reactivate/"))
    assert notices(refused) == [
        "Support suspended this account, and only support can reactivate it."
    ]


def test_suspending_twice_is_said(admin) -> None:
    admin.get(at("Summer campaign"))  # which is noted as its use
    with assert_no_effect():
        _, refused = send(admin, at("Summer campaign", "suspend/"))
    assert notices(refused) == ["This account is suspended already."]


def test_the_owner_of_a_main_account_does_not_suspend_it(standard) -> None:
    with assert_no_effect():
        refused = standard.post(at("Marketing", "suspend/", door=CONSOLE))
    assert refused.status_code == 403


# HIPAA


def test_hipaa_is_enabled_and_disabled(admin) -> None:
    url = at("Platform")
    _, done = send(admin, f"{url}enable-hipaa/")
    assert notices(done) == [
        "HIPAA is enabled for Platform. Its existing subaccounts need the flag each."
    ]
    assert "Disable HIPAA for this account" in text(done)
    assert not account("Platform tests").is_hipaa
    _, done = send(admin, f"{url}disable-hipaa/")
    assert notices(done) == ["HIPAA is disabled for Platform."]
    _, below = send(admin, at("Platform tests", "enable-hipaa/"))
    assert notices(below) == ["HIPAA is enabled for Platform tests."]


@pytest.mark.parametrize(
    ("since", "words"),
    [
        (None, "HIPAA needs a Business Associate Agreement that is in force."),
        (date(2999, 1, 1), "HIPAA needs a Business Associate Agreement that is in force."),
        (date(2024, 6, 5), "under which support flags accounts. Ask support."),
    ],
)
def test_without_an_agreement_there_is_no_control_and_a_post_is_refused(
    since, words, admin, acme
) -> None:
    Organization.objects.filter(pk=acme.pk).update(baa_effective_on=since)
    shown = admin.get(at("Platform"))
    assert words in text(shown)
    assert "enable-hipaa" not in shown.content.decode()
    with assert_no_effect():
        _, refused = send(admin, at("Platform", "enable-hipaa/"))
    assert words in notices(refused)[0]


def test_the_owner_of_an_account_does_not_flag_it(standard) -> None:
    page = standard.get(at("Marketing", door=CONSOLE))
    assert "enable-hipaa" not in page.content.decode()
    with assert_no_effect():
        refused = standard.post(at("Marketing", "enable-hipaa/", door=CONSOLE))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("name", "is_guarded"),
    [("Health line", True), ("Health line reminders", True), ("Health line demo", False)],
)
def test_a_session_that_opens_a_flagged_account_is_guarded(name, is_guarded, sign_in, cy) -> None:
    line = account("Health line")
    set_roles(line, holder=cy, roles=[AccountRole.SUPPORT], actor=acting(line.owner))
    client = sign_in(cy)
    client.get("/console/")
    assert not Session.objects.get(user=cy).is_guarded
    client.get(at(name, door=CONSOLE))
    assert Session.objects.get(user=cy).is_guarded == is_guarded


def test_who_is_refused_a_flagged_account_is_not_guarded(sign_in, cy) -> None:
    sign_in(cy).get(at("Health line", door=CONSOLE))
    assert not Session.objects.get(user=cy).is_guarded


# Closing


def plan_on(page: str, client: Client) -> dict[str, str]:
    """The form that confirms the plan shown, with every box ticked."""
    body = client.get(page).content.decode()
    token = re.search(r'name="plan" value="([^"]+)"', body)
    assert token
    return ALL_BOXES | {"plan": token.group(1)}


def test_closing_shows_what_it_does(admin) -> None:
    words = text(admin.get(at("Platform", "close/")))
    for part in (
        "1 user loses access to it.", "emil@acme.example", "3 subaccounts are closed with it.",
        "Platform staging", "Nobody can open it again", "Its data is deleted after 30 days.",
        "Everybody keeps their login",
    ):  # fmt: skip
        assert part in words


@pytest.mark.parametrize("box", ALL_BOXES)
def test_closing_with_a_box_missing_is_refused(box, admin) -> None:
    page = at("Platform", "close/")
    form = plan_on(page, admin)
    del form[box]
    with assert_no_effect():
        refused = admin.post(page, form)
    assert beside(refused, box) == "Tick every box to continue."
    others = [name for name in ALL_BOXES if name != box]
    ticked = {name: refused.context["form"][name].value() for name in others}
    assert ticked == dict.fromkeys(others, True)


def test_closing_is_shown_again_when_somebody_was_let_in_meanwhile(admin, cy) -> None:
    page = at("Platform", "close/")
    form = plan_on(page, admin)
    platform = account("Platform")
    set_roles(platform, holder=cy, roles=[AccountRole.SUPPORT], actor=acting(platform.owner))
    with assert_no_effect():
        again = admin.post(page, form)
    words = text(again)
    assert "2 users lose access to it." in words
    moved = again.context["plan"]["notice"]["text"]
    assert "1" in moved
    assert "2" in moved
    assert moved in words
    assert not any(again.context["form"][name].value() for name in ALL_BOXES)
    send(admin, page, plan_on(page, admin))
    assert account("Platform").status == AccountStatus.PENDING_CLOSURE


def test_a_closed_account_stops_with_everything_below_and_is_no_longer_changed(
    admin, work, deliver
) -> None:
    deliver()
    page = at("Platform", "close/")
    where, done = send(admin, page, plan_on(page, admin))
    assert where == at("Platform")
    assert notices(done) == ["Platform is being closed. It has stopped."]
    words = text(done)
    assert "This account is permanently closed" in words
    assert "Data will be deleted" in words
    for control in ("Save", "Change Owner", "Suspend", "Reactivate", "Close Account"):
        assert control not in words
    family = Account.unscoped.filter(parent=account("Platform"))
    assert set(family.values_list("status", flat=True)) == {AccountStatus.PENDING_CLOSURE}
    assert len(mails_to("emil@acme.example", deliver())) == 1
    for verb in ("reactivate/", "suspend/"):
        _, refused = send(admin, at("Platform", verb))
        assert notices(refused) == ["This account is closed; nobody can change it."]
    assert admin.get(at("Platform", "users/")).status_code == 200
    assert "This account is permanently closed." in text(admin.get(at("Platform", "subaccounts/")))


def test_its_owner_closes_it_in_the_console_and_is_led_home(standard) -> None:
    page = at("Marketing", "close/", door=CONSOLE)
    where, done = send(standard, page, plan_on(page, standard))
    assert where == "/console/"
    assert "Marketing" not in text(done).partition("My organization")[0].replace(
        notices(done)[0], ""
    )
    assert standard.get(at("Marketing", door=CONSOLE)).status_code == 404


def test_an_administrator_of_the_account_does_not_close_it(sign_in, cy) -> None:
    marketing, dora = account("Marketing"), User.objects.get(email="dora@acme.example")
    set_roles(marketing, holder=dora, roles=[AccountRole.ADMINISTRATOR], actor=acting(cy))
    page = at("Marketing", "close/", door=CONSOLE)
    client = sign_in(dora)
    with assert_no_effect():
        assert client.get(page).status_code == 403
        assert client.post(page, ALL_BOXES).status_code == 403


def test_what_support_suspended_is_not_closed(admin) -> None:
    shown = admin.get(at("Bulk mailer", "close/"))
    assert "Ask support to reactivate it first." in text(shown)
    assert 'name="stops"' not in shown.content.decode()


def test_the_plan_is_taken_out_as_a_file(admin) -> None:
    answer = admin.post(at("Platform", "close/plan/"))
    assert "emil@acme.example" in answer.content.decode()
    assert "attachment" in answer["Content-Disposition"]


# Subaccounts


def test_a_subaccount_is_called_after_the_moment_where_no_name_is_typed(admin) -> None:
    now = clock.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False):
        where, done = send(admin, at("Platform", "subaccounts/new/"), {"name": "", "form_key": "a"})
    assert where == at("Platform", "subaccounts/")
    name = f"SubAccount Created at {now:%Y-%m-%d %H:%M:%S}"
    assert notices(done) == [f"The subaccount {name} is created."]
    assert account(name).parent == account("Platform")


def test_its_owner_makes_one_in_the_console(standard) -> None:
    page = at("Marketing", "subaccounts/new/", door=CONSOLE)
    where, done = send(standard, page, {"name": "Tests", "form_key": "a"})
    assert where == at("Marketing", "subaccounts/", door=CONSOLE)
    assert f'href="{at("Tests", door=CONSOLE)}"' in done.content.decode()


def test_a_trial_account_has_one_subaccount_and_says_what_to_do(admin, ben) -> None:
    create_subaccount(account("Billing"), name="The one", actor=acting(ben))
    full = admin.get(at("Billing", "subaccounts/"))
    assert "1 of 1 subaccounts are used" in text(full)
    assert "A trial account may have 1 subaccount." in text(full)
    assert f'href="{at("Billing", "subaccounts/new/")}"' not in full.content.decode()
    with assert_no_effect():
        refused = admin.post(
            at("Billing", "subaccounts/new/"), {"name": "The other", "form_key": "a"}
        )
    assert "ask support to upgrade it, or close a subaccount" in text(refused)
    assert 'value="The other"' in refused.content.decode()


def test_the_list_says_how_many_hipaa_covers(admin) -> None:
    assert "HIPAA covers 1 of 2." in text(admin.get(at("Health line", "subaccounts/")))
    assert "HIPAA covers" not in text(admin.get(at("Platform", "subaccounts/")))


def test_a_subaccount_has_no_subaccounts_and_no_owner_of_its_own(admin, ben) -> None:
    shown = admin.get(at("Platform tests"))
    assert "Change Owner" not in text(shown)
    assert f'href="{at("Platform")}"' in shown.content.decode()
    assert [tab["label"] for tab in shown.context["tabs"]] == [
        "General", "Users", "Pending Users", "Activity",
    ]  # fmt: skip
    with assert_no_effect():
        refused = admin.post(
            at("Platform tests", "subaccounts/new/"), {"name": "Deeper", "form_key": "a"}
        )
        assert "cannot have subaccounts of its own" in text(refused)
        refused = admin.post(at("Platform tests", "change-owner/"), {"owner": ben.email})
        assert "This is a subaccount." in text(refused)


def test_a_developer_makes_no_subaccount(standard) -> None:
    assert "Its Owner or Administrator can help." in text(
        standard.get(at("Billing", "subaccounts/", door=CONSOLE))
    )
    with assert_no_effect():
        refused = standard.post(
            at("Billing", "subaccounts/new/", door=CONSOLE), {"name": "Mine", "form_key": "a"}
        )
    assert refused.status_code == 403


# Activity


def test_its_activity_is_told_without_addresses_of_computers_to_its_own_people(
    admin, standard
) -> None:
    send(standard, at("Marketing", door=CONSOLE), {"name": "Market", "second_factor": "disabled"})
    for client, page, told in (
        (standard, at("Market", "activity/", door=CONSOLE), False),
        (admin, at("Market", "activity/"), True),
    ):
        words = text(client.get(page))
        assert "cy@acme.example" in words
        assert ("from 127.0.0.1" in words) == told


# The other organization


@pytest.mark.parametrize(
    "verb", ["", "change-owner/", "suspend/", "enable-hipaa/", "close/", "users/"]
)
def test_somebody_of_another_organization_finds_none_of_its_pages(verb, sign_in, eve) -> None:
    client = sign_in(eve)
    with assert_no_effect():
        for door in ("/admin-center/accounts/", CONSOLE):
            page = at("Platform", verb, door=door)
            assert client.get(page).status_code == 404
            assert client.post(page, ALL_BOXES).status_code in {404, 405}
