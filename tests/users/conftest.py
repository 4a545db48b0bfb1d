"""Limits count in fixed windows of at most an hour, so their tests begin with one."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from adminctr.core import clock


@pytest.fixture
def hour() -> Iterator[time_machine.Traveller]:
    """Time stands still a second after the start of an hour, until a test shifts it."""
    begun = clock.now().replace(minute=0, second=1, microsecond=0)
    with time_machine.travel(begun + timedelta(hours=1), tick=False) as traveller:
        yield traveller
