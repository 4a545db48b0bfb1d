from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils import timezone

from adminctr.web.filters import FilterForm
from adminctr.web.forms import DayInput, Form
from invitations.batch_models import (
    ACCOUNT_ROLES_LENGTH,
    EMAIL_LENGTH,
    ROLE_LENGTH,
    Cause,
    RowState,
)
from organizations.models import GRANTABLE_ROLES, Role

_NOW, _LATER = "now", "later"
_NEITHER = "Paste addresses, or choose a file."
_BOTH = "Paste addresses or choose a file; not both."


class InviteManyForm(Form):
    """A table, pasted or uploaded; which of the two stands in `source`."""

    table = forms.CharField(
        label="Addresses or rows",
        required=False,
        strip=False,
        help_text="Addresses, one per line or separated by commas or semicolons, as a mail "
        "program writes them; or rows copied from a spreadsheet, with the column names "
        "above them.",
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label="Or a CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"empty": "This file is empty."},
    )
    role = forms.TypedChoiceField(
        label="Organization role for rows without one",
        help_text="A row with an account and no organization role is an invitation to that "
        "account only.",
        choices=[(role.value, role.short_label) for role in GRANTABLE_ROLES],
        coerce=Role,
        initial=Role.STANDARD,
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        pasted = bool((data.get("table") or "").strip())
        if "file" not in self.errors and pasted == bool(data.get("file")):
            self.add_error("table", ValidationError(_BOTH if pasted else _NEITHER))
        return data


class RowForm(Form):
    """One row of a draft. Whether it can be sent is said once it is written."""

    email = forms.CharField(
        label="Email address",
        max_length=EMAIL_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.TypedChoiceField(
        label="Organization role",
        choices=[
            ("", "None: an invitation to the account only"),
            *[(role.value, role.short_label) for role in GRANTABLE_ROLES],
        ],
        coerce=Role,
        empty_value=None,
        required=False,
    )
    account = forms.CharField(
        label="Account SID",
        help_text="Leave empty for an invitation to the organization only.",
        max_length=ROLE_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    account_roles = forms.CharField(
        label="Roles on the account",
        help_text="Separated by commas.",
        max_length=ACCOUNT_ROLES_LENGTH,
        required=False,
    )


class SendForm(Form):
    expected = forms.CharField(max_length=64, widget=forms.HiddenInput)
    when = forms.ChoiceField(
        label="When",
        choices=[(_NOW, "Now"), (_LATER, "Later, on this day and time")],
        initial=_NOW,
        widget=forms.RadioSelect,
    )
    on = forms.DateField(
        label="Day",
        required=False,
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
        widget=DayInput(),
    )
    at = forms.TimeField(
        label="Time",
        required=False,
        help_text="In your time zone.",
        input_formats=["%H:%M"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("when") == _LATER:
            for name, missing in (("on", "Choose the day."), ("at", "Choose the time.")):
                if name not in self.errors and data.get(name) is None:
                    self.add_error(name, ValidationError(missing))
        return data

    @staticmethod
    def asked(data: dict[str, Any]) -> dict[str, Any]:
        """What the operation takes: the moment where the person is who chose it."""
        return {"expected": data["expected"], "starts_at": _moment_of(data)}


class BatchRowFilter(FilterForm):
    state = forms.ChoiceField(label="Result", choices=[("", "Any result"), *RowState.choices])
    cause = forms.ChoiceField(
        label="Reason",
        choices=[("", "Any reason"), *[(one.value, one.label.capitalize()) for one in Cause]],
    )

    more = ("cause",)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return rows.filter(**asked)


def _moment_of(data: dict[str, Any]) -> datetime | None:
    if data["when"] != _LATER:
        return None
    at: time = data["at"]
    return timezone.make_aware(datetime.combine(data["on"], at))
