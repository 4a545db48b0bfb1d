"""The people who were removed with a domain, and the button that brings them back."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.urls import reverse

from accounts import names
from adminctr.core.addresses import readable_domain
from adminctr.core.runs import RunState
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.filters import Noun
from adminctr.web.views import ActionPage, Done, ListPage
from domains.models import Domain
from organizations.models import Role
from organizations.policy import Action
from users import operations
from users.models import Departed, Departure
from users.queries import absence_of


class DepartedListPage(ListPage):
    """Who was removed with one domain, what became of them, and how far that is."""

    action = Action.USER_VIEW
    template_name = "users/departed.html"
    noun = Noun("person", "people")

    @cached_property
    def domain(self) -> Domain:
        return self.one(Domain.objects.select_related("organization"), sid=self.kwargs["sid"])

    def rows(self) -> QuerySet[Any]:
        return Departed.objects.filter(domain_name=self.domain.name).order_by("-pk")

    def row(self, row: Departed) -> dict[str, Any]:
        label, tone = _state_of(row)
        return {
            "sid": row.sid,
            "email": row.email,
            "role": Role(row.role).label,
            "left": moment(row.left_at),
            "state": label,
            "tone": tone,
            "back": moment(row.returned_at) if row.returned_at else None,
            "obstacle": row.obstacle,
        }

    def extra(self) -> dict[str, Any]:
        absence = absence_of(self.domain.name)
        return {
            "domain": self.domain,
            "name": readable_domain(self.domain.name),
            "away": absence.away,
            "is_under_way": absence.under_way is not None,
            "run": _progress(absence.newest) if absence.newest else None,
            "refusal": self._refusal(),
        }

    def _refusal(self) -> str | None:
        """Why nobody is brought back now, by the rule book or by how things are."""
        if refused := self.refusal(Action.USER_BRING_BACK):
            return refused
        not_now = operations.return_refusal(self.organization, self.domain.name)
        return not_now.message if not_now else None


class BringBack(ActionPage):
    action = Action.USER_BRING_BACK

    def subject(self, **kwargs: Any) -> Domain:
        return self.one(Domain.objects.select_related("organization"), sid=kwargs["sid"])

    def perform(self, subject: Domain) -> Done:
        operations.bring_people_back(self.organization, domain_name=subject.name, actor=self.actor)
        url = reverse("users:departed", args=[subject.sid])
        return Done("They are being brought back.", url, messages.INFO)


def _state_of(row: Departed) -> tuple[str, str]:
    if row.returned_at is not None:
        return "Back", "success"
    return ("Could not come back", "warning") if row.obstacle else ("Away", "neutral")


def _progress(run: Departure) -> dict[str, Any]:
    state = RunState(run.state)
    return {
        "title": "Bringing back" if run.is_return else "Removing",
        "is_return": run.is_return,
        "status": state.label,
        "tone": tones.RUN[state],
        "done": run.done,
        "refused": run.refused,
        "started": moment(run.created_at),
        "by": names.known_as(run.by).name if run.by else "System",
    }
