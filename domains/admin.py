from django.contrib import admin

from adminctr.core.addresses import canonical_domain, readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.web.display import moment
from adminctr.web.staff import OperationAdmin, site
from domains.models import Domain


@admin.register(Domain, site=site)
class DomainAdmin(OperationAdmin):
    sids = {"DN": "sid", "OR": "organization__sid"}
    prefixes = ("name",)
    search_help_text = "A domain's or organization's SID, or the beginning of the domain name."
    list_display = ("readable", "within", "status", "added", "verified", "sid")
    related = ("organization",)
    facts = (
        "sid", "readable", "name", "within", "status", "slot", "added", "verified", "checked",
        "check_result",
    )  # fmt: skip

    def key_of(self, term: str) -> str:
        try:
            return canonical_domain(term)
        except RuleViolation:  # only its beginning was typed
            return super().key_of(term)

    @admin.display(description="Domain")
    def readable(self, row: Domain) -> str:
        return readable_domain(row.name)

    @admin.display(description="Added")
    def added(self, row: Domain) -> str:
        return moment(row.created_at).text

    @admin.display(description="Verified")
    def verified(self, row: Domain) -> str:
        return moment(row.verified_at, never="").text

    @admin.display(description="Checked")
    def checked(self, row: Domain) -> str:
        return moment(row.checked_at).text
