"""What the page of leaving asks: what is to become of everything that hangs on a person."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from accounts.models import Account
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import is_sid
from adminctr.web.forms import DayInput, Form, LineField, PersonField
from organizations import members
from organizations.models import Membership
from users.models import Offboarding, WayOut
from users.offboarding import Choices

# Of more accounts than these only the first can be given to somebody of their own.
MOST_ASKED = 50

_ASKED = "asked"
_OWNER = "owner"
_GO_ON = "go_on"
_END = "end"


class ChoicesForm(Form):
    """Read from the address, which is the only state of the page before it is confirmed."""

    asked = forms.CharField(required=False, initial="1", widget=forms.HiddenInput)
    how = forms.TypedChoiceField(
        label="What to do",
        choices=[
            (WayOut.REMOVE, "Remove User: they leave this organization and keep their login"),
            (WayOut.DELETE, "Delete User: their login is permanently deleted"),
        ],
        coerce=WayOut,
        initial=WayOut.REMOVE,
        widget=forms.RadioSelect,
    )
    owner = PersonField(
        label="Choose a new owner",
        required=False,
        help_text="Email address or User SID of a managed user, who gets every account below for "
        "which you choose nobody else.",
    )
    invitations = forms.ChoiceField(
        label="Invitations that they sent",
        choices=[(_GO_ON, "Continue under my name"), (_END, "Revoke them")],
        initial=_GO_ON,
        required=False,
        widget=forms.RadioSelect,
    )
    views = forms.ChoiceField(
        label="Views that they share",
        choices=[(_GO_ON, "Keep them under my name"), (_END, "Delete them")],
        initial=_GO_ON,
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        address: Mapping[str, str],
        stay: Membership,
        *,
        accounts: Sequence[Account],
        has_invitations: bool,
        has_views: bool,
    ) -> None:
        self.stay, self.is_asked = stay, is_asked(address)
        super().__init__(address if self.is_asked else None, initial={"how": address.get("how")})
        self.accounts = [account.sid for account in accounts]
        for account in accounts[:MOST_ASKED]:
            self.fields[account.sid] = PersonField(
                label=f"Owner of {account.name}",
                required=False,
                help_text="Their own address lets them keep it, in an organization of their own.",
            )
        for name in (_OWNER, *self.accounts[:MOST_ASKED]):
            self.fields[name].widget.attrs["list"] = "successors"
        if not accounts:
            del self.fields[_OWNER]
        if not has_invitations:
            del self.fields["invitations"]
        if not has_views:
            del self.fields["views"]

    def how_chosen(self) -> WayOut:
        """What is asked for, or what the link that led here says."""
        asked = self.data.get("how") if self.is_asked else self.initial.get("how")
        return WayOut.DELETE if asked == WayOut.DELETE else WayOut.REMOVE

    def choices(self) -> Choices:
        """As the plan takes them; what is refused is said beside its field and chosen by nobody."""
        if not self.is_bound or not self.is_valid():
            return Choices()
        person, owner = self.stay.user, self._sid_of(_OWNER)
        named = {name: self._sid_of(name) for name in self.fields if is_sid(name, "AC")}
        # Who keeps everything keeps what there is now, and nothing that comes before the day.
        kept = dict.fromkeys(self.accounts, person.sid) if owner == person.sid else {}
        return Choices(
            owner="" if kept else owner,
            owners=kept | {account: sid for account, sid in named.items() if sid},
            keeps_invitations=self.cleaned_data.get("invitations") != _END,
            keeps_views=self.cleaned_data.get("views") != _END,
        )

    def _sid_of(self, name: str) -> str:
        who: str = self.cleaned_data.get(name) or ""
        person = self.stay.user
        if who in {"", person.sid, person.email}:
            return person.sid if who else ""
        try:
            return members.owner_named(who).user.sid
        except RuleViolation as refused:
            self.add_error(name, refused.message)
            return ""


def is_asked(address: Mapping[str, str]) -> bool:
    """Whether somebody has chosen, and not just come here."""
    return _ASKED in address


def as_planned(leaving: Offboarding) -> dict[str, str]:
    """What an address says that asks for what is planned."""
    choices = Choices.read(leaving.choices)
    owners = {_OWNER: choices.owner, **choices.owners}
    people = Membership.objects.managed().filter(user__sid__in=owners.values())
    emails = dict(people.values_list("user__sid", "email"))
    return {
        _ASKED: "1",
        "how": leaving.how,
        "invitations": _GO_ON if choices.keeps_invitations else _END,
        "views": _GO_ON if choices.keeps_views else _END,
    } | {name: emails.get(sid, sid) for name, sid in owners.items()}


class OffboardingForm(Form):
    """When and why; whoever is to be deleted is named once more, since nobody brings them back."""

    typed = LineField(label="Type their email address", max_length=160)
    on = forms.DateField(
        label="Day",
        required=False,
        help_text="At the start of this day. If left empty, it is done now.",
        input_formats=["%Y-%m-%d"],
        validators=[MaxValueValidator(date(2999, 12, 31))],
        widget=DayInput(),
    )
    reason = LineField(
        label="Reason",
        max_length=200,
        required=False,
        help_text="Shown in the activity, so that others know why.",
    )

    def __init__(self, *args: Any, email: str, how: WayOut, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email
        if how is not WayOut.DELETE:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        try:
            is_right = canonical_address(typed) == self.email
        except RuleViolation:
            is_right = False
        if not is_right:
            raise forms.ValidationError(f"Type {self.email} to confirm whom you delete.")
        return typed
