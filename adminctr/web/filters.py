"""Filters and orders of lists. Both stand in the address, which is the only state.

An order that a list does not understand is left out, and the page says so. A filter that it does
not understand stays in its field, with the reason beside it, and no row fits: nobody takes the
whole list for what they asked for, and nothing is done to all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from adminctr.core.plans import several
from adminctr.web.display import day
from adminctr.web.forms import Form, LineField
from adminctr.web.paginate import Indexed, Listing, narrowed, sought

SEARCH = "search"
_SORT = "sort"
_SEARCH_LENGTH = 160
_NO_CHOICE = "Choose one of these."


class FilterForm(Form):
    """What may narrow a list: each field is a parameter of the address, and none is required.

    A field's `initial` is what holds when nothing is chosen. The fields named in `more` are
    folded away until one of them narrows the list.
    """

    more: ClassVar[tuple[str, ...]] = ()

    def __init__(self, asked: Mapping[str, str]) -> None:
        super().__init__(asked)
        for field in self.fields.values():
            field.required = False
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = _NO_CHOICE
        self.full_clean()

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that fit, where every filter is understood."""
        return rows

    def fitting(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """None at all where a filter is not understood: without it, more would fit."""
        return rows.none() if self.errors else self.narrow(rows)

    def narrowing(self) -> list[str]:
        """The names of the fields that narrow the list, those not understood among them."""
        return [name for name in self.fields if name in {*self.chosen(), *self.errors}]

    def chosen(self) -> list[str]:
        """The names of the fields with a valid value other than their initial one."""
        return [
            name
            for name, value in self.cleaned_data.items()
            if value and value != self.fields[name].initial
        ]

    def in_words(self, name: str) -> str:
        """One filter as people read it; empty where nothing is chosen and nothing holds."""
        field = self.fields[name]
        if name in self.errors:
            return f"{field.label}: not understood"
        value = self.cleaned_data[name] or field.initial
        if not value:
            return ""
        if isinstance(field, forms.ChoiceField):
            value = dict(field.choices)[value]  # type: ignore[arg-type]
        return f"{field.label}: {day(value) if isinstance(value, date) else value}"

    @property
    def button(self) -> str:
        """What the form's button says."""
        return "Search" if set(self.fields) == {SEARCH} else "Apply"

    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.more]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.more]

    def shows_more(self) -> bool:
        return not set(self.more).isdisjoint(self.narrowing())


class SearchField(LineField):
    """What to look for in a list; its model says by what (adminctr.core.search)."""

    def __init__(self, label: str) -> None:
        widget = forms.TextInput(attrs={"type": "search", "spellcheck": "false"})
        super().__init__(label=label, max_length=_SEARCH_LENGTH, widget=widget)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list; an index begins with the organization and ends with column and key."""

    column: str
    words: str

    @property
    def direction(self) -> str:
        return "descending" if self.column.startswith("-") else "ascending"


@dataclass(frozen=True, slots=True)
class Noun:
    """What the rows of a list are called: one of them, and several."""

    one: str
    many: str

    def of(self, number: int) -> str:
        return several(number, self.one, self.many)


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column by which a list can be ordered."""

    url: str
    direction: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What the address asks of a list.

    `query` is what links to the same rows carry: the filters, as they were typed, and the order.
    """

    form: FilterForm
    orders: Mapping[str, Order]
    order: str
    query: Mapping[str, str]
    dropped: str = ""

    @classmethod
    def read(
        cls, address: QueryDict, filter_class: type[FilterForm], orders: Mapping[str, Order]
    ) -> Self:
        """The first of `orders` is the usual one; a list without any orders its rows itself."""
        asked = {name: str(value) for name, value in address.items() if value}
        form = filter_class(asked)
        query = {name: asked[name] for name in form.narrowing()}
        usual = next(iter(orders), "")
        sort = asked.get(_SORT, usual)
        order = sort if sort in orders else usual
        if order != usual:
            query[_SORT] = order
        dropped = "Order" if orders and sort != order else ""
        return cls(form, orders, order, query, dropped)

    @property
    def is_understood(self) -> bool:
        """Whether every filter is: otherwise the list shows nothing, and nothing is done to it."""
        return not self.form.errors

    def of(self, rows: QuerySet[Any]) -> Listing:
        """The rows that fit, in the order asked for."""
        everything = self._ordered(rows)
        fitting = self._ordered(self.form.fitting(rows))
        if not self.is_understood:
            return Indexed(fitting)
        if word := self.form.cleaned_data.get(SEARCH):
            return sought(fitting, word)
        return narrowed(fitting, everything) if self.form.chosen() else Indexed(fitting)

    def counted(self, listing: Listing, noun: Noun, *, of_all: int | None) -> str:
        """How many rows there are, in words; `of_all` where a counter knows without filters."""
        if of_all is not None and not self.form.narrowing():
            return noun.of(of_all)
        counted = listing.count()
        if not counted.has_more:
            return noun.of(counted.number)
        more = f"More than {counted.number:,} {noun.many}."
        if listing.is_cut:
            more += f" Any {counted.number:,} of them are listed: type more to find the others."
        return more

    @property
    def url(self) -> str:
        """The same selection, from its first page."""
        return _url(self.query)

    @property
    def clear_url(self) -> str:
        return _url({name: value for name, value in self.query.items() if name == _SORT})

    def sort(self) -> str:
        return self.query.get(_SORT, "")

    def chips(self) -> list[dict[str, str]]:
        """The filters that are set, each with the address without it."""
        return [
            {"label": self.form.in_words(name), "url": self._url_without(name)}
            for name in self.form.narrowing()
        ]

    def echo(self) -> str:
        """The filters that are set, in words."""
        return ", ".join(self.form.in_words(name) for name in self.form.narrowing())

    def words(self) -> str:
        """Everything that holds, the usual included: for captions and for the trail."""
        filters = [self.form.in_words(name) for name in self.form.fields]
        order = self.orders[self.order].words if self.order else ""
        return ", ".join(filter(None, [*filters, order]))

    def headings(self) -> dict[str, Heading]:
        """For each column that the list can be ordered by: where its head leads, and how it is."""
        return {name.lstrip("-"): self._heading(name) for name in reversed(list(self.orders))}

    def _ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if not self.order:
            return rows
        column = self.orders[self.order].column
        return rows.order_by(column, "-pk" if column.startswith("-") else "pk")

    def _heading(self, name: str) -> Heading:
        """The active column leads to its other direction, any other to the one named first."""
        column = name.lstrip("-")
        if self.order.lstrip("-") != column:
            return Heading(self._url_sorted(name), "")
        other = column if self.order.startswith("-") else f"-{column}"
        return Heading(self._url_sorted(other), self.orders[self.order].direction)

    def _url_sorted(self, order: str) -> str:
        return _url({**self.query, _SORT: order})

    def _url_without(self, parameter: str) -> str:
        return _url({name: value for name, value in self.query.items() if name != parameter})


def _url(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query)}"
