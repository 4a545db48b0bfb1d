"""Fields that several forms share. They check shape; rules belong to operations."""

from datetime import date
from typing import Any

from django import forms

from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import is_sid
from adminctr.core.text import plain_line


class AddressField(forms.CharField):
    """One e-mail address, in its canonical form."""

    def __init__(self, *, label: str = "Email address", **options: Any) -> None:
        widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})
        super().__init__(label=label, widget=widget, **options)

    def clean(self, value: Any) -> str:
        raw = super().clean(value)
        if not raw:
            return ""
        try:
            return canonical_address(raw)
        except RuleViolation as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from refused


class DayInput(forms.DateInput):
    """The browser's calendar; what is no day, which it cannot show, stays as it was typed."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if not _is_day(context["widget"]["value"]):
            context["widget"]["type"] = "text"
        return context


def _is_day(shown: str | None) -> bool:
    try:
        return not shown or date.fromisoformat(shown).isoformat() == shown
    except ValueError:
        return False


class PersonField(forms.CharField):
    """One person, by address in its canonical form or by User SID."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
        super().__init__(widget=widget, **options)

    def clean(self, value: Any) -> str:
        who: str = super().clean(value) or ""
        return who if not who or is_sid(who, "US") else AddressField().clean(who)


class LineField(forms.CharField):
    """One line of visible text, such as a name."""

    def clean(self, value: Any) -> str:
        line = plain_line(super().clean(value) or "")
        self.run_validators(line)  # once more: composing may have made it longer
        return line


class Form(forms.Form):
    """A form whose fields carry no browser-side checks: our own words stand beside the field."""

    use_required_attribute = False
