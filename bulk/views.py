"""One action over many rows of a list: choose, read the plan, start, see what became of each."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.urls import reverse

from accounts import names
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.plans import Plan
from adminctr.core.runs import RunState
from adminctr.core.sids import is_sid
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.filters import Noun
from adminctr.web.plans import PlanExport, PlanPage
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import ActionPage, Done, ExportPage, ListPage
from bulk import actions, plans, selections
from bulk.actions import BulkAction, Kind
from bulk.forms import ParametersForm, RowFilter
from bulk.models import BulkRow, BulkRun, RowState
from bulk.operations import start_bulk_run
from bulk.selections import Selection
from organizations.models import Organization

_TONES = {RowState.WAITING: "neutral", RowState.DONE: "success", RowState.REFUSED: "warning"}


class ChoosePage(ActionPage):
    """The button of a list's bar: what was chosen goes, signed, to the plan of one action."""

    kind: ClassVar[Kind]

    def subject(self, **kwargs: Any) -> Organization:
        return self.organization

    def perform(self, subject: Organization) -> Done:
        bulk = self.kind.actions.get(self.request.POST.get("action", ""))
        if bulk is None:
            raise RuleViolation("action_missing", "Choose what to do with them.")
        selection, words = self._chosen(subject)
        url = reverse(f"{self.kind.space}:{bulk.name}")
        token = selection.sign(_salt(self))
        return Done(f"{words} Nothing has changed yet.", f"{url}?selection={token}", messages.INFO)

    def back(self, subject: Organization) -> str:
        """The list, with the filters that stood above the button."""
        query = urlencode(self._listed())
        return reverse(self.kind.list_name) + (f"?{query}" if query else "")

    def _listed(self) -> Mapping[str, str]:
        try:
            listed = Selection.read(self.request.POST.get("listed", ""), _salt(self)).filter
        except RuleViolation:
            return {}
        return listed.query if listed and not listed.below else {}

    def _chosen(self, organization: Organization) -> tuple[Selection, str]:
        if token := self.request.POST.get("all"):
            return Selection.read(token, _salt(self)), "All matching rows are selected."
        asked = set(self.request.POST.getlist("chosen"))
        sids = [sid for sid in self.request.POST.getlist("chosen") if is_sid(sid, self.kind.prefix)]
        if len(asked) > selections.MOST_CHOSEN:
            most = f"{selections.MOST_CHOSEN} {self.kind.many}"
            raise RuleViolation(
                "too_many_chosen",
                f"Select {most} at most, or narrow the list and select all of it.",
            )
        rows = plans.in_order(self.kind, sids)
        if len(rows) < len(asked):
            self._note(NotAllowed("Some of what was selected is not in this organization."))
        if not rows:
            raise RuleViolation("nothing_chosen", f"Choose at least one {self.kind.one} first.")
        chosen = "1 is selected." if len(rows) == 1 else f"{len(rows)} are selected."
        return Selection(tuple(row.sid for row in rows)), chosen


class BulkPlanPage(PlanPage):
    """What one action would do to all that is chosen; what it asks for stands in the address."""

    template_name = "bulk/plan.html"
    kind: ClassVar[Kind]
    bulk: ClassVar[BulkAction]

    def subject(self, **kwargs: Any) -> plans.Judgement:
        found = self._found()
        return plans.judge(
            self.organization,
            self.kind,
            self.bulk,
            chosen=found.sids,
            parameters=self._parameters.settled(self.bulk),
            actor=self.actor,
            is_cut=found.is_cut,
        )

    def plan(self, subject: plans.Judgement) -> Plan:
        return subject.plan

    def asks_for_password(self, subject: plans.Judgement) -> bool:
        return self.bulk.is_sensitive(subject.parameters or {})

    def acknowledgements(self, subject: plans.Judgement) -> Sequence[tuple[str, str]]:
        return [("read", f"I have read what happens to each of these {self.kind.many}.")]

    def choices(self) -> ParametersForm | None:
        return self._parameters if self.bulk.parameters else None

    def context(self, subject: plans.Judgement) -> dict[str, Any]:
        return {
            "title": self.bulk.words.format(them=self.kind.many),
            "label": subject.words(),
            "list_url": reverse(self.kind.list_name),
            "list_label": self.kind.many.capitalize(),
            "is_incomplete": subject.is_incomplete,
            "cancel_choosing_url": reverse(self.kind.list_name) if subject.is_incomplete else "",
        }

    def perform(self, subject: plans.Judgement, data: dict[str, Any]) -> Done:
        run = start_bulk_run(
            self.organization,
            action=self.bulk.name,
            chosen=[row.sid for row in subject.rows],
            parameters=subject.parameters or {},
            digest=data["digest"],
            actor=self.actor,
        )
        return Done("Started. The result of each appears below.", url_of(run), messages.INFO)

    @cached_property
    def _parameters(self) -> ParametersForm:
        return ParametersForm(self.bulk.parameters, self.request.GET)

    def _found(self) -> selections.Found:
        """Nothing where the choice cannot be read, which the plan then says."""
        try:
            selection = Selection.read(self.request.GET.get("selection", ""), _salt(self))
        except RuleViolation:
            return selections.Found(())
        return selection.rows_of(self.kind.name, settings.BULK_ROWS_AT_A_TIME + 1)


