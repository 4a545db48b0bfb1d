"""A list beside other things shows its first rows, and says where it has more."""

import pytest
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from adminctr.web import paginate
from organizations.models import Organization
from tests.conftest import acting
from users.models import User

MORE = "there are more."


@pytest.fixture
def billing(acme) -> Account:
    return Account.unscoped.get(organization=acme, name="Billing")


def test_a_list_of_exactly_as_many_rows_is_whole(ana, acme) -> None:
    roles = RoleAssignment.unscoped.filter(organization=acme).order_by("pk")
    count = roles.count()
    whole, first = paginate.cut(roles, count), paginate.cut(roles, count - 1)
    assert (len(whole.rows), whole.has_more) == (count, False)
    assert (len(first.rows), first.has_more) == (count - 1, True)


def test_a_user_with_more_accounts_than_are_shown(ana, acme, sign_in) -> None:
    url = reverse("users:detail", args=[ana.sid])
    client = sign_in(ana)
    assert MORE not in client.get(url).content.decode()
    Organization.objects.filter(pk=acme.pk).update(account_limit=300)
    for _ in range(paginate.MOST_BESIDE):
        create_account(acme, name="Same", owner=ana, actor=acting(ana))
    body = client.get(url).content.decode()
    assert f"These are the first {paginate.MOST_BESIDE}; {MORE}" in body


def test_an_account_says_that_it_has_no_more_users_than_it_shows(ana, billing, sign_in) -> None:
    assert MORE not in sign_in(ana).get(billing.get_absolute_url()).content.decode()
