"""Support lets an organization have more accounts, or fewer, but not fewer than it has."""

import pytest

from accounts import limits
from accounts.operations import create_account, set_account_limit
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from organizations import policy
from tests.accounts.made import opened
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, organization_of


@pytest.fixture
def staff(sue):
    return policy.staff_actor(sue).with_reason("Ticket 1")


@pytest.fixture
def owner(db: None):
    """Somebody with four accounts in an organization of their own."""
    user = founder("solo@fresh.example")
    for number in range(3):
        opened(user, f"No. {number}")
    return user


@pytest.fixture
def organization(owner):
    return organization_of(owner)


@pytest.mark.parametrize("limit", [4, 11, limits.HIGHEST_LIMIT])
def test_a_limit_is_set_and_stands_in_the_trail(limit, organization, staff) -> None:
    set_account_limit(organization, limit=limit, actor=staff)
    organization.refresh_from_db()
    assert organization.account_limit == limit
    event = AuditEvent.unscoped.filter(chain=organization.sid).latest("sequence")
    assert event.action == "organization.limit_set"
    assert (event.details.data["before"], event.details.data["after"]) == (10, limit)


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (0, "limit_out_of_range"),
        (-1, "limit_out_of_range"),
        (limits.HIGHEST_LIMIT + 1, "limit_out_of_range"),
        (3, "limit_below_held"),
        (10, "limit_unchanged"),
    ],
)
def test_another_limit_is_refused(limit, code, organization, staff) -> None:
    with tenant(organization):
        assert limits.held_by(organization) == 4
    with assert_no_effect(), pytest.raises(RuleViolation) as refused:
        set_account_limit(organization, limit=limit, actor=staff)
    assert (refused.value.code, refused.value.field) == (code, "limit")


def test_the_limit_that_is_reached_holds(organization, owner, staff) -> None:
    set_account_limit(organization, limit=4, actor=staff)
    with pytest.raises(RuleViolation) as refused:
        create_account(organization, name="One more", owner=owner, actor=acting(owner))
    assert refused.value.code == "account_limit"


def test_an_owner_sets_no_limit(acme, ana) -> None:
    with assert_no_effect(), pytest.raises(NotAllowed, match="Only support staff"):
        set_account_limit(acme, limit=1000, actor=acting(ana))
