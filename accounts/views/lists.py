from typing import Any

from django.db.models import QuerySet
from django.urls import reverse, reverse_lazy

from accounts.forms import AccountFilter, RoleAssignmentFilter
from accounts.models import Account, AccountStatus, AccountType, RoleAssignment
from adminctr.core.periods import Source
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.filters import Noun, Order
from adminctr.web.paginate import cut
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import DetailPage, ExportPage, ListPage
from organizations.policy import Action

_ORGANIZATION = "Organization"


class AccountListPage(ListPage):
    action = Action.ACCOUNT_VIEW
    template_name = "accounts/list.html"
    filter_class = AccountFilter
    noun = Noun("account", "accounts")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-created": Order("-created_at", "newest first"),
        "created": Order("created_at", "oldest first"),
    }

    def rows(self) -> QuerySet[Any]:
        return Account.objects.managed().select_related("owner")

    def counter(self) -> int:
        return self.organization.managed_accounts

    def row(self, row: Account) -> dict[str, Any]:
        return {
            "url": row.get_absolute_url(),
            "name": row.name,
            "sid": row.sid,
            "owner": row.owner.email,
            "status": row.get_status_display(),
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(row.status)],
            "type": row.get_type_display(),
            "type_tone": "trial" if row.type == AccountType.TRIAL else "neutral",
            "created": moment(row.created_at),
        }

    def extra(self) -> dict[str, Any]:
        return {"export_refusal": self.refusal(Action.LIST_EXPORT)}


class AccountExport(ExportPage):
    of = AccountListPage
    list_url = reverse_lazy("accounts:list")
    listed = "managed accounts"
    columns = ("SID", "Name", "Owner", "Owner SID", "Type", "Status", "Created (UTC)")

    def cells(self, row: Account) -> tuple[Cell, ...]:
        return (
            row.sid,
            row.name,
            row.owner.email,
            row.owner.sid,
            row.get_type_display(),
            row.get_status_display(),
            row.created_at,
        )


class AccountDetailPage(DetailPage):
    action = Action.ACCOUNT_VIEW
    template_name = "accounts/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        account = self.one(Account.objects.select_related("owner"), sid=kwargs["sid"])
        held = RoleAssignment.objects.in_force().filter(account=account)
        people = cut(held.order_by("name_key", "id"))
        return {
            "account": account,
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
            "created": moment(account.created_at),
            "people": [
                {
                    "email": one.email,
                    "role": one.get_role_label(),
                    "since": moment(one.began_at),
                    "source": one.get_source_display(),
                }
                for one in people.rows
            ],
            "has_more_people": people.has_more,
        }


class RoleAssignmentListPage(ListPage):
    action = Action.ACCESS_VIEW
    template_name = "accounts/access.html"
    filter_class = RoleAssignmentFilter
    noun = Noun("role assignment", "role assignments")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-began": Order("-began_at", "newest first"),
        "began": Order("began_at", "oldest first"),
    }

    def rows(self) -> QuerySet[Any]:
        assignments = RoleAssignment.objects.with_membership()
        return assignments.select_related("holder", "account", "by")

    def row(self, row: Any) -> dict[str, Any]:
        return {
            "sid": row.sid,
            "name": _name_of_holder(row),
            "email": row.email,
            "url": _page_of_holder(row),
            "independent": _is_independent(row),
            "role": row.get_role_label(),
            "where": row.account.name if row.account else _ORGANIZATION,
            "where_url": row.account.get_absolute_url() if row.account else "",
            "since": moment(row.began_at),
            "by": _by_whom(row),
            "source": row.get_source_display(),
            "over": row.is_over(),
            "end": moment(row.get_end(), never="No end"),
        }

    def extra(self) -> dict[str, Any]:
        return {"export_refusal": self.refusal(Action.LIST_EXPORT)}


class RoleAssignmentExport(ExportPage):
    of = RoleAssignmentListPage
    list_url = reverse_lazy("accounts:access")
    listed = "role assignments"
    columns = (
        "SID", "Name", "Email address", "User SID", "User type", "Role", "Where", "Account SID",
        "Since (UTC)", "By", "By email address", "Source", "End (UTC)", "State",
    )  # fmt: skip

    def cells(self, row: Any) -> tuple[Cell, ...]:
        return (
            row.sid,
            _name_of_holder(row),
            row.email,
            row.holder.sid,
            _kind_of_holder(row),
            row.get_role_label(),
            row.account.name if row.account else _ORGANIZATION,
            row.account.sid if row.account else None,
            row.began_at,
            _by_whom(row),
            row.by.email if row.by else None,
            row.get_source_display(),
            row.get_end(),
            "Ended" if row.is_over() else "In force",
        )


def _page_of_holder(row: Any) -> str:
    return reverse("users:detail", args=[row.holder.sid]) if row.holder_is_managed else ""


def _is_independent(row: Any) -> bool:
    """Somebody from elsewhere who has the role now; whoever has left is nobody's user here."""
    return not row.holder_is_managed and not row.is_over()


def _kind_of_holder(row: Any) -> str:
    if row.holder_is_managed:
        return "Managed"
    return "Independent" if _is_independent(row) else "Former"


def _name_of_holder(row: Any) -> str:
    """Who has left is shown by the address that they had here; their name is others' business."""
    is_former = not row.holder_is_managed and row.is_over()
    return str(row.email if is_former else row.holder.get_full_name())


def _by_whom(row: RoleAssignment) -> str:
    if row.by_id == row.holder_id or (row.by is None and row.source == Source.SIGN_UP):
        return "Themselves"
    return row.by.get_full_name() if row.by else "System"
