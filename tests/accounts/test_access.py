"""Who may do what on an account: roles on it, on the one above it, or in the organization."""

from itertools import product

import pytest

from accounts import access, policy
from accounts.models import (
    GRANTABLE_ACCOUNT_ROLES,
    Account,
    AccountRole,
    AccountStatus,
)
from accounts.operations import reactivate_account
from accounts.policy import GRANTS, LEFT, PERMISSION_FOR, Permission
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from organizations import policy as organization_policy
from organizations.models import Role, stay_of
from organizations.policy import STAFF_ALONE, Action
from tests.accounts.made import (
    OPERATOR,
    being_closed,
    below,
    closed,
    fresh,
    give,
    outsider,
    suspended,
)
from tests.conftest import acting
from users.models import User, UserStatus
from users.operations import lift_suspension, suspend_login

NADIA = "nadia@ext.example"


def holding(role: AccountRole, account: Account) -> User:
    """Its owner, or somebody from elsewhere with this role alone."""
    return account.owner if role is AccountRole.OWNER else outsider(account, NADIA, role)


@pytest.mark.parametrize("role", AccountRole)
def test_a_role_on_an_account_gives_what_the_rule_book_says(role, marketing) -> None:
    proof = access.proof_of(holding(role, marketing).pk, marketing)
    assert bool(proof)
    assert proof.permissions == GRANTS[role]
    for permission in Permission:
        assert (proof.refusal(permission) is None) == (permission in GRANTS[role])


@pytest.mark.parametrize(
    "permission", [one for one in Permission if one not in GRANTS[AccountRole.SUPPORT]]
)
def test_a_refusal_names_what_is_missing_the_roles_held_and_who_can_help(
    permission, marketing
) -> None:
    proof = access.proof_of(holding(AccountRole.SUPPORT, marketing).pk, marketing)
    words = str(proof.refusal(permission))
    assert f"“{policy.WORDS[permission]}”" in words
    assert "(Support)" in words
    able = [role.label for role in AccountRole if permission in GRANTS[role]]
    assert words.endswith(f"Its {' or '.join(able)} can help.")


def test_several_roles_give_what_any_of_them_gives(marketing, dora) -> None:
    give(marketing, dora, AccountRole.DEVELOPER, AccountRole.BILLING_MANAGER)
    proof = access.proof_of(dora.pk, marketing)
    assert proof.permissions == policy.granted(["developer", "billing_manager"])
    assert "(Billing Manager, Developer)" in str(proof.refusal(Permission.USERS_MANAGE))


@pytest.mark.parametrize("role", AccountRole)
def test_access_reaches_what_is_below_and_never_what_is_above(role, marketing) -> None:
    sub = below(marketing)
    assert access.proof_of(holding(role, marketing).pk, sub).permissions == GRANTS[role]


@pytest.mark.parametrize("role", GRANTABLE_ACCOUNT_ROLES)
def test_a_role_below_gives_nothing_above(role, marketing, dora) -> None:
    sub = below(marketing)
    give(sub, dora, role)
    assert access.proof_of(dora.pk, sub)
    assert not access.proof_of(dora.pk, marketing)


def test_roles_in_both_places_are_added_and_one_s_own_come_first(marketing, dora) -> None:
    sub = below(marketing)
    give(marketing, dora, AccountRole.BILLING_MANAGER)
    give(sub, dora, AccountRole.DEVELOPER)
    proof = access.proof_of(dora.pk, sub)
    assert [one.account for one in proof.grounds] == [sub, marketing]
    assert proof.permissions == policy.granted(["developer", "billing_manager"])


def test_nobody_else_has_proof(marketing, dora, eve) -> None:
    for user in (dora, eve):
        proof = access.proof_of(user.pk, marketing)
        assert (bool(proof), proof.permissions) == (False, frozenset())
        assert proof.missing is access.Missing.ROLE
        assert str(proof.refusal(None)) == "You have no role on this account."


