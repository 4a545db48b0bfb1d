"""What is confirmed on a page is what the page showed, by whom it was shown to, not long ago."""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django import forms
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.urls import path, reverse
from django.utils.html import escape

import adminctr.urls
from accounts.models import Account
from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import OUTDATED, Effect, Plan, Thing, Weight
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from adminctr.web.forms import Form
from adminctr.web.plans import (
    COLUMNS,
    LIFETIME,
    SAME_NUMBERS,
    TICK_ALL,
    TOO_OLD,
    PlanExport,
    PlanPage,
    show,
)
from adminctr.web.views import EXPORTS, Done
from audit.models import AuditEvent
from organizations.models import Organization
from organizations.policy import Action
from users.models import User

ANN, BO, KIM = (Thing(make_sid("US"), name, "Developer") for name in ("Ann", "Bo", "Kim"))


@dataclass
class World:
    """What the plan of these tests reads, and what was done in it."""

    users: list[Thing] = field(default_factory=lambda: [ANN, BO])
    in_the_way: tuple[Thing, ...] | None = None
    closed: list[dict[str, Any]] = field(default_factory=list)


world = World()


def plan_of(account: Account) -> Plan:
    users, blockers = world.users, []
    if world.in_the_way is not None:
        text = "A subaccount is kept by an agreement."
        blockers.append(Effect(Weight.BLOCKER, "kept", text, world.in_the_way))
    lost = f"{len(users):,} users lose their access."
    effects = (
        Effect(Weight.LOSES, "users_lose_access", lost, tuple(users)),
        Effect(Weight.SURVIVES, "logins", "Everybody keeps their login."),
    )
    return Plan(account.sid, "close_account", (*blockers, *effects))


class ConfirmForm(Form):
    reason = forms.CharField(label="Reason")


class ClosePage(PlanPage):
    action = Action.ACCOUNT_VIEW
    form_class = ConfirmForm
    export_name = "close-export"
    template_name = engines["django"].from_string(
        '{% extends "layouts/console.html" %}{% block content %}'
        '{% include "components/plan_form.html" with plan=plan form=form label="Close account" '
        'cancel_url="/console/" csrf_token=csrf_token only %}{% endblock %}'
    )

    def subject(self, **kwargs: Any) -> Account:
        return self.one(Account.objects.all(), sid=kwargs["sid"])

    def plan(self, subject: Account) -> Plan:
        return plan_of(subject)

    def acknowledgements(self, subject: Account) -> list[tuple[str, str]]:
        return [
            ("final", f"I know that {subject.name} stays closed."),
            ("data", "I know that its data goes."),
        ]

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        plan_of(subject).require(data["digest"])
        if data["reason"] == "none":
            raise RuleViolation("reason_poor", "Give a better reason.", field="reason")
        world.closed.append(data)
        return Done("It is closed.", "/console/")


class CloseExport(PlanExport):
    of = ClosePage
    shown_at = "close"


urlpatterns = [
    path("close/<sid:sid>/", ClosePage.as_view(), name="close"),
    path("close/<sid:sid>/export/", CloseExport.as_view(), name="close-export"),
    *adminctr.urls.urlpatterns,
]
handler403, handler404 = adminctr.urls.handler403, adminctr.urls.handler404


