"""The staff site: Django admin to look with, and one page for each operation that staff may run.

Nothing is written by Django's own forms, and none of its pages that write is mounted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial, wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, include, path, re_path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_safe

from adminctr.core.actor import Actor
from adminctr.core.columns import starts_with
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import record_refusal
from adminctr.core.sids import is_sid
from adminctr.core.tenancy import every_tenant
from adminctr.core.text import sort_key
from adminctr.web import second_factor
from adminctr.web.display import moment
from adminctr.web.forms import Form, LineField
from adminctr.web.http import ConsoleRequest
from adminctr.web.views import Done, ask_for_password, attempt, confirmed
from audit import presenters
from audit.models import AuditEvent
from organizations import policy
from organizations.policy import Action
from users import sessions

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no type arguments when it runs
    ModelAdmin = admin.ModelAdmin

REASON_LENGTH = 200
MOST_ROWS = 1000
_MOST_IN_SECTION = 20
_NONE = "None"
_NO_STAFF = "They are not support staff, and were shown nothing."


class StaffSite(admin.AdminSite):
    """Who is no support staff finds nothing here; who is sees every organization."""

    site_title = site_header = f"{settings.PRODUCT_NAME} staff site"
    index_title = "Look up"
    index_template = "staff/index.html"
    site_url = None

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Lists, objects and operations: no log-in, password, shortcut or helper page."""
        apps = sorted({model._meta.app_label for model in self._registry})
        return [
            path("", self.admin_view(require_safe(self.index)), name="index"),
            *(
                path(f"{_path_of(model)}/", include(model_admin.get_urls()))
                for model, model_admin in self._registry.items()
            ),
            re_path(
                rf"^(?P<app_label>{'|'.join(apps)})/$",
                self.admin_view(require_safe(self.app_index)),
                name="app_list",
            ),
        ]

    def admin_view[View: Callable[..., HttpResponseBase]](
        self, view: View, cacheable: bool = False
    ) -> View:
        """The only door: staff alone, who have proven a second factor in this session.

        Every tenant is in sight until the answer is rendered.
        """

        @wraps(view)
        def for_staff(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            console = cast(ConsoleRequest, request)
            console.actor = policy.staff_actor(console.user, origin=console.origin)
            if not self.has_permission(request):
                record_refusal(Action.SUPPORT_VIEW, console.actor, NotAllowed(_NO_STAFF))
                raise Http404
            if not sessions.is_proven(request.session):
                return second_factor.lead(request)
            with every_tenant():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            return response

        return cast(View, for_staff)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_look(request)

    def get_log_entries(self, request: HttpRequest) -> Any:
        """Django's own log is not written; the audit trail is the record."""
        return ()


site = StaffSite(name="staff")


class ReasonForm(Form):
    """Staff say why, beside whatever else an operation asks."""

    reason = LineField(
        label="Reason",
        max_length=REASON_LENGTH,
        help_text="A ticket, or a sentence. The organization reads it in its activity.",
    )


def _nothing(subject: Any) -> dict[str, Any]:
    return {}


def _always(subject: Any) -> bool:
    return True


def _itself(subject: Any) -> Any:
    return subject


@dataclass(frozen=True, slots=True)
class StaffOperation:
    """One operation of the staff site: its page, its form, and what is called.

    `about` is what the rule book is asked about, where this is not the object itself. With `ends`
    the object is gone afterwards. What is sensitive asks for the password.
    """

    name: str
    words: str
    action: Action
    perform: Callable[[Any, dict[str, Any], Actor], str]
    form_class: type[ReasonForm] = ReasonForm
    initial: Callable[[Any], dict[str, Any]] = _nothing
    applies: Callable[[Any], bool] = _always
    about: Callable[[Any], Any] = _itself
    hint: str = ""
    ends: bool = False
    is_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One related object on a page: what it is, where it is, and what matters about it."""

    text: str
    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Section:
    """The first of what belongs to an object, and where the rest is listed."""

    title: str
    lines: list[Line]
    url: str

    @classmethod
    def of(
        cls, title: str, rows: QuerySet[Any], url: str, show: Callable[[Any], Line]
    ) -> "Section":
        return cls(title, [show(row) for row in rows[:_MOST_IN_SECTION]], url)


class BoundedPaginator(Paginator[Any]):
    """Counts and shows the newest thousand: neither grows with the table."""

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        return rows.order_by().values("pk")[:MOST_ROWS].count()

    def validate_number(self, number: int | float | str) -> int:
        """The nearest page that there is."""
        return min(max(int(number), 1), self.num_pages)


class StaffList(ChangeList):
    """A list in the one order that an index serves, linked by public identifiers."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        if set(request.GET) - {SEARCH_VAR, PAGE_VAR}:
            raise SuspiciousOperation("A look-up that the staff site does not offer")
        super().__init__(request, *args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.ordering or ())

    def url_for_result(self, result: Model) -> str:
        return url_of(result)


class OperationAdmin(ModelAdmin):
    """A model to look at: a list, a page for each object, and the operations on it.

    `sids` names the column that each kind of SID is looked up in, `prefixes` the columns of
    lower-case text that are searched by their beginning. `related` rows are read with each row;
    `facts` are shown on an object's page. `adding` is the operation that makes a new one: it has no
    subject and stands on the list.
    """

    sids: ClassVar[dict[str, str]] = {}
    prefixes: ClassVar[tuple[str, ...]] = ()
    related: ClassVar[tuple[str, ...]] = ()
    facts: ClassVar[tuple[str, ...]] = ()
    operations: ClassVar[tuple[StaffOperation, ...]] = ()
    adding: ClassVar[StaffOperation | None] = None

    actions = None
    change_list_template = "staff/list.html"
    list_per_page = settings.PAGE_SIZE
    list_max_show_all = 0
    ordering = ("-pk",)
    paginator = BoundedPaginator
    search_fields = ("sid",)  # shows the box; what is searched is in `search`
    show_full_result_count = False
    sortable_by = ()

    # Who may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_look(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_look(request)

    # What is mounted

    def get_urls(self) -> list[URLPattern]:
        name, guarded = _name_of(self.model), self.admin_site.admin_view
        urls = [path("", guarded(require_safe(self.changelist_view)), name=f"{name}_changelist")]
        if self.facts:
            detail = guarded(require_safe(self.detail_view))
            urls.append(path("<sid:sid>/", detail, name=f"{name}_detail"))
        placed = [(f"<sid:sid>/{one.name}/", one) for one in self.operations]
        if self.adding:
            placed.append((f"{self.adding.name}/", self.adding))
        for place, one in placed:
            run = require_http_methods(["GET", "HEAD", "POST"])(partial(self.operation_view, one))
            urls.append(path(place, guarded(run), name=f"{name}_{one.name}"))
        return urls

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StaffList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        adding = [self.adding] if self.adding else []
        context = {"most_rows": MOST_ROWS, "operations": self._controls(request, None, adding)}
        return super().changelist_view(request, context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return self.search(queryset, term) if term else queryset, False

    def search(self, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows of a SID, or those that begin with what was typed."""
        if is_sid(term):
            column = self.sids.get(term[:2])
            return rows.filter(**{column: term}) if column else rows.none()
        found = [keys[:MOST_ROWS] for keys in self.found(rows.order_by(), self.key_of(term))]
        return rows.filter(pk__in=set(chain.from_iterable(found)))

    def found(self, rows: QuerySet[Any], key: str) -> Iterator[QuerySet[Any]]:
        """The keys of the rows that begin so, one question for each column and its index."""
        for column in self.prefixes:
            yield rows.filter(starts_with(column, key)).values_list("pk", flat=True)

    def key_of(self, term: str) -> str:
        """What was typed, in the form of the columns that are searched."""
        return sort_key(term)

    # What several lists show

    @admin.display(description="Organization")
    def within(self, row: Any) -> str:
        return link(row.organization)

    @admin.display(description="Owner")
    def owned_by(self, row: Any) -> str:
        return link(row.owner)

    @admin.display(description="Created")
    def created(self, row: Any) -> str:
        return moment(row.created_at).text

    # One object

    def detail_view(self, request: HttpRequest, sid: str) -> HttpResponse:
        subject = self._one(request, sid)
        context = {
            "facts": [self._fact(name, subject) for name in self.facts],
            "operations": self._controls(request, subject, self.operations),
            "sections": self.sections(subject),
        }
        return self._page(request, "staff/detail.html", subject, context)

    def sections(self, subject: Any) -> Iterable[Section]:
        """What belongs to the object, each kind bounded."""
        return ()

    def _fact(self, name: str, subject: Any) -> tuple[str, str]:
        field, _, value = lookup_field(name, subject, self)
        shown = display_for_field(value, field, _NONE) if field else value
        return capfirst(str(label_for_field(name, self.model, self))), str(shown or _NONE)

    def _controls(
        self, request: HttpRequest, subject: Any, operations: Iterable[StaffOperation]
    ) -> list[dict[str, Any]]:
        actor = cast(ConsoleRequest, request).actor
        return [
            {
                "words": one.words,
                "url": f"{self._place_of(subject)}{one.name}/",
                "refusal": policy.refusal(actor, one.action, one.about(subject)),
            }
            for one in operations
            if one.applies(subject)
        ]

    # One operation, on it or without a subject

    def operation_view(
        self, operation: StaffOperation, request: HttpRequest, sid: str = ""
    ) -> HttpResponse:
        subject = self._one(request, sid) if sid else None
        actor = cast(ConsoleRequest, request).actor
        try:
            policy.require(actor, operation.action, operation.about(subject))
        except NotAllowed as refused:
            record_refusal(operation.action, actor, refused)
            raise

        def perform(data: dict[str, Any]) -> Done:
            typed = confirmed(request, form, data)
            reason = typed.pop("reason")
            message = operation.perform(subject, typed, actor.with_reason(reason))
            shown = self._place_of(None if operation.ends else subject)
            return Done(message, shown, messages.SUCCESS)

        typed_in = request.POST if request.method == "POST" else None
        form = operation.form_class(typed_in, initial=operation.initial(subject))
        if operation.is_sensitive:
            ask_for_password(request, form)
        if request.method == "POST" and (done := attempt(form, perform)):
            return done.answer(request)
        context = {"form": form, "operation": operation}
        return self._page(request, "staff/operation.html", subject, context)

    def _one(self, request: HttpRequest, sid: str) -> Any:
        subject = self.get_queryset(request).filter(sid=sid).first()
        if subject is None:
            actor = cast(ConsoleRequest, request).actor
            unknown = RuleViolation("unknown_sid", "Nothing of this kind has this SID.")
            record_refusal(Action.SUPPORT_VIEW, actor, unknown, given={"sid": sid})
            raise Http404
        return subject

    def _place_of(self, subject: Any) -> str:
        """The page of an object, or the list."""
        return url_of(subject) if subject else list_url(self.model)

    def _page(
        self, request: HttpRequest, template: str, subject: Any, context: dict[str, Any]
    ) -> HttpResponse:
        frame = {
            "opts": self.opts,
            "subject": subject,
            "place": self._place_of(subject),
            "title": str(subject or capfirst(str(self.opts.verbose_name))),
        }
        return TemplateResponse(
            request, template, self.admin_site.each_context(request) | frame | context
        )


def may_look(request: HttpRequest) -> bool:
    return Action.SUPPORT_VIEW in (cast(ConsoleRequest, request).actor.staff or ())


def url_of(row: Any) -> str:
    """The staff page of an object."""
    return reverse(f"staff:{_name_of(type(row))}_detail", args=[row.sid])


def list_url(model: type[Model], search: str = "") -> str:
    """The staff list of a model, searched where something is named."""
    address = reverse(f"staff:{_name_of(model)}_changelist")
    return f"{address}?{urlencode({SEARCH_VAR: search})}" if search else address


def link(row: Any) -> SafeString | str:
    """An object by its name, leading to its staff page."""
    return format_html('<a href="{}">{}</a>', url_of(row), row) if row else _NONE


def event_line(event: AuditEvent) -> Line:
    return Line(presenters.line(event), "", moment(event.at).text)


def _path_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}/{model._meta.model_name}"


def _name_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
