from typing import Any

from django.db.models import QuerySet

from adminctr.web.display import moment
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
        details = getattr(row, "details", None)
        data = details.data if details else None
        return {
            "at": moment(row.at),
            "actor": (data or {}).get("actor", "Somebody"),
            "sentence": presenters.sentence(row.action, data),
            "via": row.via,
            "ip": (data or {}).get("ip", ""),
            "refused": row.action.endswith(".refused"),
            "sequence": row.sequence,
        }
