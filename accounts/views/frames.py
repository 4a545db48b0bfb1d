"""Pages about one account: the same ones in the Admin Center and in the console.

An Administrator of the organization comes by the one door, whoever has a role on the account by the
other; the rule book of accounts answers for both (accounts.access).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import Http404
from django.urls import reverse
from django.utils.functional import cached_property

from accounts import access
from accounts.access import Proof
from accounts.models import Account, AccountStatus
from adminctr.core.errors import NotAllowed
from adminctr.core.operations import record_refusal
from adminctr.core.plans import Plan
from adminctr.web import second_factor, tones
from adminctr.web.plans import PlanExportFrame, PlanFrame
from adminctr.web.views import ActionFrame, ConsolePage, DetailFrame, ListFrame, OperationFrame
from organizations import contacts
from organizations.models import SecondFactor
from organizations.operations import export_list
from organizations.policy import Action, Refusal
from users import sessions

_TABS = (
    ("General", "detail", Action.ACCOUNT_VIEW),
    ("Users", "users", Action.ACCOUNT_MANAGE_USERS),
    ("Pending Users", "pending-users", Action.ACCOUNT_MANAGE_USERS),
    ("Subaccounts", "subaccounts", Action.ACCOUNT_VIEW),
    ("Activity", "activity", Action.ACCOUNT_MANAGE_USERS),
)


@dataclass(frozen=True, slots=True)
class Door:
    """Where the pages about an account are mounted: their URL namespace and the page above them."""

    space: str
    above: str
    above_label: str

    def url(self, name: str, *sids: str) -> str:
        return reverse(f"{self.space}:{name}", args=sids)


ADMIN_CENTER = Door("accounts", "accounts:list", "Accounts")
CONSOLE = Door("account", "console:home", "Console")


class AccountPage(ConsolePage):
    """One account, which the address names; its subject unless a page says otherwise."""

    door: ClassVar[Door] = ADMIN_CENTER
    tab: ClassVar[str] = ""
    # The tab that a page hangs below, where it is none itself: label and name.
    below: ClassVar[tuple[str, str] | None] = None
    account: Account

    def admit(self, **kwargs: Any) -> None:
        if self.door is ADMIN_CENTER:
            super().admit(**kwargs)
            rows = Account.objects.select_related("owner", "parent", "organization")
            self.account = self.one(rows, sid=kwargs["sid"])
        else:
            self.account = self._mine(kwargs["sid"])
            self.organization = self.account.organization
        access.require(self.actor, self.action, self.account)
        if self.door is CONSOLE:
            second_factor.require(self.request, SecondFactor(self.account.second_factor))
        if self.account.is_hipaa:
            sessions.guard(self.request.session)

    def subject(self, **kwargs: Any) -> Any:
        return self.account

    def refusal(self, action: Action, subject: Any = None) -> str | None:
        if subject is not None:
            return super().refusal(action, subject)
        refused = self.refused(action)
        return contacts.in_words(refused) if refused else None

    def refused(self, action: Action) -> Refusal | None:
        """Why this person may not do it to this account; their roles are read once."""
        return access.refusal_given(self.actor, action, self.account, self._proof_on)

    def _proof_on(self, account: Account) -> Proof:
        is_mine = account == self.account
        return self._proof if is_mine else access.proof_of(self.user.pk, account)

    @cached_property
    def _proof(self) -> Proof:
        return access.proof_of(self.user.pk, self.account)

    def url(self, name: str, *sids: str) -> str:
        return self.door.url(name, self.account.sid, *sids)

    def beside(self, name: str) -> str:
        return super().beside(f"{self.door.space}:{name}")

    def back(self, subject: Any) -> str:
        return self.url("detail")

    def surroundings(self) -> dict[str, Any]:
        account = self.account
        return {
            "account": account,
            "space": self.door.space,
            "is_console": self.door is CONSOLE,
            "trail": self._trail(),
            "closed": "" if account.is_open() else access.CLOSED,
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
            "tabs": [
                {"label": label, "url": self.url(name), "current": name == self.tab}
                for label, name, action in _TABS
                if self._has_tab(name, action)
            ],
        }

    def _mine(self, sid: str) -> Account:
        """The account, for whoever has a role on it; everybody else learns nothing of it."""
        account = access.accessible(self.user.pk, sid)
        if account is None:
            record_refusal("open_account", self.actor, NotAllowed(access.NO_SUCH_ACCOUNT))
            raise Http404
        return account

    def _has_tab(self, name: str, action: Action) -> bool:
        if name == "subaccounts" and self.account.is_subaccount():
            return False
        return self.refused(action) is None

    def _trail(self) -> list[str]:
        """The pages above: labels and addresses in turn."""
        steps = [self.door.above_label, reverse(self.door.above)]
        if parent := self.account.parent:
            steps += [parent.name, self.door.url("detail", parent.sid)]
        if self.tab != "detail":
            steps += [self.account.name, self.url("detail")]
        if self.below:
            label, name = self.below
            steps += [label, self.url(name)]
        return steps


class AccountDetailPage(AccountPage, DetailFrame):
    """Something about one account."""


class AccountListPage(AccountPage, ListFrame):
    """A list that belongs to one account."""


class AccountOperationPage(AccountPage, OperationFrame):
    """One operation on one account."""


class AccountActionPage(AccountPage, ActionFrame):
    """One button about one account."""


class AccountPlanPage(AccountPage, PlanFrame):
    """One dangerous operation on one account."""

    def export_refusal(self) -> str | None:
        return self.refusal(Action.LIST_EXPORT)


class AccountPlanExport(AccountPage, PlanExportFrame):
    """The plan of one as a file, for whoever may open its page and export lists."""

    action = Action.LIST_EXPORT
    of: ClassVar[type[AccountPlanPage]]

    def record(self, plan: Plan) -> None:
        access.require(self.actor, self.of.action, self.account)
        export_list(
            self.organization,
            listed="effects",
            which=f"{plan.operation.replace('_', ' ')} {plan.subject_sid}",
            actor=self.actor,
        )
