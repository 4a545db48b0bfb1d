"""Measures on the one database that the environment names; started by `python -m bench`."""

import argparse
import json
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--lines", type=int, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    django.setup()
    asked.out.write_text(json.dumps(_measured(asked.size, asked.rounds, asked.lines)))


def _measured(size: int, rounds: int, lines: list[int]) -> dict[str, object]:
    # These import models, which stand only after the set-up.
    from bench import imports, pages, rechecks, serving, sign_in, trail
    from bench.results import Findings
    from bench.stage import Stage

    stage, findings = Stage(), Findings()
    of_pages = pages.Pages(stage, size, rounds, findings)
    every: dict[int, Callable[[], None]] = {
        **{line: partial(measure, of_pages) for line, measure in pages.LINES.items()},
        **{
            line: partial(measure, stage, rounds, findings)
            for line, measure in {
                11: imports.line_11,
                12: imports.line_12,
                19: sign_in.line_19,
                21: trail.line_21,
                22: trail.line_22,
                23: trail.line_23,
                24: serving.line_24,
                25: serving.line_25,
                26: serving.line_26,
                27: serving.line_27,
                28: rechecks.line_28,
            }.items()
        },
    }
    for line, measure in every.items():
        # The first two lines are measured together.
        if not lines or line in lines or (line == 1 and 2 in lines):
            print(f"line {line}", file=sys.stderr, flush=True)
            try:
                measure()
            except Exception:  # the other lines' figures stand
                traceback.print_exc()
                findings.faults.append(f"line {line}: it broke off")
    return findings.as_json()


if __name__ == "__main__":
    main()
