"""Mail about one's own sign-in, and about leaving with a domain and coming back.

Tokens are made when a mail is sent, never queued.
"""

from typing import Any

from allauth.account import app_settings
from django.tasks import TaskContext, task
from django.urls import reverse

from accounts import names
from adminctr.core import mail
from adminctr.core.addresses import readable_domain
from adminctr.core.tenancy import tenant
from adminctr.core.text import name_in_mail
from adminctr.core.tokens import hash_token
from adminctr.queue import priorities
from organizations.models import Membership, Organization, Role
from users.models import Departed, EmailChange, Offboarding, SignUp, User, UserStatus, WayOut


@task(priority=priorities.SOMEBODY_WAITS)
def send_sign_up(pk: int) -> None:
    sign_up = SignUp.objects.filter(pk=pk).first()
    if sign_up is None or sign_up.is_expired():
        return
    token = sign_up.token()
    # Kept anew, since SECRET_KEY may have changed after the row was written.
    SignUp.objects.filter(pk=pk).update(token_hash=hash_token(token))
    mail.send(
        "sign_up",
        to=sign_up.email,
        key=f"{sign_up.sid}:{sign_up.expires_at.isoformat()}",
        link=mail.link(reverse("users:sign-up-finish", args=[token])),
    )


@task(takes_context=True, priority=priorities.SOMEBODY_WAITS)
def send_you_have_a_login(context: TaskContext[Any, Any], email: str) -> None:
    mail.send(
        "you_have_a_login",
        to=email,
        key=context.task_result.id,
        log_in=mail.link(reverse("account_login")),
        reset=mail.link(reverse("account_reset_password")),
    )


@task(takes_context=True, priority=priorities.SOMEBODY_WAITS)
def send_no_login(context: TaskContext[Any, Any], email: str) -> None:
    mail.send(
        "no_login",
        to=email,
        key=context.task_result.id,
        sign_up=mail.link(reverse("users:sign-up")),
    )


@task(takes_context=True, priority=priorities.SOMEBODY_WAITS)
def send_password_reset(context: TaskContext[Any, Any], pk: int) -> None:
    user = User.objects.filter(pk=pk, status=UserStatus.ACTIVE).first()
    if user is None:
        return
    link = mail.link(_path_to_reset(user))
    mail.send("password_reset", to=user.email, key=context.task_result.id, link=link)


@task(takes_context=True, priority=priorities.SOMEBODY_WAITS)
def send_password_reset_for_you(
    context: TaskContext[Any, Any], pk: int, organization_pk: int | None
) -> None:
    """The link for somebody whose password was reset; not once they have set another."""
    user = User.objects.filter(pk=pk, status=UserStatus.ACTIVE).first()
    if user and not user.has_usable_password():
        mail.send(
            "password_reset_for_you",
            to=user.email,
            key=context.task_result.id,
            by=_by_whom(organization_pk),
            link=mail.link(_path_to_reset(user)),
            reset=mail.link(reverse("account_reset_password")),
        )


@task(takes_context=True, priority=priorities.SOMEBODY_WAITS)
def send_second_factor_reset(
    context: TaskContext[Any, Any], pk: int, organization_pk: int | None
) -> None:
    user = User.objects.filter(pk=pk).first()
    if user:
        mail.send(
            "second_factor_reset",
            to=user.email,
            key=context.task_result.id,
            by=_by_whom(organization_pk),
            log_in=mail.link(reverse("account_login")),
        )


@task(takes_context=True)
def send_password_changed(context: TaskContext[Any, Any], pk: int) -> None:
    user = User.objects.filter(pk=pk).first()
    if user:
        mail.send(
            "password_changed",
            to=user.email,
            key=context.task_result.id,
            reset=mail.link(reverse("account_reset_password")),
        )


@task(takes_context=True)
def send_password_guessed(context: TaskContext[Any, Any], pk: int) -> None:
    """Tell somebody that a session of theirs was ended, in which their password was guessed."""
    user = User.objects.filter(pk=pk).first()
    if user:
        mail.send(
            "password_guessed",
            to=user.email,
            key=context.task_result.id,
            reset=mail.link(reverse("account_reset_password")),
            sessions=mail.link(reverse("profile:sessions")),
        )


@task(takes_context=True)
def send_phone_changed(context: TaskContext[Any, Any], pk: int, masked_number: str) -> None:
    """Tell somebody which phone codes go to from now on; the number itself is not mailed."""
    _send_about_factors(pk, "phone_changed", context, number=masked_number)


@task(priority=priorities.SOMEBODY_WAITS)
def send_email_change(pk: int) -> None:
    """The link to the wanted address; to somebody else's address, that it has a login already."""
    change = EmailChange.objects.filter(pk=pk).first()
    if change is None or change.is_expired():
        return
    if User.objects.filter(email=change.email).exists():
        mail.send("email_taken", to=change.email, key=change.sid)
        return
    token = change.token()
    # Kept anew, since SECRET_KEY may have changed after the row was written.
    EmailChange.objects.filter(pk=pk).update(token_hash=hash_token(token))
    mail.send(
        "email_change",
        to=change.email,
        key=change.sid,
        link=mail.link(reverse("profile:email-confirm", args=[token])),
    )


