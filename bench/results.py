"""What a line of the bench says, in a form that leaves the process that measured it."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

MOST_GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement beside its baseline.

    `at_most` bounds how many times the baseline ours costs, `at_least` how many times better ours
    is; of a rate, more is better. With neither the figures are told alone. `by_yardstick`
    is how many times a page costs that is the same at every size; given, it must not grow.
    """

    line: int
    name: str
    baseline_name: str
    ours: float
    baseline: float
    unit: str = "ms"
    at_most: float | None = None
    at_least: float | None = None
    by_yardstick: float | None = None

    @property
    def ratio(self) -> float:
        over, under = self.ours, self.baseline
        if self.at_least is not None and not self.unit.endswith("/s"):
            over, under = under, over
        return over / under if under else 0.0

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}x"
        return f"<= {self.at_most:g}x" if self.at_most is not None else "-"

    @property
    def verdict(self) -> str:
        if self.at_least is not None:
            return "met" if self.ratio >= self.at_least else "not met"
        if self.at_most is not None:
            return "met" if self.ratio <= self.at_most else "not met"
        return "-"


@dataclass(slots=True)
class Findings:
    """Everything that one process has measured; `faults` are what fails the gate."""

    results: list[Result] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        results = [Result(**one) for one in found["results"]]
        return cls(results, found["faults"], found["notes"])


@dataclass(frozen=True, slots=True)
class Growth:
    """How much more one line costs in a larger world, measured by its yardstick."""

    line: int
    name: str
    factor: float

    @property
    def is_flat(self) -> bool:
        return self.factor <= MOST_GROWTH


def growth(small: Findings, large: Findings) -> list[Growth]:
    """Of every line that is measured by the yardstick in both."""
    before = _by_yardstick(small)
    return [
        Growth(*which, now / before[which])
        for which, now in _by_yardstick(large).items()
        if which in before
    ]


def confirmed(suspects: list[Growth], again: list[Growth]) -> list[tuple[Growth, str]]:
    """Those that are not flat twice, or were not measured again; each with both factors."""
    second = {(one.line, one.name): one for one in again}
    found = []
    for one in suspects:
        other = second.get((one.line, one.name))
        if other is None or not other.is_flat:
            found.append((one, f"{one.factor:.2f} and {f'{other.factor:.2f}' if other else '?'}"))
    return found


def _by_yardstick(findings: Findings) -> dict[tuple[int, str], float]:
    return {(one.line, one.name): one.by_yardstick for one in findings.results if one.by_yardstick}
