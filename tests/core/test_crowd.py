"""Looking at passwords leaves threads for everything else."""

from threading import Semaphore

import pytest
from argon2.exceptions import InvalidHashError

from adminctr.core.outages import Crowded, Outage, outage_of
from users import passwords


def test_who_would_wait_behind_too_many_is_asked_to_come_back(monkeypatch) -> None:
    monkeypatch.setattr(passwords, "_places", Semaphore(1))
    hasher = passwords.OneAtATimeHasher()
    encoded = hasher.encode("a password", hasher.salt())
    with passwords._in_turn(), pytest.raises(Crowded) as crowded:
        hasher.verify("a password", encoded)
    assert outage_of(crowded.value) is Outage.CROWDED
    assert hasher.verify("a password", encoded)
    assert not hasher.verify("another", encoded)


def test_a_fault_gives_the_place_back(monkeypatch) -> None:
    monkeypatch.setattr(passwords, "_places", Semaphore(1))
    hasher = passwords.OneAtATimeHasher()
    for _ in range(2):
        with pytest.raises(InvalidHashError):
            hasher.verify("a password", "argon2$broken")
