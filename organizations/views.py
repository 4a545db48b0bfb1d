from typing import Any

from django.urls import reverse

from adminctr.web.display import moment
from adminctr.web.views import DetailPage, Done, OperationPage
from domains.models import Domain
from invitations.models import Invitation
from organizations import operations, policy
from organizations.forms import ChangeOwnershipForm, RenameForm
from organizations.models import Membership, Organization, Role
from organizations.policy import Action
from users import reauthentication


class OverviewPage(DetailPage):
    """What this organization has still to do before people can join it."""

    action = Action.ORGANIZATION_VIEW
    template_name = "organizations/overview.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        verified = Domain.objects.verified().exists()
        invited = Invitation.objects.all().exists()
        joined = len(Membership.objects.open().values("pk")[:2]) > 1
        return {
            "steps": [
                _step(
                    "Verify a domain",
                    "Prove that a domain is your company's",
                    verified,
                    reverse("domains:list"),
                ),
                _step(
                    "Invite User",
                    "Bring colleagues of that domain in",
                    invited or joined,
                    reverse("users:invite") if verified else "",
                    "Verify a domain first",
                ),
            ]
        }


def _step(name: str, hint: str, is_done: bool, url: str, blocked: str = "") -> dict[str, Any]:
    status = "Completed" if is_done else "Not started" if url else f"Cannot start yet: {blocked}"
    return {"name": name, "hint": hint, "is_done": is_done, "url": url, "status": status}


class SettingsPage(OperationPage):
    """The name, and where everything else about the organization is decided."""

    action = Action.ORGANIZATION_RENAME
    template_name = "organizations/settings.html"
    form_class = RenameForm

    def initial(self, subject: Organization) -> dict[str, Any]:
        return {"name": subject.name}

    def context(self, subject: Organization) -> dict[str, Any]:
        owner = Membership.objects.in_force().select_related("user").get(role=Role.OWNER)
        return {
            "owner": owner,
            "created": moment(subject.created_at),
            "transfer_refusal": self.refusal(Action.ORGANIZATION_TRANSFER),
            "roles": policy.rule_book(),
        }

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        organization = operations.rename_organization(subject, actor=self.actor, **data)
        return Done(f"The name is {organization.name} now.", reverse("organizations:settings"))


class ChangeOwnershipPage(OperationPage):
    action = Action.ORGANIZATION_TRANSFER
    template_name = "organizations/ownership.html"
    form_class = ChangeOwnershipForm

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        reauthentication.require_password(self.request, data["password"])
        operations.transfer_ownership(subject, to=data["to"], actor=self.actor)
        return Done(f"{data['to']} is the Owner now.", reverse("organizations:settings"))
