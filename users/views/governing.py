"""What is done about the sign-in of a managed user: one page a verb, which says what happens."""

from collections.abc import Sequence
from typing import Any, ClassVar

from adminctr.core import lifetimes
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import several
from adminctr.web.forms import Form
from adminctr.web.newcomer import PersonNameForm
from adminctr.web.views import Done
from organizations.models import Membership, SecondFactor
from organizations.policy import Action
from users import conditions
from users.forms import RequireSecondFactorForm
from users.models import Session
from users.operations import (
    RESET_MAILS_PER_PERSON,
    deactivate_user,
    end_user_sessions,
    reactivate_user,
    rename_user,
    require_second_factor,
    reset_second_factor,
    reset_user_password,
)
from users.views.frames import UserOperationFrame

_SESSIONS_END = "They are logged out of every browser at once, also in the middle of something."
_NOW = {
    SecondFactor.DISABLED: "need not use a second factor now, unless something else requires it",
    SecondFactor.ONCE_PER_COMPUTER: "must now use a second factor once per computer",
    SecondFactor.EVERY_LOG_IN: "must now use a second factor at every log-in",
}
_FORGOTTEN = "Remembered browsers are forgotten, and a pending change of address is dropped."


class GoverningPage(UserOperationFrame):
    """Says what exactly happens, or why it cannot; then a button that repeats the verb."""

    template_name = "users/confirm.html"
    form_class = Form
    label: ClassVar[str]
    variant: ClassVar[str] = "danger"
    consequences: ClassVar[Sequence[str]] = ()
    survives: ClassVar[Sequence[str]] = ()

    def context(self, subject: Membership) -> dict[str, Any]:
        return {
            "label": self.label,
            "variant": self.variant,
            "back_url": self.back(),
            "refused": self.refusal(self.action, subject) or self._obstacle(subject),
            "consequences": self.what_happens(subject),
            "survives": self.survives,
        }

    def what_happens(self, subject: Membership) -> Sequence[str]:
        """The consequences, with those that only the person or the installation tells."""
        return self.consequences

    def check(self, subject: Membership) -> None:
        """What the operation would refuse now; raises RuleViolation."""

    def back(self) -> str:
        return self.url("sign-in")

    def _obstacle(self, subject: Membership) -> str:
        try:
            self.check(subject)
        except RuleViolation as refused:
            return refused.message
        return ""


class RenamePage(GoverningPage):
    action = Action.USER_RENAME
    form_class = PersonNameForm
    label = "Change name"
    variant = "primary"
    consequences = ("Everybody sees the new name, wherever this person is named.",)

    def initial(self, subject: Membership) -> dict[str, Any]:
        person = subject.user
        return {"first_name": person.first_name, "last_name": person.last_name}

    def back(self) -> str:
        return self.url("detail")

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = rename_user(subject, actor=self.actor, **data)
        return Done(f"The name is {stay.user.get_full_name()} now.", self.back())


class ResetPasswordPage(GoverningPage):
    action = Action.USER_RESET_PASSWORD
    is_sensitive = True
    label = "Reset Password"
    consequences = (
        "The password stops working at once. Links that were sent before stop working too.",
        _SESSIONS_END,
        _FORGOTTEN,
    )
    survives = (
        "Second factors, accounts and roles stay.",
        "To send a new link, reset the password again. At most "
        f"{RESET_MAILS_PER_PERSON.times} emails an hour.",
    )

    def what_happens(self, subject: Membership) -> Sequence[str]:
        lifetime = lifetimes.in_words()["reset_lifetime"]
        link = (
            "They get an email with a link to set a new password. The link works once, for "
            f"{lifetime}."
        )
        return [*super().what_happens(subject), link]

    def check(self, subject: Membership) -> None:
        conditions.require_reachable(subject)

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = reset_user_password(subject, actor=self.actor)
        return Done(
            f"A link is on its way to {stay.email}. The old password no longer works.",
            self.url("detail"),
        )


class ResetSecondFactorPage(GoverningPage):
    action = Action.USER_RESET_2FA
    is_sensitive = True
    label = "Reset 2FA"
    consequences = (
        "Every second factor is removed: apps, passkeys, the phone number and recovery codes.",
        _SESSIONS_END,
        _FORGOTTEN,
        "The next log-in sets up a new second factor before anything else.",
        "They get an email about it.",
    )
    survives = ("The password, accounts and roles stay.",)

    def check(self, subject: Membership) -> None:
        conditions.require_not_suspended(subject)
        conditions.require_something_to_reset(subject.user)

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = reset_second_factor(subject, actor=self.actor)
        return Done(
            f"{stay.email} no longer has a second factor and sets one up at the next log-in.",
            self.back(),
        )


class RequireSecondFactorPage(GoverningPage):
    action = Action.USER_REQUIRE_2FA
    is_sensitive = True
    form_class = RequireSecondFactorForm
    label = "Require 2FA"
    variant = "primary"
    consequences = (
        "From their next page on, this person is asked for a second factor as often as you choose.",
        "If they have none yet, they must set one up first.",
    )
    survives = ("What the organization or an account requires still applies.",)

    def initial(self, subject: Membership) -> dict[str, Any]:
        return {"level": subject.second_factor}

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = require_second_factor(subject, actor=self.actor, **data)
        return Done(f"{stay.email} {_NOW[SecondFactor(stay.second_factor)]}.", self.back())


class EndSessionsPage(GoverningPage):
    action = Action.USER_END_SESSIONS
    label = "End sessions"
    survives = ("They can log in again at once. To keep somebody out, deactivate them.",)

    def what_happens(self, subject: Membership) -> Sequence[str]:
        number = Session.objects.live().filter(user=subject.user).count()
        browsers = several(number, "browser", "browsers")
        return [f"They are logged out of {browsers} at once."]

    def check(self, subject: Membership) -> None:
        conditions.require_sessions(subject)

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        ended = end_user_sessions(subject, actor=self.actor)
        sessions = several(ended, "session", "sessions")
        return Done(f"{sessions} of {subject.email} ended.", self.back())


class DeactivatePage(GoverningPage):
    action = Action.USER_DEACTIVATE
    is_sensitive = True
    label = "Deactivate"
    consequences = (
        "They cannot log in until somebody reactivates them.",
        _SESSIONS_END,
        _FORGOTTEN,
    )
    survives = (
        "They stay a member and keep their accounts, roles, password and second factors.",
        "They cannot be made owner of further accounts while deactivated.",
    )

    def back(self) -> str:
        return self.url("detail")

    def check(self, subject: Membership) -> None:
        conditions.require_not_inactive(subject)

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = deactivate_user(subject, actor=self.actor)
        return Done(f"{stay.email} is deactivated and logged out.", self.back())


class ReactivatePage(GoverningPage):
    action = Action.USER_DEACTIVATE
    label = "Reactivate"
    variant = "primary"
    survives = ("Their role, accounts and roles on accounts were never taken.",)

    def back(self) -> str:
        return self.url("detail")

    def what_happens(self, subject: Membership) -> Sequence[str]:
        if subject.user.has_usable_password():
            return ["They can log in again, with the password and the second factors they had."]
        return [
            "Their password no longer works, and they have not set a new one: they get an email "
            "with a new link to set it, and can log in again then."
        ]

    def check(self, subject: Membership) -> None:
        conditions.require_inactive(subject)

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = reactivate_user(subject, actor=self.actor)
        if stay.user.has_usable_password():
            return Done(f"{stay.email} may log in again.", self.back())
        return Done(f"A link to set a new password is on its way to {stay.email}.", self.back())
