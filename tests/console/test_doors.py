"""The pages about one account at the door of the console: which role on it opens which of them."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Account, AccountRole
from accounts.operations import create_subaccount, set_roles, suspend_account
from accounts.urls import console
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from adminctr.web.demo_accounts import let_in
from audit.models import AuditEvent
from invitations.operations import invite_to_account
from tests.conftest import acting
from tests.pages.addresses import ABOUT_AN_ACCOUNT
from tests.pages.effects import assert_no_effect, comparable
from tests.users.people import member
from users.models import User

OWNER, ADMINISTRATOR, DEVELOPER, BILLING_MANAGER, SUPPORT = AccountRole
ANY_ROLE = set(AccountRole)
MANAGERS = {OWNER, ADMINISTRATOR}
# Which roles on the account open a page to somebody who administers no organization; a button is
# led back by GET to whoever may see the account, and its operation refuses.
OPENED_BY: dict[str, set[AccountRole]] = {
    "detail": ANY_ROLE,
    "my-access": ANY_ROLE,
    "subaccounts": ANY_ROLE,
    "suspend": ANY_ROLE,
    "reactivate": ANY_ROLE,
    "new-subaccount": MANAGERS,
    "activity": MANAGERS,
    "invite": MANAGERS,
    "invited": MANAGERS,
    "invited-resend": MANAGERS,
    "invited-revoke": MANAGERS,
    "look-up": MANAGERS,
    "pending-users": MANAGERS,
    "remove-access": MANAGERS,
    "roles": MANAGERS,
    "user": MANAGERS,
    "users": MANAGERS,
    "close": {OWNER},
    "close-plan": set(),
    "change-owner": set(),
    "disable-hipaa": set(),
    "enable-hipaa": set(),
}
BUTTONS_OF_THE_ORGANIZATION = {"suspend", "reactivate"}


@pytest.fixture
def marketing(acme) -> Account:
    """Cy's, who is a Standard User; Dora, another one, has roles on it."""
    rows = Account.unscoped.select_related("owner", "organization")
    return rows.get(organization=acme, name="Marketing")


@pytest.fixture
def where(marketing, cy) -> Callable[..., str]:
    """The address of a page about Cy's account at the door of the console."""
    invited = invite_to_account(
        marketing, email="guest@contractor.example", roles=[SUPPORT], actor=acting(cy)
    )
    sids = {"user": User.objects.get(email="dora@acme.example").sid, "invited": invited.sid}

    def find(name: str, account: str = marketing.sid) -> str:
        parts = {part: sids[kind] for part, kind in ABOUT_AN_ACCOUNT[name].items()}
        return reverse(f"account:{name}", kwargs={"sid": account, **parts})

    return find


@pytest.fixture
def holding(acme, marketing, cy, ida) -> Callable[[AccountRole, str], User]:
    """Somebody with one role on Cy's account: a Standard User, or somebody from elsewhere."""

    def make(role: AccountRole, kind: str) -> User:
        if role == OWNER:
            return cy
        if kind == "independent":
            let_in(marketing, ida, roles=[role], by=acting(cy))
            return ida
        managed = member(acme, "nia@acme.example")
        set_roles(marketing, holder=managed, roles=[role], actor=acting(cy))
        return managed

    return make


def refused_reason(user: User) -> tuple[str, str]:
    """What the newest event in the trail of who was refused says."""
    event = AuditEvent.unscoped.filter(actor_sid=user.sid).select_related("details").latest("pk")
    return event.action, event.details.data["reason"]


def test_every_page_about_an_account_has_its_line() -> None:
    mounted = {one.name for one in console[-1].url_patterns}
    assert set(OPENED_BY) == set(ABOUT_AN_ACCOUNT) == mounted


PEOPLE = [(OWNER, "managed")] + [
    (role, kind) for role in AccountRole if role != OWNER for kind in ("managed", "independent")
]


@pytest.mark.parametrize(("role", "kind"), PEOPLE)
def test_a_role_opens_its_pages_and_no_other(role, kind, holding, where, sign_in) -> None:
    user = holding(role, kind)
    client = sign_in(user)
    for name, roles in OPENED_BY.items():
        with assert_no_effect():
            response = client.get(where(name))
        if role in roles:
            assert response.status_code in {200, 303}, name
            continue
        assert response.status_code == 403, name
        action, reason = refused_reason(user)
        assert action == f"{response.resolver_match.func.view_class.action}.refused", name
        assert escape(reason) in response.content.decode(), name


