"""The overview tells how the organization stands, at a cost that does not grow."""

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.utils.html import escape

from accounts.models import Account, AccountStatus, RoleAssignment, SuspendedBy
from adminctr.core import clock
from adminctr.core.tenancy import tenant
from domains.operations import add_domain
from invitations.models import SENDING_TIME, Invitation
from invitations.operations import revoke_invitation
from organizations.models import Membership, Role
from overview import figures
from overview.figures import Named
from tests.conftest import acting
from tests.pages.test_query_growth import more_accounts, more_domains, more_invitations, more_users
from tests.users.enrolled import with_app
from tests.users.people import doubt, invited, member
from users.models import User, UserStatus

OVERVIEW = "/admin-center/"
MOST_QUERIES = 10


def read(organization) -> figures.Figures:
    with tenant(organization):
        return figures.read(organization)


def totals(body: str) -> dict[str, str]:
    part = body.partition("<h2>Totals</h2>")[2]
    return dict(re.findall(r"<dt>(.*?)</dt><dd><a [^>]*>(.*?)</a></dd>", part))


def test_the_totals_are_those_of_the_lists(acme, ana, sign_in) -> None:
    held = Account.unscoped.filter(organization=acme).counted().count()
    assert totals(sign_in(ana).get(OVERVIEW).content.decode()) == {
        "Managed users": "7",
        "Pending users": "3",
        "Pending accounts": "1",
        "Managed accounts": f"{held} of {acme.account_limit}, and 2 closed",
        "Domains": "1 of 3 verified",
    }


def test_open_and_closed_accounts_together_are_those_of_the_list(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    told = totals(client.get(OVERVIEW).content.decode())["Managed accounts"]
    number = int(told.partition(" ")[0])
    assert told == f"{number} of {acme.account_limit}, and 2 closed"
    assert client.get("/admin-center/accounts/").context["counted"] == f"{number + 2} accounts"


def test_domains_are_told_by_what_is_known_of_them(acme) -> None:
    now = read(acme)
    assert names(now.verified_domains) == ["acme.example"]
    assert names(now.failing_domains) == ["acme-labs.example"]
    assert names(now.waiting_domains) == ["bücher-acme.example"]
    doubt("acme.example")
    assert names(read(acme).uncertain_domains) == ["acme.example"]


def names(domains: Iterable[Named]) -> list[str]:
    return [one.name for one in domains]


def test_invitations_that_expired_and_that_did_not_leave_are_told_apart(acme, deliver) -> None:
    before = read(acme).pending
    invited(acme, "new@acme.example")
    assert (read(acme).pending, read(acme).undelivered) == (before + 1, 0)
    with time_machine.travel(clock.now() + SENDING_TIME):
        assert (read(acme).expired, read(acme).undelivered) == (0, 1)
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert (read(acme).expired, read(acme).undelivered) == (before + 1, 0)
    deliver()
    with time_machine.travel(clock.now() + SENDING_TIME):
        assert (read(acme).pending, read(acme).undelivered) == (before + 1, 0)


def test_a_closed_invitation_is_pending_no_more(acme, ana) -> None:
    before = read(acme).pending
    revoke_invitation(invited(acme, "new@acme.example"), actor=acting(ana))
    assert read(acme).pending == before


def test_who_administers_is_counted_with_the_owner(acme, globex) -> None:
    assert (read(acme).administrators, read(acme).never_signed_in) == (3, 2)
    assert (read(globex).administrators, read(globex).never_signed_in) == (1, 0)


def test_an_administrator_with_a_second_factor_is_not_missed(acme, ben) -> None:
    before = read(acme).without_factor
    with_app(ben)
    assert read(acme).without_factor == before - 1


def note_sign_in(user: User) -> None:
    user.last_login = clock.now()
    user.save(update_fields=["last_login"])
    Membership.unscoped.filter(user=user).update(last_sign_in_at=user.last_login)


def test_an_administrator_who_signed_in_is_not_missed(acme, ben) -> None:
    note_sign_in(ben)
    assert read(acme).never_signed_in == 1


@pytest.mark.breaks_invariants
def test_an_administrator_who_cannot_log_in_administers_nothing(acme, ben) -> None:
    Membership.unscoped.filter(user=ben).update(status=UserStatus.INACTIVE)
    assert (read(acme).administrators, read(acme).never_signed_in) == (2, 1)


def test_suspended_accounts_count_and_closed_ones_do_not(acme) -> None:
    before, now = read(acme), clock.now()
    billing = Account.unscoped.filter(organization=acme, name="Billing")
    billing.update(status=AccountStatus.SUSPENDED, suspended_by=SuspendedBy.ORGANIZATION)
    assert read(acme).accounts == before.accounts
    assert read(acme).suspended_accounts == before.suspended_accounts + 1
    billing.update(status=AccountStatus.CLOSED, suspended_by="", closing_at=now, closed_at=now)
    RoleAssignment.unscoped.filter(account__in=billing).end()
    assert read(acme).accounts == before.accounts - 1
    assert read(acme).suspended_accounts == before.suspended_accounts


def test_counting_stops_above_the_bound(acme, monkeypatch) -> None:
    accounts = read(acme).accounts
    monkeypatch.setattr(figures, "MOST", 2)
    now = read(acme)
    assert (now.pending, now.administrators) == (3, 3)
    assert figures.shown(now.pending) == "2+"
    assert now.members == 7, "the organization keeps this number"
    assert now.accounts == accounts > 2, "the limit is higher, and is compared with all of them"


def test_the_page_shows_what_needs_attention(acme, ana, sign_in) -> None:
    client = sign_in(ana)
    body = client.get(OVERVIEW).content.decode()
    assert escape("The last check of 1 domain (acme-labs.example) failed") in body
    assert "2 Administrators have never signed in" in body
    links = dict(re.findall(r'<a href="([^"]*)">(.*?)</a>', body))
    never, failed = (
        next(url for url, text in links.items() if end in text)
        for end in ("never signed in", "(acme-labs.example) failed")
    )
    assert client.get(unescape(never)).context["counted"] == "2 users"
    assert "acme-labs.example" in client.get(failed).context["domain"].name
    assert "Nothing needs your attention" not in body


def test_a_calm_day_says_so(globex, eve, sign_in) -> None:
    gus = member(globex, "gus@globex.example", Role.ADMINISTRATOR)
    note_sign_in(gus)
    with_app(gus)
    assert b"Nothing needs your attention today." in sign_in(gus).get(OVERVIEW).content


@pytest.mark.parametrize("grow", [more_users, more_invitations, more_accounts, more_domains])
def test_the_overview_costs_the_same_however_much_there_is(
    grow, acme, ana, sign_in, count_queries
) -> None:
    client = sign_in(ana)
    few = count_queries(lambda: client.get(OVERVIEW))
    grow(acme, ana)
    assert count_queries(lambda: client.get(OVERVIEW)) == few
    assert few <= MOST_QUERIES


def test_another_organization_is_not_counted(acme, globex, eve) -> None:
    before = read(acme)
    member(globex, "gus@globex.example", Role.ADMINISTRATOR)
    add_domain(globex, name="globex-labs.example", actor=acting(eve))
    invited(globex, "new@globex.example")
    assert read(acme) == before
    assert Invitation.unscoped.filter(organization=globex).exists()
