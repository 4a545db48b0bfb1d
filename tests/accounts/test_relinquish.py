"""An organization gives up the roles that its people have on somebody else's account."""

from functools import partial

import pytest

from accounts import access
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import (
    Relinquishment,
    configure_account,
    relinquish_access,
    set_hipaa,
    suspend_account,
    transfer_account,
)
from adminctr.core.errors import NotAllowed
from audit.models import AuditEvent
from invitations.operations import accept_access
from organizations.models import Organization, SecondFactor
from tests.accounts.made import (
    below,
    closed,
    code_of,
    fresh,
    give,
    offered,
    opened,
    outsider,
    roles_on,
)
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import lose, prove
from users.models import User


@pytest.fixture
def theirs(acme, ida, cy, dora) -> Account:
    """An account of Ida's, on which Cy and Dora of Acme have roles."""
    account = opened(ida)
    let_in(account, acme, cy, AccountRole.DEVELOPER, AccountRole.SUPPORT)
    let_in(account, acme, dora, AccountRole.ADMINISTRATOR)
    return account


def let_in(account: Account, organization: Organization, user: User, *roles: AccountRole) -> None:
    """As it was before their organization had proven its domain."""
    lose("acme.example")
    accept_access(offered(account, user.email, *roles), user=user, actor=acting(user))
    prove(organization, "acme.example")


def giving_up(organization: Organization, account: Account, user: User):
    relinquishment = Relinquishment(organization, account)
    return partial(relinquish_access, relinquishment, actor=acting(user))


def test_the_roles_of_its_people_end_and_no_others(theirs, acme, ana, ida, cy, dora) -> None:
    nadia = outsider(theirs, "nadia@ext.example")
    assert giving_up(acme, theirs, ana)() == 3
    for user in (cy, dora):
        assert roles_on(theirs, user) == set()
        assert not access.proof_of(user.pk, theirs)
    assert roles_on(theirs, ida) == {AccountRole.OWNER}
    assert roles_on(theirs, nadia) == {AccountRole.DEVELOPER}
    held = RoleAssignment.unscoped.filter(account=theirs, holder__in=[cy, dora])
    assert held.count() == 3


def test_they_end_below_it_too(theirs, acme, ana, ida, dora) -> None:
    sub = below(theirs)
    let_in(sub, acme, dora, AccountRole.SUPPORT)
    assert giving_up(acme, theirs, ana)() == 4
    assert roles_on(sub, dora) == set()


def test_both_chains_tell_of_it(theirs, acme, ana, cy, dora) -> None:
    giving_up(acme, theirs, ana)()
    events = AuditEvent.unscoped.filter(action="account.access_relinquished")
    assert {one.chain for one in events} == {acme.sid, theirs.organization.sid}
    for event in events:
        told = event.details.data
        assert (told["by"], told["holders"]) == ("Acme", f"{cy.email}, {dora.email}")
        assert told["roles"] == 3
        assert event.subject_sid == theirs.sid


def test_what_its_people_hold_elsewhere_goes_on(theirs, acme, ana, billing, dora) -> None:
    give(billing, dora, AccountRole.SUPPORT)
    giving_up(acme, theirs, ana)()
    assert roles_on(billing, dora) == {AccountRole.SUPPORT}


def test_a_second_time_there_is_nothing_left(theirs, acme, ana) -> None:
    giving_up(acme, theirs, ana)()
    assert code_of(giving_up(acme, theirs, ana)) == "no_access"


def test_one_that_went_elsewhere_meanwhile_is_said_to_have_moved(theirs, acme, globex, ana) -> None:
    theirs.organization = globex  # as it was read a moment ago
    assert code_of(giving_up(acme, theirs, ana)) == "account_moved"


def test_an_account_of_its_own_is_not_independent(acme, ana, billing) -> None:
    assert code_of(giving_up(acme, billing, ana)) == "not_independent"


def test_one_that_is_closed_has_nobody_left(theirs, acme, ana) -> None:
    assert code_of(giving_up(acme, closed(theirs), ana)) == "no_access"


def test_an_account_on_which_nobody_has_a_role(globex, acme, ana) -> None:
    account = fresh(Account.unscoped.get(organization=globex))
    assert code_of(giving_up(acme, account, ana)) == "no_access"


@pytest.mark.parametrize("who", ["cy", "dora", "ida", "eve"])
def test_owner_and_administrators_of_those_people_alone(who, theirs, acme, request) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        giving_up(acme, theirs, request.getfixturevalue(who))()


def test_nobody_relinquishes_for_another_organization(theirs, globex, ana) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed):
        giving_up(globex, theirs, ana)()


@pytest.mark.parametrize(
    "govern",
    [
        lambda one, to, actor: configure_account(
            one, name="Mine", second_factor=SecondFactor.DISABLED, actor=actor
        ),
        lambda one, to, actor: suspend_account(one, actor=actor),
        lambda one, to, actor: set_hipaa(one, enabled=True, actor=actor),
        lambda one, to, actor: transfer_account(one, to=to, actor=actor),
    ],
    ids=["rename", "suspend", "hipaa", "owner"],
)
def test_whoever_sees_it_from_elsewhere_governs_nothing_of_it(govern, theirs, ana, cy) -> None:
    for user in (ana, cy):
        with assert_no_effect(), pytest.raises(NotAllowed):
            govern(theirs, cy, acting(user))
