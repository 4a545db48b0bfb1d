"""How long an answer takes says nothing of whether an address is known.

Security requirement: ASVS 6.3.8.
"""

import time
from collections.abc import Callable, Mapping
from statistics import median

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from tests.pages.effects import browser
from users.models import User, UserStatus
from users.passwords import hash_password

pytestmark = pytest.mark.breaks_invariants

TRIES = 30
# Of the processor, since other work on the machine is no difference; one that is there is larger.
NOISE = 1.3


@pytest.fixture
def addresses(settings, cy: User, ben: User, ana: User, ida: User) -> dict[str, str]:
    """Of a domain that is claimed, and of none."""
    settings.PASSWORD_HASHERS = ["users.passwords.OneAtATimeHasher"]
    User.objects.update(password=hash_password("some password that nobody tries"))
    User.objects.filter(pk=ben.pk).update(status=UserStatus.INACTIVE)
    User.objects.filter(pk=ana.pk).update(status=UserStatus.SUSPENDED)
    return {
        "known": cy.email,
        "inactive": ben.email,
        "suspended": ana.email,
        "pending": "hana@acme.example",
        "unknown": "nobody@acme.example",
        "known elsewhere": ida.email,
        "unknown elsewhere": "nobody@nowhere.example",
    }


def seconds_of(
    ask: Callable[[str], HttpResponse], addresses: Mapping[str, str]
) -> dict[str, float]:
    """The median for each; they take turns, so that a busy moment hits all of them."""
    taken: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(TRIES):
        for name, address in addresses.items():
            cache.clear()  # no limit is in the way
            begun = time.thread_time()
            ask(address)
            taken[name].append(time.thread_time() - begun)
    return {name: median(times) for name, times in taken.items()}


def assert_alike(seconds: Mapping[str, float]) -> None:
    assert max(seconds.values()) < NOISE * min(seconds.values()), seconds


@pytest.mark.parametrize(
    ("page", "field", "more"),
    [("/login/", "login", {"password": "wrong words"}), ("/password/reset/", "email", {})],
)
def test_it_takes_as_long_whatever_the_address(page, field, more, addresses) -> None:
    assert_alike(
        seconds_of(lambda address: browser().post(page, {field: address} | more), addresses)
    )


def test_signing_up_takes_as_long_with_a_known_address(addresses) -> None:
    """Whoever may sign up with it: a claimed domain is refused, which the page says."""
    elsewhere = {name: one for name, one in addresses.items() if name.endswith("elsewhere")}
    assert_alike(
        seconds_of(lambda address: browser().post("/signup/", {"email": address}), elsewhere)
    )
