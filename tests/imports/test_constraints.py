"""What the tables of imports refuse whoever writes."""

import pytest

from imports.models import ImportList, ImportPart, ImportRow, ImportRun, Way
from organizations.models import Organization
from tests.architecture.constraints import Violations, constraints_of, refused_by
from tests.imports.runs import run_of, step

CONSTRAINTS = constraints_of("imports")
lists, parts, runs, rows = (
    model.unscoped for model in (ImportList, ImportPart, ImportRun, ImportRow)
)
ENDED = "2026-01-01T00:00:00Z"
A_FILE = "f" * 64


def again(manager, **changes: object) -> None:
    row = manager.latest("pk")
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def the_same_file_twice() -> None:
    runs.update(file_digest=A_FILE)
    listing = lists.get()
    listing.pk, listing.sid = None, "IL" + "0" * 32
    listing.save(force_insert=True)
    again(runs, sid="IM" + "0" * 32, listing_id=listing.pk)


VIOLATIONS: Violations = {
    "imports_importlist_known_way": lambda: lists.update(way="guessing"),
    "imports_importlist_everybody_without_a_file": lambda: lists.update(
        way=Way.ALL, file_digest=A_FILE
    ),
    "imports_importpart_one_at_each_position": lambda: again(parts),
    "imports_importrun_finished_at_its_end": lambda: runs.update(finished_at=None),
    "imports_importrun_counts_no_more_than_all": lambda: runs.update(not_imported=9),
    "imports_importrun_ends_with_everybody_told": lambda: runs.update(imported=0),
    "imports_importrun_stopped_for_a_reason": lambda: runs.update(stopped="So it is."),
    "imports_importrun_each_file_once": the_same_file_twice,
    "imports_importrow_each_person_once": lambda: again(rows, position=2),
    "imports_importrow_refused_in_words": lambda: rows.update(message="Not so."),
}


@pytest.fixture(autouse=True)
def _one_run(acme: Organization) -> None:
    step(run_of(acme))


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_a_run_that_was_stopped_says_why() -> None:
    with refused_by(CONSTRAINTS["imports_importrun_stopped_for_a_reason"]):
        runs.update(state="failed")


def test_whoever_is_not_imported_is_told_why() -> None:
    with refused_by(CONSTRAINTS["imports_importrow_refused_in_words"]):
        rows.update(cause="stopped")