class BulkPlanExport(PlanExport):
    """The plan of a bulk action as a file."""


class RunListPage(ListPage):
    """What was done to many at once, the newest first."""

    template_name = "bulk/runs.html"
    noun = Noun("bulk action", "bulk actions")
    kind: ClassVar[Kind]

    def rows(self) -> QuerySet[Any]:
        runs = BulkRun.objects.filter(action__in=self.kind.actions).select_related("by")
        return runs.order_by("-created_at", "-pk")

    def shown(self, rows: list[BulkRun]) -> list[dict[str, Any]]:
        known = names.known(row.by for row in rows)
        return [self.row(row) | {"by": known[row.by_id].name} for row in rows]

    def row(self, row: BulkRun) -> dict[str, Any]:
        state = RunState(row.state)
        return {
            "sid": row.sid,
            "url": url_of(row),
            "words": plans.words_of(row),
            "started": moment(row.created_at),
            "status": state.label,
            "tone": tones.RUN[state],
            "done": f"{row.done:,}",
            "refused": f"{row.refused:,}",
        }

    def extra(self) -> dict[str, Any]:
        return {
            "list_url": reverse(self.kind.list_name),
            "list_label": self.kind.many.capitalize(),
            "empty": f"Select {self.kind.many} in their list to do something to many at once.",
        }


class RunPage(ListPage):
    """How far a run is, and what became of each row."""

    template_name = "bulk/run.html"
    filter_class = RowFilter
    cursor = "position"
    noun = Noun("row", "rows")
    kind: ClassVar[Kind]

    @cached_property
    def run(self) -> BulkRun:
        runs = BulkRun.objects.filter(action__in=self.kind.actions).select_related("by")
        return self.one(runs, sid=self.kwargs["sid"])

    def rows(self) -> QuerySet[Any]:
        return BulkRow.objects.filter(run=self.run).order_by("position", "pk")

    def positions(self) -> QuerySet[Any]:
        return self.rows()

    def counter(self) -> int:
        return self.run.total

    def shown(self, rows: list[BulkRow]) -> list[dict[str, Any]]:
        return super().shown(_with_names(rows))

    def row(self, row: BulkRow) -> dict[str, Any]:
        return {
            "position": row.position,
            "name": row.name,
            "sid": row.subject_sid,
            "url": reverse(self.kind.detail_name, args=[row.subject_sid]),
            "state": row.get_state_display(),
            "tone": _TONES[RowState(row.state)],
            "message": row.message,
        }

    def extra(self) -> dict[str, Any]:
        run, state = self.run, RunState(self.run.state)
        return {
            "run": run,
            "by": names.known_as(run.by).name,
            "title": plans.words_of(run),
            "status": state.label,
            "status_tone": tones.RUN[state],
            "started": moment(run.created_at),
            "is_under_way": run.finished_at is None,
            "list_url": reverse(self.kind.list_name),
            "list_label": self.kind.many.capitalize(),
            "runs_url": reverse(f"{self.kind.space}:runs"),
            "export_url": reverse(f"{self.kind.space}:run-export", args=[run.sid]),
            "export_refusal": self.refusal(RunExport.action),
        }


class RunExport(ExportPage):
    """What became of each row, as a file: of those alone that were refused, where it is asked."""

    listed = "results"
    columns = ("Number", "SID", "Name", "Result", "Message")
    of: ClassVar[type[RunPage]]

    def back(self) -> str:
        return url_of(cast(RunPage, self._list()).run)

    def lines(self, rows: list[BulkRow]) -> list[tuple[Cell, ...]]:
        return super().lines(_with_names(rows))

    def cells(self, row: BulkRow) -> tuple[Cell, ...]:
        state = RowState(row.state).label
        return row.position, row.subject_sid, row.name, state, row.message


def _with_names(rows: list[BulkRow]) -> list[BulkRow]:
    """These rows, whose messages name people by their SIDs, with their names."""
    for row, message in zip(rows, names.with_names([row.message for row in rows]), strict=True):
        row.message = message
    return rows


def url_of(run: BulkRun) -> str:
    kind, _ = actions.named(run.action)
    return reverse(f"{kind.space}:run", args=[run.sid])


def _salt(page: ChoosePage | BulkPlanPage) -> str:
    return selections.salt_of(page.kind.name, page.organization.sid, page.user.sid)
