"""Accounts of Acme on which nobody but their owners has a role, and Sue as support."""

import pytest

from accounts.models import Account
from adminctr.core.actor import Actor
from tests.accounts.made import opened, supporting
from users.models import User


@pytest.fixture
def billing(ben: User) -> Account:
    """Ben's."""
    return opened(ben, "Invoices")


@pytest.fixture
def marketing(cy: User) -> Account:
    """Cy's, who is a Standard User."""
    return opened(cy, "Campaigns")


@pytest.fixture
def dora(db: None) -> User:
    """A Standard User without an account."""
    return User.objects.get(email="dora@acme.example")


@pytest.fixture
def support(sue: User) -> Actor:
    return supporting(sue)
