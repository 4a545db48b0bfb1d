"""Views of lists that people keep under a name: filters and order, private or shared.

A list names its address and shows `saved_views` (templates/components/saved_views.html); a page
beside it saves what its address asks, where the list understands it.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.urls import reverse

from adminctr.web.forms import Form, LineField
from adminctr.web.views import (
    ActionPage,
    ConsolePage,
    Done,
    ListPage,
    OperationPage,
    require_understood,
)
from organizations.models import VIEW_NAME_LENGTH, Organization, SavedView
from organizations.operations import forget_view, save_view
from organizations.policy import Action

_MOST_SHOWN = 100


class SaveViewForm(Form):
    name = LineField(label="Name of the view", max_length=VIEW_NAME_LENGTH)
    is_shared = forms.BooleanField(
        label="Shared",
        required=False,
        help_text="Everyone who governs this organization sees it. Otherwise only you do.",
    )


class SaveViewPage(OperationPage):
    """Keeps what the address asks of a list. A page names the list and where it stands."""

    action = Action.LIST_SAVE_VIEW
    template_name = "web/save_view.html"
    form_class = SaveViewForm
    of: ClassVar[type[ListPage]]
    list_name: ClassVar[str]

    def context(self, subject: Organization) -> dict[str, Any]:
        selection = self._list().selection()
        noun = self.of.noun
        return {
            "list_url": f"{reverse(self.list_name)}{selection.url}",
            "list_label": noun.many.capitalize() if noun else "List",
            "words": selection.words(),
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        selection = self._list().selection()
        require_understood(selection)
        query = urlencode(selection.query)
        view = save_view(subject, listed=self.list_name, query=query, actor=self.actor, **data)
        return Done(f"The view “{view.name}” is saved.", url_of(view))

    def _list(self) -> ListPage:
        """The page of the list, on the same visit."""
        return self.of(**vars(self))


class ForgetView(ActionPage):
    """The button beside a view; others' private ones are nobody's here.

    Its address has the filters that were in force where it stood: they stay.
    """

    action = Action.LIST_SAVE_VIEW

    def subject(self, **kwargs: Any) -> SavedView:
        seen = SavedView.objects.filter(_seen_by(self)).select_related("organization")
        return self.one(seen, sid=kwargs["sid"])

    def perform(self, subject: SavedView) -> Done:
        forget_view(subject, actor=self.actor)
        return Done(f"The view “{subject.name}” is deleted.", self.back(subject))

    def back(self, subject: SavedView) -> str:
        return _url(subject.listed, self.request.GET.urlencode())


def saved_views(page: ListPage, list_name: str, *, save_name: str) -> dict[str, Any]:
    """What the component shows over a list: its views, and where the present one is saved."""
    present = urlencode(page.chosen.query)
    can_be_saved = bool(present) and page.chosen.is_understood
    seen = SavedView.objects.filter(_seen_by(page), listed=list_name)
    views = seen.select_related("by").order_by("name", "by_id")[:_MOST_SHOWN]
    return {
        "views": [
            {
                "label": _label(view, page),
                "url": url_of(view),
                "is_shared": view.is_shared,
                "current": view.query == present,
                "forget_url": f"{_forget_url(view)}{page.chosen.url}",
            }
            for view in views
        ],
        "save_url": f"{reverse(save_name)}{page.chosen.url}" if can_be_saved else "",
        "refusal": page.refusal(Action.LIST_SAVE_VIEW),
    }


def url_of(view: SavedView) -> str:
    return _url(view.listed, view.query)


def _url(listed: str, query: str) -> str:
    return f"{reverse(listed)}?{query}" if query else reverse(listed)


def _forget_url(view: SavedView) -> str:
    return reverse("organizations:view-forget", args=[view.sid])


def _label(view: SavedView, page: ConsolePage) -> str:
    """Its name; each person names theirs, so others' ones of the same name say whose they are."""
    is_mine = view.by_id == page.user.pk
    return view.name if is_mine else f"{view.name}, by {view.by.get_full_name()}"


def _seen_by(page: ConsolePage) -> Q:
    return Q(is_shared=True) | Q(by=page.user)
