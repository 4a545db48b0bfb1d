"""What the tables of bulk runs refuse whoever writes."""

import pytest

from bulk.models import BulkRow, BulkRun, RowState
from organizations.models import Organization
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from tests.bulk.runs import run_of

CONSTRAINTS = constraints_of("bulk")
runs, rows = BulkRun.unscoped, BulkRow.unscoped


def again(**changes: object) -> None:
    row = rows.get()
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


VIOLATIONS: Violations = {
    "bulk_bulkrun_finished_at_its_end": lambda: runs.update(state="finished"),
    "bulk_bulkrun_counts_no_more_than_all": lambda: runs.update(done=1, refused=1),
    "bulk_bulkrun_ends_with_every_row_told": lambda: runs.update(
        state="finished", finished_at="2026-01-01T00:00:00Z"
    ),
    "bulk_bulkrow_one_at_each_position": lambda: again(subject_sid="AC" + "0" * 32),
    "bulk_bulkrow_each_subject_once": lambda: again(position=2),
    "bulk_bulkrow_answered_in_words": lambda: rows.update(state=RowState.REFUSED),
}


@pytest.fixture(autouse=True)
def _one_run(acme: Organization) -> None:
    run_of(acme)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_a_run_is_about_something() -> None:
    with refused_by(CONSTRAINTS["bulk_bulkrun_counts_no_more_than_all"]):
        runs.update(total=0)


def test_a_row_that_waits_has_no_answer_yet() -> None:
    with refused_by(CONSTRAINTS["bulk_bulkrow_answered_in_words"]):
        rows.update(message="Done")


def test_a_row_has_a_state_that_is_known() -> None:
    with refused_by(CONSTRAINTS["bulk_bulkrow_answered_in_words"]):
        rows.update(state="lost", message="Lost")


def test_a_sid_is_no_other_runs() -> None:
    run = runs.get()
    run.pk = None
    with refused_as_second("sid"):
        run.save(force_insert=True)