def test_a_role_on_one_account_proves_nothing_of_another(marketing, billing, cy) -> None:
    assert access.proof_of(cy.pk, marketing)
    assert not access.proof_of(cy.pk, billing)


def test_a_suspended_login_has_no_access_until_it_is_lifted(marketing, cy, support) -> None:
    suspend_login(cy, actor=support)
    proof = access.proof_of(cy.pk, marketing)
    assert (bool(proof), proof.permissions) == (False, frozenset())
    assert proof.missing is access.Missing.LOGIN
    assert str(proof.refusal(Permission.LOGS_VIEW)) == "Your login is not active."
    lift_suspension(cy, actor=support)
    assert access.proof_of(cy.pk, marketing)


@pytest.mark.parametrize(("status", "has"), [(one, one == "active") for one in UserStatus])
def test_an_active_login_alone_has(status, has, marketing, cy) -> None:
    User.objects.filter(pk=cy.pk).update(status=status)
    assert bool(access.proof_of(cy.pk, marketing)) == has
    User.objects.filter(pk=cy.pk).update(status=UserStatus.ACTIVE)


def test_a_closed_account_lets_nobody_in(marketing, billing, cy) -> None:
    account = being_closed(marketing)
    proof = access.proof_of(cy.pk, account)
    assert proof.missing is access.Missing.ACCOUNT
    assert str(proof.refusal(None)) == "This account is closed."
    account = closed(billing)
    assert access.proof_of(account.owner_id, account).missing is access.Missing.ROLE


@pytest.mark.parametrize("role", AccountRole)
def test_a_suspended_account_leaves_what_the_rule_book_says(role, marketing) -> None:
    holder = holding(role, marketing)
    left = LEFT[AccountStatus.SUSPENDED]
    proof = access.proof_of(holder.pk, suspended(marketing))
    assert proof.permissions == GRANTS[role] & left
    for permission in GRANTS[role] - left:
        assert str(proof.refusal(permission)) == access.NOT_RUNNING.format(status="suspended")


def test_what_stops_with_the_account_above_leaves_no_more(marketing, cy) -> None:
    sub = below(marketing)
    suspended(marketing)
    assert access.proof_of(cy.pk, fresh(sub)).permissions == LEFT[AccountStatus.SUSPENDED]
    reactivate_account(marketing, actor=acting(marketing.organization.owner))
    assert access.proof_of(cy.pk, fresh(sub)).permissions == frozenset(Permission)


def test_every_status_says_what_is_left() -> None:
    assert set(LEFT) == set(AccountStatus)


# One entry of the rule book, and everything that follows from it


def test_a_changed_entry_changes_permissions_refusals_and_what_is_allowed(
    marketing, dora, monkeypatch
) -> None:
    give(marketing, dora, AccountRole.DEVELOPER)
    actor, action = acting(dora), Action.ACCOUNT_MANAGE_USERS
    refused = access.refusal(actor, action, marketing)
    assert str(refused).endswith("(Developer). Its Owner or Administrator can help.")

    more = GRANTS[AccountRole.BILLING_MANAGER] | {Permission.USERS_MANAGE}
    monkeypatch.setitem(GRANTS, AccountRole.BILLING_MANAGER, more)
    refused = access.refusal(actor, action, marketing)
    assert str(refused).endswith("Its Owner or Administrator or Billing Manager can help.")

    more = GRANTS[AccountRole.DEVELOPER] | {Permission.USERS_MANAGE}
    monkeypatch.setitem(GRANTS, AccountRole.DEVELOPER, more)
    assert access.refusal(actor, action, marketing) is None
    assert Permission.USERS_MANAGE in access.proof_of(dora.pk, marketing).permissions
    access.require(actor, action, marketing)


def test_a_changed_entry_of_what_is_left_changes_what_a_suspended_account_allows(
    marketing, cy, monkeypatch
) -> None:
    account, action = suspended(marketing), Action.ACCOUNT_MANAGE_USERS
    assert access.refusal(acting(cy), action, account)
    monkeypatch.setitem(LEFT, AccountStatus.SUSPENDED, frozenset(Permission))
    assert access.refusal(acting(cy), action, account) is None


