"""The imports that there were, and what became of each person of one."""

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts import names
from adminctr.core.addresses import readable_domain
from adminctr.core.runs import RunState
from adminctr.web import spreadsheets, tones
from adminctr.web.display import moment
from adminctr.web.filters import Noun
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import ExportPage
from imports import files
from imports.candidates import importable_domains
from imports.causes import WORDS, Cause
from imports.drafts import MOST_DRAFTS
from imports.forms import RowFilter
from imports.models import ImportList, ImportRow, ImportRun
from imports.views.frames import ImportListPage, ImportPage
from organizations.policy import Action
from users.models import User


class RunListPage(ImportListPage):
    """Past imports, the newest first, and what somebody has begun."""

    template_name = "imports/list.html"
    noun = Noun("import", "imports")

    def rows(self) -> QuerySet[Any]:
        runs = ImportRun.objects.select_related("by", "listing")
        return runs.order_by("-created_at", "-pk")

    def shown(self, rows: list[ImportRun]) -> list[dict[str, Any]]:
        known = names.known(row.by for row in rows)
        return [self.row(row) | {"by": known[row.by_id].name} for row in rows]

    def row(self, row: ImportRun) -> dict[str, Any]:
        state = RunState(row.state)
        return {
            "url": row.get_absolute_url(),
            "started": moment(row.created_at),
            "domains": ", ".join(map(readable_domain, row.listing.domains)),
            "status": state.label,
            "tone": tones.RUN[state],
            "imported": f"{row.imported:,}",
            "not_imported": f"{row.not_imported:,}",
        }

    def extra(self) -> dict[str, Any]:
        rows = ImportList.objects.drafts().select_related("by").order_by("-pk")
        drafts = list(rows[:MOST_DRAFTS])
        known = names.known(one.by for one in drafts)
        return {
            "refusal": importable_domains(self.organization)[1],
            "drafts": [_draft(one, self.user) | {"by": known[one.by_id].name} for one in drafts],
        }


class RunPage(ImportListPage):
    """How far an import is, and what became of each person."""

    template_name = "imports/run.html"
    filter_class = RowFilter
    cursor = "position"
    noun = Noun("person", "people")

    @cached_property
    def run(self) -> ImportRun:
        runs = ImportRun.objects.select_related("by", "listing")
        return self.one(runs, sid=self.kwargs["sid"])

    def rows(self) -> QuerySet[Any]:
        rows = ImportRow.objects.filter(run=self.run).select_related("user")
        return rows.order_by("position", "pk")

    def positions(self) -> QuerySet[Any]:
        return self.rows()

    def counter(self) -> int:
        return self.run.processed

    def row(self, row: ImportRow) -> dict[str, Any]:
        return {
            "position": row.position,
            "name": row.name,
            "email": row.email,
            "sid": row.user.sid,
            "url": reverse("users:detail", args=[row.user.sid]) if not row.cause else "",
            "accounts": row.accounts,
            "state": Cause(row.cause).label if row.cause else "Imported",
            "tone": "warning" if row.cause else "success",
            "message": row.message,
        }

    def extra(self) -> dict[str, Any]:
        run, state = self.run, RunState(self.run.state)
        return {
            "run": run,
            "by": names.known_as(run.by).name,
            "domains": ", ".join(map(readable_domain, run.listing.domains)),
            "status": state.label,
            "status_tone": tones.RUN[state],
            "started": moment(run.created_at),
            "finished": moment(run.finished_at, never="Not yet"),
            "is_under_way": run.finished_at is None,
            "groups": [
                {
                    "count": f"{run.causes[cause]:,}",
                    "label": cause.label,
                    "text": WORDS[cause],
                    "url": f"?result={cause.value}",
                }
                for cause in Cause
                if cause in run.causes
            ],
            "export_url": reverse("imports:run-export", args=[run.sid]),
            "export_refusal": self.refusal(Action.LIST_EXPORT),
        }


class RunExport(ImportPage, ExportPage):
    """What became of each as a file: the list's own columns, and the reason."""

    action = Action.LIST_EXPORT
    of = RunPage
    listed = "imported users"
    columns = (*files.COLUMNS, "Reason")

    def back(self) -> str:
        return self._run().get_absolute_url()

    def cells(self, row: ImportRow) -> tuple[Cell, ...]:
        cause = Cause(row.cause) if row.cause else None
        line = files.Line(row.user.sid, row.email, row.name, row.accounts, row.has_own, cause)
        return (*files.cells_of(line, self._prover, spreadsheets.harmless), row.message)

    @cached_property
    def _prover(self) -> files.Prover:
        return files.Prover(self.organization.sid, self._run().sid[2:10])

    def _run(self) -> ImportRun:
        page: Any = self._list()
        run: ImportRun = page.run
        return run


def _draft(listing: ImportList, user: User) -> dict[str, Any]:
    """A list that was not started, with the next step for whoever made it."""
    name = "list-notice" if listing.is_frozen() else "list-review"
    return {
        "sid": listing.sid,
        "url": reverse(f"imports:{name}", args=[listing.sid]) if listing.by_id == user.pk else "",
        "domains": ", ".join(map(readable_domain, listing.domains)),
        "made": moment(listing.created_at),
        "people": "Not chosen yet" if listing.total is None else f"{listing.total:,}",
    }
