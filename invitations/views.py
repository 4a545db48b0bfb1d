"""The page behind an invitation's link: it shows what accepting does; only POST accepts."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.tenancy import tenant
from adminctr.web import errors
from adminctr.web.display import moment
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import NewPersonForm
from adminctr.web.views import attempt, redirect_to
from invitations import kinds, operations
from invitations.models import Invitation
from invitations.queries import find_by_token
from organizations.models import Organization
from users.models import User
from users.sign_in import log_in_newcomer


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody new, somebody with a login, or somebody else may do with this link."""
    invitation = find_by_token(token)
    if invitation is None:
        return errors.dead_link(request)
    if request.user.is_authenticated:
        if request.user.email != invitation.email:
            return _page(request, "wrong_person", invitation)
        return _for_known(cast(ConsoleRequest, request), invitation)
    if User.objects.filter(email=invitation.email).exists():
        return _page(request, "log_in_first", invitation)
    return _for_newcomer(request, invitation)


def _for_newcomer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = NewPersonForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if request.method == "POST":
        actor = Actor.stranger(invitation.email, origin=cast(ConsoleRequest, request).origin)
        stay = attempt(
            form,
            lambda _: operations.accept_invitation_as_newcomer(
                invitation, newcomer=form.newcomer(), actor=actor
            ),
        )
        if stay:
            answer = log_in_newcomer(request, stay.user, to=reverse("console:home"))
            _welcome(request, invitation)
            return answer
    return _page(request, "join_as_newcomer", invitation, form=form)


def _for_known(request: ConsoleRequest, invitation: Invitation) -> HttpResponse:
    joining = kinds.what_joining_means(request.user, invitation.organization)
    if joining.obstacle:
        refused = kinds.for_invitee(joining.obstacle)
        return _page(request, "refused", invitation, reason=refused.message)
    problem = ""
    if request.method == "POST":
        absorbs = joining.absorbs
        agreed = absorbs if absorbs and request.POST.get("absorbing") == absorbs.sid else None
        try:
            operations.accept_invitation(
                invitation, user=request.user, absorbing=agreed, actor=request.actor
            )
            _welcome(request, invitation)
            return redirect_to(reverse("console:home"))
        except RuleViolation as refused:
            problem = refused.message
    lost = _what_is_absorbed(joining.absorbs)
    return _page(request, "join", invitation, absorbs=joining.absorbs, problem=problem, **lost)


def _what_is_absorbed(organization: Organization | None) -> dict[str, Any]:
    if organization is None:
        return {}
    with tenant(organization):
        accounts = Account.objects.managed().values_list("name", flat=True)
        return {"account_names": list(accounts)}


def _welcome(request: HttpRequest, invitation: Invitation) -> None:
    messages.success(request, f"Welcome to {invitation.organization.name}.")


def _page(request: HttpRequest, name: str, invitation: Invitation, **context: Any) -> HttpResponse:
    context |= {
        "invitation": invitation,
        "organization": invitation.organization.name,
        "inviter": invitation.invited_by.get_full_name(),
        "expires": moment(invitation.expires_at),
        "here": request.path,
    }
    return TemplateResponse(request, f"invitations/{name}.html", context)
