"""Whoever is at the door: half-way through a log-in, or signed in and asked for a second factor.

Both meet the same pages. Who is half-way through is nobody everywhere else, so nothing is put onto
the request.
"""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.generic import View

from adminctr.core.actor import Actor
from adminctr.core.plans import several
from adminctr.web.http import ConsoleRequest
from adminctr.web.idle import way_back
from adminctr.web.views import ActionFrame, OperationFrame, Page, attempt, redirect_to
from organizations.models import stay_of
from users import (
    factors,
    operations,
    recovery_codes,
    remembered,
    requirements,
    session_notes,
    sessions,
    stages,
)
from users.models import Factor, FactorKind, User
from users.sign_in import actor_of

REMEMBER = "remember"  # the box that keeps a browser from asking again
FIRST_ONE = "Your second factor is set up. You were logged out of every other browser."


@method_decorator(login_not_required, name="dispatch")
class DoorPage(Page):
    """A page for whoever is at the door; others are led to the log-in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = person_at(request)
        if user is None:
            return redirect_to(reverse("account_login"))
        self.user, self.actor = user, actor_at(request, user)
        return self.detour() or View.dispatch(self, request, *args, **kwargs)

    def detour(self) -> HttpResponse | None:
        """Where this person must go first."""
        return None

    def surroundings(self) -> dict[str, Any]:
        return {"person": self.user, "is_logging_in": is_logging_in(self.request)}

    def onward(self, name: str) -> str:
        """Another page at the door, which leads to the same page afterwards."""
        query = urlencode({"next": way_back(self.request)}) if "next" in self.request.GET else ""
        return f"{reverse(name)}?{query}" if query else reverse(name)


class DoorActionPage(ActionFrame, DoorPage):
    """A button at the door."""

    def subject(self, **kwargs: Any) -> Any:
        return self.user


class DoorOperationPage(OperationFrame, DoorPage):
    """One form at the door, about the person who stands there."""

    def subject(self, **kwargs: Any) -> Any:
        return self.user


class PassingPage(DoorOperationPage):
    """A form that lets the person at the door go on. A page gives `prove` instead of `perform`."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        form = self.with_password(subject, self.form(subject, request.POST))
        how = attempt(form, lambda data: self.prove(subject, self.confirmed(form, data)))
        if how is None:
            return self.page({"form": form} | self.context(subject))
        return finish(request, how, remember=form.cleaned_data.get(REMEMBER, False))

    def prove(self, subject: Any, data: dict[str, Any]) -> FactorKind:
        """Which second factor was proven or set up."""
        raise NotImplementedError


class SetUpFrame(DoorPage):
    """Where a second factor is set up. Whoever has one already proves it before they add another.

    Whoever is signed in says once more that it is them; at a log-in they have just done so.
    """

    is_sensitive = True

    def detour(self) -> HttpResponse | None:
        if not factors.has_one(self.user) or sessions.is_proven(self.request.session):
            return None
        query = urlencode({"next": self.request.get_full_path()})
        return redirect_to(f"{reverse('users:second-factor')}?{query}")

    def asks_for_password(self, subject: Any) -> bool:
        return not is_logging_in(self.request)

    def surroundings(self) -> dict[str, Any]:
        """Whoever adds one of their own accord may leave it."""
        is_free = sessions.is_proven(self.request.session) or not requirements.is_asked_of(
            self.user, stay_of(self.user)
        )
        back = way_back(self.request) if is_free and not is_logging_in(self.request) else ""
        return super().surroundings() | {"back_url": back}


class EnrolPage(SetUpFrame, PassingPage):
    """A form that sets a second factor up. A page gives `enrol` instead of `prove`."""

    def prove(self, subject: User, data: dict[str, Any]) -> FactorKind:
        is_first = not factors.has_one(self.user)
        kind = self.enrol(subject, data)
        if is_logging_in(self.request):
            return kind
        sessions.keep(self.request.session, subject)
        if is_first:
            messages.success(self.request, FIRST_ONE)
        return kind

    def enrol(self, subject: User, data: dict[str, Any]) -> FactorKind:
        raise NotImplementedError

    def has_proven(self) -> bool:
        return sessions.is_proven(self.request.session)

    def session(self) -> str:
        """The SID of this one, which lives on; empty at a log-in."""
        return sessions.sid_of(self.request.session)


def person_at(request: HttpRequest) -> User | None:
    """None where somebody must log in first."""
    if request.user.is_authenticated:
        return cast(ConsoleRequest, request).user
    stage = stages.stage_at(request)
    return cast(User, stage.login.user) if stage else None


def actor_at(request: HttpRequest, user: User) -> Actor:
    """The person at the door, as operations need to know them."""
    if request.user.is_authenticated:
        return cast(ConsoleRequest, request).actor
    return actor_of(user, request)


def is_logging_in(request: HttpRequest) -> bool:
    """Whether the person at the door has typed a password and is not signed in yet."""
    return not request.user.is_authenticated


def finish(request: HttpRequest, how: FactorKind, *, remember: bool = False) -> HttpResponse:
    """Let the person at the door go on, who has just proven or set up a second factor."""
    user, stage = person_at(request), stages.stage_at(request)
    sessions.note_second_factor(request.session, how)
    if stage is None:
        sessions.note_confirmation(request.session)
        answer: HttpResponse = redirect_to(way_back(request))
    else:
        answer = stage.exit()
        answer.status_code = 303
    if user is None or not request.user.is_authenticated:  # their login was closed meanwhile
        return answer
    if how == FactorKind.RECOVERY_CODES:
        messages.warning(request, _codes_left(user))
    _show_new_codes(request, user, answer)
    if remember:
        remembered.remember(answer, request, user)
    return answer


def _codes_left(user: User) -> str:
    """What whoever has just used a recovery code should know."""
    codes = Factor.objects.of_kind(FactorKind.RECOVERY_CODES).filter(user=user).first()
    left = recovery_codes.left(codes.secret) if codes else 0
    replace = "If you lost your device, replace it under Second factors."
    if not left:
        return f"You have no recovery code left. Generate new ones under Second factors. {replace}"
    return f"You have {several(left, 'recovery code', 'recovery codes')} left. {replace}"


def _show_new_codes(request: HttpRequest, user: User, answer: HttpResponse) -> None:
    """Whoever has just set up the first factor gets recovery codes, and sees them on the way."""
    if not factors.lacks_recovery_codes(user):
        return
    codes = operations.make_recovery_codes(user, actor=actor_of(user, request))
    session_notes.put(request.session, user, session_notes.RECOVERY_CODES, codes)
    onward = urlencode({"next": answer.headers["Location"]})
    answer.headers["Location"] = f"{reverse('profile:recovery-codes-new')}?{onward}"
