"""Asking everybody in the organization for a second factor: the levels, and the plan of each."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.urls import reverse

from adminctr.core.plans import Plan
from adminctr.web.forms import Form
from adminctr.web.plans import PlanExport, PlanPage
from adminctr.web.views import DetailPage, Done
from organizations.models import Membership, Organization, SecondFactor
from organizations.policy import Action
from users import operations, requirements, second_factor_plan

_OWN_FACTOR = (
    "own_factor",
    "I have no second factor myself: I must set one up on my next page.",
)


class EndSessionsForm(Form):
    end_sessions = forms.BooleanField(
        label="Log out everybody who has no second factor",
        required=False,
        help_text="Otherwise they stay logged in, and set one up at their next page. You, the "
        "Owner and support staff stay logged in either way.",
    )


class SecondFactorOfAllPage(DetailPage):
    """The three levels, what each means, and how many people have no second factor yet."""

    action = Action.ORGANIZATION_REQUIRE_2FA
    template_name = "users/second_factor.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "levels": [
                {
                    "level": level,
                    "name": level.label,
                    "meaning": second_factor_plan.MEANINGS[level],
                    "is_in_force": level == self.organization.second_factor,
                }
                for level in SecondFactor
            ],
            "people": self.organization.managed_users,
            "without": second_factor_plan.people_without_one(self.organization),
        }


class RequireOfAllPage(PlanPage):
    """What one level, which the address names, would change."""

    action = Action.ORGANIZATION_REQUIRE_2FA
    is_sensitive = True
    template_name = "users/second_factor_level.html"
    export_name = "users:require-of-all-plan"

    def form(self, subject: Organization, data: QueryDict | None = None) -> forms.Form:
        return Form(data) if self._level == SecondFactor.DISABLED else EndSessionsForm(data)

    def plan(self, subject: Organization) -> Plan:
        return second_factor_plan.plan(subject, self._level)

    def acknowledgements(self, subject: Organization) -> Sequence[tuple[str, str]]:
        boxes = second_factor_plan.ACKNOWLEDGEMENTS[self._level]
        return (*boxes, _OWN_FACTOR) if self._lacks_one() else boxes

    def context(self, subject: Organization) -> dict[str, Any]:
        is_weaker = self._level in requirements.weaker_than(subject.second_factor)
        return {
            "level": self._level.label,
            "lacks_one": self._lacks_one(),
            "variant": "danger" if is_weaker else "primary",
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        operations.require_second_factor_of_all(
            subject, level=self._level, actor=self.actor, **data
        )
        done = f"The two-factor requirement for everyone is {self._level.label} now."
        return Done(done, reverse("users:require-of-all"))

    @property
    def _level(self) -> SecondFactor:
        level: SecondFactor = self.kwargs["level"]
        return level

    def _lacks_one(self) -> bool:
        """Whether it would ask something of this administrator that they do not have."""
        stay = cast(Membership, self.console.stay)
        return self._level != SecondFactor.DISABLED and not stay.has_second_factor


class RequireOfAllPlan(PlanExport):
    of = RequireOfAllPage
    shown_at = "users:require-of-all-level"
