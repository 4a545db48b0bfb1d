from typing import Any

from django import forms
from django.db.models import QuerySet

from adminctr.core.addresses import readable_domain
from adminctr.web.filters import FilterForm
from adminctr.web.forms import Form
from imports.causes import Cause
from imports.models import Way

_IMPORTED, _NOT_IMPORTED = "imported", "not_imported"


class WayForm(Form):
    way = forms.ChoiceField(
        label="Who to import", choices=Way.choices, initial=Way.REVIEW, widget=forms.RadioSelect
    )


class DomainsForm(Form):
    domains = forms.MultipleChoiceField(
        label="Domains",
        help_text="People who have a login with an address of one of these.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one domain."},
    )

    def __init__(self, *arguments: Any, domains: list[str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices = [(name, readable_domain(name)) for name in domains]
        field: Any = self.fields["domains"]
        field.choices = choices
        field.initial = [name for name, _ in choices]


class FileForm(Form):
    file = forms.FileField(
        label="Reviewed list",
        help_text="The CSV file that you have downloaded here, without the rows of those who are "
        "not to be imported.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose the file.", "empty": "This file is empty."},
    )


class NoticeForm(Form):
    is_notifying = forms.TypedChoiceField(
        label="Notify them by email",
        choices=[("yes", "Yes, each gets an email"), ("no", "No, nobody gets an email")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether they get an email."},
    )


class RowFilter(FilterForm):
    result = forms.ChoiceField(
        label="Result",
        choices=[
            ("", "Any result"),
            (_IMPORTED, "Imported"),
            (_NOT_IMPORTED, "Not imported"),
            *Cause.choices,
        ],
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        result = self.cleaned_data.get("result")
        if not result:
            return rows
        if result == _NOT_IMPORTED:
            return rows.exclude(cause="")
        return rows.filter(cause="" if result == _IMPORTED else result)
