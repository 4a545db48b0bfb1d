from typing import Any

from django.db.models import QuerySet

from adminctr.web.views import ListPage
from audit import presenters, queries
from audit.models import AuditEvent
from organizations.policy import Action


class ActivityPage(ListPage):
    action = Action.ACTIVITY_VIEW
    template_name = "audit/list.html"
    cursor = "sequence"

    def rows(self) -> QuerySet[Any]:
        return queries.newest_first()

    def row(self, row: AuditEvent) -> dict[str, Any]:
        return presenters.as_row(row)
