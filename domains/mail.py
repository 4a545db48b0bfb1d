"""Mail about a domain, to the administrators of the organization that holds it."""

from typing import Any

from django.tasks import Task, TaskContext, task

from adminctr.core import mail
from adminctr.core.addresses import readable_domain
from adminctr.core.text import name_in_mail
from adminctr.queue import priorities
from domains import deadlines
from domains.models import Domain
from organizations.models import Membership, Organization, Role
from users.models import User, UserStatus

# Task, then the keys of the person and of the domain.
Message = Task[Any, Any]


def tell_administrators(domain: Domain, message: Message) -> None:
    """Queue one mail for the Owner and each Administrator who can log in."""
    able = Membership.unscoped.in_force().filter(
        organization=domain.organization_id,
        role__in=[Role.OWNER, Role.ADMINISTRATOR],
        status=UserStatus.ACTIVE,
    )
    for user_pk in able.values_list("user", flat=True):
        message.enqueue(user_pk, domain.pk)


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_domain_uncertain(context: TaskContext[Any, Any], user_pk: int, domain_pk: int) -> None:
    """How many days are left, with the day as a file; nothing where the proof is back by now."""
    domain = _domain(domain_pk)
    if domain is None or domain.lost_on is None:
        return
    content = deadlines.calendar_file(domain)
    attachment = mail.Attachment(deadlines.FILE_NAME, content, deadlines.CONTENT_TYPE)
    _send("domain_uncertain", user_pk, domain, context, attachment)


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_domain_lost(context: TaskContext[Any, Any], user_pk: int, domain_pk: int) -> None:
    _send("domain_lost", user_pk, _domain(domain_pk), context)


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_domain_returned(context: TaskContext[Any, Any], user_pk: int, domain_pk: int) -> None:
    _send("domain_returned", user_pk, _domain(domain_pk), context)


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_domain_shared(context: TaskContext[Any, Any], user_pk: int, domain_pk: int) -> None:
    _send("domain_shared", user_pk, _domain(domain_pk), context)


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_domain_alone(context: TaskContext[Any, Any], user_pk: int, domain_pk: int) -> None:
    _send("domain_alone", user_pk, _domain(domain_pk), context)


def _domain(pk: int) -> Domain | None:
    return Domain.unscoped.select_related("organization").filter(pk=pk).first()


def _send(
    message: str,
    user_pk: int,
    domain: Domain | None,
    context: TaskContext[Any, Any],
    *attachments: mail.Attachment,
) -> None:
    """Nothing where the domain was removed meanwhile."""
    if domain is None:
        return
    organization: Organization = domain.organization
    mail.send(
        message,
        to=User.objects.get(pk=user_pk).email,
        key=context.task_result.id,
        attachments=attachments,
        organization=name_in_mail(organization.name),
        domain=readable_domain(domain.name),
        method=domain.get_method_display(),
        days_left=domain.days_left,
        lost_on=domain.lost_on,
        link=mail.link(domain.get_absolute_url()),
    )
