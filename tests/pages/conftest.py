"""What the walks through every page put into the addresses."""

import pytest

from organizations.models import Organization
from tests.conftest import Once
from tests.pages.addresses import sids_of


@pytest.fixture(scope="module")
def shared_sids(once: Once) -> dict[str, str]:
    return once(lambda: sids_of(Organization.objects.get(name="Acme")))


@pytest.fixture
def sids(db: None, shared_sids: dict[str, str]) -> dict[str, str]:
    """One of each kind that belongs to Acme."""
    return shared_sids
