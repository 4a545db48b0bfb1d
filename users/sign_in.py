"""The door of signing in: who may, allauth's adapter, and the project's only signal receivers.

What allauth and Django write outside our operations, and the event that we record for it:
`User.last_login` and the session at log-in (user.logged_in), the session's end at log-out
(user.logged_out). Passwords are written by `reset_password` and
`change_password` (user.password_changed).
"""

from enum import StrEnum
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from adminctr.core.actor import Actor, Origin
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from adminctr.web import errors
from organizations import policy
from users import guessing, operations, sessions
from users.models import User, UserStatus
from users.passwords import hash_password

_BROWSER_SALT = "known-browser"
_PEOPLE_PER_BROWSER = 5


class Method(StrEnum):
    PASSWORD = "password"


def may_login(user: User, method: Method) -> str | None:
    """Why this person may not sign in this way, in words; None means they may.

    Asked by every backend, at every log-in and again with every request.
    """
    if user.status == UserStatus.SUSPENDED:
        return "This login is suspended by support."
    if user.status == UserStatus.INACTIVE:
        return "This login is deactivated. Ask your administrator."
    return None


def actor_of(user: User, request: HttpRequest) -> Actor:
    """Somebody who logs in or out."""
    return policy.actor_for(user, origin=origin_of(request))


def origin_of(request: HttpRequest) -> Origin:
    return getattr(request, "origin", Origin())


class PasswordBackend(AuthenticationBackend):
    """allauth's timing-safe backend with one exact look-up by canonical address."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        user: User | None = self._check_password(_find(email), password)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        return may_login(user, Method.PASSWORD) is None


class AccountAdapter(DefaultAccountAdapter):
    """What allauth asks of the project: limits, mails, passwords and the next page."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        address = str(credentials["email"])
        known = _is_known_browser(request, address)
        ip = origin_of(request).network
        if reason := guessing.refusal(address, ip, is_known_browser=known):
            raise ValidationError(reason, code="too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        address = str(credentials["email"])
        known = _is_known_browser(request, address)
        origin = origin_of(request)
        guessing.note_failure(address, origin.network, is_known_browser=known)
        if user := _find(address):
            operations.record_failed_log_in(user, actor=Actor.somebody(origin))

    def get_login_stages(self) -> list[str]:
        """The steps between a right password and being signed in; we offer no others."""
        return ["allauth.account.stages.EmailVerificationStage", "users.stages.SecondFactorStage"]

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        _remember_browser(response, request, user)
        return response

    def logout(self, request: HttpRequest) -> None:
        super().logout(request)
        messages.success(request, "You are logged out.")

    def add_message(self, *args: Any, **options: Any) -> None:
        """allauth's own messages say nothing that its pages do not."""

    def clean_email(self, email: str) -> str:
        return canonical_address(email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise RuntimeError(f"allauth wants to send {template_prefix}, which we do not offer")

    def set_password(self, user: Any, password: str) -> None:
        origin = origin_of(self.request)
        actor = Actor.stranger(user.email, origin=origin)
        try:
            operations.reset_password(user, password=hash_password(password), actor=actor)
        except RuleViolation as used_meanwhile:
            raise ImmediateHttpResponse(errors.dead_link(self.request)) from used_meanwhile
        guessing.forget(user.email, origin.network)


def log_in_newcomer(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Sign somebody in who has just proven their address and chosen a password; lead them on.

    They go through the same steps as everybody who logs in.
    """
    response: HttpResponse = perform_login(request, user, redirect_url=to)
    response.status_code = 303
    return response


def connect() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(_logged_in, dispatch_uid="users_logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="users_logged_out")


def _logged_in(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    sessions.begin(request.session, origin_of(request))
    sessions.note_confirmation(request.session)
    method = _with_second_factor(Method.PASSWORD, sessions.second_factor_of(request.session))
    if not operations.record_log_in(user, method=method, actor=actor_of(user, request)):
        raise ImmediateHttpResponse(_turned_away(request, user))


def _turned_away(request: HttpRequest, user: User) -> HttpResponse:
    """For somebody whose log-in was ended this very moment."""
    request.session.flush()
    request.user = AnonymousUser()
    user.refresh_from_db(fields=["status"])
    if not user.is_active:
        return redirect("account_inactive")
    messages.info(request, sessions.LOG_IN_ENDED)
    return redirect("account_login")


def _logged_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user:
        operations.record_log_out(user, actor=actor_of(user, request))


def _with_second_factor(method: Method, how: str) -> str:
    """How somebody has logged in, for the trail."""
    return f"{method}, {how}" if how else str(method)


def _find(email: str) -> User | None:
    try:
        return User.objects.filter(email=canonical_address(email)).first()
    except RuleViolation:
        return None


def _is_known_browser(request: HttpRequest, address: str) -> bool:
    user = _find(address)
    return user is not None and user.sid in _people_of(request)


def _remember_browser(response: HttpResponse, request: HttpRequest, user: User) -> None:
    response.set_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE,
        ".".join([user.sid, *_people_of(request, but=user.sid)][:_PEOPLE_PER_BROWSER]),
        salt=_BROWSER_SALT,
        max_age=settings.KNOWN_BROWSER_AGE,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _people_of(request: HttpRequest, *, but: str = "") -> list[str]:
    """The SIDs of people who have signed in with this browser."""
    value = request.get_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE,
        default="",
        salt=_BROWSER_SALT,
        max_age=settings.KNOWN_BROWSER_AGE,
    )
    return [sid for sid in str(value).split(".") if sid and sid != but]
