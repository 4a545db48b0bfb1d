"""All rows that the filters of a list show, for what is done to every one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict

from adminctr.web.filters import Selection
from adminctr.web.views import ListFrame


@dataclass(frozen=True, slots=True)
class Selected:
    """Up to so many rows; `is_cut` says that there are more than can be listed."""

    rows: list[Any]
    is_cut: bool = False


def selected_by(
    page: type[ListFrame], rows: QuerySet[Any], query: Mapping[str, str], most: int
) -> Selected:
    """None at all where the list does not understand a filter: without it, more would fit."""
    selection = Selection.read(QueryDict(urlencode(query)), page.filter_class, page.orders)
    if dict(selection.query) != dict(query):
        return Selected([])
    listing = selection.of(rows)
    return Selected(listing.first(most), listing.is_cut)
