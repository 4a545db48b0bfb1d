"""The accounts of the demo, and Sue as support."""

import pytest

from accounts.models import Account
from adminctr.core.actor import Actor
from tests.accounts.made import account_named, supporting
from users.models import User


@pytest.fixture
def billing(db: None) -> Account:
    """Ben's."""
    return account_named("Billing")


@pytest.fixture
def marketing(db: None) -> Account:
    """Cy's, who is a Standard User."""
    return account_named("Marketing")


@pytest.fixture
def dora(db: None) -> User:
    """A Standard User without an account."""
    return User.objects.get(email="dora@acme.example")


@pytest.fixture
def support(sue: User) -> Actor:
    return supporting(sue)
