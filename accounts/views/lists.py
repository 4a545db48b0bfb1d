from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse, reverse_lazy

from accounts import names, queries
from accounts.forms import (
    AccountFilter,
    IndependentAccountFilter,
    PendingAccountFilter,
    RoleAssignmentFilter,
)
from accounts.models import Account, AccountStatus, RoleAssignment
from accounts.names import Known
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.filters import Noun, Order
from adminctr.web.mails import mail_state
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import ConsolePage, ExportPage, ListPage
from bulk.bars import bar
from invitations.models import Invitation
from organizations.policy import Action

_ORGANIZATION = "Organization"


class ManagedListPage(ListPage):
    action = Action.ACCOUNT_VIEW
    template_name = "accounts/list.html"
    filter_class = AccountFilter
    noun = Noun("account", "accounts")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "owner": Order("owner_key", "by owner"),
        "-owner": Order("-owner_key", "by owner from the end"),
        "-created": Order("-created_at", "newest first"),
        "created": Order("created_at", "oldest first"),
    }

    def rows(self) -> QuerySet[Any]:
        return Account.objects.managed().select_related("owner")

    def counter(self) -> int:
        return self.organization.managed_accounts

    def row(self, row: Account) -> dict[str, Any]:
        return row_of(row) | {"url": row.get_absolute_url()}

    def extra(self) -> dict[str, Any]:
        return _around(self, "accounts:list") | {
            "new_refusal": self.refusal(Action.ACCOUNT_CREATE_FOR),
            "add_refusal": self.refusal(Action.ACCOUNT_ADD),
            "bar": bar(
                "accounts",
                organization=self.organization,
                actor=self.actor,
                query=self.chosen.query,
            ),
        }


class ManagedExport(ExportPage):
    of = ManagedListPage
    list_url = reverse_lazy("accounts:list")
    listed = "managed accounts"
    columns = (
        "SID", "Name", "Owner", "Owner SID", "Type", "Use", "Status", "Suspended by", "HIPAA",
        "2FA requirement", "Created (UTC)", "Last activity (UTC)",
    )  # fmt: skip

    def cells(self, row: Account) -> tuple[Cell, ...]:
        return (
            row.sid,
            row.name,
            row.owner.email,
            row.owner.sid,
            row.get_type_display(),
            row.get_product_display(),
            row.get_status_display(),
            row.get_suspended_by_display(),
            "Enabled" if row.is_hipaa else "Not enabled",
            row.get_second_factor_display(),
            row.created_at,
            row.last_active_at,
        )


class IndependentListPage(ListPage):
    """Accounts of other organizations on which managed users of this one have a role."""

    action = Action.ACCOUNT_VIEW
    template_name = "accounts/independent.html"
    filter_class = IndependentAccountFilter
    noun = Noun("independent account", "independent accounts")
    orders = {
        "-since": Order("-began_at", "newest access first"),
        "since": Order("began_at", "oldest access first"),
    }

    def rows(self) -> QuerySet[Any]:
        held = queries.independent_accounts(self.organization)
        return held.select_related("account__owner", "holder")

    def positions(self) -> QuerySet[Any]:
        return queries.roles_elsewhere(self.organization)

    def row(self, row: RoleAssignment) -> dict[str, Any]:
        account = cast(Account, row.account)
        return {
            "url": reverse("accounts:independent-detail", args=[account.sid]),
            "name": account.name,
            "sid": account.sid,
            "owner": account.owner.email,
            "status": account.get_status_display(),
            "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
            "first": row.email,
            "since": moment(row.began_at),
        }

    def extra(self) -> dict[str, Any]:
        return _around(self, "accounts:independent")


class IndependentExport(ExportPage):
    of = IndependentListPage
    list_url = reverse_lazy("accounts:independent")
    listed = "independent accounts"
    columns = ("SID", "Name", "Owner", "Status", "First with access", "Since (UTC)")

    def cells(self, row: RoleAssignment) -> tuple[Cell, ...]:
        account = cast(Account, row.account)
        return (
            account.sid,
            account.name,
            account.owner.email,
            account.get_status_display(),
            row.email,
            row.began_at,
        )


