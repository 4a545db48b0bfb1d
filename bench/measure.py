"""Medians of cases that take turns, so that a slow moment of the machine meets all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ROUNDS = 9

Case = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds: the usual, and the least, which a busy machine spoils last."""

    median: float
    least: float


def interleaved(cases: Mapping[str, Case], rounds: int = ROUNDS) -> dict[str, Taken]:
    """What each case took, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    for number in range(rounds + 1):
        for name, case in cases.items():
            took = timed(case)
            if number:
                times[name].append(took)
    return {name: Taken(statistics.median(each), min(each)) for name, each in times.items()}


def timed(case: Case) -> float:
    begun = time.perf_counter()
    case()
    return (time.perf_counter() - begun) * 1000


def percentile(values: list[float], percent: int) -> float:
    """Of no values it is 0."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
