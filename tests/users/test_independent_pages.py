"""Independent users: which accounts they use, and taking that away; their login is their own."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AccountRole, RoleAssignment
from accounts.operations import set_roles
from tests.accounts.pages import account, at, notices, send, text
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from users.models import User

LIST = "/admin-center/users/independent/"


@pytest.fixture
def admin(sign_in: Callable[[User], Client], ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def role(ida: User) -> RoleAssignment:
    """Ida is Developer on Support line."""
    return RoleAssignment.unscoped.get(account=account("Support line"), holder=ida)


def remove(role: RoleAssignment) -> str:
    return f"{LIST}{role.holder.sid}/{role.sid}/remove/"


def test_they_are_listed_with_the_first_of_their_accounts(admin, ida) -> None:
    words = text(admin.get(LIST))
    for fact in ("Ida Berg", "ida@freelance.example", "Support line", "1 independent user"):
        assert fact in words
    assert f'href="{LIST}{ida.sid}/"' in admin.get(LIST).content.decode()


def test_they_are_found_by_name_address_and_sid(admin, ida) -> None:
    for search, found in (("berg", 1), ("ida@", 1), (ida.sid, 1), ("cy", 0)):
        assert len(admin.get(f"{LIST}?search={search}").context["rows"]) == found


def test_one_shows_accounts_and_roles_and_no_control_over_the_person(admin, ida, role) -> None:
    answer = admin.get(f"{LIST}{ida.sid}/")
    words = text(answer)
    for fact in ("Ida Berg", ida.sid, "Support line", "Developer", "Fay O'Connor (Invitation)"):
        assert fact in words
    assert "nobody here can reset or delete them" in words
    body = answer.content.decode().partition("<main")[2]
    for control in ("reset-password", "reset-2fa", "sso", "/delete", "change-role", "change-name"):
        assert control not in body.lower()
    assert body.count("<form") == 1
    assert f'action="{remove(role)}"' in body


def test_they_have_no_page_among_the_managed_users(admin, ida) -> None:
    for verb in ("", "change-role/"):
        with assert_no_effect():
            page = f"/admin-center/users/{ida.sid}/{verb}"
            assert admin.get(page).status_code == 404
            assert admin.post(page, {"role": "administrator"}).status_code in {404, 405}


@pytest.mark.parametrize("verb", ["reset-password", "reset-2fa", "delete", "remove", "sso"])
def test_no_address_resets_or_deletes_them(verb, admin, ida) -> None:
    with assert_no_effect():
        for base in (LIST, "/admin-center/users/"):
            assert admin.post(f"{base}{ida.sid}/{verb}/").status_code == 404


def test_access_is_removed_and_they_leave_the_list(admin, sign_in, ida, role) -> None:
    theirs = sign_in(ida)
    page = at("Support line", door="/console/accounts/")
    assert theirs.get(page).status_code == 200
    where, done = send(admin, remove(role))
    assert where == LIST
    assert notices(done) == ["ida@freelance.example no longer has access to Support line."]
    assert "No independent users" in text(done)
    assert theirs.get(page).status_code == 404
    assert admin.get(f"{LIST}{ida.sid}/").status_code == 404


def test_with_access_left_their_page_stays(admin, ida, role) -> None:
    send_to = account("Support line")
    set_roles(
        send_to,
        holder=ida,
        roles=[AccountRole.DEVELOPER, AccountRole.SUPPORT],
        actor=acting(send_to.owner),
    )
    assert text(admin.get(f"{LIST}{ida.sid}/")).count("Remove access to Support line") == 1
    where, _ = send(admin, remove(role))
    assert where == LIST  # all roles on one account go together


def test_the_role_of_a_managed_user_is_not_taken_away_here(admin, cy) -> None:
    managed = RoleAssignment.unscoped.get(account=account("Billing"), holder=cy)
    with assert_no_effect():
        assert admin.get(f"{LIST}{cy.sid}/").status_code == 404
        assert admin.post(remove(managed)).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("eve", 404), ("cy", 403)])
def test_nobody_else_sees_or_removes_them(who, status, request, sign_in, ida, role) -> None:
    client = sign_in(request.getfixturevalue(who))
    with assert_no_effect():
        assert client.get(f"{LIST}{ida.sid}/").status_code == status
        assert client.post(remove(role)).status_code == status
