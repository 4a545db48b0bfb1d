"""What people tell about themselves: behind a mailed link, and later in their profile."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password

from adminctr.core.actor import Origin
from adminctr.core.limits import Limit
from adminctr.web.forms import Form, LineField
from organizations.models import NAME_LENGTH
from users.models import User
from users.newcomers import NewPerson
from users.passwords import hash_password

# Hashing for strangers takes the places of those who log in; a whole company may come at once.
PASSWORDS_PER_LINK = Limit("newcomers_per_link", times=10, seconds=3600)
PASSWORDS_PER_NETWORK = Limit("newcomers_per_network", times=300, seconds=3600)
_PASSWORD_LENGTH = 256
_NAME_OF_PERSON_LENGTH = 100
PASSWORD_HELP = (
    f"At least {settings.PASSWORD_LENGTH} characters. A few unrelated words are easy to remember."
)


class PasswordField(forms.CharField):
    """A password as typed: nothing is trimmed and nothing is shown again."""

    def __init__(self, *, autocomplete: str, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=_PASSWORD_LENGTH, widget=widget, **options)


class OwnPasswordField(PasswordField):
    """One's password once more, before something that a borrowed session must not do."""

    def __init__(self) -> None:
        super().__init__(
            label="Your password",
            autocomplete="current-password",
            help_text="To be sure that it is you.",
        )


class PersonNameForm(Form):
    first_name = LineField(
        label="First name",
        max_length=_NAME_OF_PERSON_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = LineField(
        label="Last name",
        max_length=_NAME_OF_PERSON_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )


class NewPersonForm(PersonNameForm):
    """What somebody new tells behind a mailed link; the address is the link's."""

    password = PasswordField(label="Password", autocomplete="new-password", help_text=PASSWORD_HELP)

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "password" in data:
            candidate = User(
                email=self.email,
                first_name=data.get("first_name", ""),
                last_name=data.get("last_name", ""),
            )
            try:
                validate_password(data["password"], candidate)
            except forms.ValidationError as weak:
                self.add_error("password", weak)
        return data

    def newcomer(self, *, link: str, origin: Origin) -> NewPerson:
        """The cleaned answers, with the password hashed; slow, so call it outside transactions.

        `link` is the SID of what was mailed. Raises RuleViolation: too_many_tries.
        """
        PASSWORDS_PER_LINK.spend(link)
        PASSWORDS_PER_NETWORK.spend(origin.network)
        data = self.cleaned_data
        return NewPerson(
            data["first_name"],
            data["last_name"],
            hash_password(data["password"]),
            organization_name=data.get("organization_name", ""),
        )


class FounderForm(NewPersonForm):
    """Somebody who gets an organization of their own and may name it at once."""

    organization_name = LineField(
        label="Organization name",
        max_length=NAME_LENGTH,
        required=False,
        help_text="Optional: your company, for example. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
