"""One's own second factors: seeing them, and what is done about one of them.

Another is set up at the door (users.views.set_up), as at a log-in.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from adminctr.web import second_factor
from adminctr.web.display import moment
from adminctr.web.forms import Form
from adminctr.web.idle import way_back
from adminctr.web.views import Done, OwnDetailPage, OwnOperationPage, redirect_to
from organizations.models import SecondFactor
from profiles.forms import PasskeyNameForm
from users import factors, operations, phones, recovery_codes, secrets, session_notes
from users.models import Factor, FactorKind, User

LIST = "profile:second-factors"
_LINE = "\r\n"


class SecondFactorListPage(OwnDetailPage):
    template_name = "profiles/second_factors.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        kept = list(Factor.objects.filter(user=self.user).order_by("created_at", "id"))
        real = [one for one in kept if one.kind != FactorKind.RECOVERY_CODES]
        codes = next((one for one in kept if one.kind == FactorKind.RECOVERY_CODES), None)
        onward = urlencode({"next": reverse(LIST)})
        return {
            "rows": [_row(one) for one in real],
            "add_url": f"{reverse('users:second-factor-set-up')}?{onward}",
            "codes": _codes(codes) if codes else None,
        }


class OwnFactorPage(OwnOperationPage):
    """One operation on second factors, by whoever has proven one: a password is not enough."""

    is_sensitive = True

    def subject(self, **kwargs: Any) -> Any:
        if factors.has_one(self.user):
            second_factor.require(self.request, SecondFactor.EVERY_LOG_IN)
        return self.find(**kwargs)

    def find(self, **kwargs: Any) -> Any:
        """The factor that the address names; 404 for anybody else's."""
        real = Factor.objects.real().select_related("user")
        factor = real.filter(user=self.user, sid=kwargs["sid"]).first()
        if factor is None:
            raise self.gone("second_factor")
        return factor

    def context(self, subject: Any) -> dict[str, Any]:
        return {"factor": subject.label(), "list_url": reverse(LIST)}


class RemoveFactorPage(OwnFactorPage):
    template_name = "profiles/second_factor_remove.html"
    form_class = Form

    def context(self, subject: Factor) -> dict[str, Any]:
        others = Factor.objects.real().filter(user=self.user).exclude(pk=subject.pk)
        consequences = [f"{subject.label()} is no longer asked for."]
        if not others.exists():
            consequences += [
                "Your recovery codes stop working, and remembered browsers are forgotten.",
                "Only your password protects your login.",
            ]
        return super().context(subject) | {"consequences": consequences}

    def perform(self, subject: Factor, data: dict[str, Any]) -> Done:
        operations.remove_factor(subject, actor=self.actor)
        return Done(f"{subject.label()} is removed.", reverse(LIST))


class RenamePasskeyPage(OwnFactorPage):
    template_name = "profiles/passkey_rename.html"
    form_class = PasskeyNameForm

    def initial(self, subject: Factor) -> dict[str, Any]:
        return {"name": subject.name}

    def perform(self, subject: Factor, data: dict[str, Any]) -> Done:
        operations.rename_passkey(subject, name=data["name"], actor=self.actor)
        return Done("The name is saved.", reverse(LIST))

    def find(self, **kwargs: Any) -> Factor:
        factor: Factor = super().find(**kwargs)
        if factor.kind != FactorKind.PASSKEY:
            raise self.gone("rename_passkey")
        return factor


class RecoveryCodesPage(OwnFactorPage):
    """New recovery codes in place of the former ones."""

    template_name = "profiles/recovery_codes.html"
    form_class = Form

    def find(self, **kwargs: Any) -> User:
        return self.user

    def context(self, subject: User) -> dict[str, Any]:
        return {"list_url": reverse(LIST)}

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        codes = operations.make_recovery_codes(subject, actor=self.actor)
        session_notes.put(self.request.session, subject, session_notes.RECOVERY_CODES, codes)
        onward = urlencode({"next": reverse(LIST)})
        return Done("", f"{reverse('profile:recovery-codes-new')}?{onward}")


class NewRecoveryCodesPage(OwnDetailPage):
    """Shows codes that were just made, once; whoever comes again is led on."""

    template_name = "profiles/recovery_codes_new.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        codes = session_notes.take(request.session, self.user, session_notes.RECOVERY_CODES)
        if not isinstance(codes, list):
            return redirect_to(reverse(LIST))
        content = _LINE.join(codes) + _LINE
        context = {
            "codes": codes,
            "onward_url": way_back(request),
            "file": f"data:text/plain;charset=utf-8,{content.replace(_LINE, '%0D%0A')}",
            "file_name": f"recovery-codes-{self.user.sid}.txt",
        }
        return self.page(context)


def _row(factor: Factor) -> dict[str, Any]:
    return {
        "sid": factor.sid,
        "label": factor.label(),
        "is_passkey": factor.kind == FactorKind.PASSKEY,
        "number": phones.masked(factor.number) if factor.number else "",
        "added": moment(factor.created_at),
        "used": moment(factor.last_used_at),
    }


def _codes(factor: Factor) -> dict[str, Any]:
    try:
        left = recovery_codes.left(factor.secret)
    except secrets.Unreadable:
        left = 0
    return {"left": left, "made": moment(factor.created_at)}
