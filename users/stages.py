"""The step of a log-in in which a second factor is asked for.

The one file that knows how allauth carries somebody who has typed their password and proven
nothing else: in a session of nobody's, for some minutes, until the step is left.
"""

from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStage, LoginStageController
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from organizations.models import stay_of
from users import factors, remembered, requirements, sessions
from users.models import User

_PROOF = "proof"  # that nothing has ended this log-in since the password was typed


class SecondFactorStage(LoginStage):
    key = "second_factor"
    urlname = "users:second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Asked once, when the password is right: whether the log-in may go on as it is."""
        user: User = self.login.user
        sessions.note_second_factor(self.request.session, "")
        if self._is_remembered(user):
            sessions.note_second_factor(self.request.session, sessions.REMEMBERED)
            return None, True
        if not factors.has_one(user) and not requirements.is_asked_of(user, stay_of(user)):
            return None, True
        self.state[_PROOF] = user.get_session_auth_hash()
        return redirect(self.urlname), True

    def stands(self) -> bool:
        """Whether this person may still go on: active, and nothing has ended their log-in since."""
        user: User | None = self.login.user
        if user is None or not user.is_active:
            return False
        return constant_time_compare(self.state.get(_PROOF, ""), user.get_session_auth_hash())

    def _is_remembered(self, user: User) -> bool:
        if not requirements.may_remember(user, stay_of(user)) or not factors.has_one(user):
            return False
        return remembered.is_remembered(self.request, user)


def stage_at(request: HttpRequest) -> SecondFactorStage | None:
    """The step in which this browser stands; None where it stands in none."""
    if request.user.is_authenticated:
        return None
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if not isinstance(stage, SecondFactorStage):
        return None
    if not stage.stands():
        clear_login(request)
        messages.info(request, sessions.LOG_IN_ENDED)
        return None
    return stage


def leave(request: HttpRequest) -> None:
    """Give a log-in up in which only the password was right."""
    clear_login(request)
