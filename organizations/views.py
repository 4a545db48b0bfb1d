from typing import Any

from django.urls import reverse

from adminctr.web.views import DetailPage
from domains.models import Domain
from invitations.models import Invitation
from organizations.models import Membership
from organizations.policy import Action


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
