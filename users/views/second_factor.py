"""Proving a second factor, at a log-in or where a page asks for one."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from adminctr.web.views import Done, redirect_to
from organizations.models import stay_of
from users import (
    factors,
    operations,
    passkeys,
    phones,
    proving,
    requirements,
    session_notes,
    stages,
)
from users.forms import AppCodeForm, PasskeyForm, PhoneCodeForm, RecoveryCodeForm, RememberField
from users.models import Factor, FactorKind, User
from users.passkeys import PasskeyAnswer
from users.proofs import Answer
from users.views.door import (
    REMEMBER,
    DoorActionPage,
    DoorPage,
    PassingPage,
    is_logging_in,
)

SET_UP = "users:second-factor-set-up"
_LAST = {FactorKind.RECOVERY_CODES}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to prove a second factor: its page, and what leads there."""

    kind: FactorKind
    page: str
    label: str


WAYS = {
    way.kind: way
    for way in (
        Way(FactorKind.APP, "users:second-factor-app", "Use your authenticator app"),
        Way(FactorKind.PASSKEY, "users:second-factor-passkey", "Use a passkey"),
        Way(FactorKind.PHONE, "users:second-factor-phone", "Get a code on your phone"),
        Way(FactorKind.RECOVERY_CODES, "users:second-factor-recovery", "Use a recovery code"),
    )
}


class SecondFactorPage(DoorPage):
    """Leads to the way that was used last, or to setting a second factor up."""

    def get(self, request: HttpRequest) -> HttpResponse:
        ways = ways_of(self.user)
        return redirect_to(self.onward(ways[0].page if ways else SET_UP))


class ProofPage(PassingPage):
    """One way to prove a second factor that the person at the door has."""

    kind: ClassVar[FactorKind]

    def detour(self) -> HttpResponse | None:
        """Whoever has none any more, since it was reset meanwhile, sets one up."""
        if factors.has_one(self.user):
            return None
        return redirect_to(self.onward(SET_UP))

    def subject(self, **kwargs: Any) -> Factor:
        """Any of this kind, since there is one of each but of passkeys."""
        factor = Factor.objects.of_kind(self.kind).filter(user=self.user).first()
        if factor is None:
            raise Http404
        return factor

    def form(self, subject: Factor, data: QueryDict | None = None) -> forms.Form:
        form = self.form_class(data)
        if is_logging_in(self.request) and requirements.may_remember(self.user, stay_of(self.user)):
            form.fields[REMEMBER] = RememberField()
        return form

    def context(self, subject: Factor) -> dict[str, Any]:
        others = [way for way in ways_of(self.user) if way.kind != self.kind]
        return {"others": [{"label": way.label, "url": self.onward(way.page)} for way in others]}

    def prove(self, subject: Factor, data: dict[str, Any]) -> FactorKind:
        return proving.prove(self.user, kind=self.kind, answer=self.answer(data), actor=self.actor)

    def answer(self, data: dict[str, Any]) -> Answer:
        """What was typed."""
        code: str = data["code"]
        return code


class AppPage(ProofPage):
    template_name = "second_factor/app.html"
    form_class = AppCodeForm
    kind = FactorKind.APP


class RecoveryCodePage(ProofPage):
    template_name = "second_factor/recovery_code.html"
    form_class = RecoveryCodeForm
    kind = FactorKind.RECOVERY_CODES


class PhonePage(ProofPage):
    template_name = "second_factor/phone.html"
    form_class = PhoneCodeForm
    kind = FactorKind.PHONE

    def context(self, subject: Factor) -> dict[str, Any]:
        return super().context(subject) | {
            "number": phones.masked(subject.number),
            "send_url": self.onward("users:second-factor-phone-send"),
        }


class SendPhoneCode(DoorActionPage):
    """Sends a code to the phone that is set up, and to no other."""

    def back(self, subject: Any) -> str:
        return self.onward("users:second-factor-phone")

    def perform(self, subject: Any) -> Done:
        row = operations.send_code(self.user, actor=self.actor)
        return Done(phones.on_its_way(row.number), self.back(subject))


class PasskeyPage(ProofPage):
    template_name = "second_factor/passkey.html"
    form_class = PasskeyForm
    kind = FactorKind.PASSKEY

    def context(self, subject: Factor) -> dict[str, Any]:
        """Every showing asks anew: what was asked before is worth nothing then."""
        known = Factor.objects.of_kind(FactorKind.PASSKEY).filter(user=self.user)
        asked, state = passkeys.ask_for_proof(list(known))
        session_notes.put(self.request.session, self.user, session_notes.PASSKEY, state)
        return super().context(subject) | {"asked": json.dumps(asked)}

    def answer(self, data: dict[str, Any]) -> PasskeyAnswer:
        state = session_notes.take(self.request.session, self.user, session_notes.PASSKEY)
        return PasskeyAnswer(state if isinstance(state, dict) else {}, data["answer"])


class CancelLogIn(DoorActionPage):
    """Gives up a log-in in which only the password was right."""

    def back(self, subject: Any) -> str:
        return reverse("users:second-factor")

    def perform(self, subject: Any) -> Done:
        stages.leave(self.request)
        return Done("", reverse("account_login"))


def ways_of(user: User) -> list[Way]:
    """How this person can prove a second factor: the way used last first, recovery codes last."""
    held = Factor.objects.filter(user=user).order_by(F("last_used_at").desc(nulls_last=True), "id")
    kinds = dict.fromkeys(FactorKind(kind) for kind in held.values_list("kind", flat=True))
    return [WAYS[kind] for kind in sorted(kinds, key=lambda kind: kind in _LAST)]
