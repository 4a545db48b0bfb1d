"""Support staff of each group, signed in."""

from collections.abc import Callable

import pytest
from django.test import Client

from adminctr.core.actor import Actor
from organizations.models import Organization
from organizations.policy import StaffGroup
from tests.conftest import Once
from tests.pages.addresses import sids_of
from tests.users.people import founder
from users.models import User
from users.operations import appoint_staff


@pytest.fixture
def staff(db: None, sign_in: Callable[[User], Client]) -> Callable[[StaffGroup], Client]:
    def make(group: StaffGroup) -> Client:
        address = group.lower().replace(" ", ".")
        user = founder(f"{address}@desk.example")
        appoint_staff(user, group=group, actor=Actor.operator("test"))
        return sign_in(user)

    return make


@pytest.fixture
def lead(sign_in: Callable[[User], Client], sue: User) -> Client:
    return sign_in(sue)


@pytest.fixture(scope="module")
def shared_sids(once: Once) -> dict[str, str]:
    return once(lambda: sids_of(Organization.objects.get(name="Acme")))


@pytest.fixture
def sids(db: None, shared_sids: dict[str, str]) -> dict[str, str]:
    """One of each kind that belongs to Acme."""
    return shared_sids
