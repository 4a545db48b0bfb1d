"""Ratios say what they are compared by, and growth is measured by a page that does not grow."""

import pytest

from bench.measure import interleaved, percentile
from bench.results import Findings, Growth, Result, confirmed, growth


def result(**given: object) -> Result:
    values = {"line": 1, "name": "users", "baseline_name": "hello", "ours": 6.0, "baseline": 2.0}
    return Result(**(values | given))


def test_a_bound_from_above_is_how_many_times_the_baseline_ours_costs() -> None:
    assert result().ratio == 3
    assert result(at_most=3).verdict == "met"
    assert result(at_most=2.9).verdict == "not met"


def test_a_bound_from_below_is_how_many_times_cheaper_ours_is() -> None:
    assert result(baseline=24.0, at_least=4).ratio == 4
    assert result(baseline=24.0, at_least=4).verdict == "met"
    assert result(baseline=23.0, at_least=4).verdict == "not met"


def test_of_a_rate_more_is_better() -> None:
    assert result(unit="1/s", at_least=3).verdict == "met"
    assert result(unit="1/s", at_least=3.1).verdict == "not met"


def test_without_a_bound_nothing_is_demanded() -> None:
    assert (result().target, result().verdict) == ("-", "-")


def test_findings_leave_their_process_whole() -> None:
    findings = Findings([result(at_most=3, by_yardstick=1.5)], ["a fault"], ["a note"])
    assert Findings.of_json(findings.as_json()) == findings


@pytest.mark.parametrize(("now", "is_flat"), [(7.0, True), (9.0, True), (10.0, False)])
def test_growth_is_measured_by_the_yardstick(now: float, is_flat: bool) -> None:
    small = Findings([result(by_yardstick=6.0), result(name="not flat")])
    large = Findings([result(by_yardstick=now), result(name="not flat", ours=99.0)])
    (found,) = growth(small, large)
    assert found.factor == now / 6
    assert found.is_flat == is_flat


@pytest.mark.parametrize(
    ("again", "factors"),
    [([Growth(1, "users", 1.0)], []), ([Growth(1, "users", 1.9)], ["2.00 and 1.90"]),
     ([], ["2.00 and ?"])],
    ids=["flat after all", "still not flat", "broke off"],
)  # fmt: skip
def test_growth_counts_unless_a_second_look_denies_it(again, factors) -> None:
    assert [both for _, both in confirmed([Growth(1, "users", 2.0)], again)] == factors


def test_cases_take_turns_and_the_first_round_does_not_count() -> None:
    turns: list[str] = []
    interleaved({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, rounds=2)
    assert turns == ["a", "b"] * 3


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([float(number) for number in range(1, 101)], 95) == 96
    assert percentile([3.0], 99) == 3
    assert percentile([], 95) == 0
