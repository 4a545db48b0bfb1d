"""The counters of an organization follow every change, and can be put right."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Account
from accounts.operations import create_account, purge_account
from adminctr.core import clock
from adminctr.core.actor import Actor
from invitations.models import Invitation
from invitations.operations import (
    accept_invitation_as_newcomer,
    add_existing_account,
    decline_invitation,
    revoke_invitation,
)
from organizations.models import Organization
from tests.accounts.made import JOB, account_named, below, closed, coming, offered
from tests.conftest import acting
from tests.users.people import invited, newcomer


def counters_of(organization: Organization) -> tuple[int, int, int]:
    organization.refresh_from_db()
    counted = organization.managed_users, organization.pending_users
    return *counted, organization.managed_accounts


def test_they_follow_what_comes_and_goes(acme, ana) -> None:
    users, pending, accounts = counters_of(acme)
    first, second = (invited(acme, f"{name}@acme.example") for name in ("nell", "olga"))
    assert counters_of(acme) == (users, pending + 2, accounts)
    accept_invitation_as_newcomer(
        first, newcomer=newcomer("Nell"), actor=Actor.stranger(first.email)
    )
    revoke_invitation(second, actor=acting(ana))
    create_account(acme, name="Lab", owner=ana, actor=acting(ana))
    assert counters_of(acme) == (users + 1, pending, accounts + 1)


def test_closing_and_purging_keep_an_account_on_the_list(acme, billing_closed) -> None:
    assert Account.unscoped.get(pk=billing_closed.pk).purged_at
    whole = Account.unscoped.filter(organization=acme, parent=None)
    assert whole.contains(billing_closed)
    acme.refresh_from_db()
    assert acme.managed_accounts == whole.count()


def test_subaccounts_are_not_counted(acme, ana) -> None:
    before = counters_of(acme)
    below(account_named("First account"))
    assert counters_of(acme) == before


def test_accounts_that_are_to_be_added_are_counted_while_they_wait(acme, ana) -> None:
    account = coming(acme)
    acme.refresh_from_db()
    accounts, users = acme.pending_accounts, acme.pending_users
    first = add_existing_account(acme, sid=account.sid, actor=acting(ana))
    acme.refresh_from_db()
    assert (acme.pending_accounts, acme.pending_users) == (accounts + 1, users)
    revoke_invitation(first, actor=acting(ana))
    acme.refresh_from_db()
    assert acme.pending_accounts == accounts
    add_existing_account(acme, sid=account.sid, actor=acting(ana))
    Invitation.unscoped.filter(account=account).update(expires_at=clock.now())
    second = add_existing_account(acme, sid=account.sid, actor=acting(ana))
    acme.refresh_from_db()
    assert acme.pending_accounts == accounts + 1
    decline_invitation(second, actor=Actor.stranger(second.email))
    acme.refresh_from_db()
    assert acme.pending_accounts == accounts


def test_access_to_an_account_is_no_pending_user(acme) -> None:
    before = counters_of(acme)
    offered(account_named("Billing"), "nadia@ext.example")
    assert counters_of(acme) == before


def test_an_expired_invitation_that_is_replaced_is_counted_once(acme) -> None:
    first = invited(acme, "nell@acme.example")
    before = counters_of(acme)
    Invitation.unscoped.filter(pk=first.pk).update(
        expires_at=first.created_at, last_sent_at=first.created_at
    )
    invited(acme, "nell@acme.example")
    assert counters_of(acme) == before


@pytest.fixture
def billing_closed(acme) -> Account:
    account = closed(account_named("Billing"))
    with time_machine.travel(clock.now() + timedelta(days=31)):
        purge_account(account, actor=JOB)
    return account


@pytest.mark.parametrize(
    "counter", ["managed_users", "pending_users", "managed_accounts", "pending_accounts"]
)
def test_a_counter_is_never_below_zero(acme, counter) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        acme.tally(**{counter: -1000})


def test_a_check_names_the_drift_and_changes_nothing(acme) -> None:
    users = acme.managed_users
    acme.tally(managed_users=2)
    said = StringIO()
    with pytest.raises(CommandError, match="1 counters are wrong"):
        call_command("recount", "--check", stdout=said)
    assert f"{acme.sid}: managed_users says {users + 2}, there are {users}" in said.getvalue()
    assert counters_of(acme)[0] == users + 2
    acme.tally(managed_users=-2)


def test_a_recount_puts_every_drift_right(acme, globex) -> None:
    before = counters_of(acme), counters_of(globex)
    acme.tally(managed_users=2, pending_users=3)
    globex.tally(managed_accounts=1)
    call_command("recount", stdout=StringIO())
    assert (counters_of(acme), counters_of(globex)) == before
