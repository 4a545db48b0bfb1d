from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet

from adminctr.core.actor import Actor
from adminctr.core.addresses import DOMAIN_LENGTH, canonical_domain, readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.web.display import moment
from adminctr.web.forms import LineField
from adminctr.web.staff import (
    REASON_LENGTH,
    Line,
    OperationAdmin,
    ReasonForm,
    Section,
    StaffOperation,
    list_url,
    site,
    url_of,
)
from domains import names, operations
from domains.models import Domain, MailDomain
from organizations.policy import Action

_MEANING = (
    "No organization can add a mail service, and nobody new joins one by an address of it. "
    "Those that have verified such a domain keep it and their people."
)


class InternalReasonForm(ReasonForm):
    """For what concerns the whole installation."""

    reason = LineField(
        label="Reason", max_length=REASON_LENGTH, help_text="A ticket, or a sentence, for support."
    )


class ClassifyForm(InternalReasonForm):
    name = LineField(label="Domain name", max_length=DOMAIN_LENGTH)
    is_common = forms.TypedChoiceField(
        label="What it is",
        choices=[
            ("", "Choose"),
            ("yes", "A mail service: anybody can have an address"),
            ("no", "A company's own domain, whatever the lists say"),
        ],
        coerce=lambda chosen: chosen == "yes",
    )
    field_order = ("name", "is_common", "reason")


def _withdraw(subject: Domain, data: dict[str, Any], actor: Actor) -> str:
    domain = operations.withdraw_sharing(subject, actor=actor)
    return f"The approval to share {readable_domain(domain.name)} is withdrawn."


def _classify(subject: None, data: dict[str, Any], actor: Actor) -> str:
    name, is_common = data["name"], data["is_common"]
    return _told(operations.classify_domain(name, is_common=is_common, actor=actor))


def _turn(subject: MailDomain, data: dict[str, Any], actor: Actor) -> str:
    turned = not subject.is_common
    return _told(operations.classify_domain(subject.name, is_common=turned, actor=actor))


def _told(said: MailDomain) -> str:
    return f"From now on {readable_domain(said.name)} counts as {said.kind}."


def _forget(subject: MailDomain, data: dict[str, Any], actor: Actor) -> str:
    operations.forget_classification(subject, actor=actor)
    return f"The lists decide on {readable_domain(subject.name)} again."


class NamedAdmin(OperationAdmin):
    """What is found by the name of a domain, typed in any form."""

    prefixes = ("name",)

    def key_of(self, term: str) -> str:
        try:
            return canonical_domain(term)
        except RuleViolation:  # only its beginning was typed
            return super().key_of(term)

    @admin.display(description="Domain")
    def readable(self, row: Any) -> str:
        """With its other form, where letters of another alphabet may look like those of a name."""
        readable = readable_domain(row.name)
        return readable if readable == row.name else f"{readable} ({row.name})"


@admin.register(Domain, site=site)
class DomainAdmin(NamedAdmin):
    sids = {"DN": "sid", "OR": "organization__sid"}
    search_help_text = "A domain's or organization's SID, or the beginning of the domain name."
    list_display = ("readable", "within", "status", "added", "verified", "sid")
    related = ("organization",)
    facts = (
        "sid", "readable", "name", "within", "status", "method", "slot", "approved", "following",
        "added", "verified", "missing", "lost", "checked", "check_result",
    )  # fmt: skip
    operations = (
        StaffOperation(
            "withdraw-sharing",
            "Withdraw the approval to share",
            Action.DOMAIN_APPROVE_SHARING,
            _withdraw,
            applies=lambda subject: (
                subject.sharing_approved_at is not None and not subject.is_held()
            ),
            hint="It can no longer verify the domain while another organization holds it.",
        ),
    )

    def sections(self, subject: Domain) -> Iterable[Section]:
        others = Domain.objects.named(subject.name).exclude(pk=subject.pk)
        return (_claims("Other claims to this domain", others, subject.name),)

    @admin.display(description="Added")
    def added(self, row: Domain) -> str:
        return moment(row.created_at).text

    @admin.display(description="Verified")
    def verified(self, row: Domain) -> str:
        return moment(row.verified_at, never="").text

    @admin.display(description="Checked")
    def checked(self, row: Domain) -> str:
        return moment(row.checked_at).text

    @admin.display(description="Record counts as missing since")
    def missing(self, row: Domain) -> str:
        return moment(row.missing_since, never="").text

    @admin.display(description="Lost on")
    def lost(self, row: Domain) -> str:
        return moment(row.lost_on or row.lost_at, never="").text

    @admin.display(description="Sharing approved")
    def approved(self, row: Domain) -> str:
        return moment(row.sharing_approved_at, never="").text

    @admin.display(description="Domain setting applies")
    def following(self, row: Domain) -> str:
        return "Yes" if row.is_following() else "No"


@admin.register(MailDomain, site=site)
class MailDomainAdmin(NamedAdmin):
    """What support has said against the lists of mail services."""

    sids = {"MD": "sid"}
    search_help_text = "A SID, or the beginning of the domain name."
    list_display = ("readable", "kind", "created", "sid")
    facts = ("sid", "readable", "name", "kind", "by_the_lists", "created")
    operations = (
        StaffOperation(
            "turn",
            "Say the opposite",
            Action.DOMAIN_CLASSIFY,
            _turn,
            InternalReasonForm,
            hint=_MEANING,
        ),
        StaffOperation(
            "forget",
            "Let the lists decide again",
            Action.DOMAIN_CLASSIFY,
            _forget,
            InternalReasonForm,
            ends=True,
        ),
    )
    adding = StaffOperation(
        "add",
        "Classify a domain",
        Action.DOMAIN_CLASSIFY,
        _classify,
        ClassifyForm,
        hint=_MEANING,
    )

    def sections(self, subject: MailDomain) -> Iterable[Section]:
        claims = Domain.objects.named(subject.name)
        return (_claims("Claims to this domain", claims, subject.name),)

    @admin.display(description="Counts as")
    def kind(self, row: MailDomain) -> str:
        return row.kind

    @admin.display(description="By the lists")
    def by_the_lists(self, row: MailDomain) -> str:
        return MailDomain(is_common=names.is_listed(row.name)).kind


def _claims(title: str, rows: QuerySet[Domain], name: str) -> Section:
    newest = rows.select_related("organization").order_by("-pk")
    return Section.of(title, newest, list_url(Domain, name), _claim)


def _claim(domain: Domain) -> Line:
    return Line(domain.organization.name, url_of(domain), domain.get_status_display())
