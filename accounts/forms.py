from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils import timezone

from accounts import policy
from accounts.models import (
    GRANTABLE_ACCOUNT_ROLES,
    AccountRole,
    AccountStatus,
    AccountType,
    Product,
)
from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.periods import Source
from adminctr.core.sids import is_sid
from adminctr.core.text import sort_key
from adminctr.web.filters import FilterForm, SearchField
from adminctr.web.forms import AddressField, DayInput, Form, LineField
from organizations import members
from organizations.models import NAME_LENGTH, Membership, Role, SecondFactor

_IN_FORCE, _ENDED = "in-force", "ended"
_ORGANIZATION, _ACCOUNT = "organization", "account"


def _role_choices() -> list[tuple[str, str]]:
    """Every role of both kinds; one that both have says which it is."""
    shared = set(Role.labels) & set(AccountRole.labels)
    return [
        (f"{scope}-{value}", f"{label} ({scope})" if label in shared else label)
        for scope, roles in ((_ORGANIZATION, Role.choices), (_ACCOUNT, AccountRole.choices))
        for value, label in roles
    ]


_YES_OR_NO = [("yes", "Enabled"), ("no", "Not enabled")]
_SOME_DAYS = settings.ACCOUNT_DORMANT_AFTER.days


class AccountFilter(FilterForm):
    """What narrows the managed accounts, and the subaccounts of one."""

    search = SearchField("Name, SID or owner")
    status = forms.ChoiceField(label="Status", choices=[("", "Any status"), *AccountStatus.choices])
    type = forms.ChoiceField(label="Type", choices=[("", "Any type"), *AccountType.choices])
    hipaa = forms.ChoiceField(label="HIPAA", choices=[("", "Either"), *_YES_OR_NO])
    owner = LineField(label="Owner", help_text="Email address or User SID", max_length=160)
    activity = forms.ChoiceField(
        label="Activity",
        choices=[("", "Any activity"), ("none", f"None for {_SOME_DAYS} days")],
    )

    more = ("hipaa", "owner", "activity")

    def clean_owner(self) -> str:
        owner = str(self.cleaned_data["owner"])
        if owner and _managed_user(owner) is None:
            raise ValidationError("No managed user has it.", code="unknown")
        return owner

    def narrow(self, rows: Any) -> QuerySet[Any]:
        asked = self.cleaned_data
        for column in ("status", "type"):
            if value := asked.get(column):
                rows = rows.filter(**{column: value})
        if hipaa := asked.get("hipaa"):
            rows = rows.filter(is_hipaa=hipaa == "yes")
        if (owner := asked.get("owner")) and (stay := _managed_user(owner)):
            rows = rows.filter(owner=stay.user)
        if asked.get("activity"):
            rows = rows.dormant()
        return cast(QuerySet[Any], rows)


class SubaccountFilter(FilterForm):
    search = SearchField("Name or SID")
    status = forms.ChoiceField(label="Status", choices=[("", "Any status"), *AccountStatus.choices])
    hipaa = forms.ChoiceField(label="HIPAA", choices=[("", "Either"), *_YES_OR_NO])

    narrow = AccountFilter.narrow


class IndependentAccountFilter(FilterForm):
    """Accounts of others are found by their name, or by their whole SID."""

    named = LineField(label="Name or SID", max_length=160)

    def narrow(self, rows: Any) -> QuerySet[Any]:
        if not (asked := self.cleaned_data.get("named")):
            return cast(QuerySet[Any], rows)
        if is_sid(asked, "AC"):
            return cast(QuerySet[Any], rows.filter(account__sid=asked))
        return cast(QuerySet[Any], rows.filter(account__name_key__contains=sort_key(asked)))


class PendingAccountFilter(FilterForm):
    search = SearchField("Address of the owner, or Invitation SID")


class AccountUserFilter(FilterForm):
    """Who has access to one account."""

    search = SearchField("Name, email or User SID")
    role = forms.ChoiceField(
        label="Select account roles", choices=[("", "Any role"), *AccountRole.choices]
    )

    def narrow(self, rows: Any) -> QuerySet[Any]:
        if role := self.cleaned_data.get("role"):
            rows = rows.holding(role)
        return cast(QuerySet[Any], rows)


class InvitedFilter(FilterForm):
    search = SearchField("Email address")


def _managed_user(who: str) -> Membership | None:
    try:
        return members.named(who)
    except RuleViolation:
        return None


# Forms of operations


class NameField(LineField):
    """What an account is called."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label="Friendly name", max_length=NAME_LENGTH, **options)


class OwnerField(LineField):
    """A managed user, by address or User SID; the operation decides whether they are fit."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            max_length=160,
            help_text="Email address or User SID of a managed user",
            widget=forms.TextInput(attrs={"spellcheck": "false", "list": "owners"}),
        )


class OwnAccountForm(Form):
    """An account for oneself."""

    name = NameField()
    product = forms.ChoiceField(
        label="Use", choices=Product.choices, initial=Product.TWILIO, widget=forms.RadioSelect
    )


class NewAccountForm(OwnAccountForm):
    """An account for any managed user."""

    owner = OwnerField(label="Owner")

    field_order = ("name", "owner", "product")


class KeyedForm(Form):
    """A form that makes something; sent twice, it makes one."""

    form_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)


class ReviewOwnAccountForm(KeyedForm, OwnAccountForm):
    """The same, reviewed."""

    def lines(self) -> list[dict[str, str]]:
        """What was typed, as people read it."""
        product = Product(self.cleaned_data["product"])
        return [
            {"label": "Friendly name", "value": self.cleaned_data["name"]},
            {"label": "Use", "value": product.label},
        ]