@pytest.fixture(autouse=True)
def _a_new_world(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(f"{__name__}.world", World())


@pytest.fixture
def accounts(acme: Organization) -> list[Account]:
    with tenant(acme):
        return list(Account.objects.order_by("pk")[:2])


@pytest.fixture
def url(accounts: list[Account]) -> str:
    return reverse("close", args=[accounts[0].sid])


@pytest.fixture
def client(sign_in, ana: User) -> Client:
    return sign_in(ana)


def token_in(answer: HttpResponse) -> str:
    return re.findall(r'name="plan" value="([^"]+)"', answer.content.decode())[0]


def filled(token: str, **changed: str) -> dict[str, str]:
    return {"plan": token, "final": "on", "data": "on", "reason": "No use for it"} | changed


def inputs(answer: HttpResponse, name: str) -> str:
    return re.findall(rf'<input [^>]*name="{name}"[^>]*>', answer.content.decode())[0]


def is_said(answer: HttpResponse, text: str) -> bool:
    return escape(text) in answer.content.decode()


# Looking and confirming


@pytest.mark.parametrize(
    ("text", "count", "figures"),
    [
        ("2 users lose it.", 2, [{"number": "2", "words": "users lose it"}]),
        ("1,204 users lose it.", 1204, [{"number": "1,204", "words": "users lose it"}]),
        ("2 debts. Settle them first.", 2, [{"number": "2", "words": "debts"}]),
        ("1 user stays: “Not yet. Ask.”", 1, [{"number": "1", "words": "user stays"}]),
        ("2 links to “A. B” end.", 2, [{"number": "2", "words": "links to “A. B” end"}]),
        ("30 days later it is gone.", 0, []),
        ("Everybody loses it.", 2, []),
    ],
)
def test_a_figure_is_the_number_that_an_effect_begins_with(text, count, figures) -> None:
    plan = Plan("AC", "close_account", (Effect(Weight.LOSES, "users", text, (), count),))
    assert show(plan, lambda thing: "")["figures"] == figures


def test_a_page_shows_the_plan_and_a_box_for_each_sentence(client, url, accounts) -> None:
    page = client.get(url)
    for said in ("Who loses what", "2 users lose their access.", "What stays", ANN.name, ANN.sid):
        assert is_said(page, said)
    assert is_said(page, f"I know that {accounts[0].name} stays closed.")
    assert "checked" not in inputs(page, "final") + inputs(page, "data")
    assert not is_said(page, "What is in the way")
    assert b'role="alert"' not in page.content


def test_what_was_shown_is_confirmed_by_its_digest_and_what_was_typed(client, url, accounts):
    answer = client.post(url, filled(token_in(client.get(url))))
    assert (answer.status_code, answer["Location"]) == (303, "/console/")
    assert world.closed == [{"reason": "No use for it", "digest": plan_of(accounts[0]).digest}]


@pytest.mark.parametrize("missing", ["final", "data"])
def test_every_box_must_be_ticked(missing: str, client, url) -> None:
    form = filled(token_in(client.get(url)))
    del form[missing]
    again = client.post(url, form)
    assert world.closed == []
    other = {"final": "data", "data": "final"}[missing]
    errors = re.findall(r'id="id_(\w+)_error"', again.content.decode())
    assert errors == [missing]
    assert again.content.decode().count(f"</span>{TICK_ALL}") == 1
    assert "checked" in inputs(again, other)
    assert 'value="No use for it"' in inputs(again, "reason")
    assert not is_said(again, OUTDATED)


def test_another_refusal_stands_beside_its_field_and_the_boxes_stay_ticked(client, url) -> None:
    again = client.post(url, filled(token_in(client.get(url)), reason="none"))
    assert is_said(again, "Give a better reason.")
    assert 'aria-invalid="true"' in inputs(again, "reason")
    assert "checked" in inputs(again, "final")
    assert client.post(url, filled(token_in(again))).status_code == 303


# The world moves


def test_a_plan_that_moved_is_shown_again_with_what_moved_and_confirmed_anew(client, url) -> None:
    old = token_in(client.get(url))
    world.users.append(KIM)
    again = client.post(url, filled(old))
    assert world.closed == []
    assert again.status_code == 200
    for said in (OUTDATED, "Users lose access: 2, now 3.", KIM.name):
        assert is_said(again, said)
    assert b'role="alert"' in again.content
    assert "checked" not in inputs(again, "final") + inputs(again, "data")
    assert 'value="No use for it"' in inputs(again, "reason")
    assert b"There is a problem" not in again.content
    assert is_said(client.post(url, filled(old)), OUTDATED)
    assert client.post(url, filled(token_in(again))).status_code == 303
    assert len(world.closed) == 1


def test_a_plan_that_moved_beside_a_mistake_must_be_read_again_too(client, url) -> None:
    old = token_in(client.get(url))
    world.users.append(KIM)
    again = client.post(url, filled(old, reason=""))
    assert is_said(again, OUTDATED)
    assert "checked" not in inputs(again, "final")


def test_others_in_the_same_number_are_told_of(client, url) -> None:
    old = token_in(client.get(url))
    world.users[0] = KIM
    again = client.post(url, filled(old))
    assert world.closed == []
    assert is_said(again, SAME_NUMBERS)


# Tokens


@pytest.mark.parametrize(
    "kind", ["none", "empty", "digest", "cut", "changed", "others", "elsewhere"]
)
def test_only_ones_own_look_at_this_very_plan_counts(
    kind: str, client, url, accounts, sign_in, ben: User
) -> None:
    token = token_in(client.get(url))
    forged = {
        "none": None,
        "empty": "",
        "digest": plan_of(accounts[0]).digest,
        "cut": token[:-1],
        "changed": ("A" if token[0] != "A" else "B") + token[1:],
        "others": token_in(sign_in(ben).get(url)),
        "elsewhere": token_in(client.get(reverse("close", args=[accounts[1].sid]))),
    }[kind]
    form = filled(forged or "")
    if forged is None:
        del form["plan"]
    again = client.post(url, form)
    assert world.closed == []
    assert is_said(again, TOO_OLD)
    assert "checked" not in inputs(again, "final")
    assert 'value="No use for it"' in inputs(again, "reason")
    assert client.post(url, filled(token_in(again))).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(-5, 303), (5, 200)])