@pytest.mark.parametrize(("role", "kind"), PEOPLE)
def test_a_form_of_a_page_that_is_closed_to_somebody_changes_nothing(
    role, kind, holding, where, sign_in
) -> None:
    client = sign_in(holding(role, kind))
    for name, roles in OPENED_BY.items():
        if role not in roles or name in BUTTONS_OF_THE_ORGANIZATION:
            with assert_no_effect():
                assert client.post(where(name), {"name": "x"}).status_code == 403, name


@pytest.mark.parametrize("role", AccountRole)
def test_the_settings_are_saved_by_whose_role_includes_it(
    role, holding, where, marketing, sign_in
) -> None:
    user = holding(role, "independent")
    form = {"name": "Advertising", "second_factor": "disabled"}
    status = sign_in(user).post(where("detail"), form).status_code
    marketing.refresh_from_db()
    assert (status, marketing.name) == (
        (303, "Advertising") if role in MANAGERS else (403, "Marketing")
    )


@pytest.mark.parametrize("role", AccountRole)
def test_tabs_lead_where_somebody_may_go(role, holding, where, sign_in) -> None:
    client = sign_in(holding(role, "independent"))
    tabs = client.get(where("detail")).context["tabs"]
    assert len(tabs) == (5 if role in MANAGERS else 2)
    assert {client.get(one["url"]).status_code for one in tabs} == {200}


@pytest.mark.parametrize(("role", "kind"), PEOPLE)
def test_no_link_of_a_page_leads_to_a_refusal(role, kind, holding, where, sign_in) -> None:
    client = sign_in(holding(role, kind))
    for name, roles in OPENED_BY.items():
        page = client.get(where(name))
        if role in roles and page.status_code == 200:
            links = set(re.findall(r'<a [^>]*href="(/[^"]+)"', page.content.decode()))
            assert {url: client.get(unescape(url)).status_code for url in links} == dict.fromkeys(
                links, 200
            ), name


@pytest.mark.parametrize("who", ["ana", "ben", "eve", "ida", "sue"])
def test_without_a_role_no_page_is_there(who, where, request, sign_in) -> None:
    """Not even for those who govern the account in the Admin Center."""
    user = request.getfixturevalue(who)
    client, nobodys = sign_in(user), make_sid("AC")
    with assert_no_effect():
        for name in OPENED_BY:
            for method in ("get", "post"):
                known = getattr(client, method)(where(name))
                assert refused_reason(user)[0] == "open_account.refused", name
                unknown = getattr(client, method)(where(name, nobodys))
                assert known.status_code == unknown.status_code == 404, name
                assert comparable(known.content) == comparable(unknown.content)


def test_a_role_above_opens_the_account_below_and_not_the_other_way_round(
    acme, marketing, cy, ida, where, sign_in
) -> None:
    below = create_subaccount(marketing, name="Marketing tests", actor=acting(cy))
    client = sign_in(cy)
    assert client.get(where("detail", below.sid)).status_code == 200
    assert client.get(where("users", below.sid)).status_code == 200
    let_in(below, ida, roles=[ADMINISTRATOR], by=acting(cy))
    client = sign_in(ida)
    assert client.get(where("users", below.sid)).status_code == 200
    assert client.get(where("detail")).status_code == 404


def test_what_a_role_includes_is_not_possible_while_the_account_is_suspended(
    marketing, ben, cy, where, sign_in
) -> None:
    suspend_account(marketing, actor=acting(ben))
    client = sign_in(cy)
    assert client.get(where("detail")).status_code == 200
    for name in ("users", "invite", "activity", "new-subaccount"):
        response = client.get(where(name))
        assert response.status_code == 403, name
        assert b"The account is suspended. Until it runs again" in response.content


def test_a_closed_account_is_there_for_its_administrators_alone(acme, ben, sign_in) -> None:
    with tenant(acme):
        closed = Account.objects.select_related("owner").get(name="Old hotline")
    owner, governing = sign_in(closed.owner), sign_in(ben)
    assert owner.get(reverse("account:detail", args=[closed.sid])).status_code == 404
    assert governing.get(closed.get_absolute_url()).status_code == 200
    for name in ("users", "pending-users", "subaccounts", "activity"):
        url = reverse(f"accounts:{name}", args=[closed.sid])
        assert governing.get(url).status_code == 200, name