class ReviewAccountForm(ReviewOwnAccountForm, NewAccountForm):
    """The same, reviewed."""

    def clean_owner(self) -> str:
        """Shown early; creating decides."""
        owner = str(self.cleaned_data["owner"])
        if _managed_user(owner) is None:
            raise ValidationError(members.OWNER_NOT_MANAGED, code="owner_not_managed")
        return owner

    def lines(self) -> list[dict[str, str]]:
        stay = _managed_user(self.cleaned_data["owner"])
        owner = f"{stay.user.get_full_name()} ({stay.email})" if stay else ""
        return [*super().lines(), {"label": "Owner", "value": owner}]


class AddExistingAccountForm(Form):
    sid = LineField(
        label="Account SID",
        max_length=64,
        help_text="AC and 32 digits and letters; its owner finds it on the page of the account.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )


class AccountSettingsForm(Form):
    name = NameField()
    second_factor = forms.ChoiceField(
        label="2FA requirement",
        choices=SecondFactor.choices,
        help_text="How often anyone who logs in to this account is asked for a second factor.",
    )


class ChangeOwnerForm(Form):
    owner = OwnerField(label="New owner")


class SubaccountForm(KeyedForm):
    """Nothing needs to be typed, so the key alone tells that this form was meant."""

    form_key = forms.CharField(
        widget=forms.HiddenInput,
        max_length=64,
        error_messages={"required": "Open this page again and send its form."},
    )
    name = NameField(
        required=False, help_text="If left empty, it is named after the time of its creation."
    )


class RolesForm(Form):
    """Which roles, until when, and why."""

    roles = forms.MultipleChoiceField(
        label="Select account roles",
        choices=[(role, role.label) for role in GRANTABLE_ACCOUNT_ROLES],
        widget=forms.CheckboxSelectMultiple(attrs={"data-alone": AccountRole.ADMINISTRATOR}),
        help_text="Administrator includes the others, so it is chosen alone.",
        error_messages={"required": policy.ROLES_MISSING},
    )
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        help_text="The roles end by themselves after this day. If left empty, they have no end.",
        input_formats=["%Y-%m-%d"],
        validators=[MaxValueValidator(date(2999, 12, 31))],
        widget=DayInput(),
    )
    reason = LineField(
        label="Reason",
        max_length=200,
        required=False,
        help_text="Shown beside the role, so that others know why it was given.",
    )

    @staticmethod
    def asked(data: dict[str, Any]) -> dict[str, Any]:
        """What operations take: the end is that of the day, where the person is who chose it."""
        ends_on = data["ends_on"]
        kept = {name: value for name, value in data.items() if name != "ends_on"}
        return kept | {"ends_at": _bounds(ends_on)[1] if ends_on else None}

    @staticmethod
    def last_day(ends_at: datetime | None) -> date | None:
        """The day that was chosen for this end."""
        return timezone.localdate(ends_at - timedelta(microseconds=1)) if ends_at else None


class InviteToAccountForm(RolesForm):
    email = AddressField()

    field_order = ("email", "roles", "ends_on", "reason")


class LookUpForm(Form):
    """Whose access to this account to explain."""

    who = LineField(label="Email address or User SID", max_length=160)


class RoleAssignmentFilter(FilterForm):
    """Who, which role, where, and when: now, ended, or as of one day."""

    search = SearchField("Name, email or SID")
    role = forms.ChoiceField(label="Role", choices=[("", "Any role"), *_role_choices()])
    state = forms.ChoiceField(
        label="State", choices=[(_IN_FORCE, "In force"), (_ENDED, "Ended")], initial=_IN_FORCE
    )
    on = forms.DateField(
        label="As of",
        help_text="Who had access at any time on that day, in your time zone.",
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(date(1970, 1, 1))],
        widget=DayInput(),
    )
    where = forms.ChoiceField(
        label="Where",
        choices=[("", "Anywhere"), (_ORGANIZATION, "Organization"), ("accounts", "Accounts")],
    )
    source = forms.ChoiceField(label="Source", choices=[("", "Any source"), *Source.choices])

    more = ("where", "source")

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on and on > timezone.localdate(clock.now()):
            raise ValidationError("Nobody knows yet who has access then.", code="future")
        return on

    def narrow(self, rows: Any) -> QuerySet[Any]:
        asked = self.cleaned_data
        rows = self._by_time(rows, ended=asked.get("state") == _ENDED, on=asked.get("on"))
        if role := asked.get("role"):
            scope, _, name = role.partition("-")
            rows = self._by_scope(rows, scope).filter(role=name)
        if where := asked.get("where"):
            rows = self._by_scope(rows, where)
        if source := asked.get("source"):
            rows = rows.filter(source=source)
        return cast(QuerySet[Any], rows)

    def _by_time(self, rows: Any, *, ended: bool, on: date | None) -> Any:
        if on is None:
            return rows.no_longer_in_force() if ended else rows.in_force()
        start, end = _bounds(on)
        if ended:
            return rows.no_longer_in_force_at(start)
        return rows.in_force_between(start, end)

    def _by_scope(self, rows: Any, scope: str) -> Any:
        return rows.on_organization() if scope == _ORGANIZATION else rows.on_accounts()


def _bounds(on: date) -> tuple[datetime, datetime]:
    """A day begins and ends where the viewer is."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(on, time.min, tzinfo=zone)
    return start, datetime.combine(on + timedelta(days=1), time.min, tzinfo=zone)
