from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AccountRole
from adminctr.core import clock
from adminctr.core.periods import Source
from adminctr.web.filters import FilterForm, SearchField
from organizations.models import Role

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


class AccountFilter(FilterForm):
    search = SearchField("Name or SID")


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
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
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
