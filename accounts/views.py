from typing import Any

from django.db.models import QuerySet

from accounts.models import Account, AccountStatus, AccountType, RoleAssignment
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.paginate import cut
from adminctr.web.views import DetailPage, ListPage
from organizations.policy import Action


class AccountListPage(ListPage):
    action = Action.ACCOUNT_VIEW
    template_name = "accounts/list.html"

    def rows(self) -> QuerySet[Any]:
        return Account.objects.managed().select_related("owner")

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