@task(takes_context=True)
def send_email_changed(context: TaskContext[Any, Any], former: str, pk: int) -> None:
    mail.send(
        "email_changed",
        to=former,
        key=context.task_result.id,
        email=User.objects.get(pk=pk).email,
    )


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_removed_with_domain(context: TaskContext[Any, Any], departed_pk: int) -> None:
    """Tell somebody that they were removed, and what they lose and keep."""
    departed = _departed(departed_pk)
    _send_about(departed, "removed_with_domain", context, accounts=len(departed.accounts))


@task(takes_context=True, priority=priorities.ONE_OF_MANY)
def send_back_with_domain(
    context: TaskContext[Any, Any], departed_pk: int, must_set_password: bool
) -> None:
    """Tell somebody that they are a member again, and how to log in."""
    _send_about(
        _departed(departed_pk),
        "back_with_domain",
        context,
        must_set_password=must_set_password,
        reset=mail.link(reverse("account_reset_password")),
    )


def _path_to_reset(user: User) -> str:
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user.sid, "key": token})


def _by_whom(organization_pk: int | None) -> str:
    """Who resets something, as the person reads it: an organization's administrator or support."""
    if organization_pk is None:
        return "Support"
    organization = Organization.objects.get(pk=organization_pk)
    return f"An administrator of {name_in_mail(organization.name)}"


@task(takes_context=True)
def send_second_factor_added(
    context: TaskContext[Any, Any], pk: int, factor: str, is_logged_out: bool = False
) -> None:
    """Tell somebody of another factor, and whether their other sessions ended with it."""
    more = {"factor": factor, "is_logged_out": is_logged_out}
    _send_about_factors(pk, "second_factor_added", context, **more)


@task(takes_context=True)
def send_second_factor_guessed(context: TaskContext[Any, Any], pk: int) -> None:
    _send_about_factors(pk, "second_factor_guessed", context)


@task(takes_context=True)
def send_second_factor_removed(context: TaskContext[Any, Any], pk: int, factor: str) -> None:
    _send_about_factors(pk, "second_factor_removed", context, factor=factor)


@task(takes_context=True)
def send_recovery_codes_made(context: TaskContext[Any, Any], pk: int) -> None:
    _send_about_factors(pk, "recovery_codes_made", context)


@task(takes_context=True)
def send_recovery_code_used(context: TaskContext[Any, Any], pk: int, left: int) -> None:
    _send_about_factors(pk, "recovery_code_used", context, left=left)


def _send_about_factors(pk: int, message: str, context: TaskContext[Any, Any], **more: Any) -> None:
    user = User.objects.get(pk=pk)
    mail.send(
        message,
        to=user.email,
        key=context.task_result.id,
        factors=mail.link(reverse("profile:second-factors")),
        reset=mail.link(reverse("account_reset_password")),
        **more,
    )


@task(takes_context=True)
def send_offboarded(context: TaskContext[Any, Any], offboarding_pk: int, address: str) -> None:
    """Tell somebody who was removed or deleted, at the address that they had."""
    told = _offboarding(offboarding_pk)
    message = "user_deleted" if told.how == WayOut.DELETE else "user_removed"
    mail.send(
        message,
        to=address,
        key=context.task_result.id,
        organization=name_in_mail(told.organization.name),
        log_in=mail.link(reverse("account_login")),
        sign_up=mail.link(reverse("users:sign-up")),
    )


@task(takes_context=True)
def send_offboarding_stopped(context: TaskContext[Any, Any], offboarding_pk: int) -> None:
    """Tell the Owner, and who planned it, that nothing was done on that day, and why.

    Who no longer governs people there is told nothing about them.
    """
    told = _offboarding(offboarding_pk)
    with tenant(told.organization):
        who = names.known_as(told.user)
        governing = Membership.objects.in_force().exclude(role=Role.STANDARD)
        is_governing = governing.filter(user=told.by).exists()
    owner = told.organization.owner
    for person in {*([told.by] if is_governing else []), *([owner] if owner else [])}:
        mail.send(
            "offboarding_stopped",
            to=person.email,
            key=f"{context.task_result.id}:{person.sid}",
            organization=name_in_mail(told.organization.name),
            person=name_in_mail(who.name),
            how=WayOut(told.how).label.lower(),
            obstacle=told.obstacle,
            link=mail.link(reverse("users:leave", args=[told.user.sid])),
        )


def _offboarding(pk: int) -> Offboarding:
    return Offboarding.unscoped.select_related("organization__owner", "user", "by").get(pk=pk)


def _departed(pk: int) -> Departed:
    return Departed.unscoped.select_related("organization", "user").get(pk=pk)


def _send_about(
    departed: Departed, message: str, context: TaskContext[Any, Any], **more: Any
) -> None:
    mail.send(
        message,
        to=departed.user.email,
        key=context.task_result.id,
        organization=name_in_mail(departed.organization.name),
        domain=readable_domain(departed.domain_name),
        role=Role(departed.role).label,
        log_in=mail.link(reverse("account_login")),
        **more,
    )
