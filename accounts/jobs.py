"""What becomes of accounts and roles by itself, when its time has come."""

from datetime import timedelta

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
    for account in closing:
        finish_closing(account, actor=actor)


@periodic(timedelta(hours=1))
@task
def purge_closed_accounts() -> None:
    actor = Actor.system("purging closed accounts")
    with every_tenant():
        due = list(_with_organization().to_purge().order_by("closing_at")[:_MOST_AT_ONCE])
    for account in due:
        purge_account(account, actor=actor)


@periodic(timedelta(minutes=1))
@task
def end_roles_with_a_planned_end() -> None:
    actor = Actor.system("planned ends")
    with every_tenant():
        overdue = RoleAssignment.objects.on_accounts().overdue().order_by("ends_at")
        keys = set(overdue.values_list("organization", flat=True)[:_MOST_AT_ONCE])
    for organization in Organization.objects.filter(pk__in=keys).order_by("pk"):
        end_overdue_roles(organization, actor=actor)


def _with_organization() -> AccountQuerySet[Account]:
    return Account.objects.select_related("organization")
