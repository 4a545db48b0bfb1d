"""Housekeeping around signing up."""

from datetime import timedelta

from django.tasks import task

from adminctr.core import clock
from adminctr.queue.periodic import periodic
from users.models import SignUp


@periodic(timedelta(hours=1))
@task
def forget_expired_sign_ups() -> None:
    """Nobody's address is kept because somebody once typed it."""
    SignUp.objects.filter(expires_at__lte=clock.now()).delete()
