from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bulk.selections import Filter, Found


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from bulk import selections

        selections.use_list("accounts", _listed)


def _listed(asked: "Filter", most: int) -> "Found":
    """What the list of accounts shows; below one account, what the list of its subaccounts does."""
    from accounts.models import Account
    from accounts.views.lists import ManagedListPage
    from accounts.views.subaccounts import SubaccountListPage
    from adminctr.web.selected import selected_by
    from bulk.selections import Found

    if asked.below:
        below = Account.objects.filter(parent__sid=asked.below).order_by("name_key", "id")
        found = selected_by(SubaccountListPage, below, asked.query, most)
    else:
        found = selected_by(ManagedListPage, Account.objects.managed(), asked.query, most)
    return Found(tuple(one.sid for one in found.rows), found.is_cut)
