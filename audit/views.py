from typing import Any

from django.db.models import QuerySet

from adminctr.core.actor import STAFF
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
        return {
            "at": moment(row.at),
            "actor": presenters.actor_of(row),
            "sentence": presenters.sentence(row.action, presenters.details_of(row)),
            "via": row.via,
            "ip": "" if row.via == STAFF else presenters.told(row, "ip"),
            "reason": presenters.told(row, "stated_reason"),
            "refused": row.action.endswith(".refused"),
            "sequence": row.sequence,
        }
