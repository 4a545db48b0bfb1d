"""How often something may be tried, counted in the shared cache by fixed windows."""

import hashlib
import math
from dataclasses import dataclass

from django.core.cache import cache

from adminctr.core import clock
from adminctr.core.errors import RuleViolation

_LONG = 2 * 3600  # from here on a wait is told in hours


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in a window of `seconds`."""

    name: str
    times: int
    seconds: int

    def spend(self, *key: str) -> None:
        """Count one try for this key; raises RuleViolation: too_many_tries."""
        if self._count(key) > self.times:
            raise self._refusal()

    def require_left(self, *key: str) -> None:
        """For what only counts when it fails; raises RuleViolation: too_many_tries."""
        if self.is_spent(*key):
            raise self._refusal()

    def is_spent(self, *key: str) -> bool:
        return int(cache.get(self._cache_key(key), 0)) >= self.times

    def forget(self, *key: str) -> None:
        cache.delete(self._cache_key(key))

    def note(self, *key: str) -> None:
        self._count(key)

    def _count(self, key: tuple[str, ...]) -> int:
        cache_key = self._cache_key(key)
        cache.add(cache_key, 0, timeout=self.seconds * 2)
        try:
            return cache.incr(cache_key)
        except ValueError:  # evicted between the two calls: the window begins anew
            return 1

    def _cache_key(self, key: tuple[str, ...]) -> str:
        window = int(clock.now().timestamp()) // self.seconds
        digest = hashlib.sha256("\x00".join(key).encode()).hexdigest()[:32]
        return f"limit:{self.name}:{window}:{digest}"

    def _refusal(self) -> RuleViolation:
        text = f"Too many tries. Wait {self._wait()} and try again."
        return RuleViolation("too_many_tries", text)

    def _wait(self) -> str:
        if self.seconds > _LONG:
            return f"{math.ceil(self.seconds / 3600)} hours"
        minutes = math.ceil(self.seconds / 60)
        return "a minute" if minutes == 1 else f"{minutes} minutes"
