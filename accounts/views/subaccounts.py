"""The subaccounts of one account, and how many of them HIPAA covers."""

import secrets
from typing import Any

from django.db.models import Count, Q

from accounts import limits
from accounts.forms import SubaccountFilter, SubaccountForm
from accounts.models import Account
from accounts.operations import create_subaccount
from accounts.views.frames import CONSOLE, AccountListPage, AccountOperationPage
from accounts.views.lists import row_of
from adminctr.web.filters import Noun, Order
from adminctr.web.views import Done
from bulk.bars import bar
from organizations.policy import Action


class SubaccountListPage(AccountListPage):
    action = Action.ACCOUNT_VIEW
    tab = "subaccounts"
    template_name = "accounts/subaccounts.html"
    filter_class = SubaccountFilter
    noun = Noun("subaccount", "subaccounts")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-created": Order("-created_at", "newest first"),
        "created": Order("created_at", "oldest first"),
    }

    def rows(self) -> Any:
        return Account.objects.below(self.account).select_related("owner")

    def row(self, row: Account) -> dict[str, Any]:
        return row_of(row) | {"url": self.door.url("detail", row.sid)}

    def extra(self) -> dict[str, Any]:
        standing = Account.objects.below(self.account).standing().order_by()
        numbers = standing.aggregate(all=Count("pk"), flagged=Count("pk", filter=Q(is_hipaa=True)))
        return {
            "limit": f"{limits.subaccount_limit(self.account):,}",
            "numbers": numbers,
            "has_hipaa": self.account.is_hipaa or numbers["flagged"] > 0,
            "new_refusal": self._new_refusal(numbers["all"]),
            "bar": self._bar(),
        }

    def _new_refusal(self, held: int) -> str | None:
        full = limits.refusal_below(self.account, held)
        return self.refusal(Action.SUBACCOUNT_MANAGE) or (full.message if full else None)

    def _bar(self) -> dict[str, Any] | None:
        """Many at once is for those who govern the organization."""
        if self.door is CONSOLE:
            return None
        return bar(
            "accounts",
            organization=self.organization,
            actor=self.actor,
            query=self.chosen.query,
            below=self.account.sid,
        )


class NewSubaccountPage(AccountOperationPage):
    action = Action.SUBACCOUNT_MANAGE
    below = ("Subaccounts", "subaccounts")
    template_name = "accounts/new_subaccount.html"
    form_class = SubaccountForm

    def initial(self, subject: Account) -> dict[str, Any]:
        return {"form_key": secrets.token_hex(16)}

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        account = create_subaccount(subject, actor=self.actor, **data)
        return Done(f"The subaccount {account.name} is created.", self.url("subaccounts"))
