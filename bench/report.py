"""The table at the end, and the file that keeps what was measured."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.results import MOST_GROWTH, Findings, Growth

NOT_THERE_YET = {20: "bearer-token check: not there yet"}


@dataclass(slots=True)
class World:
    """One engine at one size, with what was found there."""

    engine: str
    size: int
    findings: Findings

    @property
    def name(self) -> str:
        return f"{self.engine}, {self.size:,} users"


def table(worlds: Iterable[World]) -> str:
    lines = []
    for world in worlds:
        lines += [
            f"\n{world.name}",
            _row("line", "what", "ours", "baseline", "", "ratio", "target", ""),
        ]
        for one in sorted(world.findings.results, key=lambda result: result.line):
            lines.append(
                _row(
                    str(one.line),
                    one.name,
                    f"{one.ours:,.2f} {one.unit}",
                    f"{one.baseline:,.2f} {one.unit}",
                    one.baseline_name,
                    f"{one.ratio:,.2f}x",
                    one.target,
                    one.verdict,
                )
            )
        lines += [f"  {note}" for note in world.findings.notes]
    lines += [f"\n{line} {what}" for line, what in NOT_THERE_YET.items()]
    return "\n".join(lines)


def _row(*cells: str) -> str:
    line, what, ours, baseline, against, ratio, target, verdict = cells
    return (
        f"  {line:>4} {what:<34} {ours:>14} {baseline:>14} {against:<26}"
        f" {ratio:>10} {target:>9} {verdict}"
    )


def growth_table(engine: str, sizes: str, grown: Iterable[Growth]) -> str:
    lines = [f"\n{engine}: what costs more in the larger world ({sizes}), by its yardstick"]
    for one in grown:
        verdict = "" if one.is_flat else f"more than {MOST_GROWTH}"
        lines.append(f"  {one.line:>4} {one.name:<34} {one.factor:>6.2f} {verdict}")
    return "\n".join(lines)


def keep(worlds: Iterable[World], faults: list[str], file: Path) -> None:
    kept = {world.name: world.findings.as_json() for world in worlds}
    file.write_text(json.dumps({"worlds": kept, "faults": faults}, indent=1) + "\n")
