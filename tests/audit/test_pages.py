"""The trail's page goes back and forth by key and shows one organization's events alone."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from adminctr.core.errors import RuleViolation
from audit.models import AuditDetails, AuditEvent
from domains.operations import add_domain
from organizations.models import Organization
from tests.conftest import acting
from users.models import User

URL = "/admin-center/activity/"


@pytest.fixture
def client_of_ana(ana: User, log_in: Any, settings: Any) -> Client:
    """Where Ana has logged in just now, which is the newest event."""
    settings.PAGE_SIZE = 4
    return log_in(ana)


def rows(client: Client, query: str = "") -> tuple[list[int], str, str]:
    context = client.get(f"{URL}{query}").context
    places = [row["sequence"] for row in context["rows"]]
    return places, context["previous_url"], context["next_url"]


def all_places(organization: Organization) -> list[int]:
    events = AuditEvent.unscoped.filter(chain=organization.sid).order_by("-sequence")
    return list(events.values_list("sequence", flat=True))


def test_every_event_is_shown_once_on_the_way_down_and_up(
    client_of_ana: Client, acme: Organization
) -> None:
    expected = all_places(acme)
    assert len(expected) > 8
    pages, query = [], ""
    while True:
        places, _, following = rows(client_of_ana, query)
        pages.append(places)
        if not following:
            break
        query = following
    assert [place for page in pages for place in page] == expected
    assert all(len(page) == 4 for page in pages[:-1])

    upward = [pages[-1]]
    while previous := rows(client_of_ana, query)[1]:
        query = previous
        upward.append(rows(client_of_ana, query)[0])
    assert upward == pages[::-1]


def test_the_first_page_has_nothing_before_and_the_last_nothing_after(
    client_of_ana: Client, acme: Organization
) -> None:
    assert rows(client_of_ana)[1] == ""
    places, previous, following = rows(client_of_ana, "?after=3")
    assert (places, following) == ([2, 1], "")
    assert previous == "?before=2"


def test_events_that_come_meanwhile_do_not_move_a_page(
    client_of_ana: Client, acme: Organization, ana: User
) -> None:
    second = rows(client_of_ana)[2]
    before = rows(client_of_ana, second)[0]
    add_domain(acme, name="meanwhile.example", actor=acting(ana))
    assert rows(client_of_ana, second)[0] == before


@pytest.mark.parametrize(
    "query",
    [
        "?after=999999999",
        "?after=0",
        "?after=-1",
        "?after=x",
        "?after=" + "9" * 17,
        "?after=" + "9" * 400,
        "?after=%00",
        "?before=",
        "?after=1%27--",
        "?after=US" + "0" * 32,
        "?before=US" + "0" * 32,
    ],
)
def test_a_place_that_is_none_shows_the_first_page(client_of_ana: Client, query: str) -> None:
    assert rows(client_of_ana, query)[0] == rows(client_of_ana)[0]


def test_an_event_of_another_organization_never_appears(
    client_of_ana: Client, acme: Organization, globex: Organization, eve: User
) -> None:
    add_domain(globex, name="hidden-plan.example", actor=acting(eve))
    theirs = AuditEvent.unscoped.filter(chain=globex.sid).latest("sequence")
    page = client_of_ana.get(URL)
    while True:
        assert b"hidden-plan" not in page.content
        assert b"eve@globex" not in page.content
        following = page.context["next_url"]
        if not following:
            break
        page = client_of_ana.get(f"{URL}{following}")
    elsewhere = client_of_ana.get(f"{URL}?after={theirs.sequence + 1}")
    assert b"hidden-plan" not in elsewhere.content


def test_nobody_sees_the_systems_own_events(client_of_ana: Client, acme: Organization) -> None:
    system = AuditEvent.unscoped.filter(chain="system").count()
    assert system
    seen, query = [], ""
    while True:
        places, _, query = rows(client_of_ana, query)
        seen += places
        if not query:
            break
    assert len(seen) == len(all_places(acme))


def test_an_event_says_who_did_what_from_where(client_of_ana: Client) -> None:
    newest = client_of_ana.get(URL).context["rows"][0]
    assert newest["sentence"] == "logged in"
    assert newest["actor"] == "ana@acme.example"


def test_an_erased_event_still_has_its_row(client_of_ana: Client, acme: Organization) -> None:
    AuditDetails.objects.filter(event__chain=acme.sid).delete()
    row = client_of_ana.get(URL).context["rows"][0]
    assert row["sentence"] == "user.logged_in (the details were erased)"
    assert (row["actor"], row["ip"]) == ("Somebody", "")


def test_what_people_wrote_is_shown_as_text(acme: Organization, ana: User, sign_in: Any) -> None:
    client = sign_in(ana)
    with pytest.raises(RuleViolation):
        add_domain(acme, name="acme.example", actor=replace(acting(ana), label="<b>Ana</b>"))
    page = client.get(URL).content
    assert b"&lt;b&gt;Ana" in page
    assert b"<b>Ana" not in page
