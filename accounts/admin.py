from django.contrib import admin

from accounts.models import Account, RoleAssignment
from adminctr.web.display import moment
from adminctr.web.staff import OperationAdmin, link, site


@admin.register(Account, site=site)
class AccountAdmin(OperationAdmin):
    sids = {"AC": "sid", "OR": "organization__sid", "US": "owner__sid"}
    prefixes = ("name_key", "owner__email")
    search_help_text = (
        "An account's, organization's or owner's SID, or the beginning of the name or of the "
        "owner's address."
    )
    list_display = ("name", "within", "owned_by", "status", "type", "created", "sid")
    related = ("organization", "owner")
    facts = list_display


@admin.register(RoleAssignment, site=site)
class RoleAssignmentAdmin(OperationAdmin):
    sids = {
        "IY": "sid",
        "OR": "organization__sid",
        "AC": "account__sid",
        "US": "holder__sid",
    }
    prefixes = ("email", "name_key")
    search_help_text = (
        "The SID of a role, organization, account or holder, or the beginning of the holder's "
        "address or name."
    )
    list_display = ("role_held", "held_by", "within", "on_account", "began", "ended", "sid")
    related = ("organization", "account", "holder", "by", "holder_organization")
    facts = (
        "sid", "role_held", "held_by", "holder_within", "within", "on_account", "began", "ended",
        "ends", "source", "given_by", "reason",
    )  # fmt: skip

    @admin.display(description="Role")
    def role_held(self, row: RoleAssignment) -> str:
        return row.get_role_label()

    @admin.display(description="Holder")
    def held_by(self, row: RoleAssignment) -> str:
        return link(row.holder)

    @admin.display(description="The holder's organization")
    def holder_within(self, row: RoleAssignment) -> str:
        return link(row.holder_organization)

    @admin.display(description="Account")
    def on_account(self, row: RoleAssignment) -> str:
        return link(row.account)

    @admin.display(description="Given by")
    def given_by(self, row: RoleAssignment) -> str:
        return link(row.by)

    @admin.display(description="Began")
    def began(self, row: RoleAssignment) -> str:
        return moment(row.began_at).text

    @admin.display(description="Ended")
    def ended(self, row: RoleAssignment) -> str:
        return moment(row.ended_at, never="").text

    @admin.display(description="Planned end")
    def ends(self, row: RoleAssignment) -> str:
        return moment(row.ends_at, never="").text
