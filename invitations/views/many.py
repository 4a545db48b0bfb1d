"""Inviting many: paste or upload, read what would happen, send, see what became of each."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Account
from accounts.names import known, known_as
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.plans import several
from adminctr.core.tables import Table
from adminctr.web import spreadsheets, tones
from adminctr.web.display import Moment, moment
from adminctr.web.filters import Noun
from adminctr.web.forms import Form
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import (
    ActionPage,
    ConsolePage,
    Done,
    ExportPage,
    FilePage,
    ListPage,
    OperationPage,
    SavedFile,
    ask_for_password,
)
from invitations import batches
from invitations.batch_models import InvitationBatch, InvitationBatchRow, Phase, RowState
from invitations.forms import BatchRowFilter, InviteManyForm, RowForm, SendForm
from invitations.operations import (
    cancel_batch,
    check_batch,
    correct_row,
    draft_batch,
    drop_bad_rows,
    leave_out_row,
    send_batch,
)
from invitations.operations.batches import BEGUN, NO_DRAFT, NOT_YOURS
from invitations.views import flaws
from organizations.models import Organization, Role
from organizations.policy import Action
from users import sessions

UPLOADS = Limit("invitation_tables", times=60, seconds=3600)
# Each looks at every row of a draft again, which holds up the whole organization.
LOOKS_PER_MINUTE = Limit("invitation_table_looks", times=30, seconds=60)

# How many batches stand below the form.
_MOST_RECENT = 10

# Why a table is not cancelled any more.
_OVER = {
    Phase.SENDING: BEGUN,
    Phase.SENT: BEGUN,
    Phase.STOPPED: BEGUN,
    Phase.CANCELLED: "It was cancelled already.",
}
_WHEN = {Phase.SCHEDULED: "Starts", Phase.CANCELLED: "Was to start"}


class InviteManyPage(OperationPage):
    """Paste or upload a table; it is kept as a draft, and nobody is invited yet."""

    action = Action.USER_INVITE
    template_name = "invitations/many.html"
    form_class = InviteManyForm

    def form(self, subject: Organization, data: QueryDict | None = None) -> forms.Form:
        return InviteManyForm(data, self.request.FILES if data is not None else None)

    def context(self, subject: Organization) -> dict[str, Any]:
        named = InvitationBatch.objects.with_first_address().select_related("by")
        recent = list(named.order_by("-created_at", "-pk")[:_MOST_RECENT])
        people = known(one.by for one in recent)
        return {
            "columns": ", ".join(batches.COLUMNS),
            "most": f"{batches.MOST_ROWS:,}",
            "batches": [_summary(one) | {"by": people[one.by_id].name} for one in recent],
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        UPLOADS.spend(self.actor.sid)
        table = _read(data)
        batch = draft_batch(subject, rows=table.rows, role=data["role"], actor=self.actor)
        return Done(
            "Nobody is invited yet. See what would happen.",
            batch.get_absolute_url(),
            messages.INFO,
        )


class TemplateFile(FilePage):
    """A table to begin with."""

    action = Action.USER_INVITE

    def subject(self, **kwargs: Any) -> Organization:
        return self.organization

    def file(self, subject: Organization) -> SavedFile:
        columns = batches.COLUMNS[:-1]
        role = Role.STANDARD.short_label
        content = spreadsheets.beginning(columns, [("name@example.com", role, "", "")])
        return SavedFile("invite-many.csv", "text/csv; charset=utf-8", content)


class BatchPage(ListPage):
    """A draft with what would become of each row; afterwards the run and what became of it."""

    action = Action.USER_INVITE
    template_name = "invitations/batch.html"
    filter_class = BatchRowFilter
    cursor = "position"
    noun = Noun("row", "rows")

    @cached_property
    def batch(self) -> InvitationBatch:
        return self.one(InvitationBatch.objects.select_related("by"), sid=self.kwargs["sid"])

    def rows(self) -> QuerySet[Any]:
        return InvitationBatchRow.objects.filter(batch=self.batch).order_by("position", "pk")

    def positions(self) -> QuerySet[Any]:
        return self.rows()

    def counter(self) -> int | None:
        return None if self.batch.cancelled_at else self.batch.total + self.batch.left_out

    def shown(self, rows: list[InvitationBatchRow]) -> list[dict[str, Any]]:
        names = _names_of_accounts(rows)
        return [self.row(row) | {"asked": _asked(row, names)} for row in rows]

    def row(self, row: InvitationBatchRow) -> dict[str, Any]:
        return {
            "line": row.line,
            "url": "" if self.correction_refusal else flaws.url_of(row, self.batch),
            "email": row.email,
            "state": row.get_state_display(),
            "tone": tones.INVITATION_ROW[RowState(row.state)],
            "message": row.message,
        }

    @cached_property
    def correction_refusal(self) -> str:
        return _correction_refusal(self, self.batch)

    def extra(self) -> dict[str, Any]:
        batch = self.batch
        is_draft = batch.phase is Phase.DRAFT
        return around(self, batch) | {
            "groups": flaws.groups_of(batch) if is_draft else [],
            "may_correct": not self.correction_refusal,
        }


def around(page: "BatchPage | SendPage", batch: InvitationBatch) -> dict[str, Any]:
    """What every page about a batch shows of it, and what may be done with it."""
    phase = batch.phase
    is_mine = batch.by_id == page.user.pk
    return {
        "run": batch,
        "batch": batch,
        "by": known_as(batch.by).name,
        "title": _title(batch),
        "status": phase.label,
        "status_tone": tones.INVITATION_BATCH[phase],
        "starts": moment(batch.starts_at),
        "when": _WHEN.get(phase, "Started"),
        "made": moment(batch.created_at),
        "is_draft": phase is Phase.DRAFT,
        "is_under_way": phase is Phase.SENDING,
        "is_cancelled": phase is Phase.CANCELLED,
        "may_cancel": phase not in _OVER,
        "has_failures": phase is not Phase.CANCELLED and bool(batch.left_out + batch.refused),
        "send_label": _send_label(batch),
        "send_refusal": ""
        if is_mine
        else "Only its creator can send it. Upload the table yourself.",
        "send_form": _send_form(page, batch),
        "export_refusal": page.refusal(BatchExport.action),
    }


class SendPage(OperationPage):
    """Send the good rows of a draft, now or later."""

    action = Action.USER_INVITE
    template_name = "invitations/send.html"
    form_class = SendForm

    def subject(self, **kwargs: Any) -> InvitationBatch:
        return _batch_named(self, kwargs["sid"])

    def asks_for_password(self, subject: InvitationBatch) -> bool:
        return batches.makes_administrators(_good_of(subject))

    def initial(self, subject: InvitationBatch) -> dict[str, Any]:
        return {"expected": batches.digest_of(_good_of(subject))}

    def context(self, subject: InvitationBatch) -> dict[str, Any]:
        return around(self, subject)

    def perform(self, subject: InvitationBatch, data: dict[str, Any]) -> Done:
        is_proven = sessions.is_confirmed(self.request.session)
        asked = SendForm.asked(data)
        batch = send_batch(subject, is_proven=is_proven, actor=self.actor, **asked)
        words = "They are being sent, one after the other."
        if batch.phase is Phase.SCHEDULED:
            words = f"It is sent on {moment(batch.starts_at).text}."
        return Done(words, batch.get_absolute_url(), messages.INFO)


class CancelPage(OperationPage):
    """Give up a draft, or what waits for its day."""

    action = Action.USER_INVITE
    template_name = "invitations/cancel.html"
    form_class = Form

    def subject(self, **kwargs: Any) -> InvitationBatch:
        return _batch_named(self, kwargs["sid"])

    def context(self, subject: InvitationBatch) -> dict[str, Any]:
        rows = several(subject.total + subject.left_out, "row", "rows")
        return {
            "batch": subject,
            "batch_title": _title(subject),
            "refused": _OVER.get(subject.phase, ""),
            "consequences": [
                f"Nobody is invited by this table. Its {rows} are deleted.",
                "To invite these people later, upload the table again.",
            ],
        }

    def perform(self, subject: InvitationBatch, data: dict[str, Any]) -> Done:
        cancel_batch(subject, actor=self.actor)
        return Done("It was cancelled; nobody was invited.", reverse("invitations:many"))


class RowPage(OperationPage):
    """One row of a draft: correct it, or leave it out."""

    action = Action.USER_INVITE
    template_name = "invitations/row.html"
    form_class = RowForm

    def subject(self, **kwargs: Any) -> InvitationBatchRow:
        rows = InvitationBatchRow.objects.select_related("batch__organization")
        return self.one(rows, batch__sid=kwargs["sid"], position=kwargs["position"])

    def initial(self, subject: InvitationBatchRow) -> dict[str, Any]:
        role = batches.role_named(subject.role)
        return {
            "email": subject.email,
            "role": role.value if role else "",
            "account": subject.account,
            "account_roles": subject.account_roles,
        }

    def context(self, subject: InvitationBatchRow) -> dict[str, Any]:
        batch = subject.batch
        return {
            "row": subject,
            "asked": _asked(subject, _names_of_accounts([subject])),
            "batch": batch,
            "batch_title": _title(batch),
            "is_draft": batch.phase is Phase.DRAFT,
            "refusal": _correction_refusal(self, batch),
        }

    def perform(self, subject: InvitationBatchRow, data: dict[str, Any]) -> Done:
        LOOKS_PER_MINUTE.spend(self.organization.sid)
        batch = subject.batch
        row = correct_row(batch, position=subject.position, actor=self.actor, **data)
        if not row.cause:
            return Done(f"Line {row.line} can be sent now.", batch.get_absolute_url())
        still = f"Line {row.line} was changed and cannot be sent yet. {row.message}"
        return Done(still, flaws.url_of(row, batch), messages.WARNING)


class BatchAction(ActionPage):
    """A button on the page of a batch."""

    action = Action.USER_INVITE

    def subject(self, **kwargs: Any) -> InvitationBatch:
        return _batch_named(self, kwargs["sid"])


class CheckBatch(BatchAction):
    def perform(self, subject: InvitationBatch) -> Done:
        LOOKS_PER_MINUTE.spend(self.organization.sid)
        batch = check_batch(subject, actor=self.actor)
        return Done("Every row was checked again.", batch.get_absolute_url())


class LeaveOut(BatchAction):
    def perform(self, subject: InvitationBatch) -> Done:
        batch = drop_bad_rows(subject, actor=self.actor)
        return Done("The rows that cannot be sent were taken out.", batch.get_absolute_url())


class LeaveOutRow(BatchAction):
    def perform(self, subject: InvitationBatch) -> Done:
        LOOKS_PER_MINUTE.spend(self.organization.sid)
        batch = leave_out_row(subject, position=self.kwargs["position"], actor=self.actor)
        return Done("The row was left out.", batch.get_absolute_url())


class FailuresPage(BatchPage):
    """Those rows alone that did not become an invitation."""

    def rows(self) -> QuerySet[Any]:
        rows = InvitationBatchRow.objects.filter(batch=self.batch)
        return rows.failures().order_by("position", "pk")


class BatchExport(ExportPage):
    """The rows that failed in the columns of the table, each with the reason."""

    of = FailuresPage
    listed = "invitations that failed"
    columns = batches.COLUMNS

    def back(self) -> str:
        return cast(FailuresPage, self._list()).batch.get_absolute_url()

    def cells(self, row: InvitationBatchRow) -> tuple[Cell, ...]:
        return row.email, row.role, row.account, row.account_roles, row.message


def _read(data: dict[str, Any]) -> Table:
    """Raises RuleViolation beside the field that was filled in."""
    uploaded = data["file"]
    try:
        return batches.read_batch(uploaded.read() if uploaded else data["table"].encode())
    except RuleViolation as refused:
        beside = "file" if uploaded else "table"
        raise RuleViolation(refused.code, refused.message, field=beside) from refused


def _summary(batch: Any) -> dict[str, Any]:
    """A batch that was read with its first address."""
    phase, rows = batch.phase, batch.total + batch.left_out
    return {
        "url": batch.get_absolute_url(),
        "name": _name(batch.first_address, rows),
        "made": moment(batch.created_at),
        "status": phase.label,
        "tone": tones.INVITATION_BATCH[phase],
        "starts": _start(batch),
        "rows": rows,
        "done": batch.done,
    }


def _start(batch: InvitationBatch) -> Moment:
    """When it began or is to begin."""
    if batch.phase is Phase.CANCELLED:
        return moment(None)
    return moment(batch.starts_at, never="Not yet")


def _name(first: str | None, rows: int) -> str:
    """What tells a table from others of the same minute; of a cancelled one no row is left."""
    if not first:
        return f"Table of {several(rows, 'row', 'rows')}"
    return first if rows == 1 else f"{first} and {rows - 1:,} more"


def _batch_named(page: ConsolePage, sid: str) -> InvitationBatch:
    return page.one(InvitationBatch.objects.select_related("organization"), sid=sid)


def _title(batch: InvitationBatch) -> str:
    return f"Invite many: {batch.phase.label.lower()}"


def _correction_refusal(page: "BatchPage | RowPage", batch: InvitationBatch) -> str:
    """Why this person may not correct the rows."""
    if batch.phase is not Phase.DRAFT:
        return NO_DRAFT
    return "" if batch.by_id == page.user.pk else NOT_YOURS


def _names_of_accounts(rows: Iterable[InvitationBatchRow]) -> dict[str, str]:
    """By the SID that a row names, where the organization has such an account."""
    sids = {row.account for row in rows if row.account}
    return dict(Account.objects.filter(sid__in=sids).values_list("sid", "name"))


def _asked(row: InvitationBatchRow, names: Mapping[str, str]) -> str:
    """What a row asks for, as it was written but for the name of its account."""
    account = names.get(row.account, row.account)
    parts = [row.role, " on ".join(part for part in (row.account_roles, account) if part)]
    return "; ".join(part for part in parts if part)


def _good_of(batch: InvitationBatch) -> list[batches.GoodRow]:
    """What a form that sends a draft is about."""
    return batches.good_of(batch) if batch.phase is Phase.DRAFT else []


def _send_form(page: "BatchPage | SendPage", batch: InvitationBatch) -> SendForm:
    good = _good_of(batch)
    form = SendForm(initial={"expected": batches.digest_of(good)})
    if batches.makes_administrators(good):
        ask_for_password(page.request, form)
    return form


def _send_label(batch: InvitationBatch) -> str:
    invitations = "invitation" if batch.total == 1 else "invitations"
    return f"Send {batch.total:,} {invitations}"
