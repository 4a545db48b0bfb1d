"""Work in steps goes on where it stopped, once, whoever was killed on the way."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.tasks import task
from django_tasks_db.models import DBTaskResult

from adminctr.core import clock, runs
from adminctr.core.operations import its_organization, operation
from adminctr.core.runs import LEASE, LeaseLost, RunState, drive
from adminctr.core.tenancy import tenant
from organizations.models import Organization
from tests.steps.models import CountingRun, Number

LAST = 10


class Killed(BaseException):
    """What a worker feels when it is killed."""


def step(run: CountingRun, *, dies_at: int | None = None) -> None:
    count_one(run, dies_at=dies_at)


@operation(its_organization)
def count_one(run: CountingRun, *, dies_at: int | None) -> None:
    value = run.cursor.get("counted", 0) + 1
    Number.objects.create(organization=run.organization, run=run, value=value)
    run.advance({"counted": value})
    if value == dies_at:
        raise Killed
    if value == LAST:
        run.finish()


def numbers(acme: Organization) -> list[int]:
    with tenant(acme):
        return list(Number.objects.order_by("pk").values_list("value", flat=True))


@pytest.fixture
def run(acme: Organization) -> CountingRun:
    return CountingRun.unscoped.create(organization=acme)


def fresh(run: CountingRun) -> CountingRun:
    return CountingRun.unscoped.get(pk=run.pk)


def test_a_run_is_driven_to_its_end(run, acme) -> None:
    assert drive(run, step)
    assert numbers(acme) == list(range(1, LAST + 1))
    assert fresh(run).state == RunState.FINISHED


def test_a_killed_run_is_taken_over_where_its_last_step_ended(run, acme) -> None:
    with pytest.raises(Killed):
        drive(run, lambda one: step(one, dies_at=4))
    assert numbers(acme) == [1, 2, 3]
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert drive(fresh(run), step)
    assert numbers(acme) == list(range(1, LAST + 1))


def test_a_run_that_somebody_holds_is_left_alone(run, acme) -> None:
    assert fresh(run).claim()
    assert not drive(fresh(run), step)
    assert numbers(acme) == []


def test_a_holder_that_wakes_up_late_changes_nothing(run, acme) -> None:
    sleeper = fresh(run)
    assert sleeper.claim()
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert fresh(run).claim()
        with pytest.raises(LeaseLost):
            step(sleeper)
    assert numbers(acme) == []


# Turns


@task
def go_on(run_key: int, baton: str = "") -> None:
    drive(CountingRun.unscoped.select_related("organization").get(pk=run_key), step, baton)


@pytest.fixture
def short_turns(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes a whole turn."""
    DBTaskResult.objects.all().delete()
    monkeypatch.setattr(CountingRun, "driver", f"{__name__}.go_on", raising=False)
    monkeypatch.setattr(runs, "TURN", timedelta(microseconds=1))


def queued() -> list[list[object]]:
    """What the tasks that wait were given."""
    return [task.args_kwargs["args"] for task in DBTaskResult.objects.ready()]


@pytest.mark.usefixtures("short_turns")
def test_others_get_their_turn_while_a_run_goes_on(run, acme, work) -> None:
    assert drive(run, step)
    assert numbers(acme) == [1]
    assert queued() == [[run.pk, run.holder]]
    assert work() == LAST - 1
    assert numbers(acme) == list(range(1, LAST + 1))
    assert fresh(run).state == RunState.FINISHED


@pytest.mark.usefixtures("short_turns")
def test_a_run_that_was_handed_on_waits_for_that_task_alone(run, acme) -> None:
    drive(run, step)
    for baton in ("", "0" * 32):
        assert not drive(fresh(run), step, baton)
    assert drive(fresh(run), step, run.holder)
    assert not drive(fresh(run), step, run.holder), "it has gone on from there"
    assert numbers(acme) == [1, 2]
    assert len(queued()) == 2


@pytest.mark.usefixtures("short_turns")
def test_a_run_whose_next_task_is_lost_is_taken_over(run, acme) -> None:
    drive(run, step)
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
        assert drive(fresh(run), step)
        assert not drive(fresh(run), step, run.holder)
    assert numbers(acme) == [1, 2]


def test_an_ended_run_is_not_claimed_again(run) -> None:
    drive(run, step)
    assert not fresh(run).claim()


def test_the_database_refuses_an_end_without_a_time(run) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CountingRun.unscoped.filter(pk=run.pk).update(state=RunState.FINISHED)
