from typing import Any, cast

from django.urls import reverse

from accounts.models import AccountRole
from accounts.policy import rule_book as accounts_rule_book
from adminctr.core.addresses import readable_domain
from adminctr.web.display import moment
from adminctr.web.views import ActionPage, DetailPage, Done, OperationPage
from domains.models import Domain
from organizations import contacts, operations, policy
from organizations.forms import ChangeOwnershipForm, RenameForm
from organizations.models import DomainSetting, Membership, Organization, Role, SecondFactor
from organizations.policy import Action
from overview import attention, checklist
from overview.figures import Figures, read, shown
from users import setting_plan
from users.models import UserStatus

# How many possible Owners are suggested; others are typed.
_MOST_CANDIDATES = 50


class OverviewPage(DetailPage):
    """How the organization stands, what needs attention and what is still to be set up."""

    action = Action.ORGANIZATION_VIEW
    template_name = "organizations/overview.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        figures = read(self.organization)
        steps = checklist.steps(figures)
        hidden = cast(Membership, self.console.stay).hidden_steps.split()
        return {
            "steps": steps if checklist.is_shown(steps, hidden) else [],
            "progress": checklist.in_one_line(steps),
            "notices": attention.notices(figures),
            "totals": _totals(figures),
        }


class HideChecklist(ActionPage):
    action = Action.ORGANIZATION_VIEW

    def subject(self, **kwargs: Any) -> Membership:
        return cast(Membership, self.console.stay)

    def perform(self, subject: Membership) -> Done:
        still_open = checklist.open_keys(checklist.steps(read(self.organization)))
        operations.hide_checklist(subject, steps=still_open, actor=self.actor)
        message = "The list is hidden. It comes back when something else is to be set up."
        return Done(message, self.back(subject))

    def back(self, subject: Membership) -> str:
        return reverse("organizations:overview")


class SettingsPage(OperationPage):
    """The name, and where everything else about the organization is decided."""

    action = Action.ORGANIZATION_RENAME
    template_name = "organizations/settings.html"
    form_class = RenameForm

    def initial(self, subject: Organization) -> dict[str, Any]:
        return {"name": subject.name}

    def context(self, subject: Organization) -> dict[str, Any]:
        return {
            "owner": contacts.owner(),
            "created": moment(subject.created_at),
            "transfer_refusal": self.refusal(Action.ORGANIZATION_TRANSFER),
            "domain_settings": _domain_settings(subject),
            "setting_refusal": self.refusal(Action.DOMAIN_CHANGE_SETTING),
            "second_factor": SecondFactor(subject.second_factor).label,
            "factor_refusal": self.refusal(Action.ORGANIZATION_REQUIRE_2FA),
            "roles": [role.label for role in Role],
            "rules": policy.rule_book(),
            "account_roles": [role.label for role in AccountRole],
            "account_rules": accounts_rule_book(),
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        organization = operations.rename_organization(subject, actor=self.actor, **data)
        return Done(f"The name is {organization.name} now.", reverse("organizations:settings"))


class ChangeOwnershipPage(OperationPage):
    action = Action.ORGANIZATION_TRANSFER
    is_sensitive = True
    template_name = "organizations/ownership.html"
    form_class = ChangeOwnershipForm

    def context(self, subject: Organization) -> dict[str, Any]:
        managed = Membership.objects.managed().in_force().select_related("user")
        fit = managed.filter(status=UserStatus.ACTIVE).exclude(role=Role.OWNER)
        return {
            "candidates": fit[:_MOST_CANDIDATES],
            "consequences": [
                "The person you choose becomes the Owner at once.",
                "You become an Administrator; only the new Owner can change this back.",
                "Both of you get an email.",
            ],
            "survives": ["Everybody else, and every account, stays as it is."],
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        operations.transfer_ownership(subject, to=data["to"], actor=self.actor)
        return Done(f"{data['to']} is the Owner now.", reverse("organizations:settings"))


def _domain_settings(organization: Organization) -> list[dict[str, Any]]:
    """The three settings, each with what it means for the domains that it would apply to."""
    names = Domain.objects.following().order_by("name").values_list("name", flat=True)
    domains = [readable_domain(name) for name in names]
    return [
        {
            "setting": setting,
            "name": setting.label,
            "meaning": setting_plan.meaning(setting, domains),
            "is_in_force": setting == organization.domain_setting,
        }
        for setting in DomainSetting
    ]


def _totals(figures: Figures) -> list[dict[str, str]]:
    """How many there are of each, with where to see them; up to a bound."""
    domains = (
        figures.verified_domains,
        figures.uncertain_domains,
        figures.failing_domains,
        figures.waiting_domains,
    )
    accounts = f"{shown(figures.accounts)} of {figures.account_limit:,}"
    if closed := figures.closed_accounts:  # which the list has too
        accounts += f", and {shown(closed)} closed"
    known = sum(map(len, domains))
    verified = f"{len(figures.verified_domains)} of {known} verified" if known else "None yet"
    rows = (
        ("Managed users", f"{figures.members:,}", "users:list"),
        ("Pending users", shown(figures.pending), "users:pending"),
        ("Managed accounts", accounts, "accounts:list"),
        ("Pending accounts", f"{figures.pending_accounts:,}", "accounts:pending"),
        ("Domains", verified, "domains:list"),
    )
    return [{"label": label, "text": text, "url": reverse(name)} for label, text, name in rows]
