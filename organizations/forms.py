from django import forms

from adminctr.web.forms import AddressField, Form, LineField
from adminctr.web.newcomer import PasswordField
from organizations.models import NAME_LENGTH


class RenameForm(Form):
    name = LineField(
        label="Organization name",
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class ChangeOwnershipForm(Form):
    to = AddressField(
        label="Choose a new owner",
        help_text="The email address of a managed user of this organization.",
    )
    password = PasswordField(
        label="Your password",
        autocomplete="current-password",
        help_text="To be sure that it is you.",
    )
