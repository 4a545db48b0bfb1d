"""Housekeeping around signing up and in."""

from datetime import timedelta

from django.tasks import task

from adminctr.core import clock
from adminctr.queue.periodic import periodic
from users.models import EmailChange, Session, SignUp


@periodic(timedelta(hours=1))
@task
def forget_expired_links() -> None:
    """Nobody's address is kept because somebody once typed it."""
    SignUp.objects.filter(expires_at__lte=clock.now()).delete()
    EmailChange.objects.filter(expires_at__lte=clock.now()).delete()


@periodic(timedelta(hours=1))
@task
def forget_sessions_that_are_over() -> None:
    Session.objects.over().delete()
