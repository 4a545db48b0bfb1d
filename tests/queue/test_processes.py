"""Real workers, killed and cut off from the mail server: every mail leaves, and leaves once."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.tasks import TaskResultStatus
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from adminctr.queue.models import WorkerHeartbeat
from invitations.models import Invitation
from invitations.operations import invite_user
from organizations.models import Organization, Role
from tests.conftest import acting
from tests.servers.console import LONGEST_WAIT_SECONDS, Console, database_url, until
from tests.servers.smtp import MailServer, Mode
from users.models import User

pytestmark = [
    pytest.mark.django_db(transaction=True),
]

EMAIL = "nell@acme.example"


@pytest.fixture
def invitation(acme: Organization, ana: User) -> Invitation:
    """One invitation whose mail is the only thing in the queue."""
    DBTaskResult.objects.all().delete()
    return invite_user(acme, email=EMAIL, role=Role.STANDARD, actor=acting(ana))


@pytest.fixture
def state(
    sign_in: Callable[[User], Client], ana: User, invitation: Invitation
) -> Callable[[], str]:
    """What the row of the invitation on the Pending page says."""
    client = sign_in(ana)

    def read() -> str:
        page = client.get(reverse("users:pending")).content.decode()
        return page.partition(EMAIL)[2].partition("</tr>")[0]

    return read


@contextmanager
def working(mail: MailServer, run_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the product's own settings on the database of this test."""
    settings_of_test = {
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "BASE_URL": settings.BASE_URL,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        "TASK_LEASE_SECONDS": "2",
        "TASK_FIRST_PAUSE_SECONDS": "0.2",
    }
    with Console(run_dir, settings_of_test) as console:
        yield console.serve_worker()


def has_status(status: TaskResultStatus) -> Callable[[], bool]:
    return DBTaskResult.objects.filter(status=status, task_path__contains="invitations.mail").exists


def tries() -> int:
    sending = DBTaskResult.objects.get(task_path__contains="invitations.mail")
    return len(sending.worker_ids)


def recipients(mail: MailServer) -> list[str]:
    return [message["To"] for message in mail.mails]


def test_a_mail_whose_worker_was_killed_is_sent_once_by_another(
    invitation: Invitation, tmp_path: Path
) -> None:
    with MailServer(Mode.SLOW) as mail:
        with working(mail, tmp_path) as first:
            assert mail.receiving.wait(LONGEST_WAIT_SECONDS)
            first.kill()
            first.wait()
        assert recipients(mail) == []
        assert has_status(TaskResultStatus.RUNNING)()
        mail.mode = Mode.OK
        with working(mail, tmp_path) as second:
            until(has_status(TaskResultStatus.SUCCESSFUL))
            assert second.poll() is None
        assert recipients(mail) == [EMAIL]
        assert invitation.token() in mail.mails[0].as_string().replace("=\n", "")
    invitation.refresh_from_db(from_queryset=Invitation.unscoped)
    assert invitation.is_delivered()
    assert tries() == 2


def test_a_second_worker_leaves_the_mail_of_a_living_one_alone(
    invitation: Invitation, tmp_path: Path
) -> None:
    with MailServer(Mode.SLOW) as mail:
        mail.delay = 4
        with working(mail, tmp_path), working(mail, tmp_path):
            until(lambda: WorkerHeartbeat.objects.count() == 2)
            until(has_status(TaskResultStatus.SUCCESSFUL))
        assert recipients(mail) == [EMAIL]
    assert tries() == 1


def test_a_mail_waits_for_a_mail_server_that_is_down(
    invitation: Invitation, state: Callable[[], str], tmp_path: Path
) -> None:
    with MailServer(down=True) as mail, working(mail, tmp_path) as worker:
        until(lambda: tries() >= 2)
        assert "Being sent" in state()
        assert Invitation.unscoped.get(pk=invitation.pk).delivered_generation == 0
        mail.listen()
        until(has_status(TaskResultStatus.SUCCESSFUL))
        assert recipients(mail) == [EMAIL]
        assert "Being sent" not in state()
        assert "Waiting" in state()
        assert worker.poll() is None


def test_a_refused_recipient_is_tried_again_while_others_get_their_mail(
    invitation: Invitation, state: Callable[[], str], acme: Organization, ana: User, tmp_path: Path
) -> None:
    with (
        MailServer(Mode.REFUSE_RECIPIENT) as mail,
        working(mail, tmp_path) as worker,
    ):
        until(lambda: mail.tries >= 2)
        assert "Being sent" in state()
        mail.mode = Mode.OK
        invite_user(acme, email="olga@acme.example", role=Role.STANDARD, actor=acting(ana))
        until(lambda: len(mail.mails) == 2)
        assert sorted(recipients(mail)) == [EMAIL, "olga@acme.example"]
        assert worker.poll() is None


def test_a_server_that_hangs_up_after_accepting_gets_the_mail_once(
    invitation: Invitation, state: Callable[[], str], tmp_path: Path
) -> None:
    with MailServer(Mode.DROP_AFTER_ANSWER) as mail, working(mail, tmp_path):
        until(has_status(TaskResultStatus.SUCCESSFUL))
        assert recipients(mail) == [EMAIL]
        assert "Waiting" in state()


def test_a_server_that_hangs_up_before_it_answers_gets_the_same_mail_again(
    invitation: Invitation, tmp_path: Path
) -> None:
    with MailServer(Mode.DROP_BEFORE_ANSWER) as mail, working(mail, tmp_path):
        until(lambda: len(mail.mails) >= 2)
        mail.mode = Mode.OK
        until(has_status(TaskResultStatus.SUCCESSFUL))
    assert len({message["Message-ID"] for message in mail.mails}) == 1
    assert set(recipients(mail)) == {EMAIL}
