"""The steps before an import: each has an address of its own, and what was said is kept."""

from collections.abc import Iterator
from typing import Any, BinaryIO, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.urls import reverse

from accounts import limits
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.plans import Plan, several
from adminctr.core.tenancy import tenant
from adminctr.web import spreadsheets
from adminctr.web.views import Done
from imports import files, gathering
from imports.candidates import (
    Importable,
    importable,
    importable_domains,
    outsiders,
    within_limit,
)
from imports.files import Reviewed
from imports.forms import DomainsForm, FileForm, NoticeForm, WayForm
from imports.models import FILE_NAME_LENGTH, ImportList, ImportRun, Way
from imports.operations import (
    File,
    choose_notice,
    discard_import,
    name_people,
    prepare_import,
    start_import,
)
from imports.plans import plan_of
from imports.views.frames import (
    ImportActionPage,
    ImportDetailPage,
    ImportDownload,
    ImportOperationPage,
    ImportPlanExport,
    ImportPlanPage,
)
from organizations import policy
from organizations.models import Organization
from organizations.operations import export_list
from organizations.policy import Action

# Each way of preparing a list looks at many people, or reads a large file.
PREPARATIONS = Limit("import_lists", times=30, seconds=3600)


class InstructionsPage(ImportDetailPage):
    template_name = "imports/instructions.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        domains, reason = importable_domains(self.organization)
        return {
            "domains": [readable_domain(name) for name in domains],
            "refusal": reason,
            "most": f"{settings.IMPORT_PEOPLE_AT_A_TIME:,}",
            "importable": _in_words(importable(self.organization)),
        }


class WayPage(ImportOperationPage):
    """Which of the three ways to go; nothing is kept yet."""

    template_name = "imports/way.html"
    form_class = WayForm

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        names = {Way.REVIEW: "new-review", Way.FILE: "new-upload", Way.ALL: "new-all"}
        return Done("", reverse(f"imports:{names[Way(data['way'])]}"))


class DomainsPage(ImportOperationPage):
    """Of which domains people are imported, all of them chosen before."""

    template_name = "imports/domains.html"
    form_class = DomainsForm
    way: ClassVar[Way]

    def form(self, subject: Organization, data: QueryDict | None = None) -> forms.Form:
        domains, _ = importable_domains(subject)
        return DomainsForm(data, domains=domains)

    def context(self, subject: Organization) -> dict[str, Any]:
        return {"title": self.way.label, "refusal": importable_domains(subject)[1]}


class ReviewDomainsPage(DomainsPage):
    way = Way.REVIEW

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        PREPARATIONS.spend(self.actor.sid)
        listing = prepare_import(subject, way=self.way, domains=data["domains"], actor=self.actor)
        return Done("", reverse("imports:list-review", args=[listing.sid]))


class EverybodyPage(DomainsPage):
    way = Way.ALL

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        PREPARATIONS.spend(self.actor.sid)
        listing = prepare_import(
            subject,
            way=self.way,
            domains=data["domains"],
            who=gathering.everybody(subject, data["domains"]),
            actor=self.actor,
        )
        return Done("", reverse("imports:list-notice", args=[listing.sid]))


class UploadingPage(ImportOperationPage):
    """A page that takes a reviewed list, which may be larger than any other form."""

    form_class = FileForm
    largest_body = settings.IMPORT_UPLOAD_MAX_SIZE

    def form(self, subject: Any, data: QueryDict | None = None) -> forms.Form:
        return FileForm(data, self.request.FILES if data is not None else None)

    def read(self, uploaded: "UploadedFile[Any]") -> Reviewed:
        """Raises RuleViolation: too_many_tries, or what is wrong with the file."""
        PREPARATIONS.spend(self.actor.sid)
        return files.read(cast(BinaryIO, uploaded.file), self.organization.sid)

    def same(self, reviewed: Reviewed) -> Done | None:
        """The run that this very file has started before."""
        run = ImportRun.objects.of_file(reviewed.digest).first()
        if run is None:
            return None
        words = "This file was uploaded before: this is its import. Nothing was started again."
        return Done(words, run.get_absolute_url(), messages.INFO)

    def who(self, reviewed: Reviewed) -> gathering.Gathering:
        return gathering.named(self.organization, reviewed.sids, reviewed.domains)


class UploadPage(UploadingPage):
    """Begins with a list that was downloaded before."""

    template_name = "imports/upload.html"

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        reviewed = self.read(data["file"])
        if same := self.same(reviewed):
            return same
        listing = prepare_import(
            subject,
            way=Way.FILE,
            domains=reviewed.domains,
            who=self.who(reviewed),
            file=_file(data["file"], reviewed),
            actor=self.actor,
        )
        return Done("", reverse("imports:list-notice", args=[listing.sid]))


class ReviewPage(UploadingPage):
    """Download the list, delete rows, upload it."""

    template_name = "imports/review.html"

    def subject(self, **kwargs: Any) -> ImportList:
        return self.draft(kwargs["sid"])

    def context(self, subject: ImportList) -> dict[str, Any]:
        return _around(subject) | {"export_refusal": self.refusal(Action.LIST_EXPORT)}

    def perform(self, subject: ImportList, data: dict[str, Any]) -> Done:
        reviewed = self.read(data["file"])
        if same := self.same(reviewed):
            return same
        others = set(reviewed.domains) - set(subject.domains)
        if others:
            named = ", ".join(sorted(map(readable_domain, others)))
            raise RuleViolation(
                "list_foreign",
                f"This list has people of domains that you have not chosen: {named}.",
                field="file",
            )
        name_people(
            subject,
            who=self.who(reviewed),
            file=_file(data["file"], reviewed),
            actor=self.actor,
        )
        return Done("", reverse("imports:list-notice", args=[subject.sid]))


