from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar, cast

from allauth.account.forms import LoginForm, ResetPasswordKeyForm, UserTokenForm
from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Account, RoleAssignment
from adminctr.core import clock, lifetimes
from adminctr.core.limits import Limit
from adminctr.core.periods import Source
from adminctr.core.sids import is_sid
from adminctr.web.filters import FilterForm, SearchField
from adminctr.web.forms import AddressField, Form, LineField
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import PASSWORD_HELP, PasswordField
from organizations.models import GRANTABLE_ROLES, NAME_LENGTH, NEVER_SIGNED_IN, Role, SecondFactor
from users import app_codes, phones
from users.jobs import answer_reset_request
from users.models import FACTOR_NAME_LENGTH, User, UserStatus, WayIn

RESETS_PER_NETWORK = Limit("password_resets_per_network", times=30, seconds=3600)
_LONGEST_CODE = 40  # as typed, with spaces and dashes
_LONGEST_ANSWER = 20_000  # of a browser, which says less than a tenth of it
_NO_PASSKEY = "The browser's answer cannot be read. Try again."

_NEVER, _LATELY = "never", "30-days"
_LONG_AGO = {"not-90-days": 90, "not-180-days": 180}
_LAST_SIGN_INS = [
    (_NEVER, "Never signed in"),
    (_LATELY, "Within 30 days"),
    *[(name, f"More than {days} days ago") for name, days in _LONG_AGO.items()],
]


class SignUpForm(Form):
    email = AddressField(help_text="We send a link to it to check that it is yours.")


class ImportedUserFilter(FilterForm):
    """What narrows managed users of whom it is known how they came."""

    search = SearchField("Name, email or SID")
    role = forms.ChoiceField(
        label="Organization role", choices=[("", "Any organization role"), *Role.choices]
    )
    status = forms.ChoiceField(label="Status", choices=[("", "Any status"), *UserStatus.choices])
    factor = forms.ChoiceField(
        label="Second factor", choices=[("", "Either"), ("yes", "Set up"), ("no", "Not set up")]
    )
    account = LineField(label="Access to account", help_text="Account SID", max_length=40)
    signed_in = forms.ChoiceField(label="Last sign-in", choices=[("", "Any time"), *_LAST_SIGN_INS])

    more: ClassVar[tuple[str, ...]] = ("factor", "account", "signed_in")

    def clean_account(self) -> str:
        sid = str(self.cleaned_data["account"])
        if sid and not Account.objects.filter(sid=sid).exists():
            raise forms.ValidationError("No account of your organization has it.", code="unknown")
        return sid

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = {name: self.cleaned_data.get(name) for name in self.fields}
        for column in ("role", "status", "source"):
            if value := asked.get(column):
                rows = rows.filter(**{column: value})
        if factor := asked["factor"]:
            rows = rows.filter(has_second_factor=factor == "yes")
        if sid := asked["account"]:
            held = RoleAssignment.objects.in_force().filter(account__sid=sid)
            rows = rows.filter(user__in=held.values("holder"))
        if when := asked["signed_in"]:
            rows = rows.filter(**_signed_in(when))
        return rows


class UserFilter(ImportedUserFilter):
    """The same of all managed users, however they came."""

    source = forms.ChoiceField(label="Joined through", choices=[("", "Any way"), *Source.choices])

    more = (*ImportedUserFilter.more, "source")


class PendingUserFilter(FilterForm):
    search = SearchField("Email or SID")
    role = forms.ChoiceField(
        label="Organization role",
        choices=[
            ("", "Any organization role"),
            *[(one.value, one.label) for one in GRANTABLE_ROLES],
        ],
    )
    link = forms.ChoiceField(
        label="Link", choices=[("", "Any link"), ("open", "Still works"), ("expired", "Expired")]
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if role := self.cleaned_data.get("role"):
            rows = rows.filter(role=role)
        if link := self.cleaned_data.get("link"):
            past = "lte" if link == "expired" else "gt"
            rows = rows.filter(**{f"expires_at__{past}": clock.now()})
        return rows


class IndependentUserFilter(FilterForm):
    search = SearchField("Name, email or User SID")


def _signed_in(when: str) -> dict[str, Any]:
    """The range of the copy that lists are ordered by; who never signed in stands at its start."""
    if when == _NEVER:
        return {"signed_in_key": NEVER_SIGNED_IN}
    if when == _LATELY:
        return {"signed_in_key__gte": clock.now() - timedelta(days=30)}
    before = clock.now() - timedelta(days=_LONG_AGO[when])
    return {"signed_in_key__gt": NEVER_SIGNED_IN, "signed_in_key__lt": before}


class ChooseAccountForm(Form):
    account = LineField(
        label="Account",
        help_text="Its name or SID. You choose the roles on the next page.",
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"spellcheck": "false", "list": "accounts"}),
    )


