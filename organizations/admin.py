from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MinValueValidator

from accounts.limits import HIGHEST_LIMIT
from accounts.models import Account, RoleAssignment
from accounts.operations import record_baa, set_account_limit
from adminctr.core.actor import Actor
from adminctr.core.addresses import DOMAIN_LENGTH, readable_domain
from adminctr.web.display import day, moment
from adminctr.web.forms import AddressField, DayInput, LineField
from adminctr.web.staff import (
    Line,
    OperationAdmin,
    ReasonForm,
    Section,
    StaffOperation,
    event_line,
    list_url,
    site,
    url_of,
)
from audit.models import AuditEvent
from domains.models import Domain
from domains.operations import HIGHEST_DOMAIN_LIMIT, approve_sharing, set_domain_limit
from imports.operations import switch_import
from invitations.models import Invitation
from organizations import forms as members_forms
from organizations import operations
from organizations.models import Membership, Organization
from organizations.policy import Action


class RenameForm(ReasonForm, members_forms.RenameForm):
    """The form of the settings page, with a reason."""


class AccountLimitForm(ReasonForm):
    limit = forms.IntegerField(label="Account limit", min_value=1, max_value=HIGHEST_LIMIT)
    field_order = ("limit", "reason")


class DomainLimitForm(ReasonForm):
    limit = forms.IntegerField(label="Domain limit", min_value=1, max_value=HIGHEST_DOMAIN_LIMIT)
    field_order = ("limit", "reason")


class SharingForm(ReasonForm):
    name = LineField(
        label="Domain name",
        max_length=DOMAIN_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("name", "reason")


class AgreementForm(ReasonForm):
    effective_on = forms.DateField(
        label="In force since",
        required=False,
        help_text="Empty where there is no Business Associate Agreement.",
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(date(2000, 1, 1))],
        widget=DayInput(),
    )
    field_order = ("effective_on", "reason")


class ImportForm(ReasonForm):
    is_on = forms.TypedChoiceField(
        label="Import of users",
        choices=[("on", "On"), ("off", "Off")],
        coerce=lambda value: value == "on",
        widget=forms.RadioSelect,
    )
    field_order = ("is_on", "reason")


class TransferForm(ReasonForm):
    to = AddressField(
        label="New owner", help_text="The email address of a managed user of this organization."
    )
    field_order = ("to", "reason")