class ListDownload(ImportDownload):
    """Everybody of the chosen domains who is not in here, as a file to be reviewed."""

    def body(self, listing: ImportList) -> Iterator[bytes]:
        prover = files.Prover(self.organization.sid, files.make_list_key())
        yield spreadsheets.beginning(files.COLUMNS)
        left: int = settings.IMPORT_PEOPLE_AT_A_TIME
        with tenant(self.organization):
            room = limits.room_in(self.organization)
            batches = outsiders(self.organization, listing.domains)
        while left:
            with tenant(self.organization):
                self.require_still()
                batch = next(batches, None)
            if batch is None:
                return
            judged = list(within_limit(batch[:left], room))
            room -= sum(one.accounts for one in judged if one.cause is None)
            left -= len(judged)
            yield spreadsheets.lines(
                files.cells_of(files.Line.of(one), prover, spreadsheets.harmless) for one in judged
            )

    def back(self, listing: ImportList) -> str:
        return reverse("imports:list-review", args=[listing.sid])


class NoticePage(ImportOperationPage):
    """Whether those who are imported get a mail."""

    template_name = "imports/notice.html"
    form_class = NoticeForm

    def subject(self, **kwargs: Any) -> ImportList:
        return self.draft(kwargs["sid"])

    def initial(self, subject: ImportList) -> dict[str, Any]:
        words = {True: "yes", False: "no", None: None}
        return {"is_notifying": words[subject.is_notifying]}

    def context(self, subject: ImportList) -> dict[str, Any]:
        return _around(subject)

    def perform(self, subject: ImportList, data: dict[str, Any]) -> Done:
        choose_notice(subject, actor=self.actor, **data)
        return Done("", reverse("imports:list-start", args=[subject.sid]))


class DiscardList(ImportActionPage):
    """Forgets a list, so that there is room for another."""

    def subject(self, **kwargs: Any) -> ImportList:
        return self.draft(kwargs["sid"])

    def perform(self, subject: ImportList) -> Done:
        discard_import(subject, actor=self.actor)
        return Done("The list was discarded; nobody was imported.", self.back(subject))

    def back(self, subject: ImportList) -> str:
        return reverse("imports:list")


class StartPage(ImportPlanPage):
    """What the import would do, and the button that starts it."""

    template_name = "imports/start.html"
    export_name = "imports:list-start-plan"
    is_sensitive = True

    def subject(self, **kwargs: Any) -> ImportList:
        """A list that was started by the same form before leads to its run."""
        frozen = ImportList.objects.filter(total__isnull=False)
        return self.one(frozen.select_related("organization", "run"), sid=kwargs["sid"])

    def plan(self, subject: ImportList) -> Plan:
        return plan_of(subject, self.organization)

    def acknowledgements(self, subject: ImportList) -> list[tuple[str, str]]:
        return [("read", "I have read who is imported, and that none of them is asked.")]

    def context(self, subject: ImportList) -> dict[str, Any]:
        ends_organizations = subject.groups.get("", {}).get("organizations", 0)
        return _around(subject) | {"variant": "danger" if ends_organizations else "primary"}

    def perform(self, subject: ImportList, data: dict[str, Any]) -> Done:
        run = start_import(subject, digest=data["digest"], actor=self.actor)
        words = "The import has started. You may leave this page; the import continues."
        return Done(words, run.get_absolute_url(), messages.INFO)


class StartPlan(ImportPlanExport):
    """The plan of an import as a file, for whoever may import and export lists."""

    of = StartPage
    shown_at = "imports:list-start"

    def record(self, plan: Plan) -> None:
        policy.require(self.actor, Action.LIST_EXPORT, self.organization)
        which = f"import users {plan.subject_sid}"
        export_list(self.organization, listed="effects", which=which, actor=self.actor)


def _around(listing: ImportList) -> dict[str, Any]:
    return {
        "listing": listing,
        "domains": ", ".join(map(readable_domain, listing.domains)),
        "file_name": listing.file_name,
        "total": listing.total,
        "back": _step_before(listing),
    }


def _step_before(listing: ImportList) -> str:
    if listing.way == Way.REVIEW:
        return reverse("imports:list-review", args=[listing.sid])
    return reverse("imports:new-upload" if listing.way == Way.FILE else "imports:new-all")


def _file(uploaded: "UploadedFile[Any]", reviewed: Reviewed) -> File:
    """By the last part of its name, which Django leaves, without what cannot be seen."""
    name = "".join(filter(str.isprintable, str(uploaded.name or "")))
    return File(name[:FILE_NAME_LENGTH], reviewed.digest)


def _in_words(found: Importable) -> str:
    """How many could be imported; empty where there is nobody."""
    if not found.number:
        return ""
    people = several(found.number, "person", "people")
    could = f"{people} with an address of your verified domains could be imported."
    return f"At least {could}" if found.has_more else could
