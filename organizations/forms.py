from typing import Any

from django import forms

from adminctr.web.forms import AddressField, Form, LineField
from organizations.models import NAME_LENGTH


class RenameForm(Form):
    name = LineField(
        label="Organization name",
        max_length=NAME_LENGTH,
        help_text=f"Usually your company's name; at most {NAME_LENGTH} characters. "
        "Invitations and mails carry it.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class ChangeOwnershipForm(Form):
    to = AddressField(
        label="Choose a new owner",
        help_text="The email address of a managed user of this organization, who must be active.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["to"].widget.attrs |= {"list": "new-owners", "autocomplete": "off"}
