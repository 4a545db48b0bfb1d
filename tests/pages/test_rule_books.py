"""One entry of a rule book changes everything that goes by it: tables, controls, refusals."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts import policy as account_policy
from accounts.access import proof_of
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import set_roles
from accounts.policy import Permission
from adminctr.core.errors import NotAllowed
from organizations import policy
from organizations.models import Role
from organizations.policy import OWNER_ALONE, Action
from tests.conftest import acting
from tests.pages.effects import assert_no_effect

SETTINGS = reverse("organizations:settings")


@pytest.fixture
def marketing(acme) -> Account:
    rows = Account.unscoped.select_related("owner", "organization")
    return rows.get(organization=acme, name="Marketing")


def rule_in_settings(client: Client, book: str, words: str) -> dict[str, bool]:
    """What the tables of roles say of one action, and that the page shows it."""
    response = client.get(SETTINGS)
    assert escape(words) in response.content.decode()
    (row,) = [one for one in response.context[book] if one["words"] == words]
    return row["granted"]


def controls_of(client: Client, url: str) -> tuple[set[str], dict[str, str]]:
    """The buttons that a page offers, and the reasons for those that it does not."""
    body = client.get(url).content.decode()
    offered = re.findall(r"<(?:button|a) [^>]*button[^>]*>\s*([^<]+?)\s*<", body)
    explained = re.findall(
        r'"refusal__label">([^<]+)</span>\s*<span class="refusal__reason">([^<]+)<', body
    )
    return set(offered), dict(explained)


def take_from_administrators(monkeypatch: pytest.MonkeyPatch, action: Action) -> None:
    less = policy.GRANTS[Role.ADMINISTRATOR] - {action}
    monkeypatch.setitem(policy.GRANTS, Role.ADMINISTRATOR, less)


def give_to_support(monkeypatch: pytest.MonkeyPatch, permission: Permission) -> None:
    more = account_policy.GRANTS[AccountRole.SUPPORT] | {permission}
    monkeypatch.setitem(account_policy.GRANTS, AccountRole.SUPPORT, more)


def test_the_table_of_organization_roles_follows(ben, sign_in, monkeypatch) -> None:
    client, words = sign_in(ben), policy.WORDS[Action.ACCOUNT_SUSPEND]
    assert rule_in_settings(client, "rules", words)["Administrator"]
    take_from_administrators(monkeypatch, Action.ACCOUNT_SUSPEND)
    assert rule_in_settings(client, "rules", words) == {
        "Owner": True, "Administrator": False, "Standard User (Account Creation)": False
    }  # fmt: skip


def test_the_control_of_an_account_follows(ana, ben, marketing, sign_in, monkeypatch) -> None:
    url = marketing.get_absolute_url()
    offered, explained = controls_of(sign_in(ben), url)
    assert "Suspend" in offered
    assert "Suspend" not in explained
    take_from_administrators(monkeypatch, Action.ACCOUNT_SUSPEND)
    offered, explained = controls_of(sign_in(ben), url)
    assert "Suspend" not in offered
    assert "Ana Silva" in explained["Suspend"]
    assert "Suspend" in controls_of(sign_in(ana), url)[0]


def test_the_page_of_a_refusal_and_the_operation_follow(
    ben, marketing, sign_in, monkeypatch
) -> None:
    client = sign_in(ben)
    take_from_administrators(monkeypatch, Action.ACCOUNT_SUSPEND)
    with assert_no_effect():
        response = client.post(reverse("accounts:suspend", args=[marketing.sid]))
    assert response.status_code == 403
    body = response.content.decode()
    assert OWNER_ALONE in body
    assert f"<strong>{policy.WORDS[Action.ACCOUNT_SUSPEND]}</strong>" in body
    assert "mailto:ana@acme.example" in body
    assert "mailto:fay@acme.example" not in body


def test_what_somebody_reads_of_their_own_rights_follows(ben, sign_in, monkeypatch) -> None:
    client, words = sign_in(ben), policy.WORDS[Action.ACCOUNT_SUSPEND]
    assert words in client.get("/console/").context["home"]["mine"]
    take_from_administrators(monkeypatch, Action.ACCOUNT_SUSPEND)
    home = client.get("/console/").context["home"]
    assert words not in home["mine"]
    (other,) = [one for one in home["others"] if words in one["words"]]
    assert other["who"] == "Only the Owner can"


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("who", ["ana", "ben", "cy"])
def test_taking_any_action_away_is_felt_by_whoever_had_it(
    action, who, acme, request, monkeypatch
) -> None:
    actor = acting(request.getfixturevalue(who))
    role = Role(actor.role)
    allowed = action in policy.GRANTS[role]
    assert (policy.refusal(actor, action, acme) is None) == allowed
    monkeypatch.setitem(policy.GRANTS, role, policy.GRANTS[role] - {action})
    assert policy.refusal(actor, action, acme)
    with pytest.raises(NotAllowed):
        policy.require(actor, action, acme)


def test_the_table_of_account_roles_follows(ana, sign_in, monkeypatch) -> None:
    client = sign_in(ana)
    words = account_policy.WORDS[Permission.USERS_MANAGE]
    assert not rule_in_settings(client, "account_rules", words)["Support"]
    give_to_support(monkeypatch, Permission.USERS_MANAGE)
    assert rule_in_settings(client, "account_rules", words)["Support"]


def test_the_pages_of_an_account_follow(acme, cy, marketing, sign_in, monkeypatch) -> None:
    """Dora, a Standard User, is Billing Manager and Support on Cy's account."""
    dora = RoleAssignment.unscoped.select_related("holder").filter(
        account=marketing, role=AccountRole.SUPPORT
    )[0].holder  # fmt: skip
    client = sign_in(dora)
    detail, users = (
        reverse(f"account:{name}", args=[marketing.sid]) for name in ("detail", "users")
    )
    assert len(client.get(detail).context["tabs"]) == 2
    refused = client.get(users).content.decode()
    assert "Its Owner or Administrator can help." in refused

    give_to_support(monkeypatch, Permission.USERS_MANAGE)
    assert len(client.get(detail).context["tabs"]) == 5
    assert client.get(users).status_code == 200
    assert "Invite User" in controls_of(client, users)[0]
    assert Permission.USERS_MANAGE in proof_of(dora.pk, marketing).permissions
    set_roles(marketing, holder=dora, roles=[AccountRole.DEVELOPER], actor=acting(cy))
    refused = client.get(users).content.decode()
    assert "Its Owner or Administrator or Support can help." in refused


def test_an_operation_on_an_account_follows(acme, cy, marketing, monkeypatch) -> None:
    holders = RoleAssignment.unscoped.select_related("holder").filter(account=marketing)
    dora = holders.get(role=AccountRole.SUPPORT).holder
    developer = {"roles": [AccountRole.DEVELOPER]}
    with pytest.raises(NotAllowed):
        set_roles(marketing, holder=cy, actor=acting(dora), **developer)
    give_to_support(monkeypatch, Permission.USERS_MANAGE)
    emil = RoleAssignment.unscoped.filter(email="emil@acme.example")[0].holder
    set_roles(marketing, holder=emil, actor=acting(dora), **developer)
    assert holders.filter(holder=emil, role=AccountRole.DEVELOPER).exists()
