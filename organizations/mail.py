"""Mail about an organization itself."""

from typing import Any

from django.tasks import TaskContext, task
from django.urls import reverse

from adminctr.core import mail
from adminctr.core.text import name_in_mail
from organizations.models import Organization
from users.models import User


@task(takes_context=True)
def send_ownership_given(
    context: TaskContext[Any, Any], user_pk: int, organization_pk: int, successor_pk: int
) -> None:
    _send("ownership_given", user_pk, organization_pk, successor_pk, context.task_result.id)


@task(takes_context=True)
def send_ownership_received(
    context: TaskContext[Any, Any], user_pk: int, organization_pk: int, former_pk: int
) -> None:
    _send("ownership_received", user_pk, organization_pk, former_pk, context.task_result.id)


def _send(message: str, user_pk: int, organization_pk: int, other_pk: int, key: str) -> None:
    other = User.objects.get(pk=other_pk)
    mail.send(
        message,
        to=User.objects.get(pk=user_pk).email,
        key=key,
        organization=name_in_mail(Organization.objects.get(pk=organization_pk).name),
        other=name_in_mail(other.get_full_name()),
        address=other.email,
        link=mail.link(reverse("organizations:settings")),
    )
