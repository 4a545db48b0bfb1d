"""Housekeeping around signing up and in, and the workers of departures and offboarding.

What a page is asked about an address, a worker answers: what it does for one that is known and for
one that is not takes different times, which a visitor could measure.
"""

from contextlib import suppress
from datetime import timedelta

from django.tasks import task

from adminctr.core import clock
from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import RuleViolation
from adminctr.core.runs import drive
from adminctr.core.tenancy import every_tenant
from adminctr.queue import priorities
from adminctr.queue.periodic import periodic
from organizations import policy
from users.models import (
    Departure,
    EmailChange,
    Offboarding,
    PhoneCode,
    RememberedBrowser,
    Session,
    SignUp,
)
from users.operations import (
    carry_out_offboarding,
    request_password_reset,
    start_sign_up,
    take_departure_step,
)

# What is left over is taken up at the next turn.
_MOST_AT_ONCE = 100


@task(priority=priorities.SOMEBODY_WAITS)
def answer_sign_up(email: str, origin: dict[str, str]) -> None:
    """What the domain of the address allows no longer is not answered."""
    with suppress(RuleViolation):
        start_sign_up(email, actor=Actor.stranger(email, origin=Origin(**origin)))


@task(priority=priorities.SOMEBODY_WAITS)
def answer_reset_request(email: str, origin: dict[str, str]) -> None:
    request_password_reset(email, actor=Actor.somebody(Origin(**origin)))


@periodic(timedelta(hours=1))
@task
def forget_expired_links() -> None:
    """Nobody's address or number is kept because somebody once typed it."""
    SignUp.objects.filter(expires_at__lte=clock.now()).delete()
    EmailChange.objects.filter(expires_at__lte=clock.now()).delete()
    PhoneCode.objects.filter(expires_at__lte=clock.now()).delete()


@periodic(timedelta(hours=1))
@task
def forget_sessions_that_are_over() -> None:
    Session.objects.over().delete()
    RememberedBrowser.objects.over().delete()


@task
def drive_departure(run_key: int, baton: str = "") -> None:
    """Take steps for a turn, or leave the run to the worker that holds it."""
    with every_tenant():
        run = Departure.objects.select_related("organization", "by").get(pk=run_key)
    drive(run, _take_departure_step, baton)


@periodic(timedelta(minutes=1))
@task
def take_up_departures() -> None:
    """Begin those that nobody has begun, and go on with those whose worker has died."""
    with every_tenant():
        waiting = Departure.objects.waiting().order_by("pk")
        keys = list(waiting.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    for key in keys:
        drive_departure.enqueue(key)


@periodic(timedelta(minutes=5))
@task
def carry_out_offboardings() -> None:
    """Each by itself, so that one which fails holds up no other."""
    with every_tenant():
        due = Offboarding.objects.due().order_by("due_at", "pk")
        keys = list(due.values_list("pk", flat=True)[:_MOST_AT_ONCE])
    for key in keys:
        carry_out_one_offboarding.enqueue(key)


@task
def carry_out_one_offboarding(key: int) -> None:
    with every_tenant():
        planned = Offboarding.objects.select_related("organization", "by").get(pk=key)
    carry_out_offboarding(planned, actor=policy.actor_for(planned.by, via="job"))


def _take_departure_step(run: Departure) -> None:
    actor = policy.actor_for(run.by, via="job") if run.by else Actor.system("lost domains")
    take_departure_step(run, actor=actor)
