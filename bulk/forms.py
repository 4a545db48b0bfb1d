from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from adminctr.core.errors import RuleViolation
from adminctr.web.filters import FilterForm
from adminctr.web.forms import Form, LineField
from bulk.actions import BulkAction, Parameter
from bulk.models import RowState

_LINE_LENGTH = 160


class ParametersForm(Form):
    """What an action asks for besides the rows; each is a parameter of the address."""

    def __init__(self, parameters: Iterable[Parameter], address: Mapping[str, str]) -> None:
        wanted = list(parameters)
        super().__init__(address if any(one.name in address for one in wanted) else None)
        for one in wanted:
            self.fields[one.name] = _field_of(one)

    def settled(self, bulk: BulkAction) -> dict[str, str] | None:
        """As the action reads it; None while something is missing or refused, said beside it."""
        if not self.fields:
            return {}
        if not self.is_valid():
            return None
        try:
            return bulk.settle(self.cleaned_data)
        except RuleViolation as refused:
            beside = refused.field if refused.field in self.fields else next(iter(self.fields))
            self.add_error(beside, refused.message)
            return None


def _field_of(one: Parameter) -> forms.Field:
    if one.choices:
        return forms.ChoiceField(
            label=one.label, help_text=one.help_text, choices=one.choices, widget=forms.RadioSelect
        )
    return LineField(label=one.label, help_text=one.help_text, max_length=_LINE_LENGTH)


class RowFilter(FilterForm):
    state = forms.ChoiceField(label="Result", choices=[("", "Any result"), *RowState.choices])

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        state = self.cleaned_data.get("state")
        return rows.filter(state=state) if state else rows
