"""The pages of each kind of rows, made from what apps have declared."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from bulk import actions, views
from bulk.actions import BulkAction, Kind


def _choosing(kind: Kind) -> URLPattern:
    page = _page(views.ChoosePage, action=kind.view, kind=kind)
    choose: URLPattern = path(_below(kind), page.as_view(), name="choose")
    return choose


def _planning(kind: Kind, bulk: BulkAction) -> list[URLPattern]:
    name, export = bulk.name, f"{bulk.name}-export"
    page = _page(
        views.BulkPlanPage,
        action=bulk.action,
        kind=kind,
        bulk=bulk,
        export_name=f"{kind.space}:{export}",
    )
    file = _page(views.BulkPlanExport, of=page, shown_at=f"{kind.space}:{name}")
    return [
        path(_below(kind, f"{name}/"), page.as_view(), name=name),
        path(_below(kind, f"{name}/export/"), file.as_view(), name=export),
    ]


def _looking(kind: Kind) -> list[URLPattern]:
    runs = _page(views.RunListPage, action=kind.view, kind=kind)
    page = _page(views.RunPage, action=kind.view, kind=kind)
    file = _page(views.RunExport, of=page)
    return [
        path(_below(kind, "runs/"), runs.as_view(), name="runs"),
        path(_below(kind, "runs/<sid:sid>/"), page.as_view(), name="run"),
        path(_below(kind, "runs/<sid:sid>/export/"), file.as_view(), name="run-export"),
    ]


def _below(kind: Kind, rest: str = "") -> str:
    return f"admin-center/{kind.name}/bulk/{rest}"


def _page(base: type[Any], **declared: Any) -> type[Any]:
    """A page as an app would write it down: its base, and what it declares."""
    return type(base.__name__, (base,), {"__module__": base.__module__, **declared})


def _pages_of(kind: Kind) -> URLResolver:
    plans = [page for bulk in kind.actions.values() for page in _planning(kind, bulk)]
    pages = [_choosing(kind), *plans, *_looking(kind)]
    return path("", include((pages, "bulk"), namespace=kind.space))


urlpatterns = [_pages_of(kind) for kind in actions.kinds()]
