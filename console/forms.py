from typing import Any

from django.db.models import QuerySet

from adminctr.core.sids import is_sid
from adminctr.core.text import sort_key
from adminctr.web.filters import FilterForm, SearchField


class MyAccountsForm(FilterForm):
    """Finds one among the accounts on which somebody has a role."""

    search = SearchField("Name or SID")

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.cleaned_data.get("search")
        if not asked:
            return rows
        if is_sid(asked, "AC"):
            return rows.filter(account__sid=asked)
        return rows.filter(account__name_key__contains=sort_key(asked))
