from collections.abc import Iterable
from typing import Any

from django.contrib import admin

from accounts import limits, operations
from accounts.models import (
    Account,
    AccountStatus,
    AccountType,
    RoleAssignment,
    SuspendedBy,
)
from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from adminctr.web.display import moment
from adminctr.web.forms import PersonField
from adminctr.web.staff import (
    Line,
    OperationAdmin,
    ReasonForm,
    Section,
    StaffOperation,
    event_line,
    link,
    list_url,
    site,
    url_of,
)
from audit.models import AuditEvent
from invitations.models import Invitation
from organizations import members
from organizations.policy import Action


class ChangeOwnerForm(ReasonForm):
    owner = PersonField(
        label="New owner",
        help_text="The email address or User SID of a managed user of the account's organization.",
    )
    field_order = ("owner", "reason")


def _upgrade(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    account = operations.upgrade_account(subject, actor=actor)
    return f"{account.name} is upgraded, with its subaccounts."


def _suspend(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    account = operations.suspend_account(subject, actor=actor)
    return f"{account.name} is suspended, and only support can reactivate it."


def _reactivate(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    account = operations.reactivate_account(subject, actor=actor)
    if account.status == AccountStatus.SUSPENDED:
        return f"{account.name} runs again as soon as the account above it does."
    return f"{account.name} runs again."


def _change_owner(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    with tenant(subject.organization):
        to = members.owner_named(data["owner"]).user
    account = operations.transfer_account(subject, to=to, actor=actor)
    return f"{to.email} owns {account.name} now; both were mailed."


def _enable_hipaa(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    account = operations.set_hipaa(subject, enabled=True, actor=actor)
    return f"{account.name} is flagged for HIPAA; subaccounts that it has need the flag each."


def _disable_hipaa(subject: Account, data: dict[str, Any], actor: Actor) -> str:
    account = operations.set_hipaa(subject, enabled=False, actor=actor)
    return f"{account.name} is no longer flagged for HIPAA; its subaccounts keep their flags."


def _is_open_main(subject: Account) -> bool:
    return subject.is_open() and not subject.is_subaccount()


@admin.register(Account, site=site)
class AccountAdmin(OperationAdmin):
    """Found by its SID, by its name, or by the address of its owner."""

    sids = {"AC": "sid", "OR": "organization__sid", "US": "owner__sid"}
    prefixes = ("name_key", "owner__email")
    search_help_text = (
        "An account's, organization's or owner's SID, or the beginning of the name or of the "
        "owner's address."
    )
    list_display = ("name", "within", "owned_by", "state", "type", "created", "sid")
    related = ("organization", "owner", "parent")
    facts = (
        "sid", "name", "within", "owned_by", "above", "state", "type", "product", "second_factor",
        "hipaa", "subaccount_limit", "created", "closing", "closed", "purged",
    )  # fmt: skip
    operations = (
        StaffOperation(
            "upgrade",
            "Upgrade",
            Action.ACCOUNT_UPGRADE,
            _upgrade,
            applies=lambda subject: _is_open_main(subject) and subject.type == AccountType.TRIAL,
            hint="Its trial ends, and that of its subaccounts. Those that never asked for a second "
            "factor ask once per computer from then on.",
        ),
        StaffOperation(
            "suspend",
            "Suspend",
            Action.ACCOUNT_SUSPEND,
            _suspend,
            applies=lambda subject: (
                subject.is_open() and subject.suspended_by != SuspendedBy.SUPPORT
            ),
            hint="It stops with everything below it, until support reactivates it. Where its "
            "people have suspended it themselves, they can no longer lift that.",
        ),
        StaffOperation(
            "reactivate",
            "Reactivate",
            Action.ACCOUNT_SUSPEND,
            _reactivate,
            applies=lambda subject: subject.status == AccountStatus.SUSPENDED,
            hint="It runs again, with the subaccounts that stopped with it.",
        ),
        StaffOperation(
            "owner",
            "Change Owner",
            Action.ACCOUNT_TRANSFER,
            _change_owner,
            ChangeOwnerForm,
            applies=_is_open_main,
            hint="The former owner stays on it as Administrator. Both get an email.",
        ),
        StaffOperation(
            "enable-hipaa",
            "Enable HIPAA",
            Action.ACCOUNT_FLAG_HIPAA,
            _enable_hipaa,
            applies=lambda subject: subject.is_open() and not subject.is_hipaa,
            hint="The organization needs a Business Associate Agreement that is in force.",
        ),
        StaffOperation(
            "disable-hipaa",
            "Disable HIPAA",
            Action.ACCOUNT_FLAG_HIPAA,
            _disable_hipaa,
            applies=lambda subject: subject.is_open() and subject.is_hipaa,
        ),
    )

    @admin.display(description="Status")
    def state(self, row: Account) -> str:
        """A suspended account is told with who suspended it, and so who can lift that."""
        by = row.get_suspended_by_display() if row.suspended_by else ""
        return f"{row.get_status_display()} by: {by}" if by else row.get_status_display()

    @admin.display(description="The account above it")
    def above(self, row: Account) -> str:
        return link(row.parent)

    @admin.display(description="HIPAA")
    def hipaa(self, row: Account) -> str:
        return "Enabled" if row.is_hipaa else "Not enabled"

    @admin.display(description="Subaccounts that it may have")
    def subaccount_limit(self, row: Account) -> str:
        return "0" if row.is_subaccount() else f"{limits.subaccount_limit(row):,}"

    @admin.display(description="Closing since")
    def closing(self, row: Account) -> str:
        return moment(row.closing_at, never="").text

    @admin.display(description="Closed")
    def closed(self, row: Account) -> str:
        return moment(row.closed_at, never="").text

    @admin.display(description="Purged")
    def purged(self, row: Account) -> str:
        return moment(row.purged_at, never="").text

    def sections(self, subject: Account) -> Iterable[Section]:
        people = (
            RoleAssignment.objects.in_force().filter(account=subject).order_by("name_key", "id")
        )
        below = Account.objects.below(subject)
        invitations = Invitation.objects.pending_access(subject)
        chain, sid = subject.organization.sid, subject.sid
        events = AuditEvent.objects.filter(chain=chain, subject_sid=sid).order_by("-sequence")
        return (
            Section.of(
                "People with roles",
                people.select_related("holder"),
                list_url(RoleAssignment, sid),
                _person,
            ),
            # The rest stands among what its owner owns, who is that of every subaccount.
            Section.of(
                "Subaccounts", below, list_url(Account, subject.owner.sid), self._subaccount
            ),
            Section.of("Open invitations", invitations, list_url(Invitation, sid), _invitation),
            Section.of(
                "Newest events",
                events.select_related("details"),
                list_url(AuditEvent, f"{chain} {sid}"),
                event_line,
            ),
        )

    def _subaccount(self, row: Account) -> Line:
        hipaa = ", HIPAA" if row.is_hipaa else ""
        return Line(row.name, url_of(row), f"{self.state(row)}{hipaa}")


def _person(role: RoleAssignment) -> Line:
    until = f", until {moment(role.ends_at).text}" if role.ends_at else ""
    return Line(role.email, url_of(role.holder), f"{role.get_role_label()}{until}")


def _invitation(invitation: Invitation) -> Line:
    return Line(invitation.email, url_of(invitation), invitation.get_role_label())


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
