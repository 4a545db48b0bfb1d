"""Who comes in by their address alone: the domain setting, and what would come of an address."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Plan
from adminctr.web.plans import PlanExport, PlanPage
from adminctr.web.views import ActionPage, DetailPage, Done
from organizations.models import DomainSetting, Membership, Organization
from organizations.policy import Action
from users import foresight, operations, setting_plan
from users.foresight import Foreseen
from users.forms import WhatIfForm
from users.models import Expectation, Outcome, WayIn

_TONES = {
    Outcome.JOINS: "success",
    Outcome.OUTSIDE: "neutral",
    Outcome.REFUSED: "danger",
    Outcome.ELSEWHERE: "neutral",
}
# Where the reason is said to whoever comes in, and not to whoever lets them in.
_READ_BY_THEM = {WayIn.SIGN_UP, WayIn.SSO, WayIn.EMAIL_CHANGE}


class DomainSettingPage(PlanPage):
    """What one of the three settings, which the address names, would change."""

    action = Action.DOMAIN_CHANGE_SETTING
    template_name = "users/domain_setting.html"
    export_name = "users:domain-setting-plan"

    def plan(self, subject: Organization) -> Plan:
        return setting_plan.plan(subject, self.kwargs["setting"])

    def acknowledgements(self, subject: Organization) -> Sequence[tuple[str, str]]:
        return setting_plan.acknowledgements(self.kwargs["setting"])

    def asks_for_password(self, subject: Organization) -> bool:
        """Letting people in by invitation alone opens the organization to nobody."""
        setting: DomainSetting = self.kwargs["setting"]
        return setting != DomainSetting.RESTRICTED

    def context(self, subject: Organization) -> dict[str, Any]:
        return {"setting": self.kwargs["setting"].label}

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        setting: DomainSetting = self.kwargs["setting"]
        operations.change_domain_setting(
            subject, setting=setting, digest=data["digest"], actor=self.actor
        )
        return Done(
            f"The domain setting is {setting.label} now.", reverse("organizations:settings")
        )


class DomainSettingPlan(PlanExport):
    of = DomainSettingPage
    shown_at = "users:domain-setting"


class WhatIfPage(DetailPage):
    """What would come of an address on one way in, and what is expected of others."""

    action = Action.DOMAIN_VIEW
    template_name = "users/what_if.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        form = WhatIfForm(self.request.GET or None)
        expected = foresight.weigh(self.organization)
        asked = form.cleaned_data if form.is_valid() else {}
        return {
            "form": form,
            "answer": self._answer(**asked) if asked else None,
            "is_expected": any(asked == _asked(one) for one in expected),
            "expected": [_row(one) for one in expected],
            "broken": sum(not one.holds for one in expected),
            "expect_refusal": self.refusal(Action.DOMAIN_CHANGE_SETTING),
        }

    def _answer(self, email: str, way_in: WayIn) -> dict[str, Any]:
        verdict = foresight.foresee(self.organization, email, way_in)
        stays = Membership.objects.managed().select_related("user")
        return {
            "member": stays.filter(email=email).first(),
            "title": f"{email} {way_in.label}",
            "email": email,
            "way_in": way_in,
            "outcome": verdict.outcome.label,
            "tone": _TONES[verdict.outcome],
            "reason": verdict.reason,
            "is_read_by_them": bool(verdict.code) and way_in in _READ_BY_THEM,
            "steps": verdict.steps,
        }


class SaveExpectation(ActionPage):
    """The answer that stands on the page becomes what is expected."""

    action = Action.DOMAIN_CHANGE_SETTING

    def subject(self, **kwargs: Any) -> Organization:
        return self.organization

    def perform(self, subject: Organization) -> Done:
        form = WhatIfForm(self.request.POST)
        if not form.is_valid():
            raise RuleViolation("nothing_asked", "Enter an address and choose an event first.")
        saved = operations.save_expectation(subject, actor=self.actor, **form.cleaned_data)
        return Done(f"The expectation for {saved.email} is saved.", self.back(subject))

    def back(self, subject: Organization) -> str:
        typed = {name: self.request.POST.get(name, "") for name in WhatIfForm.base_fields}
        query = urlencode({name: value for name, value in typed.items() if value})
        return f"{reverse('users:what-if')}?{query}"


class ForgetExpectation(ActionPage):
    action = Action.DOMAIN_CHANGE_SETTING

    def subject(self, **kwargs: Any) -> Expectation:
        return self.one(Expectation.objects.select_related("organization"), sid=kwargs["sid"])

    def perform(self, subject: Expectation) -> Done:
        operations.forget_expectation(subject, actor=self.actor)
        return Done("The expectation is removed.", self.back(subject))

    def back(self, subject: Expectation) -> str:
        return reverse("users:what-if")


def _asked(foreseen: Foreseen) -> dict[str, str]:
    """The question that it is the answer to."""
    return {"email": foreseen.expectation.email, "way_in": foreseen.expectation.way_in}


def _row(foreseen: Foreseen) -> dict[str, Any]:
    expected = foreseen.expectation
    return _asked(foreseen) | {
        "sid": expected.sid,
        "event": expected.get_way_in_display(),
        "outcome": expected.get_outcome_display(),
        "holds": foreseen.holds,
        "instead": foreseen.outcome.label,
    }
