"""Accounts of other organizations: seen and relinquished, and nothing else about them is ours."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import set_roles
from accounts.urls import _about_an_account
from accounts.views.frames import ADMIN_CENTER
from tests.accounts.pages import CONSOLE, LIST, account, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from users.models import User

INDEPENDENT = f"{LIST}independent/"


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


def sites() -> str:
    """The SID of Ida's account on which Ana has a role."""
    return str(account("Client sites", of="Freelance").sid)


def test_it_is_listed_with_its_owner_and_who_has_access(admin) -> None:
    words = text(admin.get(INDEPENDENT))
    for fact in ("Client sites", sites(), "ida@freelance.example", "ana@acme.example"):
        assert fact in words
    assert "1 independent account" in words


def test_it_shows_what_may_be_known_and_who_of_ours_has_access(admin) -> None:
    words = text(admin.get(f"{INDEPENDENT}{sites()}/"))
    for fact in (sites(), "Ida Berg (ida@freelance.example)", "Ana Silva", "Support", "No end"):
        assert fact in words
    assert "It belongs to another organization, which alone can change its name" in words
    assert "Freelance" not in words
    for control in ("Save", "Change Owner", "Suspend", "HIPAA", "Close Account"):
        assert control not in words


def test_relinquishing_says_who_loses_access_and_takes_only_our_roles(admin, ana, ida) -> None:
    page = f"{INDEPENDENT}{sites()}/relinquish/"
    assert "ana@acme.example loses access to Client sites." in text(admin.get(page))
    where, done = send(admin, page)
    assert where == INDEPENDENT
    assert notices(done) == ["Nobody in Acme has access to Client sites any longer."]
    assert "No independent accounts" in text(done)
    left = RoleAssignment.unscoped.in_force().filter(account__sid=sites())
    assert [(one.holder, one.role) for one in left] == [(ida, AccountRole.OWNER)]
    assert admin.get(f"{INDEPENDENT}{sites()}/").status_code == 404
    with assert_no_effect():
        assert admin.post(page).status_code == 404


def test_looking_at_it_relinquishes_nothing(admin) -> None:
    with assert_no_effect():
        admin.get(f"{INDEPENDENT}{sites()}/relinquish/")


def test_roles_below_it_go_as_well(admin, ana, ida) -> None:
    line = account("Client sites", of="Freelance")
    set_roles(line, holder=ana, roles=[AccountRole.DEVELOPER], actor=acting(ida))
    send(admin, f"{INDEPENDENT}{sites()}/relinquish/")
    assert not RoleAssignment.unscoped.in_force().filter(account=line, holder=ana).exists()


_VERBS = sorted({one.name for one in _about_an_account(ADMIN_CENTER) if one.name})


@pytest.mark.parametrize("name", _VERBS)
def test_every_other_door_on_it_is_shut(name, admin, ana, acme) -> None:
    with_person = {"user", "roles", "remove-access"}
    with_invitation = {"invited", "invited-resend", "invited-revoke"}
    more = [ana.sid] if name in with_person else []
    more += [f"NF{'0' * 32}"] if name in with_invitation else []
    url = reverse(f"accounts:{name}", args=[sites(), *more])
    typed = {"name": "Ours", "second_factor": "disabled", "owner": "ana@acme.example",
             "roles": ["administrator"], "email": "new@ext.example", "who": "ana@acme.example",
             "stops": "on", "for_good": "on", "deleted": "on"}  # fmt: skip
    with assert_no_effect():
        assert admin.get(url).status_code == 404
        assert admin.post(url, typed).status_code == 404


def test_whoever_has_a_role_on_it_uses_it_in_the_console(sign_in, ana) -> None:
    assert sign_in(ana).get(f"{CONSOLE}{sites()}/").status_code == 200


def test_a_managed_account_is_no_independent_one(admin) -> None:
    ours = account("Billing").sid
    assert admin.get(f"{INDEPENDENT}{ours}/").status_code == 404
    with assert_no_effect():
        assert admin.post(f"{INDEPENDENT}{ours}/relinquish/").status_code == 404


def test_a_standard_user_neither_sees_nor_relinquishes(sign_in, cy) -> None:
    client = sign_in(cy)
    with assert_no_effect():
        assert client.get(f"{INDEPENDENT}{sites()}/").status_code == 403
        assert client.post(f"{INDEPENDENT}{sites()}/relinquish/").status_code == 403


def test_its_own_organization_does_not_see_it_as_independent(sign_in, ida) -> None:
    client = sign_in(ida)
    assert client.get(f"{INDEPENDENT}{sites()}/").status_code == 404
    assert client.get(f"{LIST}{sites()}/").status_code == 200
