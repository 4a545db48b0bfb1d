"""Choosing in a list, reading the plan, starting, and what became of each row."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountStatus
from accounts.operations import create_subaccount, suspend_account
from adminctr.core import clock
from adminctr.core.plans import OUTDATED
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from adminctr.web.plans import TICK_IT, TOO_OLD
from audit.models import AuditEvent
from bulk import bars, selections
from bulk.models import BulkRow, BulkRun, RowState
from organizations.models import Organization
from tests.bulk.runs import fresh, rows_of, run_of_users, some_accounts, start, states_of
from tests.conftest import acting
from users.models import User

CHOOSE = reverse("bulk:choose")
LIST = reverse("accounts:list")


@pytest.fixture
def accounts(acme: Organization) -> list[Account]:
    return some_accounts(acme, 3)


@pytest.fixture
def client(sign_in, ana: User) -> Client:
    return sign_in(ana)


def choose(client: Client, chosen: list[Account], action: str = "suspend") -> str:
    """Where the choice leads."""
    form = {"action": action, "chosen": [one.sid for one in chosen]}
    answer = client.post(CHOOSE, form)
    assert answer.status_code == 303
    return answer["Location"]


def said(client: Client, url: str) -> str:
    return unescape(client.get(url).content.decode())


def token_in(body: str) -> str:
    return re.findall(r'name="plan" value="([^"]+)"', body)[0]


def confirm(client: Client, url: str, **form: str):
    return client.post(url, {"plan": token_in(said(client, url)), "read": "on"} | form)


def signed(organization: Organization, who: User, query: dict[str, str], below: str = "") -> str:
    shown = bars.bar(
        "accounts", organization=organization, actor=acting(who), query=query, below=below
    )
    assert shown
    return shown["all"]


def choose_all(client: Client, token: str, action: str = "suspend") -> str:
    return client.post(CHOOSE, {"action": action, "all": token})["Location"]


def names_planned(body: str) -> set[str]:
    return set(re.findall(r"Shop \d{3}", body))


# Choosing


def test_the_bar_offers_what_the_actor_may(acme, ana, cy) -> None:
    bar = bars.bar("accounts", organization=acme, actor=acting(ana), query={})
    assert bar
    assert bar["url"] == CHOOSE
    assert [one["label"] for one in bar["actions"]] == [
        "Suspend", "Reactivate", "Change Owner", "Enable HIPAA", "Disable HIPAA",
    ]  # fmt: skip
    assert bars.bar("accounts", organization=acme, actor=acting(cy), query={}) is None


def test_what_is_chosen_leads_to_its_plan_and_changes_nothing(client, accounts) -> None:
    url = choose(client, accounts[:2])
    assert url.startswith("/admin-center/accounts/bulk/suspend/?selection=")
    assert len(url) < 4000
    body = said(client, url)
    for text in ("2 are selected.", "2 accounts are suspended.", "Suspend 2 accounts"):
        assert text in body
    assert names_planned(body) == {"Shop 000", "Shop 001"}
    assert not BulkRun.unscoped.exists()


def test_a_hundred_fit_into_an_address_and_more_do_not(client, acme) -> None:
    accounts = some_accounts(acme, 101)
    assert len(choose(client, accounts[:100])) < 4000
    assert choose(client, accounts) == LIST
    assert "Select 100 accounts at most" in said(client, LIST)


@pytest.mark.parametrize("action", ["", "close", "suspend-export", "../x"])
def test_an_unknown_action_leads_back(action, client, accounts) -> None:
    assert choose(client, accounts, action) == LIST
    assert "Choose what to do with them." in said(client, LIST)


def test_nothing_chosen_leads_back(client) -> None:
    assert choose(client, []) == LIST
    assert "Choose at least one account first." in said(client, LIST)


def test_what_leads_back_keeps_the_filters(client, acme, ana) -> None:
    listed = re.search(
        r'name="listed" value="([^"]+)"', client.get(f"{LIST}?status=active").content.decode()
    )
    assert listed
    for token, where in ((listed[1], f"{LIST}?status=active"), (f"{listed[1]}x", LIST)):
        assert client.post(CHOOSE, {"action": "suspend", "listed": token})["Location"] == where


@pytest.mark.parametrize("strange", ["AC" + "0" * 32, "US" + "0" * 32, "x", "\0", "' OR 1=1"])
def test_what_is_not_there_is_left_out_and_noted(strange, client, accounts, acme, ana) -> None:
    url = client.post(CHOOSE, {"action": "suspend", "chosen": [strange, accounts[0].sid]})
    assert "1 account is suspended." in said(client, url["Location"])
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert (newest.action, newest.actor_sid) == ("account:view.refused", ana.sid)
    assert client.post(CHOOSE, {"action": "suspend", "chosen": strange})["Location"] == LIST


def test_anothers_account_is_as_unknown_as_any(client, globex, acme) -> None:
    [theirs] = some_accounts(globex, 1)
    assert choose(client, [theirs]) == LIST
    assert "Choose at least one account first." in said(client, LIST)
    newest = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert newest.action == "account:view.refused"
    assert theirs.sid not in str(newest.details.data)


# All that fit


def test_all_that_fit_are_chosen_by_the_filter_and_not_by_ids(client, acme, ana, accounts) -> None:
    url = choose_all(client, signed(acme, ana, {"search": "shop"}))
    assert names_planned(said(client, url)) == {"Shop 000", "Shop 001", "Shop 002"}
    url = choose_all(client, signed(acme, ana, {"search": "shop 001"}))
    assert names_planned(said(client, url)) == {"Shop 001"}


def test_without_filters_all_is_the_whole_list(client, acme, ana, accounts) -> None:
    body = said(client, choose_all(client, signed(acme, ana, {})))
    whole = Account.unscoped.filter(organization=acme, parent=None)
    running = whole.filter(status=AccountStatus.ACTIVE).count()
    assert f"{running} accounts are suspended." in body
    stay = re.findall(r"(\d+) accounts? (?:is|are) unchanged", body)
    assert running + sum(map(int, stay)) == whole.count()


def test_below_one_account_all_are_its_subaccounts(client, acme, ana, accounts) -> None:
    create_subaccount(accounts[0], name="Shop 900", actor=acting(ana))
    body = said(client, choose_all(client, signed(acme, ana, {}, accounts[0].sid)))
    assert names_planned(body) == {"Shop 900"}


@pytest.mark.parametrize(
    "query", [{"colour": "red"}, {"status": "red"}, {"search": "shop", "owner": "nobody"}]
)
def test_a_filter_that_the_list_does_not_understand_fits_nothing(
    query, client, acme, ana, accounts
) -> None:
    body = said(client, choose_all(client, signed(acme, ana, query)))
    assert "Nothing is chosen" in body
    assert 'name="plan"' not in body


def test_a_list_by_such_a_filter_offers_no_bar(client, accounts) -> None:
    assert 'name="all"' not in said(client, f"{LIST}?owner=nobody")
    assert "No managed user has it." in said(client, f"{LIST}?owner=nobody")


def test_what_fits_meanwhile_makes_the_plan_another_one(client, acme, ana, accounts) -> None:
    url = choose_all(client, signed(acme, ana, {"search": "shop"}))
    old = token_in(said(client, url))
    some_accounts(acme, 4)
    again = client.post(url, {"plan": old, "read": "on"})
    assert OUTDATED in unescape(again.content.decode())
    assert not BulkRun.unscoped.exists()


def test_more_than_may_be_done_at_once_are_refused(client, acme, ana, accounts, settings) -> None:
    settings.BULK_ROWS_AT_A_TIME = 2
    body = said(client, choose_all(client, signed(acme, ana, {"search": "shop"})))
    assert "These are more than 2 accounts. Narrow the list and do it in parts." in body
    assert 'name="plan"' not in body


# Tokens


@pytest.mark.parametrize("kind", ["none", "cut", "changed", "others", "elsewhere", "old"])
def test_a_choice_is_ones_own_and_holds_for_a_day(
    kind, client, acme, globex, ana, ben, eve, accounts, sign_in
) -> None:
    mine = signed(acme, ana, {})
    token = {
        "none": "x",
        "cut": mine[:-1],
        "changed": ("A" if mine[0] != "A" else "B") + mine[1:],
        "others": signed(acme, ben, {}),
        "elsewhere": signed(globex, eve, {}),
        "old": mine,
    }[kind]
    ahead = selections.LIFETIME + timedelta(seconds=5) if kind == "old" else timedelta()
    with time_machine.travel(clock.now() + ahead):
        browser = sign_in(ana)
        assert choose_all(browser, token) == LIST
        assert selections.CHOOSE_AGAIN in said(browser, LIST)
        plan = f"{reverse('bulk:suspend')}?selection={token}"
        page = browser.get(plan)
    assert page.status_code == 200
    body = unescape(page.content.decode())
    assert "Nothing is chosen, or you chose it too long ago. Choose again." in body
    assert 'name="plan"' not in body


def test_a_look_at_one_choice_confirms_no_other(client, acme, ana, accounts) -> None:
    """The selection is part of what is bound, even where the same rows are behind it."""
    look = token_in(said(client, choose(client, accounts)))
    others = (
        choose(client, accounts[:2]),
        choose_all(client, signed(acme, ana, {"search": "shop"})),
    )
    for other in others:
        again = client.post(other, {"plan": look, "read": "on"})
        assert TOO_OLD in unescape(again.content.decode())
    assert not BulkRun.unscoped.exists()


# Starting


def test_what_was_read_is_started_and_led_to_its_results(client, accounts, work) -> None:
    answer = confirm(client, choose(client, accounts))
    run = BulkRun.unscoped.get()
    assert answer["Location"] == f"/admin-center/accounts/bulk/runs/{run.sid}/"
    before = said(client, answer["Location"])
    assert '<meta http-equiv="refresh" content="3">' in before
    assert "0 of 3" in before
    work()
    after = said(client, answer["Location"])
    assert "http-equiv" not in after
    assert "3 of 3" in after
    assert names_planned(after) == {one.name for one in accounts}
    assert states_of(run) == [RowState.DONE] * 3


def test_the_box_must_be_ticked(client, accounts) -> None:
    url = choose(client, accounts)
    again = client.post(url, {"plan": token_in(said(client, url))})
    assert TICK_IT in again.content.decode()
    assert not BulkRun.unscoped.exists()


def test_the_same_form_sent_twice_starts_one_run(client, accounts) -> None:
    url = choose(client, accounts)
    form = {"plan": token_in(said(client, url)), "read": "on"}
    first, second = client.post(url, form), client.post(url, form)
    assert first["Location"] == second["Location"]
    assert BulkRun.unscoped.count() == 1


def test_a_plan_goes_out_as_a_file_with_its_choice(client, accounts) -> None:
    url = choose(client, accounts[:2])
    [export] = re.findall(r'action="([^"]*/bulk/suspend/export/[^"]*)"', said(client, url))
    answer = client.post(export)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row[3] for row in rows if row[3].startswith("Shop")] == ["Shop 000", "Shop 001"]
    assert client.get(export)["Location"] == url


def test_a_new_owner_is_asked_for_first_and_stands_in_the_plan(client, accounts, ben, work) -> None:
    url = choose(client, accounts, "change-owner")
    body = said(client, url)
    assert "Choose a new owner" in body
    for refused in ("What is in the way", "Not possible yet", 'name="plan"', 'role="alert"'):
        assert refused not in body
    url += f"&owner={ben.email}"
    assert f"({ben.email})" in said(client, url)
    assert confirm(client, url).status_code == 303
    work()
    owned = Account.unscoped.filter(owner=ben, name__startswith="Shop")
    assert owned.count() == 3


def test_a_look_at_one_owner_confirms_no_other(client, accounts, ben, cy) -> None:
    url = choose(client, accounts, "change-owner")
    look = token_in(said(client, f"{url}&owner={ben.email}"))
    again = client.post(f"{url}&owner={cy.email}", {"plan": look, "read": "on"})
    assert again.status_code == 200
    assert not BulkRun.unscoped.exists()


def test_an_owner_typed_under_the_plan_of_another_is_asked_about_first(
    client, accounts, ben, cy
) -> None:
    url = f"{choose(client, accounts, 'change-owner')}&owner={ben.email}"
    answer = confirm(client, url, owner=cy.email)
    assert answer.status_code == 303
    assert not BulkRun.unscoped.exists()
    body = said(client, answer.headers["Location"])
    assert "You changed a choice." in body
    assert f"({cy.email})" in body


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ("", "This field is required."),
        ("x" * 200, "at most 160 characters"),
        ("nobody", ""),
        ("eve@globex.example", "The owner must be a managed user of this organization."),
    ],
)
def test_an_owner_who_cannot_own_is_told_beside_the_field(owner, told, client, accounts) -> None:
    body = said(client, f"{choose(client, accounts, 'change-owner')}&owner={owner}")
    assert 'id="id_owner_error"' in body
    assert f'value="{owner}"' in body or not owner
    assert told in body
    assert 'name="plan"' not in body


def test_who_may_not_is_refused_at_every_page(accounts, sign_in, cy, ana) -> None:
    run = start("suspend", accounts, ana)
    plain = sign_in(cy)
    urls = [
        reverse("bulk:suspend"),
        reverse("bulk:change-owner"),
        reverse("bulk:run", args=[run.sid]),
    ]
    assert [plain.get(url).status_code for url in urls] == [403] * 3
    assert plain.post(CHOOSE, {"action": "suspend", "chosen": accounts[0].sid}).status_code == 403


# Results


@pytest.fixture
def mixed(acme, ana, sue, work) -> BulkRun:
    """Three rows, one of them refused."""
    accounts = some_accounts(acme, 3)
    run = start("suspend", accounts, ana)
    suspend_account(accounts[1], actor=acting(ana))
    work()
    return fresh(run)


def test_results_are_told_row_by_row_and_filtered(client, mixed) -> None:
    url = reverse("bulk:run", args=[mixed.sid])
    body = said(client, url)
    assert "This account is suspended already." in body
    assert "Suspend 3 accounts" in body
    assert names_planned(said(client, f"{url}?state=refused")) == {"Shop 001"}
    assert names_planned(said(client, f"{url}?state=done")) == {"Shop 000", "Shop 002"}
    assert "No row has this result." in said(client, f"{url}?state=waiting")


def test_failures_are_a_file_and_who_takes_it_is_noted(client, mixed, acme) -> None:
    url = reverse("bulk:run", args=[mixed.sid])
    assert f'action="{url}export/?state=refused"' in said(client, url)
    answer = client.post(f"{url}export/?state=refused")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["Number", "SID", "Name", "Result", "Message"],
        ["2", BulkRow.unscoped.get(run=mixed, position=2).subject_sid, "Shop 001", "Refused",
         "This account is suspended already."],
    ]  # fmt: skip
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert event.details.data["listed"] == "results"
    assert client.get(f"{url}export/?state=refused")["Location"] == f"{url}?state=refused"


def test_a_run_without_refusals_offers_no_file(client, accounts, ana, work) -> None:
    run = start("suspend", accounts, ana)
    work()
    assert "Download failures" not in said(client, reverse("bulk:run", args=[run.sid]))


def test_a_stopped_run_says_so(client, mixed) -> None:
    BulkRun.unscoped.filter(pk=mixed.pk).update(state="failed")
    assert "Stopped" in said(client, reverse("bulk:run", args=[mixed.sid]))


def test_a_thousand_rows_are_paged_and_cost_the_same(
    client, acme, ana, mixed, count_queries, settings
) -> None:
    url = reverse("bulk:run", args=[mixed.sid])
    few = count_queries(lambda: client.get(url))
    BulkRun.unscoped.filter(pk=mixed.pk).update(total=1003, done=1002)
    BulkRow.unscoped.bulk_create(
        BulkRow(
            organization=acme,
            run=mixed,
            position=position,
            subject_sid=make_sid("AC"),
            name=f"Row {position}",
            state=RowState.DONE,
            message="Suspended",
        )
        for position in range(4, 1004)
    )
    assert count_queries(lambda: client.get(url)) == few
    seen: list[int] = []
    following = "?"
    while following:
        page = client.get(url + following)
        assert len(page.context["rows"]) <= settings.PAGE_SIZE
        seen += [row["position"] for row in page.context["rows"]]
        following = page.context["next_url"]
    assert seen == list(range(1, 1004))
    assert "1,003 rows" in said(client, url)


def test_a_cursor_stands_in_this_run(client, mixed) -> None:
    url = reverse("bulk:run", args=[mixed.sid])
    assert [row["position"] for row in client.get(f"{url}?after=1").context["rows"]] == [2, 3]


def test_the_rows_of_a_run_are_its_organizations(globex, eve, mixed, sign_in) -> None:
    theirs = sign_in(eve)
    for path in ("run", "run-export"):
        url = reverse(f"bulk:{path}", args=[mixed.sid])
        assert theirs.get(url).status_code == 404
        assert theirs.post(url).status_code in {404, 405}
    with tenant(globex):
        assert not BulkRow.objects.exists()


def test_everything_is_done_without_a_script(client, accounts, work) -> None:
    """Choose, read, confirm, see: forms and links alone."""
    answer = confirm(client, choose(client, accounts))
    work()
    assert "3 of 3" in said(client, answer["Location"])
    statuses = Account.unscoped.filter(name__startswith="Shop").values_list("status", flat=True)
    assert set(statuses) == {AccountStatus.SUSPENDED}
    assert rows_of(BulkRun.unscoped.get())


def bar_of(**given: object) -> str:
    return render_to_string("components/bulk_bar.html", given)


def test_the_bar_offers_what_one_may_do_with_some_and_with_all_that_fit(acme, ana) -> None:
    bar = bars.bar("accounts", organization=acme, actor=acting(ana), query={})
    shown = bar_of(bar=bar, counted="120 accounts")
    assert f'<form class="bulk-bar" id="bulk" method="post" action="{CHOOSE}"' in shown
    assert '<option value="change-owner">Change Owner</option>' in shown
    assert "Select all matching (120 accounts)" in shown
    assert bar_of(bar=None).strip() == ""


# What was done so far


def test_what_was_done_to_many_is_found_again_from_the_list(client, mixed, ana) -> None:
    page = said(client, reverse("accounts:list"))
    assert reverse("bulk:runs") in page
    answer = client.get(reverse("bulk:runs"))
    [row] = answer.context["rows"]
    assert (row["url"], row["by"]) == (reverse("bulk:run", args=[mixed.sid]), "Ana Silva")
    assert (row["done"], row["refused"]) == (str(mixed.done), str(mixed.refused))
    assert reverse("bulk:runs") in said(client, row["url"])


def test_the_newest_stands_first_and_each_kind_for_itself(client, mixed, acme, ana) -> None:
    suspended = Account.unscoped.filter(organization=acme, status=AccountStatus.SUSPENDED)
    newer = start("reactivate", list(suspended), ana)
    of_users = run_of_users(acme)
    listed = {
        name: [row["sid"] for row in client.get(reverse(name)).context["rows"]]
        for name in ("bulk:runs", "bulk-users:runs")
    }
    assert listed == {"bulk:runs": [newer.sid, mixed.sid], "bulk-users:runs": [of_users.sid]}


def test_where_nothing_was_done_to_many_the_page_says_how(client, sign_in, eve, mixed) -> None:
    page = said(sign_in(eve), reverse("bulk:runs"))
    assert "No bulk action yet" in page
    assert "Select accounts in their list" in page
