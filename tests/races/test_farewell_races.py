"""Somebody leaves while others hand them something, or do the same to whoever removes them."""

from functools import partial

import pytest

from accounts.models import Account
from accounts.operations import create_account, transfer_account
from adminctr.core.tenancy import tenant
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role, transfer_ownership
from tests.races.harness import (
    Call,
    acting,
    bring_in,
    company,
    owner_of,
    race,
    rounds,
    stay_of,
    tally,
)
from users import offboarding
from users.models import User, UserStatus, WayOut
from users.offboarding import Choices
from users.operations import deactivate_user, offboard_user, remove_user

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]


def two_administrators() -> tuple[Organization, User, User]:
    organization, name = company()
    kim, lou = (
        bring_in(organization, f"{one}@{name}", Role.ADMINISTRATOR) for one in ("kim", "lou")
    )
    return organization, kim, lou


def removing(organization: Organization, user: User, by: User) -> Call:
    stay = stay_of(organization, user)
    return partial(remove_user, stay, owner=organization.owner, actor=acting(by))


def deleting(organization: Organization, user: User, by: User) -> Call:
    stay, choices = stay_of(organization, user), Choices(owner=organization.owner.sid)
    with tenant(organization):
        digest = offboarding.plan(stay, WayOut.DELETE, choices).digest
    return partial(
        offboard_user,
        stay,
        how=WayOut.DELETE,
        choices=choices,
        digest=digest,
        actor=acting(by),
    )


def is_member(user: User) -> bool:
    return Membership.unscoped.open().filter(user=user).exists()


def test_two_administrators_remove_each_other() -> None:
    def run() -> None:
        organization, kim, lou = two_administrators()
        outcomes = race(removing(organization, kim, lou), removing(organization, lou, kim))
        assert tally(outcomes) == {"ok": 1, "NotAllowed": 1}
        assert is_member(kim) != is_member(lou)

    rounds(run)


def test_one_administrator_demotes_whoever_removes_them() -> None:
    def run() -> None:
        organization, kim, lou = two_administrators()
        demoting = partial(
            change_role, stay_of(organization, lou), role=Role.STANDARD, actor=acting(kim)
        )
        outcomes = race(removing(organization, kim, lou), demoting)
        assert tally(outcomes) == {"ok": 1, "NotAllowed": 1}

    rounds(run)


@pytest.mark.parametrize("leave", ["remove", "delete", "deactivate"])
def test_ownership_is_handed_to_somebody_who_leaves(leave) -> None:
    """Either order is fine, and never an owner who is not there."""

    def run() -> None:
        organization, kim, lou = two_administrators()
        leaving = {
            "remove": lambda: removing(organization, kim, lou),
            "delete": lambda: deleting(organization, kim, lou),
            "deactivate": lambda: partial(
                deactivate_user, stay_of(organization, kim), actor=acting(lou)
            ),
        }[leave]()
        handing = partial(
            transfer_ownership, organization, to=kim.sid, actor=owner_of(organization)
        )
        outcomes = race(handing, leaving)
        assert outcomes.count("ok") == 1
        organization.refresh_from_db()
        owner = organization.owner
        assert is_member(owner)
        assert owner.status == UserStatus.ACTIVE

    rounds(run)


@pytest.mark.parametrize("leave", [removing, deleting])
def test_an_account_is_handed_to_somebody_who_leaves(leave) -> None:
    def run() -> None:
        organization, kim, lou = two_administrators()
        owner = organization.owner
        account = create_account(organization, name="One", owner=owner, actor=acting(owner))
        handing = partial(transfer_account, account, to=kim, actor=acting(owner))
        outcomes = race(handing, leave(organization, kim, lou))
        assert "ok" in outcomes
        account = Account.unscoped.select_related("owner").get(pk=account.pk)
        assert is_member(account.owner)

    rounds(run)


def test_the_same_person_is_removed_twice_at_once() -> None:
    def run() -> None:
        organization, kim, lou = two_administrators()
        outcomes = race(*[removing(organization, kim, lou)] * 5)
        assert tally(outcomes) == {"ok": 1, "not_a_member": 4}

    rounds(run)
