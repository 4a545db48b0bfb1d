"""One account: what it is, its settings, its owner, whether it runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from accounts import access, closing, conditions
from accounts.forms import AccountSettingsForm, ChangeOwnerForm
from accounts.models import Account, AccountStatus, RoleAssignment, SuspendedBy
from accounts.operations import (
    close_account,
    configure_account,
    hipaa_refusal,
    reactivate_account,
    reactivation_refusal,
    set_hipaa,
    suspend_account,
    transfer_account,
)
from accounts.policy import WORDS
from accounts.views.frames import (
    CONSOLE,
    AccountActionPage,
    AccountListPage,
    AccountOperationPage,
    AccountPlanExport,
    AccountPlanPage,
)
from accounts.views.opening import MOST_CANDIDATES
from adminctr.core import clock
from adminctr.core.outages import write_if_possible
from adminctr.core.plans import Plan
from adminctr.web.display import moment, until
from adminctr.web.views import Done
from audit import presenters
from audit.models import AuditEvent
from audit.queries import about
from organizations import members
from organizations.policy import Action

# How exactly it is known when an account was used last.
_ACTIVITY_PAUSE_SECONDS = 3600
_STOPPED_BY = {
    SuspendedBy.ORGANIZATION: "It does not run until somebody of the organization reactivates it.",
    SuspendedBy.SUPPORT: "Support suspended it; only support can reactivate it.",
    SuspendedBy.PARENT: "It stopped with the account above it and runs again with that one.",
}


class GeneralPage(AccountOperationPage):
    """The facts, and the settings for whoever may change them."""

    action = Action.ACCOUNT_VIEW
    tab = "detail"
    template_name = "accounts/general.html"
    form_class = AccountSettingsForm

    def initial(self, subject: Account) -> dict[str, Any]:
        return {"name": subject.name, "second_factor": subject.second_factor}

    def context(self, subject: Account) -> dict[str, Any]:
        _note_use(subject, self.request)
        return {
            "created": moment(subject.created_at),
            "last_active": moment(subject.last_active_at),
            "owner_url": self._owner_url(subject),
            "is_inside": self.actor.organization_id == subject.organization_id,
            "stopped": _STOPPED_BY.get(SuspendedBy(subject.suspended_by))
            if subject.suspended_by
            else "",
            "ended": _ended(subject),
            "settings_refusal": self._changing(subject, Action.ACCOUNT_CONFIGURE),
            **self._buttons(subject),
            **(self._my_roles(subject) if self.door is CONSOLE else {}),
        }

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        account = configure_account(subject, actor=self.actor, **data)
        return Done(f"The settings of {account.name} are saved.", self.url("detail"))

    def _my_roles(self, subject: Account) -> dict[str, Any]:
        """By which roles somebody is here, and what these let them do."""
        proof = access.proof_of(self.user.pk, subject)
        return {
            "mine": [self._held(one) for one in proof.grounds],
            "permissions": [words for one, words in WORDS.items() if one in proof.permissions],
        }

    def _held(self, one: RoleAssignment) -> dict[str, Any]:
        return {
            "role": one.get_role_label(),
            "above": one.account if one.account_id != self.account.pk else None,
            "since": moment(one.began_at),
            "until": until(one.ends_at),
            "source": one.get_source_display(),
        }

    def _owner_url(self, subject: Account) -> str:
        may_see = self.actor.organization_id == subject.organization_id
        may_see = may_see and self.refusal(Action.USER_VIEW, subject.organization) is None
        return reverse("users:detail", args=[subject.owner.sid]) if may_see else ""

    def _changing(self, subject: Account, action: Action) -> str | None:
        """Why this cannot be changed now: the rule book's reason, or that the account is closed."""
        if refused := self.refusal(action):
            return refused
        return None if subject.is_open() else access.CLOSED

    def _buttons(self, subject: Account) -> dict[str, Any]:
        suspending = Action.SUBACCOUNT_MANAGE if subject.parent_id else Action.ACCOUNT_SUSPEND
        stays_down = reactivation_refusal(subject, by_support=False)
        wanted = not subject.is_hipaa
        without_baa = hipaa_refusal(subject.organization, enabled=wanted, by_support=False)
        return {
            "owner_refusal": self._changing(subject, Action.ACCOUNT_TRANSFER),
            "suspend_refusal": self._changing(subject, suspending),
            "is_suspended": subject.status == AccountStatus.SUSPENDED,
            "reactivate_refusal": stays_down.message if stays_down else "",
            "close_refusal": self._changing(subject, Action.ACCOUNT_CLOSE),
            "hipaa_refusal": self._changing(subject, Action.ACCOUNT_FLAG_HIPAA)
            or (without_baa.message if without_baa else None),
        }


