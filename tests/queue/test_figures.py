"""How the queue stands, in the figures that Prometheus and operators read."""

from datetime import timedelta

import pytest
from django.tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from adminctr.core import clock
from adminctr.queue import figures
from organizations.models import Organization
from tests.users.people import invited

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(acme: Organization) -> DBTaskResult:
    """The only one in the queue."""
    DBTaskResult.objects.all().delete()
    invited(acme, "nell@acme.example")
    return DBTaskResult.objects.get()


def test_a_task_that_is_due_at_once_waits_since_it_was_made(task: DBTaskResult) -> None:
    DBTaskResult.objects.update(enqueued_at=clock.now() - timedelta(minutes=11))
    found = figures.read()
    assert (found.ready, found.due, found.failed) == (1, 1, 0)
    assert timedelta(minutes=11) <= found.oldest_due < timedelta(minutes=12)


def test_a_task_that_is_tried_again_waits_since_it_is_due(task: DBTaskResult) -> None:
    now = clock.now()
    DBTaskResult.objects.update(
        enqueued_at=now - timedelta(hours=1), run_after=now - timedelta(minutes=2)
    )
    assert timedelta(minutes=2) <= figures.read().oldest_due < timedelta(minutes=3)


def test_what_is_not_due_yet_has_not_waited(task: DBTaskResult) -> None:
    DBTaskResult.objects.update(run_after=clock.now() + timedelta(minutes=1))
    found = figures.read()
    assert (found.ready, found.due, found.oldest_due) == (1, 0, timedelta())


def test_what_failed_for_good_is_counted_apart(task: DBTaskResult) -> None:
    DBTaskResult.objects.update(status=TaskResultStatus.FAILED)
    found = figures.read()
    assert (found.ready, found.failed) == (0, 1)
