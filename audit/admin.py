from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html

from adminctr.core.actor import SYSTEM
from adminctr.core.sids import is_sid
from adminctr.web.display import moment
from adminctr.web.staff import OperationAdmin, list_url, site
from audit import presenters
from audit.models import AuditEvent


@admin.register(AuditEvent, site=site)
class AuditEventAdmin(OperationAdmin):
    """Searched as it is indexed: one chain, and in it what the events are about."""

    search_help_text = (
        f"The SID of an organization, or “{SYSTEM}”; then, after a space, the SID of what the "
        "events are about."
    )
    list_display = (
        "at_moment", "actor", "what", "reason", "via", "ip", "sequence", "in_chain",
    )  # fmt: skip
    list_display_links = None
    related = ("details",)

    def search(self, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        chain, _, subject = term.partition(" ")
        if chain != SYSTEM and not is_sid(chain, "OR"):
            return rows.none()
        found = rows.filter(chain=chain).order_by("-sequence")
        return found.filter(subject_sid=subject.strip()) if subject else found

    @admin.display(description="Chain")
    def in_chain(self, row: AuditEvent) -> str:
        return format_html('<a href="{}">{}</a>', list_url(AuditEvent, row.chain), row.chain)

    @admin.display(description="Time")
    def at_moment(self, row: AuditEvent) -> str:
        return moment(row.at).text

    @admin.display(description="Actor")
    def actor(self, row: AuditEvent) -> str:
        return presenters.actor_of(row)

    @admin.display(description="Event")
    def what(self, row: AuditEvent) -> str:
        return presenters.sentence(row.action, presenters.details_of(row))

    @admin.display(description="IP address")
    def ip(self, row: AuditEvent) -> str:
        return presenters.detail(row, "ip")

    @admin.display(description="Reason")
    def reason(self, row: AuditEvent) -> str:
        return presenters.detail(row, "stated_reason")
