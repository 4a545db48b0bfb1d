from django.contrib import admin

from adminctr.web.display import moment
from adminctr.web.staff import OperationAdmin, link, site
from invitations.models import Invitation


@admin.register(Invitation, site=site)
class InvitationAdmin(OperationAdmin):
    sids = {
        "NF": "sid",
        "OR": "organization__sid",
        "AC": "account__sid",
        "US": "invited_by__sid",
    }
    prefixes = ("email",)
    search_help_text = (
        "The SID of an invitation, organization, account or inviter, or the beginning of the "
        "address."
    )
    list_display = ("email", "within", "kind", "offered", "state", "sent", "expires", "sid")
    related = ("organization", "account", "invited_by", "accepted_by")
    facts = (
        "sid", "kind", "email", "within", "offered", "on_account", "account_offer", "until",
        "reason", "state", "inviter", "sent", "total_sends", "expires", "accepter",
    )  # fmt: skip

    @admin.display(description="Role")
    def offered(self, row: Invitation) -> str:
        return row.get_role_label()

    @admin.display(description="Account")
    def on_account(self, row: Invitation) -> str:
        return link(row.account)

    @admin.display(description="Account roles")
    def account_offer(self, row: Invitation) -> str:
        return row.get_account_roles_label()

    @admin.display(description="Planned end of the access")
    def until(self, row: Invitation) -> str:
        return moment(row.access_ends_at, never="").text

    @admin.display(description="Invited by")
    def inviter(self, row: Invitation) -> str:
        return link(row.invited_by)

    @admin.display(description="Accepted by")
    def accepter(self, row: Invitation) -> str:
        return link(row.accepted_by)

    @admin.display(description="State")
    def state(self, row: Invitation) -> str:
        if row.accepted_at:
            return f"Accepted {moment(row.accepted_at).text}"
        if row.declined_at:
            return f"Declined {moment(row.declined_at).text}"
        if row.revoked_at:
            return f"Revoked {moment(row.revoked_at).text}"
        if row.is_expired():
            return "Expired"
        return "Waiting" if row.is_delivered() else "Not sent yet"

    @admin.display(description="Last sent")
    def sent(self, row: Invitation) -> str:
        return moment(row.last_sent_at).text

    @admin.display(description="Expires")
    def expires(self, row: Invitation) -> str:
        return moment(row.expires_at).text