class PendingListPage(ListPage):
    """Accounts whose owners were asked to let them be added, and have not answered."""

    action = Action.ACCOUNT_VIEW
    template_name = "accounts/pending.html"
    filter_class = PendingAccountFilter
    noun = Noun("pending account", "pending accounts")

    known: Mapping[int, Known]

    def rows(self) -> QuerySet[Any]:
        return Invitation.objects.pending_accounts().select_related("account", "invited_by")

    def shown(self, rows: list[Invitation]) -> list[dict[str, Any]]:
        self.known = names.known(row.invited_by for row in rows)
        return super().shown(rows)

    def counter(self) -> int:
        return self.organization.pending_accounts

    def row(self, row: Invitation) -> dict[str, Any]:
        account = cast(Account, row.account)
        return {
            "url": row.get_absolute_url(),
            "name": account.name,
            "sid": account.sid,
            "owner": row.email,
            "sender": self.known[row.invited_by_id].name,
            "created": moment(row.created_at),
            "sent": moment(row.last_sent_at),
            "sends": row.total_sends,
        } | mail_state(row)

    def extra(self) -> dict[str, Any]:
        return _around(self, "accounts:pending") | {"add_refusal": self.refusal(Action.ACCOUNT_ADD)}


class PendingExport(ExportPage):
    of = PendingListPage
    list_url = reverse_lazy("accounts:pending")
    listed = "pending accounts"
    columns = (
        "Invitation SID", "Account SID", "Name", "Owner", "Asked by", "Asked (UTC)",
        "Last sent (UTC)", "Sends", "Expires (UTC)", "Status",
    )  # fmt: skip
    known: Mapping[int, Known]

    def lines(self, rows: list[Invitation]) -> list[tuple[Cell, ...]]:
        self.known = names.known(row.invited_by for row in rows)
        return super().lines(rows)

    def cells(self, row: Invitation) -> tuple[Cell, ...]:
        account = cast(Account, row.account)
        return (
            row.sid,
            account.sid,
            account.name,
            row.email,
            self.known[row.invited_by_id].address,
            row.created_at,
            row.last_sent_at,
            row.total_sends,
            row.expires_at,
            mail_state(row)["state"],
        )


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
    known: Mapping[int, Known]

    def rows(self) -> QuerySet[Any]:
        assignments = RoleAssignment.objects.with_membership()
        return assignments.select_related("holder", "account", "by")

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        self.known = names.known(row.by for row in rows)
        return super().shown(rows)

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
            "by": names.giver_of(row, self.known),
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
    known: Mapping[int, Known]

    def lines(self, rows: list[Any]) -> list[tuple[Cell, ...]]:
        self.known = names.known(row.by for row in rows)
        return super().lines(rows)

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
            names.giver_of(row, self.known),
            self.known[row.by_id].address if row.by_id else None,
            row.get_source_display(),
            row.get_end(),
            "Ended" if row.is_over() else "In force",
        )


def row_of(account: Account) -> dict[str, Any]:
    """What every list of accounts shows of one."""
    return {
        "name": account.name,
        "sid": account.sid,
        "owner": account.owner.email,
        "status": account.get_status_display(),
        "status_tone": tones.ACCOUNT_STATUS[AccountStatus(account.status)],
        "type": account.get_type_display(),
        "hipaa": account.is_hipaa,
        "created": moment(account.created_at),
    }


def _around(page: ConsolePage, current: str) -> dict[str, Any]:
    """The tabs over the lists of accounts, with how many each has, and the export."""
    organization = page.organization
    tabs = (
        ("Managed", "accounts:list", f"{organization.managed_accounts:,}"),
        ("Independent", "accounts:independent", None),
        ("Pending", "accounts:pending", f"{organization.pending_accounts:,}"),
    )
    return {
        "tabs": [
            {"label": label, "url": reverse(name), "current": name == current, "count": count}
            for label, name, count in tabs
        ],
        "export_refusal": page.refusal(Action.LIST_EXPORT),
    }


def _page_of_holder(row: Any) -> str:
    if row.holder_is_managed:
        return reverse("users:detail", args=[row.holder.sid])
    is_there = row.account_id and _is_independent(row)
    return reverse("users:independent-detail", args=[row.holder.sid]) if is_there else ""


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
    is_there = row.holder.deleted_at is None
    return str(row.email if is_former and is_there else row.holder.get_full_name())
