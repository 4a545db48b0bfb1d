"""Setting up a second factor: at a log-in that asks for one, or signed in."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from adminctr.core.errors import RuleViolation
from adminctr.web.views import redirect_to
from organizations.models import stay_of
from users import app_codes, operations, passkeys, requirements, session_notes
from users.forms import AppCodeForm, NewPasskeyForm
from users.models import Factor, FactorKind, User
from users.passkeys import PasskeyAnswer
from users.views.door import EnrolPage, SetUpFrame

_LETTERS_AT_A_TIME = 4


class SetUpPage(SetUpFrame):
    """What can be set up, and why."""

    template_name = "second_factor/set_up.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        kinds = set(Factor.objects.filter(user=self.user).values_list("kind", flat=True))
        stay = stay_of(self.user)
        context = {
            "is_due": self.user.is_factor_due,
            "is_asked": requirements.is_asked_of(self.user, stay),
            "app_url": self._unless(FactorKind.APP in kinds, "users:second-factor-set-up-app"),
            "phone_url": self._unless(
                FactorKind.PHONE in kinds, "users:second-factor-set-up-phone"
            ),
            "passkey_url": self.onward("users:second-factor-set-up-passkey"),
            "passkey_refusal": passkeys.refusal(),
        }
        return self.page(context)

    def _unless(self, is_there: bool, name: str) -> str:
        return "" if is_there else self.onward(name)


class SetUpAppPage(EnrolPage):
    """The secret stays the same while somebody tries, and is told nowhere once it works."""

    template_name = "second_factor/set_up_app.html"
    form_class = AppCodeForm

    def detour(self) -> HttpResponse | None:
        """There is one app at most."""
        if elsewhere := super().detour():
            return elsewhere
        has_app = Factor.objects.of_kind(FactorKind.APP).filter(user=self.user).exists()
        return redirect_to(self.onward("users:second-factor-set-up")) if has_app else None

    def context(self, subject: User) -> dict[str, Any]:
        secret = self._secret() or self._new_secret()
        return {
            "picture": app_codes.picture(secret, subject.email),
            "secret": " ".join(_parts_of(secret)),
        }

    def enrol(self, subject: User, data: dict[str, Any]) -> FactorKind:
        secret = self._secret()
        if secret is None:
            raise RuleViolation("secret_gone", "This took too long. Scan the code below again.")
        operations.enrol_app(
            subject,
            secret=secret,
            code=data["code"],
            has_proven=self.has_proven(),
            keep=self.session(),
            actor=self.actor,
        )
        session_notes.take(self.request.session, subject, session_notes.APP_SECRET)
        return FactorKind.APP

    def _secret(self) -> str | None:
        secret = session_notes.get(self.request.session, self.user, session_notes.APP_SECRET)
        return secret if isinstance(secret, str) else None

    def _new_secret(self) -> str:
        secret = app_codes.make_secret()
        session_notes.put(self.request.session, self.user, session_notes.APP_SECRET, secret)
        return secret


class SetUpPasskeyPage(EnrolPage):
    template_name = "second_factor/set_up_passkey.html"
    form_class = NewPasskeyForm

    def context(self, subject: User) -> dict[str, Any]:
        """Every showing asks anew: what was asked before is worth nothing then."""
        if reason := passkeys.refusal():
            return {"refusal": reason, "asked": ""}
        known = Factor.objects.of_kind(FactorKind.PASSKEY).filter(user=subject)
        asked, state = passkeys.ask_for_new(subject, list(known))
        session_notes.put(self.request.session, subject, session_notes.PASSKEY, state)
        return {"refusal": None, "asked": json.dumps(asked)}

    def enrol(self, subject: User, data: dict[str, Any]) -> FactorKind:
        state = session_notes.take(self.request.session, subject, session_notes.PASSKEY)
        answer = PasskeyAnswer(state if isinstance(state, dict) else {}, data["answer"])
        operations.add_passkey(
            subject,
            name=data["name"],
            answer=answer,
            has_proven=self.has_proven(),
            keep=self.session(),
            actor=self.actor,
        )
        return FactorKind.PASSKEY


def _parts_of(secret: str) -> list[str]:
    """The secret as people type it."""
    step = _LETTERS_AT_A_TIME
    return [secret[start : start + step] for start in range(0, len(secret), step)]
