"""Support staff of each group, signed in."""

from collections.abc import Callable

import pytest
from django.test import Client

from adminctr.core.actor import Actor
from organizations.policy import StaffGroup
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
