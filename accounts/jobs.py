"""What becomes of accounts and roles by itself, when its time has come."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from django.tasks import task

from accounts.models import Account, AccountQuerySet, RoleAssignment
from accounts.operations import end_overdue_roles, finish_closing, purge_account
from adminctr.core.actor import Actor
from adminctr.core.tenancy import every_tenant
from adminctr.queue.periodic import periodic
from organizations.models import Organization

# What is left over is done at the next turn.
_MOST_AT_ONCE = 500


@periodic(timedelta(minutes=1))
@task
def finish_closing_accounts() -> None:
    actor = Actor.system("closing accounts")
    with every_tenant():
        closing = list(_with_organization().closing().order_by("pk")[:_MOST_AT_ONCE])
    _for_each(closing, partial(finish_closing, actor=actor))


@periodic(timedelta(hours=1))
@task
def purge_closed_accounts() -> None:
    actor = Actor.system("purging closed accounts")
    with every_tenant():
        due = list(_with_organization().to_purge().order_by("closing_at")[:_MOST_AT_ONCE])
    _for_each(due, partial(purge_account, actor=actor))


@periodic(timedelta(minutes=1))
@task
def end_roles_with_a_planned_end() -> None:
    actor = Actor.system("planned ends")
    with every_tenant():
        overdue = RoleAssignment.objects.on_accounts().overdue().order_by("ends_at")
        keys = set(overdue.values_list("organization", flat=True)[:_MOST_AT_ONCE])
    organizations = Organization.objects.filter(pk__in=keys).order_by("pk")
    _for_each(organizations, partial(end_overdue_roles, actor=actor))


def _for_each[SubjectT](subjects: Iterable[SubjectT], do: Callable[[SubjectT], object]) -> None:
    """One that fails does not hold up the others; what failed is raised after them."""
    failures = []
    for one in subjects:
        try:
            do(one)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Some were left as they were, to be done at the next turn", failures)


def _with_organization() -> AccountQuerySet[Account]:
    return Account.objects.select_related("organization")