# Both ways together

PEOPLE = ["ana", "ben", "cy", "dora", "ida", "eve", "sue"]
STATES = {"runs": lambda one: one, "suspended": suspended, "closing": being_closed}


def allowed(user: User, action: Action, account: Account) -> bool:
    """Whether one of the two ways leads there, said anew."""
    stay = stay_of(user)
    at_home = stay is not None and stay.organization_id == account.organization_id
    if at_home and action in organization_policy.GRANTS[Role(stay.role)]:
        return True
    if action not in PERMISSION_FOR:
        return False
    proof = access.proof_of(user.pk, account)
    needed = PERMISSION_FOR[action]
    return bool(proof) and (needed is None or needed in proof.permissions)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("role", GRANTABLE_ACCOUNT_ROLES)
def test_nothing_is_refused_exactly_where_a_role_in_either_place_allows_it(
    state, role, marketing, dora, request
) -> None:
    give(marketing, dora, role)
    nadia = outsider(marketing, NADIA, role)
    account = STATES[state](marketing)
    people = [*map(request.getfixturevalue, PEOPLE), nadia]
    seen = set()
    for user, action in product(people, set(Action) - STAFF_ALONE):
        refused = access.refusal(acting(user), action, account)
        assert (refused is None) == allowed(user, action, account), (user, action)
        seen.add(refused is None)
        if refused:
            with pytest.raises(NotAllowed, match=r"\w"):
                access.require(acting(user), action, account)
    assert seen == {True, False}


@pytest.mark.parametrize("action", PERMISSION_FOR)
def test_a_subaccount_is_managed_from_above_and_all_else_on_it_by_roles_on_it(
    action, marketing, dora
) -> None:
    sub = below(marketing)
    give(sub, dora, AccountRole.ADMINISTRATOR)
    nadia = outsider(marketing, NADIA, AccountRole.ADMINISTRATOR)
    by_owner_alone = action is Action.ACCOUNT_CLOSE
    from_above_alone = action is Action.SUBACCOUNT_MANAGE
    assert (access.refusal(acting(nadia), action, sub) is None) == (not by_owner_alone)
    on_it = not (by_owner_alone or from_above_alone)
    assert (access.refusal(acting(dora), action, sub) is None) == on_it


def test_support_and_the_system_need_no_role_on_it(marketing, support) -> None:
    assert access.refusal(OPERATOR, Action.ACCOUNT_CLOSE, marketing) is None
    assert access.refusal(support, Action.ACCOUNT_SUSPEND, marketing) is None
    assert access.refusal(support, Action.ACCOUNT_CLOSE, marketing)


def test_at_the_staff_site_roles_on_accounts_count_for_nothing(marketing, sue) -> None:
    """Sue was invited to one as a person, and acts as support."""
    give_access = outsider(marketing, NADIA, AccountRole.ADMINISTRATOR)
    assert access.refusal(acting(give_access), Action.ACCOUNT_MANAGE_USERS, marketing) is None
    staff = Actor(label=NADIA, via="staff", user_id=give_access.pk, staff=frozenset({"x"}))
    assert access.refusal(staff, Action.ACCOUNT_MANAGE_USERS, marketing)


def test_a_stranger_has_none(marketing) -> None:
    for action in PERMISSION_FOR:
        assert access.refusal(Actor.stranger(NADIA), action, marketing)


@pytest.mark.parametrize(
    ("who", "governing"), [("ana", True), ("ben", True), ("cy", False), ("eve", False)]
)
def test_the_admin_center_is_for_owner_and_administrators(who, governing, billing, request) -> None:
    stay = stay_of(request.getfixturevalue(who))
    assert access.governs(stay, billing) == governing
    assert not access.governs(None, billing)
