"""What people change about themselves: name, address, password, appearance, sessions."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from adminctr.core import clock
from adminctr.core.limits import Limit
from adminctr.web import errors, idle
from adminctr.web.devices import device_of
from adminctr.web.display import moment
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import PersonNameForm
from adminctr.web.paginate import cut
from adminctr.web.places import place_of
from adminctr.web.views import (
    Done,
    OwnActionPage,
    OwnDetailPage,
    OwnOperationPage,
    OwnPage,
    attempt,
    redirect_to,
)
from profiles.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    ConfirmEmailForm,
    PreferencesForm,
)
from users import operations, reauthentication, remembered, sessions
from users.models import Appearance, EmailChange, Factor, RememberedBrowser, Session, User
from users.passwords import hash_password
from users.queries import find_email_change

EMAIL_CHANGES = Limit("email_changes", times=5, seconds=3600)
MAILS_PER_ADDRESS = Limit("email_change_mails", times=5, seconds=3600)
_MOST_SESSIONS = 100


class ProfilePage(OwnDetailPage):
    template_name = "profiles/show.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "person": self.user,
            **self._wanted(),
            "appearance": Appearance(self.user.appearance).label,
            "since": moment(self.user.created_at),
            "sessions": _live(self.user).count(),
            "browsers": _remembered(self.user).count(),
            "second_factors": [one.label() for one in _real_factors(self.user)],
        }

    def _wanted(self) -> dict[str, str]:
        """The address that waits to be confirmed."""
        change = EmailChange.objects.filter(user=self.user).first()
        if change is None or change.is_expired():
            return {}
        return {
            "wanted_title": f"{change.email} is not confirmed yet",
            "wanted_text": f"Open the link that we sent to it, by "
            f"{moment(change.expires_at).text}. Until then your address stays as it is.",
        }


class ChangeNamePage(OwnOperationPage):
    template_name = "profiles/name.html"
    form_class = PersonNameForm

    def initial(self, subject: User) -> dict[str, Any]:
        return {"first_name": subject.first_name, "last_name": subject.last_name}

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        operations.change_name(subject, actor=self.actor, **data)
        return Done("Your name is saved.", reverse("profile:show"))


class ChangeEmailPage(OwnOperationPage):
    is_sensitive = True
    template_name = "profiles/email.html"
    form_class = ChangeEmailForm

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        EMAIL_CHANGES.spend(subject.sid)
        MAILS_PER_ADDRESS.spend(data["email"])
        operations.start_email_change(subject, email=data["email"], actor=self.actor)
        return Done(f"A link is on its way to {data['email']}.", reverse("profile:show"))


class CancelEmailChange(OwnActionPage):
    def subject(self, **kwargs: Any) -> EmailChange | None:
        return EmailChange.objects.filter(user=self.user).select_related("user").first()

    def back(self, subject: Any) -> str:
        return reverse("profile:show")

    def perform(self, subject: EmailChange | None) -> Done:
        if subject:
            operations.cancel_email_change(subject, actor=self.actor)
        return Done("Your address stays as it is; the link no longer works.", self.back(subject))


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link mailed to the new address; only the person who asked for it may go on."""
    console = cast(ConsoleRequest, request)
    change = find_email_change(console.user, token)
    if change is None:
        return errors.dead_link(request)
    form = ConfirmEmailForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        keep = sessions.sid_of(request.session)
        user = attempt(
            form, lambda _: operations.change_email(change, keep=keep, actor=console.actor)
        )
        if user:
            sessions.keep(request.session, user)
            done = f"Your address is {user.email} now. Log in with it from now on."
            return Done(done, reverse("profile:show")).answer(request)
    context = {"form": form, "email": change.email}
    return TemplateResponse(request, "profiles/email_confirm.html", context)


class ChangePasswordPage(OwnOperationPage):
    template_name = "profiles/password.html"

    def form(self, subject: User, data: QueryDict | None = None) -> forms.Form:
        return ChangePasswordForm(data, user=subject)

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        reauthentication.require_password(self.request, data["password"])
        password = hash_password(data["new_password"])
        keep = sessions.sid_of(self.request.session)
        operations.change_password(subject, password=password, keep=keep, actor=self.actor)
        sessions.keep(self.request.session, subject)
        return Done(
            "Your password is saved; you are logged out everywhere else.", reverse("profile:show")
        )


class PreferencesPage(OwnOperationPage):
    template_name = "profiles/preferences.html"
    form_class = PreferencesForm

    def initial(self, subject: User) -> dict[str, Any]:
        return {
            "appearance": subject.appearance,
            "time_zone": subject.time_zone,
            "has_shortcuts": subject.has_shortcuts,
        }

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        operations.change_preferences(subject, actor=self.actor, **data)
        return Done("Your preferences are saved.", reverse("profile:show"))


class SessionListPage(OwnDetailPage):
    template_name = "profiles/sessions.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        current = sessions.sid_of(self.request.session)
        shown = cut(_live(self.user), _MOST_SESSIONS)
        rows = [_row(one, current) for one in shown.rows]
        return {
            "rows": rows,
            "has_more": shown.has_more,
            "has_others": any(not row["is_current"] for row in rows),
        }