def test_a_look_holds_for_a_day(seconds: int, status: int, client, url, sign_in, ana) -> None:
    assert timedelta(hours=24) == LIFETIME
    token = token_in(client.get(url))
    with time_machine.travel(clock.now() + LIFETIME + timedelta(seconds=seconds)):
        answer = sign_in(ana).post(url, filled(token))
    assert answer.status_code == status
    assert is_said(answer, TOO_OLD) == (status == 200)


# What is in the way


def test_no_button_is_offered_while_something_is_in_the_way(client, url, accounts) -> None:
    world.in_the_way = (Thing(accounts[1].sid, accounts[1].name),)
    page = client.get(url)
    for said in ("What is in the way", "A subaccount is kept by an agreement."):
        assert is_said(page, said)
    assert f'<a href="{accounts[1].get_absolute_url()}">' in page.content.decode()
    body = page.content.decode()
    assert 'name="plan"' not in body
    assert "button--danger" not in body
    assert 'name="final"' not in body


def test_what_came_into_the_way_meanwhile_stops_it(client, url) -> None:
    old = token_in(client.get(url))
    world.in_the_way = ()
    again = client.post(url, filled(old))
    assert world.closed == []
    assert is_said(again, "New: A subaccount is kept by an agreement.")
    assert b'name="plan"' not in again.content


# Long lists, and the file


@pytest.mark.parametrize(("number", "is_unfolded"), [(10, True), (11, False)])
def test_few_names_are_seen_at_once_and_many_are_unfolded(number: int, *, is_unfolded) -> None:
    things = tuple(Thing(make_sid("US"), f"User {one}") for one in range(number))
    plan = Plan("AC1", "close_account", (Effect(Weight.LOSES, "loses", "They lose.", things),))
    [section] = show(plan, lambda thing: "")["sections"]
    assert section["effects"][0]["is_unfolded"] is is_unfolded


def test_fifty_are_shown_and_the_file_has_all(client, url) -> None:
    world.users = [Thing(make_sid("US"), f"User {number}") for number in range(53)]
    body = client.get(url).content.decode()
    assert "User 49<" in body
    assert "User 50<" not in body
    assert "and 3 more, in the CSV" in body
    rows = rows_of(client.post(f"{url}export/"))
    assert [row[3] for row in rows[1:] if row[2]] == [one.name for one in world.users]


def rows_of(answer: HttpResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_file_has_every_effect_and_object_and_nothing_that_runs(client, url, accounts) -> None:
    world.users = [Thing(ANN.sid, "=1+1", "@note")]
    answer = client.post(f"{url}export/")
    lost = ["Who loses what", "1 users lose their access."]
    assert rows_of(answer) == [
        list(COLUMNS),
        [*lost, "", "", ""],
        [*lost, ANN.sid, "'=1+1", "'@note"],
        ["What stays", "Everybody keeps their login.", "", "", ""],
    ]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    name = f"close-account-{accounts[0].sid}-{clock.now():%Y-%m-%d}.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_whoever_takes_a_plan_out_is_in_the_trail(client, url, acme, ana, accounts) -> None:
    client.post(f"{url}export/")
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert (event.action, event.actor_sid) == ("organization.list_exported", ana.sid)
    assert event.details.data["listed"] == "effects"
    assert event.details.data["which"] == f"close account {accounts[0].sid}"


def test_the_page_leads_to_the_file_and_its_address_leads_back(client, url) -> None:
    assert f'action="{url}export/"' in client.get(url).content.decode()
    assert client.get(f"{url}export/")["Location"] == url


def test_a_file_too_many_leads_back_with_the_reason(client, url, ana) -> None:
    for _ in range(EXPORTS.times):
        EXPORTS.note(ana.sid)
    assert client.post(f"{url}export/")["Location"] == url
    assert is_said(client.get(url), "Too many tries.")


def test_neither_page_nor_file_is_there_for_others(url, sign_in, cy: User, eve: User) -> None:
    for person, status in ((cy, 403), (eve, 404)):
        for answer in (
            sign_in(person).get(url),
            sign_in(person).post(f"{url}export/"),
            sign_in(person).get(f"{url}export/"),
        ):
            assert answer.status_code == status


def test_the_file_is_for_those_alone_who_may_open_the_page(
    url, sign_in, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(ben).post(f"{url}export/").status_code == 200
    monkeypatch.setattr(ClosePage, "action", Action.ORGANIZATION_TRANSFER)
    assert sign_in(ben).post(f"{url}export/").status_code == 403
