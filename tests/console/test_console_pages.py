"""The console: my accounts wherever they are, my organization, and what I may do there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import create_account, remove_access
from accounts.policy import GRANTS as ACCOUNT_GRANTS
from accounts.policy import WORDS as PERMISSION_WORDS
from adminctr.core import clock
from adminctr.core.periods import Source
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from organizations.models import Membership, Organization, Role
from organizations.policy import GRANTS, WORDS, Action
from tests.conftest import acting
from tests.users.people import rename, stay_of
from users.models import User

pytestmark = pytest.mark.django_db

HOME = "/console/"


@pytest.fixture(autouse=True)
def _nobody_else_on_billing(ben, cy) -> None:
    """Cy has a role on it in the demo."""
    remove_access(account_named("Billing"), holder=cy, actor=acting(ben))


def account_named(name: str) -> Account:
    return Account.unscoped.select_related("organization").get(name=name)


def give(account: Account, user: User, role: AccountRole) -> RoleAssignment:
    """A role as an invitation to an account will give it, across organizations too."""
    with tenant(account.organization):
        home = stay_of(user).organization
        return RoleAssignment.begin(
            user, role=role, home=home, account=account, source=Source.INVITATION
        )


def page_of(account: Account) -> str:
    return reverse("account:detail", args=[account.sid])


def read(client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200
    return response.content.decode()


# Home


def test_a_search_that_is_not_understood_finds_no_account(sign_in, ana) -> None:
    account = Account.unscoped.filter(owner=ana).first()
    client = sign_in(ana)
    assert account.sid in read(client, HOME)
    body = read(client, f"{HOME}?search=a%0ab")
    assert account.sid not in body
    assert 'id="id_search_error"' in body


def test_accounts_stand_under_their_organizations(ben, globex, sign_in) -> None:
    theirs = Account.unscoped.select_related("organization").get(organization=globex)
    give(theirs, ben, AccountRole.DEVELOPER)
    give(theirs, ben, AccountRole.SUPPORT)
    body = read(sign_in(ben), HOME)
    acme, globex_at = body.index("<h3>Acme</h3>"), body.index("<h3>Globex</h3>")
    assert acme < body.index(page_of(account_named("Billing"))) < globex_at
    assert body.count(f'href="{page_of(theirs)}"') == 1
    assert "Developer, Support" in body


def test_my_organization_says_my_role_and_who_owns_it(cy, acme, sign_in) -> None:
    body = read(sign_in(cy), HOME)
    assert acme.sid in body
    assert "Standard User (Account Creation)" in body
    assert 'href="mailto:ana@acme.example"' in body


def test_the_owner_reads_that_it_is_theirs(ana, sign_in) -> None:
    assert "<dt>Owner</dt><dd>You</dd>" in read(sign_in(ana), HOME)


@pytest.mark.parametrize(
    ("who", "role"), [("ana", Role.OWNER), ("ben", Role.ADMINISTRATOR), ("cy", Role.STANDARD)]
)
def test_what_i_may_do_is_the_rule_book(who, role, sign_in, request) -> None:
    context = sign_in(request.getfixturevalue(who)).get(HOME).context["home"]
    assert context["mine"] == [WORDS[one] for one in Action if one in GRANTS[role]]
    others = [words for other in context["others"] for words in other["words"]]
    assert sorted(others) == sorted(
        WORDS[one] for one in Action if one in GRANTS[Role.OWNER] - GRANTS[role]
    )


def test_what_i_may_not_names_who_can(cy, ben, sign_in) -> None:
    for user, expected in (
        (
            cy,
            {
                "Only the Owner can": {"ana"},
                "The Owner or an Administrator can": {"ana", "ben", "fay"},
            },
        ),
        (ben, {"Only the Owner can": {"ana"}}),
    ):
        others = sign_in(user).get(HOME).context["home"]["others"]
        found = {
            one["who"]: {stay.email[:3].strip("@") for stay in one["people"]} for one in others
        }
        assert found == expected


@pytest.mark.breaks_invariants
def test_somebody_without_accounts_and_organization_reads_what_to_do(cy, sign_in) -> None:
    client = sign_in(cy)
    Membership.unscoped.filter(user=cy).end()
    RoleAssignment.unscoped.filter(holder=cy).end()
    body = read(client, HOME)
    assert "You have no role on any account yet." in body
    assert "You do not belong to an organization." in body
    assert "What I may do" not in body


def test_home_costs_the_same_with_more_accounts(acme, ana, sign_in, count_queries) -> None:
    client = sign_in(ana)
    few = count_queries(lambda: client.get(HOME))
    Organization.objects.filter(pk=acme.pk).update(account_limit=100)
    for _ in range(30):
        create_account(acme, name="Same", owner=ana, actor=acting(ana))
    assert count_queries(lambda: client.get(HOME)) == few


# One account


@pytest.mark.parametrize("role", [one for one in AccountRole if one is not AccountRole.OWNER])
@pytest.mark.parametrize("who", ["cy", "eve"])
def test_a_role_opens_the_account_and_says_what_it_lets_one_do(who, role, sign_in, request) -> None:
    billing, user = account_named("Billing"), request.getfixturevalue(who)
    give(billing, user, role)
    response = sign_in(user).get(page_of(billing))
    body = response.content.decode()
    assert response.context["permissions"] == [
        words for one, words in PERMISSION_WORDS.items() if one in ACCOUNT_GRANTS[role]
    ]
    for text in (billing.sid, "Acme", "Ben Okafor", "Active", "Trial", role.label, "Invitation"):
        assert text in body


@pytest.mark.parametrize("role", AccountRole)
def test_only_owner_and_administrator_see_the_other_users(role, ben, cy, sign_in) -> None:
    billing = account_named("Billing")
    if role is AccountRole.OWNER:
        user = ben
    else:
        user = cy
        give(billing, cy, role)
    body = read(sign_in(user), page_of(billing))
    sees = role in {AccountRole.OWNER, AccountRole.ADMINISTRATOR}
    assert (reverse("account:users", args=[billing.sid]) in body) == sees


def test_several_roles_are_shown_each_and_together(cy, sign_in) -> None:
    billing = account_named("Billing")
    give(billing, cy, AccountRole.SUPPORT)
    give(billing, cy, AccountRole.DEVELOPER)
    context = sign_in(cy).get(page_of(billing)).context
    assert [one["role"] for one in context["mine"]] == ["Support", "Developer"]
    assert {"Phone numbers", "IoT console access"} <= set(context["permissions"])


@pytest.mark.parametrize("who", ["ana", "cy", "eve", "sue"])
def test_without_a_role_an_account_is_as_unknown_as_any(who, sign_in, request) -> None:
    client = sign_in(request.getfixturevalue(who))
    known = client.get(page_of(account_named("Billing")))
    unknown = client.get(reverse("account:detail", args=[make_sid("AC")]))
    assert known.status_code == unknown.status_code == 404
    assert known.content == unknown.content


def test_that_somebody_asked_is_in_their_own_trail(eve, globex, acme, sign_in) -> None:
    billing = account_named("Billing")
    sign_in(eve).get(page_of(billing))
    event = AuditEvent.unscoped.filter(chain=globex.sid).latest("sequence")
    assert (event.action, event.actor_sid) == ("open_account.refused", eve.sid)
    assert billing.sid not in str(event.details.data)


@pytest.mark.parametrize("end", [{"ended_at": True}, {"ends_at": True}])
def test_a_role_that_is_over_opens_nothing(end, cy, sign_in) -> None:
    billing = account_named("Billing")
    given = give(billing, cy, AccountRole.DEVELOPER)
    client = sign_in(cy)
    assert client.get(page_of(billing)).status_code == 200
    over = clock.now() + timedelta(microseconds=1)
    RoleAssignment.unscoped.filter(pk=given.pk).update(**dict.fromkeys(end, over))
    assert client.get(page_of(billing)).status_code == 404


def test_a_planned_end_is_shown(cy, sign_in) -> None:
    billing = account_named("Billing")
    given = give(billing, cy, AccountRole.DEVELOPER)
    assert "No end" in read(sign_in(cy), page_of(billing))
    RoleAssignment.unscoped.filter(pk=given.pk).update(ends_at=clock.now() + timedelta(days=3))
    assert "No end" not in read(sign_in(cy), page_of(billing))


def test_the_way_to_the_admin_center_is_offered_to_its_administrators_alone(
    ben, eve, sign_in
) -> None:
    billing = account_named("Billing")
    give(billing, eve, AccountRole.ADMINISTRATOR)
    assert billing.get_absolute_url() in read(sign_in(ben), page_of(billing))
    assert billing.get_absolute_url() not in read(sign_in(eve), page_of(billing))


def test_a_strange_name_is_shown_as_the_text_it_is(ben, sign_in) -> None:
    rename(ben, "<b>Ben</b>")
    billing = account_named("Billing")
    assert escape("<b>Ben</b>") in read(sign_in(ben), page_of(billing))
    assert "<b>Ben" not in read(sign_in(ben), HOME)
