"""The bases of console pages: a page is a declaration of action, template and one method."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header
from django.views.generic import View

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.operations import record_refusal
from adminctr.core.tenancy import tenant
from adminctr.web import replicas, spreadsheets
from adminctr.web.filters import FilterForm, Noun, Order, Selection
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import OwnPasswordField
from adminctr.web.paginate import Listing, slice_of
from organizations import contacts, policy
from organizations.models import Organization
from organizations.operations import export_list
from organizations.policy import Action
from users import reauthentication, sessions
from users.models import User

EXPORTS = Limit("exports", times=20, seconds=3600)
PASSWORD = "password"
NOT_UNDERSTOOD = "First fix the filter that is not understood."


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation has achieved, in words, and where to see it.

    What only leads somewhere has no words.
    """

    message: str
    url: str
    level: int = messages.SUCCESS

    def answer(self, request: HttpRequest) -> HttpResponse:
        if self.message:
            messages.add_message(request, self.level, self.message)
        return redirect_to(self.url)


class Page(View):
    """A page for somebody who is signed in."""

    template_name: str
    console: ConsoleRequest
    user: User
    actor: Actor

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.console = cast(ConsoleRequest, request)
        self.user, self.actor = self.console.user, self.console.actor
        return super().dispatch(request, *args, **kwargs)

    def page(self, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        context = self.surroundings() | context
        return TemplateResponse(self.request, self.template_name, context, status=status)

    def beside(self, name: str) -> str:
        """The address of another page about the same subject, which the query may name further."""
        url, query = reverse(name, kwargs=self.kwargs), self.request.META.get("QUERY_STRING", "")
        return f"{url}?{iri_to_uri(query)}" if query else url

    def surroundings(self) -> dict[str, Any]:
        """What every page of this kind shows around its own content."""
        return {}


class OwnPage(Page):
    """A page about oneself: it needs no role and no organization.

    It finds nothing but what is the person's own, in scopes that it opens itself; the operations
    that it calls insist on that.
    """

    def gone(self, attempt: str) -> Http404:
        """What is unknown or none of theirs, after the attempt was noted in the actor's trail."""
        record_refusal(attempt, self.actor, NotAllowed("No such object of this person."))
        return Http404()


class ConsolePage(Page):
    """Every page of the Admin Center names the action it needs; that is asked before any handler.

    A refusal, and an identifier that is unknown or somebody else's, is noted in the actor's trail.
    The page is made in the scope of the organization that it is about.
    """

    action: ClassVar[Action]
    organization: Organization

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.console = cast(ConsoleRequest, request)
        self.user, self.actor = self.console.user, self.console.actor
        try:
            self.admit(**kwargs)
        except NotAllowed as refused:
            self._note(refused)
            raise
        with tenant(self.organization):
            answer = super().dispatch(request, *args, **kwargs)
            if isinstance(answer, SimpleTemplateResponse):
                answer.render()
        return answer

    def admit(self, **kwargs: Any) -> None:
        """Find the organization that the page is about; raises NotAllowed, or Http404."""
        if self.console.organization is None:
            raise NotAllowed(policy.NO_ORGANIZATION, action=self.action)
        self.organization = self.console.organization
        policy.require(self.actor, self.action, self.organization)

    def one[RowT: Model](self, rows: QuerySet[RowT], **lookup: Any) -> RowT:
        """The one row of this organization that the address names; 404 for anybody else's."""
        found = rows.filter(**lookup).first()
        if found is None:
            self._note(NotAllowed("No such object in this organization."))
            raise Http404
        return found

    def require_still(self) -> None:
        """Raises NotAllowed when role or session have ended, as what is sent slowly asks."""
        policy.require(policy.as_of_now(self.actor), self.action, self.organization)
        if not sessions.is_live(self.request.session):
            raise NotAllowed("The person who asked for this list has logged out.")

    def _note(self, refused: NotAllowed) -> None:
        record_refusal(self.action, self.actor, refused)

    def refusal(self, action: Action, subject: Any = None) -> str | None:
        """Why a control is not offered, in the rule book's words and with the Owner's name."""
        refused = policy.refusal(self.actor, action, subject or self.organization)
        return contacts.in_words(refused) if refused else None


@dataclass(frozen=True, slots=True)
class SavedFile:
    """Something small to be saved by the browser."""

    name: str
    content_type: str
    content: bytes

    def answer(self) -> HttpResponse:
        disposition = content_disposition_header(as_attachment=True, filename=self.name)
        headers = {"Content-Type": self.content_type, "Content-Disposition": str(disposition)}
        return HttpResponse(self.content, headers=headers)


class FileFrame(Page):
    """A file about one thing; while there is none, it leads to the page of the thing."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        file = self.file(subject)
        return file.answer() if file else redirect_to(str(subject.get_absolute_url()))

    def subject(self, **kwargs: Any) -> Any:
        """What the file is about; 404 when it is somebody else's."""
        raise NotImplementedError

    def file(self, subject: Any) -> SavedFile | None:
        raise NotImplementedError


class DetailFrame(Page):
    """One thing. A page gives `context`."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.page(self.context(**kwargs))

    def context(self, **kwargs: Any) -> dict[str, Any]:
        raise NotImplementedError


class OperationFrame(Page):
    """One form, one operation. A refusal by the operation becomes an error on the form.

    What a borrowed session must not do is sensitive: the form asks for the password, unless it was
    asked for lately in this session.
    """

    form_class: ClassVar[type[forms.Form]]
    is_sensitive: ClassVar[bool] = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        form = self.with_password(subject, self.form(subject))
        return self.page({"form": form} | self.context(subject))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        form = self.with_password(subject, self.form(subject, request.POST))
        done = attempt(form, lambda data: self.perform(subject, self.confirmed(form, data)))
        if done is None:
            return self.page({"form": form} | self.context(subject))
        return done.answer(request)

    def subject(self, **kwargs: Any) -> Any:
        """What the operation is about; 404 when it is somebody else's."""
        raise NotImplementedError

    def form(self, subject: Any, data: QueryDict | None = None) -> forms.Form:
        return self.form_class(data, initial=self.initial(subject))

    def initial(self, subject: Any) -> dict[str, Any]:
        return {}

    def context(self, subject: Any) -> dict[str, Any]:
        """What the page shows beside the form."""
        return {}

    def perform(self, subject: Any, data: dict[str, Any]) -> Done:
        raise NotImplementedError

    def asks_for_password(self, subject: Any) -> bool:
        """Whether this is sensitive; a page may spare those for whom little is at stake."""
        return self.is_sensitive

    def with_password(self, subject: Any, form: forms.Form) -> forms.Form:
        """The form, which asks for the password where it must."""
        if self.asks_for_password(subject):
            ask_for_password(self.request, form)
        return form

    def confirmed(self, form: forms.Form, data: dict[str, Any]) -> dict[str, Any]:
        return confirmed(self.request, form, data)


class ActionFrame(Page):
    """A button: POST runs one operation; a refusal leads back to where the button stands."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Whoever had to log in again before the button worked is led to where it stands."""
        return redirect_to(self.back(self.subject(**kwargs)))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        try:
            return self.perform(subject).answer(request)
        except RuleViolation as refused:
            messages.error(request, refused.message)
            return redirect_to(self.back(subject))

    def subject(self, **kwargs: Any) -> Any:
        """What the button is about; 404 when it is somebody else's."""
        raise NotImplementedError

    def perform(self, subject: Any) -> Done:
        raise NotImplementedError

    def back(self, subject: Any) -> str:
        return str(subject.get_absolute_url())


class FilePage(FileFrame, ConsolePage):
    """One file about a thing of the organization."""


class DetailPage(DetailFrame, ConsolePage):
    """One thing of the organization."""


class OperationPage(OperationFrame, ConsolePage):
    """One operation in the organization, about it where nothing else is named."""

    def subject(self, **kwargs: Any) -> Any:
        return self.organization


class ActionPage(ActionFrame, ConsolePage):
    """One button in the organization."""


class OwnDetailPage(DetailFrame, OwnPage):
    """One thing of one's own."""


class OwnOperationPage(OperationFrame, OwnPage):
    """One operation on what is one's own, about oneself where nothing else is named."""

    def subject(self, **kwargs: Any) -> Any:
        return self.user


class OwnActionPage(ActionFrame, OwnPage):
    """One button about what is one's own."""


class ListFrame(Page):
    """A list, paged by key. A page gives `rows`, how a row is shown, and its cursor.

    It may name a form that narrows the list, orders to choose from (the first is the usual one) and
    the noun that its rows are counted with.
    """

    cursor: ClassVar[str] = "sid"
    filter_class: ClassVar[type[FilterForm]] = FilterForm
    orders: ClassVar[Mapping[str, Order]] = {}
    noun: ClassVar[Noun | None] = None

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        selection = self.chosen
        listing = selection.of(self.rows().using(replicas.alias_for(request)))
        page = slice_of(
            listing,
            request.GET,
            cursor=self.cursor,
            positions=self.positions(),
            kept=selection.query,
        )
        context = {
            "rows": self.shown(page.rows),
            "previous_url": page.previous_url,
            "next_url": page.next_url,
            "selection": selection,
        }
        if self.noun:
            context["counted"] = selection.counted(listing, self.noun, of_all=self.counter())
        return self.page(context | self.extra())

    @cached_property
    def chosen(self) -> Selection:
        """What the address asks, read once."""
        return self.selection()

    def selection(self) -> Selection:
        return Selection.read(self.request.GET, self.filter_class, self.orders)

    def rows(self) -> QuerySet[Any]:
        """What is listed; ordered by one column and the key where no orders are offered."""
        raise NotImplementedError

    def counter(self) -> int | None:
        """How many rows there are without filters, where the organization counts them."""
        return None

    def positions(self) -> QuerySet[Any]:
        """Where a cursor may stand: rows that have left the list keep their place."""
        return cast(QuerySet[Any], self.rows().model.objects.all())

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        """The rows of one page; a list that reads more about all of them at once does it here."""
        return [self.row(row) for row in rows]

    def row(self, row: Any) -> dict[str, Any]:
        """One row as the template shows it: dates and labels are made here."""
        raise NotImplementedError

    def extra(self) -> dict[str, Any]:
        return {}


class ListPage(ListFrame, ConsolePage):
    """A list of the organization's."""


class ExportPage(ConsolePage):
    """A list as a file, as its filters show it. A page names the list and gives `cells`."""

    action = Action.LIST_EXPORT
    of: ClassVar[type[ListPage]]
    list_url: ClassVar[Any]
    listed: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    chunk: ClassVar[int] = 500

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Whoever had to log in again before the button worked is led to where it stands."""
        return redirect_to(f"{self.back()}{self._list().selection().url}")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        policy.require(self.actor, self.of.action, self.organization)
        selection = self._list().selection()
        try:
            require_understood(selection)
            EXPORTS.spend(self.actor.sid)
        except RuleViolation as refused:
            messages.error(request, refused.message)
            return redirect_to(f"{self.back()}{selection.url}")
        listing = selection.of(self._list().rows().using(replicas.alias_for(request)))
        which = selection.words()
        if listing.is_cut:
            which += f", {listing.count().number:,} of more"
        export_list(self.organization, listed=self.listed, which=which, actor=self.actor)
        name = f"{self.listed.replace(' ', '-')}-{self.organization.sid}-{clock.now():%Y-%m-%d}"
        return StreamingHttpResponse(self._body(listing), headers=spreadsheets.headers(name))

    def lines(self, rows: list[Any]) -> list[tuple[spreadsheets.Cell, ...]]:
        """Some rows; a list that reads more about all of them at once does it here."""
        return [self.cells(row) for row in rows]

    def cells(self, row: Any) -> tuple[spreadsheets.Cell, ...]:
        """One row, in the order of the columns."""
        raise NotImplementedError

    def back(self) -> str:
        """Where the list stands."""
        return str(self.list_url)

    def _list(self) -> ListPage:
        """The page of the list, on the same visit."""
        return self.of(**vars(self))

    def _body(self, listing: Listing) -> Iterator[bytes]:
        """Sent after the middleware has closed its scope, so each chunk opens its own.

        Raises NotAllowed when the role or the session has ended meanwhile: the file breaks off.
        """
        yield spreadsheets.beginning(self.columns)
        chunks = listing.chunks(self.chunk)
        while True:
            with tenant(self.organization):
                self.require_still()
                lines = self.lines(next(chunks, []))
            if not lines:
                return
            yield spreadsheets.lines(lines)


def require_understood(selection: Selection) -> None:
    """Raises RuleViolation: filter_not_understood, before something is done with what fits."""
    if not selection.is_understood:
        raise RuleViolation("filter_not_understood", NOT_UNDERSTOOD)


def ask_for_password(request: HttpRequest, form: forms.Form) -> None:
    """Let a form ask for the password, unless it was asked for lately in this session."""
    if not sessions.is_confirmed(request.session):
        form.fields[PASSWORD] = OwnPasswordField()


def confirmed(request: HttpRequest, form: forms.Form, data: dict[str, Any]) -> dict[str, Any]:
    """What was typed without the password, once that was right; the form asks no more.

    Raises RuleViolation: too_many_tries, password_wrong, session_over.
    """
    if not isinstance(form.fields.get(PASSWORD), OwnPasswordField):
        return data
    reauthentication.confirm(request, data[PASSWORD])
    del form.fields[PASSWORD]
    return {name: value for name, value in data.items() if name != PASSWORD}


def attempt[T](form: forms.Form, perform: Callable[[dict[str, Any]], T]) -> T | None:
    """Perform with what was typed; None when a field or the operation refuses, said on the form."""
    if not form.is_valid():
        return None
    try:
        return perform(form.cleaned_data)
    except RuleViolation as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return None


def redirect_to(url: str) -> HttpResponse:
    """After a POST: see the result by GET."""
    return HttpResponse(status=303, headers={"Location": url})