@idle.unnoticed
@login_not_required
@require_safe
def ask_whether_idle(request: HttpRequest) -> HttpResponse:
    """Asks who is away whether to stay, where scripts do not; leads to the log-in afterwards."""
    if not request.user.is_authenticated:
        return redirect(idle.log_in_url(request))
    if not sessions.is_guarded(request.session):
        return redirect_to(idle.way_back(request))
    left = sessions.seconds_left(request.session)
    context = {
        "ends": moment(clock.now() + timedelta(seconds=left)),
        "refresh": left + 1,
        "stay_url": idle.stay_url(request),
        "messages": (),  # showing one would save the session, which is left alone here
    }
    return TemplateResponse(request, "profiles/idle.html", context)


@idle.unnoticed
@require_safe
def time_left(request: HttpRequest) -> HttpResponse:
    """Asked by pages before they warn: another one may have been used meanwhile."""
    return JsonResponse({"seconds": sessions.seconds_left(request.session)})


class StayPage(OwnPage):
    """The answer to the warning. Asking is the use that lets the session live on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Whoever had to log in again before the button worked is led back too."""
        return redirect_to(idle.way_back(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect_to(idle.way_back(request))


class EndSession(OwnActionPage):
    def subject(self, **kwargs: Any) -> Session:
        session = _live(self.user).select_related("user").filter(sid=kwargs["sid"]).first()
        if session is None:
            raise self.gone("end_session")
        return session

    def back(self, subject: Session) -> str:
        return reverse("profile:sessions")

    def perform(self, subject: Session) -> Done:
        operations.end_session(subject, actor=self.actor)
        return Done(f"{device_of(subject.user_agent)} is logged out.", self.back(subject))


class EndOtherSessions(OwnActionPage):
    def subject(self, **kwargs: Any) -> User:
        return self.user

    def back(self, subject: User) -> str:
        return reverse("profile:sessions")

    def perform(self, subject: User) -> Done:
        keep = sessions.sid_of(self.request.session)
        operations.end_other_sessions(subject, keep=keep, actor=self.actor)
        sessions.keep(self.request.session, subject)
        return Done("You are logged out everywhere else.", self.back(subject))


class BrowserListPage(OwnDetailPage):
    """Where somebody is asked for a second factor only once in a while."""

    template_name = "profiles/browsers.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        here = remembered.browser_of(self.request, self.user)
        shown = cut(_remembered(self.user), _MOST_SESSIONS)
        return {
            "rows": [_row_of_browser(one, is_current=one == here) for one in shown.rows],
            "has_more": shown.has_more,
        }


class ForgetBrowser(OwnActionPage):
    def subject(self, **kwargs: Any) -> RememberedBrowser:
        rows = _remembered(self.user).select_related("user")
        browser = rows.filter(sid=kwargs["sid"]).first()
        if browser is None:
            raise self.gone("forget_browser")
        return browser

    def back(self, subject: RememberedBrowser) -> str:
        return reverse("profile:browsers")

    def perform(self, subject: RememberedBrowser) -> Done:
        operations.forget_browser(subject, actor=self.actor)
        device = device_of(subject.user_agent)
        return Done(f"The next log-in in {device} asks for a second factor.", self.back(subject))


class ForgetEveryBrowser(OwnActionPage):
    def subject(self, **kwargs: Any) -> User:
        return self.user

    def back(self, subject: User) -> str:
        return reverse("profile:browsers")

    def perform(self, subject: User) -> Done:
        operations.forget_every_browser(subject, actor=self.actor)
        text = "Every log-in now asks for a second factor, in every browser."
        return Done(text, self.back(subject))


def _remembered(user: User) -> QuerySet[RememberedBrowser]:
    return RememberedBrowser.objects.live().filter(user=user).order_by("-last_used_at", "-pk")


def _row_of_browser(browser: RememberedBrowser, *, is_current: bool) -> dict[str, Any]:
    return {
        "sid": browser.sid,
        "device": device_of(browser.user_agent),
        "ip": browser.ip,
        "place": place_of(browser.ip),
        "since": moment(browser.created_at),
        "used": moment(browser.last_used_at),
        "until": moment(browser.expires_at),
        "is_current": is_current,
    }


def _real_factors(user: User) -> QuerySet[Factor]:
    return Factor.objects.real().filter(user=user).order_by("created_at", "id")


def _live(user: User) -> QuerySet[Session]:
    return Session.objects.live().filter(user=user).order_by("-last_seen_at")


def _row(session: Session, current: str) -> dict[str, Any]:
    return {
        "sid": session.sid,
        "device": device_of(session.user_agent),
        "ip": session.ip,
        "place": place_of(session.ip),
        "began": moment(session.began_at),
        "seen": moment(session.last_seen_at),
        "is_current": session.sid == current,
        "is_guarded": session.is_guarded,
    }