def _rename(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    organization = operations.rename_organization(subject, actor=actor, **data)
    return f"The name is {organization.name} now."


def _set_limit(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    organization = set_account_limit(subject, actor=actor, **data)
    return f"{organization.name} may have {organization.account_limit} accounts now."


def _set_domain_limit(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    organization = set_domain_limit(subject, actor=actor, **data)
    return f"{organization.name} may have {organization.domain_limit} domains now."


def _approve_sharing(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    domain = approve_sharing(subject, actor=actor, **data)
    return f"{subject.name} can verify {readable_domain(domain.name)} beside others now."


def _switch_import(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    organization = switch_import(subject, actor=actor, **data)
    return f"The import of users is {'on' if organization.has_import else 'off'} now."


def _record_baa(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    organization = record_baa(subject, actor=actor, **data)
    since = organization.baa_effective_on
    return f"The agreement holds from {day(since)}." if since else "No agreement is recorded now."


def _transfer(subject: Organization, data: dict[str, Any], actor: Actor) -> str:
    operations.transfer_ownership(subject, actor=actor, **data)
    return f"{data['to']} is the Owner now; both were mailed."


def _lives(subject: Organization) -> bool:
    return subject.ended_at is None


@admin.register(Organization, site=site)
class OrganizationAdmin(OperationAdmin):
    """Found by its SID, by its name, or by the address of its Owner."""

    sids = {"OR": "sid", "US": "owner__sid"}
    prefixes = ("name_key", "owner__email")
    search_help_text = (
        "An organization's or Owner's SID, or the beginning of the name or of the Owner's address."
    )
    list_display = ("name", "owned_by", "account_limit", "created", "ended", "sid")
    related = ("owner",)
    facts = (
        "sid", "name", "owned_by", "account_limit", "domain_limit", "domain_setting",
        "domain_deadline", "has_import", "agreement", "managed_accounts", "pending_accounts",
        "managed_users", "created", "ended",
    )  # fmt: skip
    operations = (
        StaffOperation(
            "rename",
            "Rename",
            Action.ORGANIZATION_RENAME,
            _rename,
            RenameForm,
            initial=lambda subject: {"name": subject.name},
            applies=_lives,
        ),
        StaffOperation(
            "account-limit",
            "Set the account limit",
            Action.ORGANIZATION_SET_LIMIT,
            _set_limit,
            AccountLimitForm,
            initial=lambda subject: {"limit": subject.account_limit},
            applies=_lives,
        ),
        StaffOperation(
            "domain-limit",
            "Set the domain limit",
            Action.ORGANIZATION_SET_LIMIT,
            _set_domain_limit,
            DomainLimitForm,
            initial=lambda subject: {"limit": subject.domain_limit},
            applies=_lives,
        ),
        StaffOperation(
            "approve-sharing",
            "Let it share a domain",
            Action.DOMAIN_APPROVE_SHARING,
            _approve_sharing,
            SharingForm,
            applies=_lives,
            hint="It can verify a domain that others hold. Once it has, no domain setting adds "
            "people to one of them, and all of them get an email. In the reason, name no other "
            "organization: this one reads it.",
        ),
        StaffOperation(
            "import",
            "Switch the import of users",
            Action.ORGANIZATION_SWITCH_IMPORT,
            _switch_import,
            ImportForm,
            initial=lambda subject: {"is_on": "on" if subject.has_import else "off"},
            applies=_lives,
            hint="Its Administrators can then bring in everybody who has a login with an address "
            "of one of its verified domains, with their accounts and without asking them.",
        ),
        StaffOperation(
            "ownership",
            "Change the Owner",
            Action.ORGANIZATION_TRANSFER,
            _transfer,
            TransferForm,
            applies=_lives,
            hint="The former Owner becomes an Administrator. Both get an email.",
            is_sensitive=True,
        ),
        StaffOperation(
            "record-baa",
            "Record BAA",
            Action.ORGANIZATION_RECORD_BAA,
            _record_baa,
            AgreementForm,
            initial=lambda subject: {"effective_on": subject.baa_effective_on},
            applies=_lives,
            hint="While a Business Associate Agreement is in force, accounts can be flagged for "
            "HIPAA.",
        ),
    )

    @admin.display(description="Ended")
    def ended(self, row: Organization) -> str:
        return moment(row.ended_at).text

    @admin.display(description="Business Associate Agreement")
    def agreement(self, row: Organization) -> str:
        since = row.baa_effective_on
        return f"In force since {day(since)}" if since else ""

    def sections(self, subject: Organization) -> Iterable[Section]:
        inside = {"organization": subject}
        people = Membership.objects.managed().filter(**inside).select_related("user")
        accounts = Account.objects.managed().filter(**inside).select_related("owner")
        domains = Domain.objects.filter(**inside).order_by("name", "id")
        invitations = Invitation.objects.pending().filter(**inside)
        asked = Invitation.objects.pending_accounts().filter(**inside).select_related("account")
        events = AuditEvent.objects.filter(chain=subject.sid).order_by("-sequence")
        sid = subject.sid
        return (
            Section.of("People and roles", people, list_url(RoleAssignment, sid), _person),
            Section.of("Accounts", accounts, list_url(Account, sid), _account),
            Section.of("Pending accounts", asked, list_url(Invitation, sid), _asked),
            Section.of("Domains", domains, list_url(Domain, sid), _domain),
            Section.of("Invitations", invitations, list_url(Invitation, sid), _invitation),
            Section.of(
                "Newest events",
                events.select_related("details"),
                list_url(AuditEvent, sid),
                event_line,
            ),
        )


def _person(stay: Membership) -> Line:
    return Line(stay.email, url_of(stay.user), f"{stay.get_role_display()}, {stay.status}")


def _account(account: Account) -> Line:
    note = f"{account.get_status_display()}, owned by {account.owner.email}"
    return Line(account.name, url_of(account), note)


def _asked(invitation: Invitation) -> Line:
    return Line(str(invitation.account), url_of(invitation), f"{invitation.email} was asked")


def _domain(domain: Domain) -> Line:
    return Line(readable_domain(domain.name), url_of(domain), domain.get_status_display())


def _invitation(invitation: Invitation) -> Line:
    return Line(invitation.email, url_of(invitation), invitation.get_role_display())
