"""The home of every signed-in person."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from accounts.models import RoleAssignment
from adminctr.core.tenancy import person
from adminctr.web.http import ConsoleRequest
from organizations import policy

MOST_ACCOUNTS = 200


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My accounts, by organization, and my organization."""
    console = cast(ConsoleRequest, request)
    with person(console.user):
        held = (
            RoleAssignment.objects.in_force()
            .on_accounts()
            .select_related("account", "organization")
            .order_by("organization__name", "account__name_key", "role")[:MOST_ACCOUNTS]
        )
        accounts = [
            {
                "name": one.account.name,
                "sid": one.account.sid,
                "organization": one.organization.name,
                "role": one.get_role_label(),
                "status": one.account.get_status_display(),
            }
            for one in held
            if one.account
        ]
    context = {"accounts": accounts, "may_administer": policy.may_administer(console.actor.role)}
    return TemplateResponse(request, "console/home.html", context)