class ChangeOwnerPage(AccountOperationPage):
    action = Action.ACCOUNT_TRANSFER
    template_name = "accounts/change_owner.html"
    form_class = ChangeOwnerForm

    def context(self, subject: Account) -> dict[str, Any]:
        others = conditions.fit_to_own().exclude(user=subject.owner)
        return {
            "candidates": others[:MOST_CANDIDATES],
            "consequences": [
                "The person you choose becomes the owner of this account and its subaccounts.",
                f"{subject.owner.get_full_name()} stays on it as Administrator.",
                "Both of them get an email.",
            ],
            "survives": ["Everybody else keeps their roles. Nothing is interrupted."],
        }

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        to = members.owner_named(data["owner"])
        account = transfer_account(subject, to=to.user, actor=self.actor)
        return Done(f"{account.owner.email} owns {account.name} now.", self.url("detail"))


class SuspendPage(AccountActionPage):
    action = Action.ACCOUNT_VIEW

    def perform(self, subject: Account) -> Done:
        account = suspend_account(subject, actor=self.actor)
        with_it = "" if account.parent_id else ", with its subaccounts"
        return Done(f"{account.name} is suspended{with_it}.", self.back(account))


class ReactivatePage(AccountActionPage):
    action = Action.ACCOUNT_VIEW

    def perform(self, subject: Account) -> Done:
        account = reactivate_account(subject, actor=self.actor)
        return Done(f"{account.name} runs again.", self.back(account))


class EnableHipaa(AccountActionPage):
    action = Action.ACCOUNT_FLAG_HIPAA

    def perform(self, subject: Account) -> Done:
        account = set_hipaa(subject, enabled=True, actor=self.actor)
        below = "" if account.parent_id else " Its existing subaccounts need the flag each."
        return Done(f"HIPAA is enabled for {account.name}.{below}", self.back(account))


class DisableHipaa(AccountActionPage):
    action = Action.ACCOUNT_FLAG_HIPAA

    def perform(self, subject: Account) -> Done:
        account = set_hipaa(subject, enabled=False, actor=self.actor)
        return Done(f"HIPAA is disabled for {account.name}.", self.back(account))


class ClosePage(AccountPlanPage):
    action = Action.ACCOUNT_CLOSE
    template_name = "accounts/close.html"
    export_name = "close-plan"

    def plan(self, subject: Account) -> Plan:
        return closing.plan(subject, by_support=False)

    def acknowledgements(self, subject: Account) -> Sequence[tuple[str, str]]:
        return (
            ("stops", "It stops at once, and so does everything below it."),
            ("for_good", "It cannot be opened again."),
            ("deleted", "Its data will be deleted and cannot be brought back then."),
        )

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        account = close_account(subject, actor=self.actor, **data)
        return Done(f"{account.name} is being closed. It has stopped.", self._after(account))

    def _after(self, account: Account) -> str:
        """A closed account is shown to the administrators alone."""
        return reverse("console:home") if self.door is CONSOLE else self.url("detail")


class ClosePlanExport(AccountPlanExport):
    of = ClosePage
    shown_at = "close"


class AccountActivityPage(AccountListPage):
    """What was done to this account."""

    action = Action.ACCOUNT_MANAGE_USERS
    tab = "activity"
    template_name = "accounts/activity.html"
    cursor = "sequence"

    def rows(self) -> Any:
        return about(self.account.sid)

    def row(self, row: AuditEvent) -> dict[str, Any]:
        """Addresses of computers are for those who see the whole trail."""
        return presenters.as_row(row, with_ip=self.refusal(Action.ACTIVITY_VIEW) is None)


def _ended(account: Account) -> dict[str, Any]:
    """When it was closed, and when its data goes or went."""
    if account.closing_at is None:
        return {}
    return {
        "closing": moment(account.closing_at),
        "closed": moment(account.closed_at, never="In a moment"),
        "purged": moment(account.purged_at or closing.purged_from(account.closing_at)),
        "is_purged": account.purged_at is not None,
    }


def _note_use(account: Account, request: HttpRequest) -> None:
    """Whoever opens the page of an account uses it; written by the way, and rarely."""
    now: datetime = clock.now()
    seen = account.last_active_at
    is_long_ago = seen is None or (now - seen).total_seconds() > _ACTIVITY_PAUSE_SECONDS
    if request.method == "GET" and account.is_open() and is_long_ago:
        rows = Account.objects.filter(pk=account.pk)
        write_if_possible(lambda: rows.update(last_active_at=now))
