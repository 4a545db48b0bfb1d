"""One change, four doors: the page, many at once, the staff site and the shell do the same."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AccountStatus
from accounts.operations import create_account
from audit.models import AuditEvent
from bulk.models import BulkRow
from organizations.models import Organization
from tests.accounts.made import being_closed, closed
from tests.bulk.runs import start
from tests.conftest import acting
from tests.pages.effects import follow
from users.models import User

# What a door answers, in words.
Door = Callable[[Account], str]
CLOSED = "This account is closed; nobody can change it."


def answer_of(client: Client, response: HttpResponse) -> str:
    """The page where a form has led to, or the form with what is wrong."""
    page = follow(client, response) if response.status_code == 303 else response
    return page.content.decode()


@pytest.fixture
def account(acme: Organization, ana: User) -> Account:
    return create_account(acme, name="Lab", owner=ana, actor=acting(ana))


@pytest.fixture
def doors(sign_in, ana: User, sue: User, work) -> dict[str, Door]:
    page_client, staff_client = sign_in(ana), sign_in(sue)

    def page(account: Account) -> str:
        url = reverse("accounts:suspend", args=[account.sid])
        return answer_of(page_client, page_client.post(url))

    def bulk(account: Account) -> str:
        run = start("suspend", [account], ana)
        work()
        return BulkRow.unscoped.get(run=run).message

    def staff(account: Account) -> str:
        url = reverse("staff:accounts_account_suspend", args=[account.sid])
        return answer_of(staff_client, staff_client.post(url, {"reason": "Ticket 12"}))

    def command(account: Account) -> str:
        said = StringIO()
        try:
            call_command("suspend_account", account.sid, stdout=said)
        except CommandError as refused:
            return str(refused)
        return said.getvalue()

    return {"page": page, "bulk": bulk, "staff": staff, "command": command}


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("page", "organization"),
        ("bulk", "organization"),
        ("staff", "support"),
        ("command", "support"),
    ],
)
def test_every_door_suspends_and_tells_the_same_event(name, by, doors, account, acme) -> None:
    doors[name](account)
    account.refresh_from_db()
    assert (account.status, account.suspended_by) == (AccountStatus.SUSPENDED, by)
    (event,) = AuditEvent.unscoped.filter(
        chain=acme.sid, subject_sid=account.sid, action="account.suspended"
    )
    assert event.via == name
    assert event.details.data["subject"] == "Lab"


@pytest.mark.parametrize("name", ["page", "staff", "command"])
def test_every_door_is_refused_in_the_same_words(name, doors, account) -> None:
    closed(account)
    assert CLOSED in doors[name](account)
    account.refresh_from_db()
    assert account.status == AccountStatus.CLOSED


def test_of_many_the_one_that_was_closed_meanwhile_is_refused_in_the_same_words(
    account, ana, work
) -> None:
    run = start("suspend", [account], ana)
    being_closed(account)
    work()
    assert BulkRow.unscoped.get(run=run).message == CLOSED


@pytest.mark.parametrize("name", ["page", "bulk"])
def test_no_door_of_customers_reaches_into_another_organization(
    name, account, eve, sign_in
) -> None:
    client = sign_in(eve)
    if name == "page":
        url = reverse("accounts:suspend", args=[account.sid])
        assert client.post(url).status_code == 404
    else:
        form = {"action": "suspend", "chosen": [account.sid]}
        body = answer_of(client, client.post(reverse("bulk:choose"), form))
        assert account.sid not in body
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE
