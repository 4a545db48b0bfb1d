"""The desk through which everybody leaves, and the sheets of those who did."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts import names
from accounts.names import Known
from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Plan
from adminctr.core.sids import is_sid
from adminctr.web import spreadsheets
from adminctr.web.display import moment
from adminctr.web.filters import Noun
from adminctr.web.plans import COLUMNS, PlanExport, PlanPage, page_of, show
from adminctr.web.views import (
    EXPORTS,
    ActionPage,
    ConsolePage,
    DetailPage,
    Done,
    ListPage,
    redirect_to,
)
from invitations.models import Invitation
from organizations import policy
from organizations.models import Membership
from organizations.operations import export_list
from organizations.policy import Action
from users import offboarding
from users.belongings import Belongings
from users.models import Offboarding, WayOut
from users.offboarding import ACTIONS, Choices
from users.operations import cancel_offboarding, offboard_user, schedule_offboarding
from users.views.frames import UserPage
from users.views.managed import tabs_over
from users.views.offboarding_forms import (
    MOST_ASKED,
    ChoicesForm,
    OffboardingForm,
    as_planned,
    is_asked,
)

_TITLES = {WayOut.REMOVE: "Remove User", WayOut.DELETE: "Delete User"}
_BOXES = {
    WayOut.REMOVE: (
        ("leaves", "They are no longer a member of this organization."),
        ("loses", "They lose every role on its accounts."),
        ("sign_in", "This organization no longer looks after their sign-in."),
        ("again", "They can be given access again, by a new invitation."),
    ),
    WayOut.DELETE: (
        ("at_once", "Their login is deleted, and nobody can bring it back."),
        ("accounts", "Accounts stay and go to the owner I chose."),
        ("again", "The same address may sign up again, and gets nothing of what they had."),
    ),
}


class LeavePage(UserPage, PlanPage):
    """Everything that hangs on somebody, a choice for each of it, and what that does."""

    action = Action.USER_REMOVE
    is_sensitive = True
    template_name = "users/leave.html"
    export_name = "users:leave-plan"
    kept = ("on", "reason")

    def subject(self, **kwargs: Any) -> Membership:
        """Whoever may not be touched has no such page; the rule of rank says why."""
        policy.require(self.actor, ACTIONS[self._asked.how_chosen()], self.stay)
        return self.stay

    def plan(self, subject: Membership) -> Plan:
        return offboarding.plan(subject, self._asked.how_chosen(), self._asked.choices())

    def choices(self) -> ChoicesForm:
        return self._asked

    def acknowledgements(self, subject: Membership) -> Sequence[tuple[str, str]]:
        return _BOXES[self._asked.how_chosen()]

    def form(self, subject: Membership, data: QueryDict | None = None) -> OffboardingForm:
        how, address = self._asked.how_chosen(), self.request.GET
        kept = {name: address[name] for name in self.kept if name in address}
        begun = _when_and_why(self._planned) | kept
        return OffboardingForm(data, email=subject.email, how=how, initial=begun)

    def context(self, subject: Membership) -> dict[str, Any]:
        title = _TITLES[self._asked.how_chosen()]
        return {
            "title": f"{title}: {subject.user.get_full_name()}",
            "label": title,
            "planned": self._planned,
            "more_accounts": max(0, len(self._accounts) - MOST_ASKED),
            "successors": self._successors(),
        }

    def _successors(self) -> list[Membership]:
        asked = self._accounts[:MOST_ASKED]
        return Belongings(self.stay).likely_successors(asked, MOST_ASKED) if asked else []

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        on, how = data.pop("on"), self._asked.how_chosen()
        asked = {
            "how": how,
            "choices": self._asked.choices(),
            "digest": data["digest"],
            "reason": data["reason"],
            "actor": self.actor,
        }
        if on:
            leaving = schedule_offboarding(subject, due_at=_beginning_of(on), **asked)
            day = moment(leaving.due_at).text
            message = f"Planned: {subject.user.get_full_name()} leaves on {day}."
            return Done(message, sheet_of(leaving), messages.INFO)
        name = subject.user.get_full_name()
        leaving = offboard_user(subject, **asked)
        done = "deleted" if how is WayOut.DELETE else "removed"
        return Done(f"{name} was {done}. See the results below.", sheet_of(leaving))

    @cached_property
    def _accounts(self) -> list[Any]:
        return list(Belongings(self.stay).accounts())

    @cached_property
    def _planned(self) -> Offboarding | None:
        return Offboarding.objects.waiting().filter(user=self.stay.user).first()

    @cached_property
    def _asked(self) -> ChoicesForm:
        belongings = Belongings(self.stay)
        return ChoicesForm(
            self._address(),
            self.stay,
            accounts=self._accounts,
            has_invitations=belongings.sent_invitations().exists(),
            has_views=belongings.shared_views().exists(),
        )

    def _address(self) -> dict[str, str]:
        """What it asks for; whoever just comes here begins with what is planned already."""
        asked = self.request.GET.dict()
        if self._planned is None or is_asked(asked):
            return asked
        return as_planned(self._planned) | asked


class LeavePlan(PlanExport):
    """What leaving would do, as a file."""

    of = LeavePage
    shown_at = "users:leave"


class OffboardingListPage(ListPage):
    """Who is to leave, and who left by an administrator's hand, the newest first."""

    action = Action.USER_VIEW
    template_name = "users/leaving.html"
    noun = Noun("person", "people")

    def rows(self) -> QuerySet[Any]:
        return Offboarding.objects.select_related("user", "by").order_by("-created_at", "-pk")

    def shown(self, rows: list[Offboarding]) -> list[dict[str, Any]]:
        known = names.known(person for row in rows for person in (row.user, row.by))
        return [{"url": sheet_of(row)} | _facts_of(row, known) for row in rows]

    def extra(self) -> dict[str, Any]:
        return {"tabs": tabs_over(self, "users:leaving")}


class OffboardingPage(DetailPage):
    """What was planned, or the sheet of what became of each thing."""

    action = Action.USER_VIEW
    template_name = "users/offboarding.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        leaving = _one(self, kwargs["sid"])
        facts = _facts_of(leaving, names.known([leaving.user, leaving.by]))
        return facts | {
            "leaving": leaving,
            "title": f"{facts['name']} {_verb_of(leaving)}",
            "sheet": _results_of(leaving),
            "plan": _plan_of(leaving) if facts["is_waiting"] else None,
            "refusal": self.refusal(ACTIONS[WayOut(leaving.how)]),
            "export_refusal": self.refusal(Action.LIST_EXPORT),
        }


def _plan_of(leaving: Offboarding) -> dict[str, Any] | None:
    """What it would do as things are now; none where its person is no longer here."""
    stays = Membership.objects.managed().select_related("user", "organization")
    stay = stays.filter(user=leaving.user).first()
    if stay is None:
        return None
    under = f"the name of {names.known_as(leaving.by).name}"
    choices = Choices.read(leaving.choices)
    return show(offboarding.plan(stay, WayOut(leaving.how), choices, under=under), page_of)


class CancelOffboarding(ActionPage):
    action = Action.USER_REMOVE

    def subject(self, **kwargs: Any) -> Offboarding:
        return _one(self, kwargs["sid"])

    def back(self, subject: Offboarding) -> str:
        return sheet_of(subject)

    def perform(self, subject: Offboarding) -> Done:
        cancel_offboarding(subject, actor=self.actor)
        return Done("The departure is cancelled. Nothing has changed for them.", self.back(subject))


class OffboardingSheet(ConsolePage):
    """The sheet as a file, for whoever has to prove that everything was done."""

    action = Action.LIST_EXPORT

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Whoever had to log in again before the button worked is led to where it stands."""
        return redirect_to(sheet_of(_one(self, kwargs["sid"])))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        leaving = _one(self, kwargs["sid"])
        try:
            EXPORTS.spend(self.actor.sid)
        except RuleViolation as refused:
            messages.error(request, refused.message)
            return redirect_to(sheet_of(leaving))
        export_list(
            self.organization, listed="results of a departure", which=leaving.sid, actor=self.actor
        )
        content = spreadsheets.beginning(COLUMNS, _lines_of(leaving))
        name = f"leaving-{leaving.sid}-{clock.now():%Y-%m-%d}"
        return HttpResponse(content, headers=spreadsheets.headers(name))


def _lines_of(leaving: Offboarding) -> Iterator[tuple[str, ...]]:
    for effect in _results_of(leaving):
        yield effect["heading"], effect["text"], "", "", ""
        for thing in effect["things"]:
            yield effect["heading"], effect["text"], *thing


def _results_of(leaving: Offboarding) -> list[dict[str, Any]]:
    """The sheet with the names of people and the addresses of invitations, whose SIDs it keeps."""
    sheet = leaving.sheet
    sids = [sid for effect in sheet for sid, *_ in effect["things"] if is_sid(sid, "NF")]
    sent = Invitation.objects.filter(sid__in=sids).values_list("sid", "email")
    addresses = dict(sent) if sids else {}
    texts = names.with_names([effect["text"] for effect in sheet])
    return [
        effect
        | {
            "text": text,
            "things": [
                (sid, addresses.get(sid, name), note) for sid, name, note in effect["things"]
            ],
        }
        for effect, text in zip(sheet, texts, strict=True)
    ]


def sheet_of(leaving: Offboarding) -> str:
    return reverse("users:offboarding", args=[leaving.sid])


def _facts_of(leaving: Offboarding, known: Mapping[int, Known]) -> dict[str, Any]:
    """One offboarding as pages show it."""
    state, tone = _state_of(leaving)
    person = known[leaving.user_id]
    return {
        "name": person.name,
        "known_by": person.address,
        "how": WayOut(leaving.how).label,
        "by": known[leaving.by_id].name,
        "day": moment(leaving.done_at or leaving.due_at),
        "state": state,
        "tone": tone,
        "is_waiting": leaving.done_at is None and leaving.cancelled_at is None,
    }


def _when_and_why(planned: Offboarding | None) -> dict[str, Any]:
    """As it is planned already; a day that has begun must be chosen anew."""
    if planned is None:
        return {}
    day = timezone.localdate(planned.due_at)
    is_to_come = _beginning_of(day) > clock.now()
    return {"on": day if is_to_come else None, "reason": planned.reason}


def _beginning_of(day: date) -> datetime:
    """Where the person is who chose it."""
    return timezone.make_aware(datetime.combine(day, time()))


def _state_of(leaving: Offboarding) -> tuple[str, str]:
    if leaving.done_at:
        return "Done", "success"
    if leaving.cancelled_at:
        return "Cancelled", "neutral"
    return ("Not possible", "danger") if leaving.obstacle else ("Planned", "new")


def _verb_of(leaving: Offboarding) -> str:
    if leaving.done_at:
        return "left"
    return "was to leave" if leaving.cancelled_at else "is to leave"


def _one(page: ConsolePage, sid: str) -> Offboarding:
    rows: QuerySet[Offboarding] = Offboarding.objects.select_related("user", "by", "organization")
    return page.one(rows, sid=sid)
