"""People who are no members and have roles on accounts of the organization."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse, reverse_lazy

from accounts import names, queries
from accounts.models import RoleAssignment
from accounts.operations import remove_access
from adminctr.web.display import moment, until
from adminctr.web.filters import Noun, Order
from adminctr.web.paginate import cut
from adminctr.web.saved_views import SaveViewPage
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import ActionPage, DetailPage, Done, ExportPage, ListPage
from organizations.policy import Action
from users.forms import IndependentUserFilter
from users.views.frames import firsts
from users.views.managed import around


class IndependentUserListPage(ListPage):
    action = Action.USER_VIEW
    template_name = "users/independent.html"
    filter_class = IndependentUserFilter
    noun = Noun("independent user", "independent users")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-since": Order("-began_at", "newest first"),
        "since": Order("began_at", "oldest first"),
    }

    def rows(self) -> QuerySet[Any]:
        return queries.independent_users().select_related("holder", "account")

    def row(self, row: RoleAssignment) -> dict[str, Any]:
        return {
            "url": reverse("users:independent-detail", args=[row.holder.sid]),
            "name": row.holder.get_full_name(),
            "email": row.email,
            "first": row.account,
            "since": moment(row.began_at),
        }

    def extra(self) -> dict[str, Any]:
        return around(self, "users:independent", "users:independent-save-view")


class IndependentUserExport(ExportPage):
    of = IndependentUserListPage
    list_url = reverse_lazy("users:independent")
    listed = "independent users"
    columns = ("SID", "Name", "Email address", "First account", "Account SID", "Since (UTC)")

    def cells(self, row: RoleAssignment) -> tuple[Cell, ...]:
        account = row.account
        return (
            row.holder.sid,
            row.holder.get_full_name(),
            row.email,
            account.name if account else None,
            account.sid if account else None,
            row.began_at,
        )


class SaveIndependentUserView(SaveViewPage):
    of = IndependentUserListPage
    list_name = "users:independent"


class IndependentUserPage(DetailPage):
    """Which accounts, with which roles, since when; the person is nobody's to govern."""

    action = Action.USER_VIEW
    template_name = "users/independent_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        held = RoleAssignment.objects.independent()
        first = self.one(held.select_related("holder").order_by("pk"), holder__sid=kwargs["sid"])
        mine = held.filter(holder=first.holder).select_related("account", "by")
        shown = cut(mine.order_by("account__name_key", "account_id", "pk"))
        known = names.known(one.by for one in shown.rows)
        return {
            "person": first.holder,
            "since": moment(first.began_at),
            "roles": [
                _role_of(one) | {"is_first": first, "by": names.giver_of(one, known)}
                for one, first in firsts(shown.rows)
            ],
            "has_more_roles": shown.has_more,
            "removal_refusal": self.refusal(Action.ACCOUNT_MANAGE_USERS),
        }


class RemoveIndependentAccess(ActionPage):
    """Takes away every role of this person on one account; the address names the role shown."""

    action = Action.ACCOUNT_MANAGE_USERS

    def subject(self, **kwargs: Any) -> RoleAssignment:
        elsewhere = ~Q(holder_organization=F("organization"))
        held = RoleAssignment.objects.on_accounts().filter(elsewhere)
        held = held.select_related("holder", "account__organization")
        return self.one(held, sid=kwargs["role"], holder__sid=kwargs["sid"])

    def perform(self, subject: Any) -> Done:
        account = remove_access(subject.account, holder=subject.holder, actor=self.actor)
        return Done(f"{subject.email} no longer has access to {account.name}.", self.back(subject))

    def back(self, subject: RoleAssignment) -> str:
        left = RoleAssignment.objects.independent().filter(holder=subject.holder)
        if not left.exists():
            return reverse("users:independent")
        return reverse("users:independent-detail", args=[subject.holder.sid])


def _role_of(one: RoleAssignment) -> dict[str, Any]:
    account = one.account
    return {
        "account": account,
        "url": reverse("accounts:user", args=[account.sid, one.holder.sid]) if account else "",
        "role": one.get_role_label(),
        "since": moment(one.began_at),
        "until": until(one.ends_at),
        "source": one.get_source_display(),
        "reason": one.reason,
        "sid": one.sid,
    }
