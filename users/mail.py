"""Mail about one's own sign-in. Tokens are made when a mail is sent, never queued."""

from typing import Any

from allauth.account import app_settings
from django.tasks import TaskContext, task
from django.urls import reverse

from adminctr.core import mail
from adminctr.core.tokens import hash_token
from users.models import EmailChange, SignUp, User, UserStatus


@task
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


@task(takes_context=True)
def send_you_have_a_login(context: TaskContext[Any, Any], email: str) -> None:
    mail.send(
        "you_have_a_login",
        to=email,
        key=context.task_result.id,
        log_in=mail.link(reverse("account_login")),
        reset=mail.link(reverse("account_reset_password")),
    )


@task(takes_context=True)
def send_no_login(context: TaskContext[Any, Any], email: str) -> None:
    mail.send(
        "no_login",
        to=email,
        key=context.task_result.id,
        sign_up=mail.link(reverse("users:sign-up")),
    )


@task(takes_context=True)
def send_password_reset(context: TaskContext[Any, Any], pk: int) -> None:
    user = User.objects.filter(pk=pk, status=UserStatus.ACTIVE).first()
    if user is None:
        return
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user.sid, "key": token})
    mail.send("password_reset", to=user.email, key=context.task_result.id, link=mail.link(path))


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


@task
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
