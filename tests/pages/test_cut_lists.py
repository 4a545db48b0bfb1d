"""A list beside other things shows its first rows, and says where it has more."""

from django.urls import reverse

from accounts import queries
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from adminctr.web import paginate
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.addresses import path_to
from tests.users.people import member, organization_of
from users.models import User

MORE = "there are more."
FIRST = f"These are the first {paginate.MOST_BESIDE}; {MORE}"


def test_a_list_of_exactly_as_many_rows_is_whole(ana, acme) -> None:
    roles = RoleAssignment.unscoped.filter(organization=acme).order_by("pk")
    count = roles.count()
    whole, first = paginate.cut(roles, count), paginate.cut(roles, count - 1)
    assert (len(whole.rows), whole.has_more) == (count, False)
    assert (len(first.rows), first.has_more) == (count - 1, True)


def test_a_user_with_more_accounts_than_are_shown(ana, acme, sign_in) -> None:
    url = reverse("users:access", args=[ana.sid])
    client = sign_in(ana)
    assert MORE not in client.get(url).content.decode()
    Organization.objects.filter(pk=acme.pk).update(account_limit=300)
    for _ in range(paginate.MOST_BESIDE):
        create_account(acme, name="Same", owner=ana, actor=acting(ana))
    assert FIRST in client.get(url).content.decode()
    home = client.get(reverse("console:home")).content.decode()
    assert "You have more accounts than are shown here: these are the newest." in home


def test_an_independent_account_with_more_roles_than_are_shown(sids, acme, ana, sign_in) -> None:
    url, client = path_to("accounts:independent-detail", sids), sign_in(ana)
    assert MORE not in client.get(url).content.decode()
    theirs = queries.roles_elsewhere(acme).select_related("account__organization")[0].account
    hold(theirs, acme, paginate.MOST_BESIDE)
    assert MORE in client.get(url).content.decode()


def test_an_independent_user_with_more_roles_than_are_shown(sids, acme, ana, sign_in) -> None:
    url, client = path_to("users:independent-detail", sids), sign_in(ana)
    assert MORE not in client.get(url).content.decode()
    independent = User.objects.get(sid=sids["independent"])
    Organization.objects.filter(pk=acme.pk).update(account_limit=300)
    for _ in range(paginate.MOST_BESIDE):
        account = create_account(acme, name="Same", owner=ana, actor=acting(ana))
        give(account, independent, organization_of(independent))
    assert MORE in client.get(url).content.decode()


def hold(account: Account, home: Organization, number: int) -> None:
    """So many people of an organization have a role on an account."""
    for one in range(number):
        give(account, member(home, f"more{one}@acme.example"), home)


def give(account: Account, user: User, home: Organization) -> None:
    """Past the limit of roles, which is there for other reasons."""
    with tenant(account.organization):
        RoleAssignment.begin(
            user, role=AccountRole.SUPPORT, home=home, account=account, source=Source.INVITATION
        )