class RequireSecondFactorForm(Form):
    level = forms.TypedChoiceField(
        label="Second factor",
        choices=SecondFactor.choices,
        coerce=SecondFactor,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        lifetime = lifetimes.in_words()["remembered_lifetime"]
        self.fields["level"].help_text = f"Once per computer asks again after {lifetime}."


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


class CodeField(forms.CharField):
    """A code of digits; a space or a dash in it is nobody's mistake."""

    def __init__(self, *, length: int, **options: Any) -> None:
        self.length = length
        signs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        widget = forms.TextInput(attrs=signs)
        super().__init__(label="Code", max_length=_LONGEST_CODE, widget=widget, **options)

    def clean(self, value: Any) -> str:
        code = "".join(super().clean(value).replace("-", " ").split())
        if not (code.isascii() and code.isdigit() and len(code) == self.length):
            raise forms.ValidationError(f"A code has {self.length} digits.")
        return code


class RememberField(forms.BooleanField):
    """Offered where nothing asks for a second factor at every log-in."""

    def __init__(self) -> None:
        lifetime = lifetimes.in_words()["remembered_lifetime"]
        super().__init__(label=f"Do not ask again on this computer for {lifetime}", required=False)


class AppCodeForm(Form):
    code = CodeField(length=app_codes.CODE_LENGTH, help_text="The 6 digits that the app shows now.")


class PhoneCodeForm(Form):
    code = CodeField(length=phones.CODE_LENGTH, help_text="The 6 digits of the newest message.")


class PhoneNumberForm(Form):
    number = forms.CharField(
        label="Phone number",
        max_length=_LONGEST_CODE,
        help_text="Of a mobile phone, with its country code, such as +1 500 555 0006.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class RecoveryCodeForm(Form):
    code = forms.CharField(
        label="Recovery code",
        max_length=_LONGEST_CODE,
        help_text="Each of them works once.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class AnswerField(forms.JSONField):
    """What a browser answers; one that is too long or too deep is not read at all."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > _LONGEST_ANSWER:
            raise self._invalid()
        try:
            return super().to_python(value)
        except (RecursionError, ValueError):  # a number may be longer than Python reads
            raise self._invalid() from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Never shown again: the page asks anew, and the former answer is worth nothing then."""
        return initial

    def _invalid(self) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages["invalid"], code="invalid")


class PasskeyForm(Form):
    """What the browser answers, put there by a script."""

    answer = AnswerField(
        label="Passkey",
        widget=forms.HiddenInput,
        error_messages={"required": "No passkey was used. Try again.", "invalid": _NO_PASSKEY},
    )

    def clean_answer(self) -> dict[str, Any]:
        answer = self.cleaned_data["answer"]
        if not isinstance(answer, dict):
            raise forms.ValidationError(_NO_PASSKEY)
        return answer


class NewPasskeyForm(PasskeyForm):
    name = LineField(
        label="Name",
        max_length=FACTOR_NAME_LENGTH,
        help_text="To tell your passkeys apart, such as the device that keeps this one.",
    )
    field_order = ("name", "answer")


class WhatIfForm(Form):
    """One address on one way in; the names are those of the operation that keeps the answer."""

    email = AddressField()
    way_in = forms.TypedChoiceField(label="Event", choices=WayIn.choices, coerce=WayIn)


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
        """The answer is the same where nothing is mailed any more."""
        email: str = self.cleaned_data["email"]
        origin = cast(ConsoleRequest, request).origin
        if not RESETS_PER_NETWORK.is_spent(origin.network):
            RESETS_PER_NETWORK.note(origin.network)
            answer_reset_request.enqueue(email, asdict(origin))
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
