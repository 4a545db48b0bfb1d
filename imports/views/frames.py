"""What all pages of imports share: without the feature, none of them is there."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from adminctr.core import clock
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.web import spreadsheets
from adminctr.web.plans import PlanExportFrame, PlanFrame
from adminctr.web.views import (
    EXPORTS,
    ActionFrame,
    ConsolePage,
    DetailFrame,
    ListPage,
    OperationFrame,
    redirect_to,
)
from imports.models import ImportList
from organizations import policy
from organizations.operations import export_list
from organizations.policy import Action


class ImportPage(ConsolePage):
    """A page of an organization for which support has switched the import on."""

    action = Action.USER_IMPORT

    def admit(self, **kwargs: Any) -> None:
        super().admit(**kwargs)
        if not self.organization.has_import:
            self._note(NotAllowed("Import is not switched on for this organization."))
            raise Http404

    def draft(self, sid: str) -> ImportList:
        """A list that was not started; only whoever made it goes on with it, others discard it."""
        drafts = ImportList.objects.drafts().select_related("organization")
        return self.one(drafts, sid=sid)


class ImportDetailPage(ImportPage, DetailFrame):
    """Something about imports."""


class ImportListPage(ImportPage, ListPage):
    """A list that is about imports."""


class ImportOperationPage(ImportPage, OperationFrame):
    """One step on the way to an import."""

    def subject(self, **kwargs: Any) -> Any:
        return self.organization


class ImportActionPage(ImportPage, ActionFrame):
    """One button about imports."""


class ImportDownload(ImportPage):
    """Everybody of a list as a file. A page gives `body`, in which each chunk opens its scope."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Whoever had to log in again before the button worked is led to where it stands."""
        return redirect_to(self.back(self.draft(kwargs["sid"])))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        listing = self.draft(kwargs["sid"])
        policy.require(self.actor, Action.LIST_EXPORT, self.organization)
        try:
            EXPORTS.spend(self.actor.sid)
        except RuleViolation as refused:
            messages.error(request, refused.message)
            return redirect_to(self.back(listing))
        which = ", ".join(map(readable_domain, listing.domains))
        export_list(self.organization, listed="users to import", which=which, actor=self.actor)
        name = f"users-to-import-{listing.sid}-{clock.now():%Y-%m-%d}"
        return StreamingHttpResponse(self.body(listing), headers=spreadsheets.headers(name))

    def body(self, listing: ImportList) -> Iterator[bytes]:
        raise NotImplementedError

    def back(self, listing: ImportList) -> str:
        raise NotImplementedError


class ImportPlanPage(ImportPage, PlanFrame):
    """What an import would do."""

    def export_refusal(self) -> str | None:
        return self.refusal(Action.LIST_EXPORT)


class ImportPlanExport(ImportPage, PlanExportFrame):
    """The same as a file."""
