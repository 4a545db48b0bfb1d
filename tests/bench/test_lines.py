"""The lines of the bench run, on the people of the demo and once from the command to the table."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.results import Findings
from bench.stage import Query, Stage
from tests.architecture.source import ROOT


@pytest.fixture
def of_pages(db: None, settings):
    settings.ROOT_URLCONF = "bench.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    from bench.pages import Pages

    return Pages(Stage(), size=10, rounds=1, findings=Findings())


@pytest.mark.parametrize("line", [1, 3, 4, 8, 9, 10])
def test_a_line_about_pages_finds_something(line: int, of_pages) -> None:
    from bench.pages import LINES

    LINES[line](of_pages)
    assert {result.line for result in of_pages.findings.results} >= {line}
    assert of_pages.findings.faults == []


@pytest.mark.breaks_invariants
@pytest.mark.parametrize("line", ["line_21", "line_23"])
def test_a_line_about_the_trail_finds_something(line: str, of_pages) -> None:
    from bench import trail

    getattr(trail, line)(of_pages.stage, 1, of_pages.findings)
    assert of_pages.findings.results


def test_every_domain_that_is_due_is_looked_at(of_pages) -> None:
    from bench import rechecks

    rechecks.line_28(of_pages.stage, 1, of_pages.findings)
    assert of_pages.findings.faults == []
    assert [result.line for result in of_pages.findings.results] == [28]


def test_a_page_that_asks_too_much_is_a_fault(of_pages) -> None:
    of_pages.check("greedy", lambda: [Query("SELECT 1", None).run() for _ in range(3)], budget=2)
    assert of_pages.findings.faults == ["greedy: 3 queries, 2 are allowed"]


def test_a_plan_that_reads_or_sorts_everything_is_a_fault(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench import plans

    monkeypatch.setattr(plans, "_large_tables", lambda: ["users_user"])
    monkeypatch.setattr(plans, "_MOST_SORTED", 0)
    greedy = Query("SELECT * FROM users_user WHERE last_name > 'a' ORDER BY first_name", None)
    fine = Query("SELECT 1", None)
    found = [one.partition(":")[0] for one in plans.faults_of([greedy, fine])]
    assert found == ["sorts what it finds", "reads all of users_user"]


def test_a_count_without_a_bound_is_a_fault(db: None) -> None:
    from bench import plans

    bounded = Query("SELECT COUNT(*) FROM (SELECT id FROM users_user LIMIT 10) AS few", None)
    assert plans.faults_of([bounded]) == []
    (fault,) = plans.faults_of([Query("SELECT COUNT(*) FROM users_user", None)])
    assert fault.startswith("counts without a bound")


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="makes a database of its own")
@pytest.mark.xdist_group("processes")
def test_the_bench_runs_from_the_command_to_the_table(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--engine", "sqlite", "--sizes", "200", "--quick"]
    done = subprocess.run(
        [*command, "--lines", "10", "21", "--results", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "50 rows by the template" in done.stdout
    assert "not there yet" in done.stdout
    (found,) = json.loads(kept.read_text())["worlds"].values()
    assert {one["line"] for one in found["results"]} == {10, 21}
