from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from adminctr.web import time_zones
from adminctr.web.forms import AddressField, Form, LineField
from adminctr.web.newcomer import PASSWORD_HELP, PasswordField
from users.models import FACTOR_NAME_LENGTH, Appearance, User


class ChangeEmailForm(Form):
    email = AddressField(
        label="New email address",
        help_text="We send a link to it. Until you open that link, your address stays as it is.",
    )


class ConfirmEmailForm(Form):
    """Nothing to fill in: the link has proven the address, the button agrees."""


class ChangePasswordForm(Form):
    password = PasswordField(label="Current password", autocomplete="current-password")
    new_password = PasswordField(
        label="New password", autocomplete="new-password", help_text=PASSWORD_HELP
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.user)
        return password


class PasskeyNameForm(Form):
    name = LineField(
        label="Name", max_length=FACTOR_NAME_LENGTH, help_text="To tell your passkeys apart."
    )


class PreferencesForm(Form):
    appearance = forms.TypedChoiceField(
        label="Appearance",
        choices=Appearance.choices,
        coerce=Appearance,
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="In which the console shows dates and times."
    )
    has_shortcuts = forms.BooleanField(
        label="Keyboard shortcuts",
        required=False,
        help_text="Single keys such as / and g u. Switch them off if they get in your way.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["time_zone"].choices = time_zones.choices()  # type: ignore[attr-defined]
