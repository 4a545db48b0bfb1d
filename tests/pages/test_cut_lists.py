"""A list beside other things shows its first rows, and says where it has more."""

import pytest
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from adminctr.web import paginate
from organizations.models import Organization
from tests.conftest import acting
from tests.users.people import member

MORE = "there are more."
FIRST = f"These are the first {paginate.MOST_BESIDE}; {MORE}"


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
    assert FIRST in client.get(url).content.decode()
    home = client.get(reverse("console:home")).content.decode()
    assert "You have more accounts than are shown here." in home


def test_an_account_says_that_it_has_no_more_users_than_it_shows(ana, billing, sign_in) -> None:
    assert MORE not in sign_in(ana).get(billing.get_absolute_url()).content.decode()


def test_an_account_with_more_users_than_are_shown(ana, acme, billing, sign_in) -> None:
    client, url = sign_in(billing.owner), reverse("console:account", args=[billing.sid])
    assert MORE not in client.get(url).content.decode()
    roles = (AccountRole.DEVELOPER, AccountRole.BILLING_MANAGER, AccountRole.SUPPORT)
    for number in range(paginate.MOST_BESIDE // len(roles) + 1):
        user = member(acme, f"more{number}@acme.example")
        with tenant(acme):
            for role in roles:
                RoleAssignment.begin(
                    user,
                    role=role,
                    home=acme,
                    account=billing,
                    source=Source.DIRECT,
                    by_id=ana.pk,
                )
    assert FIRST in client.get(url).content.decode()
    assert FIRST in client.get(billing.get_absolute_url()).content.decode()
