from typing import Any, cast

from allauth.account.forms import LoginForm, ResetPasswordKeyForm, UserTokenForm
from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest

from adminctr.core.actor import Actor
from adminctr.core.sids import is_sid
from adminctr.web.filters import FilterForm, SearchField
from adminctr.web.forms import AddressField, Form
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import PASSWORD_HELP, PasswordField
from organizations.models import GRANTABLE_ROLES, Role
from users.models import User, UserStatus
from users.operations import request_password_reset


class SignUpForm(Form):
    email = AddressField(help_text="We send a link to it, to see that it is yours.")


class UserFilter(FilterForm):
    search = SearchField("Name, email or SID")
    role = forms.ChoiceField(
        label="Organization role", choices=[("", "Any organization role"), *Role.choices]
    )
    status = forms.ChoiceField(label="Status", choices=[("", "Any status"), *UserStatus.choices])

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = {name: self.cleaned_data.get(name) for name in ("role", "status")}
        return rows.filter(**{name: value for name, value in asked.items() if value})


class PendingUserFilter(FilterForm):
    search = SearchField("Email or SID")


class IndependentUserFilter(FilterForm):
    search = SearchField("Name, email or User SID")


class ChangeRoleForm(Form):
    role = forms.TypedChoiceField(
        label="Organization role",
        help_text="Administrators govern users, accounts and domains. Standard Users may create "
        "accounts and use those they are given.",
        choices=[(role.value, role.label) for role in GRANTABLE_ROLES],
        coerce=Role,
        widget=forms.RadioSelect,
    )


class InviteUserForm(ChangeRoleForm):
    email = AddressField(help_text="Its domain must be one that your organization has verified.")
    field_order = ("email", "role")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].initial = Role.STANDARD


class LogInForm(LoginForm):
    """allauth's form with our field for the address and the product's words."""

    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"] = AddressField()
        self.fields["password"] = PasswordField(label="Password", autocomplete="current-password")
        self.order_fields(["login", "password"])


class ResetPasswordForm(AllauthResetForm):
    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["email"] = AddressField()

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email

    def save(self, request: HttpRequest, **options: Any) -> str:
        email: str = self.cleaned_data["email"]
        actor = Actor.somebody(cast(ConsoleRequest, request).origin)
        request_password_reset(email, actor=actor)
        return email


class NewPasswordForm(ResetPasswordKeyForm):
    """One new password; typing it twice helps nobody who can have it shown or reset it again."""

    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["password2"]
        self.fields["password1"] = PasswordField(
            label="New password", autocomplete="new-password", help_text=PASSWORD_HELP
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = forms.Form.clean(self) or {}
        if "password1" in data:
            try:
                validate_password(data["password1"], self.user)
            except forms.ValidationError as weak:
                self.add_error("password1", weak)
        return data


class ResetLinkForm(UserTokenForm):
    """Finds the active user of a reset link by SID, so that no integer key stands in a link."""

    def _get_user(self, uidb36: str) -> User | None:
        if not is_sid(uidb36, "US"):
            return None
        return User.objects.filter(sid=uidb36, status=UserStatus.ACTIVE).first()
