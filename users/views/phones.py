"""Setting up or changing a phone number: the number, then the code that is sent to it."""

from typing import Any

from django.http import HttpResponse

from adminctr.web.views import Done, redirect_to
from users import operations, phones
from users.forms import PhoneCodeForm, PhoneNumberForm
from users.models import FactorKind, PhoneCode, User
from users.views.door import DoorActionPage, DoorOperationPage, EnrolPage, SetUpFrame

_NUMBER = "users:second-factor-set-up-phone"
_CODE = "users:second-factor-set-up-phone-code"
_AGAIN = "users:second-factor-set-up-phone-again"


class SetUpPhonePage(SetUpFrame, DoorOperationPage):
    """The number. A former one works until the code has shown that this one does."""

    template_name = "second_factor/set_up_phone.html"
    form_class = PhoneNumberForm

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        row = operations.send_code(subject, number=data["number"], actor=self.actor)
        return Done(phones.on_its_way(row.number), self.onward(_CODE))


class AwaitingCodeFrame(SetUpFrame):
    """A page that makes no sense before a code was asked for."""

    def detour(self) -> HttpResponse | None:
        if elsewhere := super().detour():
            return elsewhere
        return None if self.awaited() else redirect_to(self.onward(_NUMBER))

    def awaited(self) -> PhoneCode | None:
        return PhoneCode.objects.filter(user=self.user).first()


class SetUpPhoneCodePage(AwaitingCodeFrame, EnrolPage):
    template_name = "second_factor/set_up_phone_code.html"
    form_class = PhoneCodeForm

    def context(self, subject: User) -> dict[str, Any]:
        row = self.awaited()
        return {
            "number": phones.masked(row.number) if row else "",
            "again_url": self.onward(_AGAIN),
            "back_url": self.onward(_NUMBER),
        }

    def enrol(self, subject: User, data: dict[str, Any]) -> FactorKind:
        operations.enrol_phone(
            subject,
            code=data["code"],
            has_proven=self.has_proven(),
            keep=self.session(),
            actor=self.actor,
        )
        return FactorKind.PHONE


class SendPhoneCodeAgain(AwaitingCodeFrame, DoorActionPage):
    """Another code to the same number, which takes the place of the one before."""

    def back(self, subject: User) -> str:
        return self.onward(_CODE)

    def perform(self, subject: User) -> Done:
        row = self.awaited()
        number = row.number if row else ""
        row = operations.send_code(subject, number=number, actor=self.actor)
        return Done(phones.on_its_way(row.number), self.back(subject))
