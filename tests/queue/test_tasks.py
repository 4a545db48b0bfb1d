"""A task that fails is tried again, ever later; one whose worker died is taken over by another."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.tasks import Task, TaskResultStatus, task
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import itself, operation
from adminctr.queue import jobs, periodic, worker
from adminctr.queue.models import PeriodicJob, WorkerHeartbeat
from adminctr.queue.priorities import ONE_OF_MANY, SOMEBODY_WAITS
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations import policy
from organizations.models import Organization, Role
from tests.conftest import acting
from users import mail as users_mail
from users.models import User
from users.texting import send_phone_code

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
Work = Callable[[], int]


@task
def fail() -> None:
    raise ConnectionRefusedError("nobody listens")


@task
def succeed() -> str:
    return "done"


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    """An empty queue, and a clock that moves only when it is told to."""
    DBTaskResult.objects.all().delete()
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def the_task() -> DBTaskResult:
    return DBTaskResult.objects.get()


def running(worker_id: str, *, tries: int = 1) -> DBTaskResult:
    succeed.enqueue()
    for _ in range(tries):
        the_task().claim(worker_id)
    return the_task()


def beat(worker_id: str, *, ago: timedelta = timedelta()) -> None:
    WorkerHeartbeat.objects.create(worker_id=worker_id, seen_at=clock.now() - ago)


# Trying again


def test_each_pause_is_twice_the_one_before_and_an_hour_at_most(settings: Settings) -> None:
    settings.TASK_FIRST_PAUSE = timedelta(seconds=10)
    pauses = [worker.pause_after(tries).total_seconds() for tries in range(1, 31)]
    assert pauses[:9] == [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    assert set(pauses[9:]) == {3600}


def test_a_failed_task_waits_for_its_pause(work: Work, noon: time_machine.Traveller) -> None:
    fail.enqueue()
    for pause in (10, 20, 40, 80):
        assert work() == 1
        assert the_task().status == TaskResultStatus.FAILED
        assert worker.revive() == 1
        noon.shift(pause - 1)
        assert work() == 0
        noon.shift(1)
    assert len(the_task().worker_ids) == 4


def test_the_pause_begins_with_the_failure_however_late_it_is_noticed(
    work: Work, noon: time_machine.Traveller
) -> None:
    fail.enqueue()
    work()
    noon.shift(10)
    worker.revive()
    assert work() == 1


def test_a_task_that_succeeds_at_last_is_not_tried_again(
    work: Work, noon: time_machine.Traveller
) -> None:
    fail.enqueue()
    work()
    DBTaskResult.objects.update(task_path=succeed.module_path)
    worker.revive()
    noon.shift(10)
    assert work() == 1
    assert the_task().status == TaskResultStatus.SUCCESSFUL
    assert the_task().traceback == ""
    assert worker.revive() == 0


def test_a_task_is_given_up_after_so_many_tries(
    work: Work, settings: Settings, noon: time_machine.Traveller
) -> None:
    settings.TASK_TRIES = 3
    fail.enqueue()
    for _ in range(3):
        assert work() == 1
        worker.revive()
        noon.shift(3600)
    assert work() == 0
    assert worker.revive() == 0
    assert the_task().status == TaskResultStatus.FAILED
    assert "nobody listens" in the_task().traceback


def test_a_task_that_is_no_longer_in_the_code_fails_and_harms_no_other(work: Work) -> None:
    succeed.enqueue()
    DBTaskResult.objects.update(task_path="gone.nowhere")
    succeed.enqueue()
    assert work() == 2
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == [
        TaskResultStatus.FAILED,
        TaskResultStatus.SUCCESSFUL,
    ]


# Who goes first


def the_order() -> list[str]:
    """What a worker would take, one after the other."""
    return [task.task_name for task in DBTaskResult.objects.ready()]


def test_a_code_goes_before_mails_and_before_a_table_of_invitations(acme, ana) -> None:
    in_bulk = policy.actor_for(ana, via="bulk")
    invite_user(acme, email="nell@acme.example", role=Role.STANDARD, actor=in_bulk)
    invite_user(acme, email="olga@acme.example", role=Role.STANDARD, actor=acting(ana))
    send_phone_code.enqueue(0)
    assert the_order() == ["send_phone_code", "send_invitation", "send_invitation"]
    alone, of_many = (task.args_kwargs["args"][0] for task in DBTaskResult.objects.ready()[1:])
    assert of_many < alone


@pytest.mark.parametrize(
    "waited_for",
    [
        users_mail.send_sign_up, users_mail.send_you_have_a_login, users_mail.send_no_login,
        users_mail.send_password_reset, users_mail.send_password_reset_for_you,
        users_mail.send_second_factor_reset, users_mail.send_email_change, send_phone_code,
    ],
)  # fmt: skip
def test_what_somebody_waits_for_goes_first(waited_for: Task[Any, Any]) -> None:
    assert waited_for.priority == SOMEBODY_WAITS


def test_a_task_that_is_tried_again_goes_behind_the_fresh_ones_of_its_kind(
    work: Work, noon: time_machine.Traveller
) -> None:
    fail.enqueue()
    for pause in (10, 20, 40):
        work()
        worker.revive()
        noon.shift(pause)
    succeed.enqueue()
    succeed.using(priority=ONE_OF_MANY).enqueue()
    assert the_order() == ["succeed", "fail", "succeed"]


def test_a_task_that_kills_its_workers_goes_behind_the_fresh_ones() -> None:
    running("dead")
    worker.revive()
    fail.enqueue()
    assert the_order() == ["fail", "succeed"]


def test_the_next_task_is_found_by_an_index_and_not_by_putting_all_in_order() -> None:
    plan = DBTaskResult.objects.ready().filter(backend_name="default")[:1].explain()
    assert "tasks_db_new_ordering_idx" in plan or connection.vendor == "postgresql"
    assert "TEMP B-TREE" not in plan


# Taking over


def test_a_task_of_a_dead_worker_is_taken_over(work: Work, settings: Settings) -> None:
    running("dead")
    beat("dead", ago=settings.TASK_LEASE)
    assert worker.revive() == 1
    assert work() == 1
    assert the_task().status == TaskResultStatus.SUCCESSFUL
    assert the_task().worker_ids == ["dead", "test"]


def test_a_task_of_a_worker_that_never_showed_itself_is_taken_over() -> None:
    running("unheard")
    assert worker.revive() == 1


def test_a_task_of_a_living_worker_is_left_alone(work: Work, settings: Settings) -> None:
    running("alive")
    beat("alive", ago=settings.TASK_LEASE - timedelta(seconds=1))
    assert worker.revive() == 0
    assert work() == 0


def test_the_worker_that_has_a_task_now_counts_and_not_one_before(settings: Settings) -> None:
    running("alive")
    the_task().claim("dead")
    beat("alive")
    beat("dead", ago=settings.TASK_LEASE)
    assert worker.revive() == 1


def test_reviving_twice_changes_nothing_more(work: Work) -> None:
    fail.enqueue()
    work()
    assert worker.revive() == 1
    before = DBTaskResult.objects.values().get()
    assert worker.revive() == 0
    assert DBTaskResult.objects.values().get() == before


def test_a_task_that_kills_its_workers_is_given_up(settings: Settings) -> None:
    settings.TASK_TRIES = 3
    running("dead", tries=3)
    assert worker.revive() == 0
    assert the_task().status == TaskResultStatus.FAILED
    assert the_task().finished_at == clock.now()
    assert worker.revive() == 0


def test_somebody_is_working_while_a_heartbeat_is_fresh(
    settings: Settings, noon: time_machine.Traveller
) -> None:
    assert not worker.is_anybody_working()
    beat("alive")
    assert worker.is_anybody_working()
    noon.shift(settings.TASK_LEASE)
    assert not worker.is_anybody_working()


# Periodic jobs


def test_a_job_that_is_due_is_enqueued_once_however_many_ask() -> None:
    periodic.discover()
    assert periodic.enqueue_due() == PeriodicJob.objects.count() > 0
    assert periodic.enqueue_due() == 0
    paths = list(DBTaskResult.objects.values_list("task_path", flat=True))
    assert len(paths) == len(set(paths)) == PeriodicJob.objects.count()
    assert jobs.tidy_queue.module_path in paths


def test_a_job_is_due_again_after_its_time(noon: time_machine.Traveller) -> None:
    periodic.discover()
    periodic.enqueue_due()
    tidy = DBTaskResult.objects.filter(task_path=jobs.tidy_queue.module_path)
    noon.shift(timedelta(minutes=59))
    periodic.enqueue_due()
    assert tidy.count() == 1
    noon.shift(timedelta(minutes=1))
    periodic.enqueue_due()
    assert tidy.count() == 2


def test_a_job_missed_for_a_day_runs_once(noon: time_machine.Traveller) -> None:
    periodic.discover()
    periodic.enqueue_due()
    noon.shift(timedelta(days=1))
    periodic.enqueue_due()
    periodic.enqueue_due()
    assert DBTaskResult.objects.filter(task_path=jobs.tidy_queue.module_path).count() == 2


def test_discovering_again_keeps_when_a_job_is_due() -> None:
    periodic.discover()
    periodic.enqueue_due()
    before = list(PeriodicJob.objects.order_by("pk").values())
    periodic.discover()
    assert list(PeriodicJob.objects.order_by("pk").values()) == before


def test_a_job_that_left_the_code_is_not_enqueued() -> None:
    PeriodicJob.objects.create(task_path="gone.nowhere", due_at=clock.now())
    periodic.discover()
    periodic.enqueue_due()
    assert not DBTaskResult.objects.filter(task_path="gone.nowhere").exists()


def test_tidying_forgets_what_is_long_over_and_nothing_else(
    work: Work, noon: time_machine.Traveller
) -> None:
    fail.enqueue()
    succeed.enqueue()
    work()
    running_long = DBTaskResult.objects.create(
        task_path=succeed.module_path,
        args_kwargs={"args": [], "kwargs": {}},
        backend_name="default",
        run_after=clock.now(),
        status=TaskResultStatus.RUNNING,
    )
    beat("long gone")
    noon.shift(timedelta(days=7, seconds=1))
    succeed.enqueue()
    beat("alive")

    jobs.tidy_queue.call()
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {
        TaskResultStatus.RUNNING,
        TaskResultStatus.READY,
    }
    assert DBTaskResult.objects.filter(pk=running_long.pk).exists()
    assert [one.worker_id for one in WorkerHeartbeat.objects.all()] == ["alive"]


# The outbox


@operation(itself)
def invite_and_think_again(organization: Organization, *, actor: Actor) -> None:
    """Invite, then refuse after all."""
    invite_user(organization, email="nell@acme.example", role=Role.STANDARD, actor=actor)
    assert DBTaskResult.objects.exists()
    raise RuleViolation("thought_again", "Not today.")


def test_what_an_operation_enqueued_goes_with_its_roll_back(acme: Organization, ana: User) -> None:
    with pytest.raises(RuleViolation):
        invite_and_think_again(acme, actor=acting(ana))
    assert not DBTaskResult.objects.exists()
    assert not Invitation.unscoped.filter(email="nell@acme.example").exists()
    assert not AuditEvent.unscoped.filter(action="user.invited", at=NOON).exists()
    assert AuditEvent.unscoped.filter(action="invite_and_think_again.refused").exists()


def test_what_an_operation_enqueued_stands_beside_its_row(acme: Organization, ana: User) -> None:
    invite_user(acme, email="nell@acme.example", role=Role.STANDARD, actor=acting(ana))
    invitation = Invitation.unscoped.get(email="nell@acme.example")
    assert the_task().args_kwargs["args"] == [invitation.pk, 1]
    assert invitation.token() not in str(the_task().args_kwargs)
