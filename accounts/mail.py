"""Mail about accounts, to the people whom a change concerns."""

from typing import Any

from django.tasks import TaskContext, task
from django.urls import reverse

from accounts import names
from accounts.models import Account
from adminctr.core import mail
from adminctr.core.tenancy import tenant
from adminctr.core.text import name_in_mail
from users.models import User


@task(takes_context=True)
def send_account_given(
    context: TaskContext[Any, Any], account_pk: int, former_pk: int, owner_pk: int
) -> None:
    """Tell the former owner of an account who owns it now."""
    _send("account_given", former_pk, account_pk, context, other=User.objects.get(pk=owner_pk))


@task(takes_context=True)
def send_account_received(
    context: TaskContext[Any, Any], account_pk: int, former_pk: int, owner_pk: int
) -> None:
    """Tell the new owner of an account whose it was."""
    _send("account_received", owner_pk, account_pk, context, other=User.objects.get(pk=former_pk))


@task(takes_context=True)
def send_access_given(
    context: TaskContext[Any, Any], account_pk: int, user_pk: int, roles: str
) -> None:
    _send("access_given", user_pk, account_pk, context, roles=roles)


@task(takes_context=True)
def send_account_closed(context: TaskContext[Any, Any], account_pk: int, user_pk: int) -> None:
    _send("account_closed", user_pk, account_pk, context)


def _send(
    message: str,
    user_pk: int,
    account_pk: int,
    context: TaskContext[Any, Any],
    *,
    other: User | None = None,
    roles: str = "",
) -> None:
    account = Account.unscoped.select_related("organization").get(pk=account_pk)
    with tenant(account.organization):  # whoever owned it may have left
        known = names.known_as(other) if other else None
    mail.send(
        message,
        to=User.objects.get(pk=user_pk).email,
        key=context.task_result.id,
        account=name_in_mail(account.name),
        account_sid=account.sid,
        organization=name_in_mail(account.organization.name),
        other=name_in_mail(known.name) if known else "",
        address=known.address if known else "",
        roles=roles,
        closing_at=account.closing_at,
        link=mail.link(reverse("account:detail", args=[account.sid])),
    )
