"""`python -m bench`: every line on every engine and size; docs/performance.md says what they mean.

Fails on what a noisy machine can decide: too many queries, plans that read or sort a whole
table, costs that grow with the organization, errors under load, and memory.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from bench import engines, measure, report
from bench.engines import ROOT, Database
from bench.report import World
from bench.results import Findings, confirmed, growth

_SIZES = [10_000, 100_000]
_FULL = 1_000_000
_QUICK_ROUNDS = 3


def main() -> int:
    asked = _parser().parse_args()
    rounds = _QUICK_ROUNDS if asked.quick else measure.ROUNDS
    sizes = asked.sizes or [*_SIZES, *([_FULL] if asked.full else [])]
    worlds: list[World] = []
    faults: list[str] = []
    for engine in asked.engine or engines.available():
        found, wrong = _measured(engine, sizes, rounds, asked.lines)
        worlds += found
        faults += wrong
    print(report.table(worlds))
    report.keep(worlds, faults, asked.results)
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{len(faults)} faults. All figures are in {asked.results.name}.")
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--full", action="store_true", help="also with a million users")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for working on a line")
    parser.add_argument(
        "--engine", action="append", choices=[engines.SQLITE, engines.POSTGRESQL], help="this alone"
    )
    parser.add_argument("--lines", type=int, nargs="*", default=[], help="these alone")
    parser.add_argument("--sizes", type=int, nargs="*", default=[], help="users, smallest first")
    parser.add_argument("--results", type=Path, default=ROOT / "bench-results.json")
    return parser


def _measured(
    engine: str, sizes: list[int], rounds: int, lines: list[int]
) -> tuple[list[World], list[str]]:
    """Every size on one engine; what has grown is measured once more before it counts."""
    with ExitStack() as open_databases:
        databases = []
        for size in sizes:
            print(f"{engine}: populating {size:,} users", file=sys.stderr, flush=True)
            databases.append(open_databases.enter_context(engines.populated(engine, size)))
        worlds = [_measure(database, rounds, lines) for database in databases]
        faults = [f"{world.name}: {fault}" for world in worlds for fault in world.findings.faults]
        if len(worlds) > 1:
            faults += _grown(databases, worlds, rounds)
        return worlds, faults


def _measure(database: Database, rounds: int, lines: Iterable[int]) -> World:
    print(f"{database.engine}, {database.size:,} users", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "findings.json")
        given = ["--size", str(database.size), "--rounds", str(rounds), "--out", str(out)]
        try:
            database.run("-m", "bench.run", *given, "--lines", *map(str, lines))
        except subprocess.CalledProcessError:  # which has said why
            return World(database.engine, database.size, Findings(faults=["it broke off"]))
        found = Findings.of_json(json.loads(out.read_text()))
    return World(database.engine, database.size, found)


def _grown(databases: list[Database], worlds: list[World], rounds: int) -> list[str]:
    """The smallest world against the next one, ten times as large."""
    small, large = databases[0], databases[1]
    sizes = f"{large.size:,} / {small.size:,}"
    found = growth(worlds[0].findings, worlds[1].findings)
    print(report.growth_table(small.engine, sizes, found))
    suspects = [one for one in found if not one.is_flat]
    if not suspects:
        return []
    lines = sorted({one.line for one in suspects})
    again = growth(*(_measure(one, rounds, lines).findings for one in (small, large)))
    return [
        f"{small.engine}: line {one.line}, {one.name} costs {factors}x at {sizes} users"
        for one, factors in confirmed(suspects, again)
    ]


if __name__ == "__main__":
    sys.exit(main())
