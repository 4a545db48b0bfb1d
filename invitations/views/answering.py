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
from adminctr.web.display import moment, until
from adminctr.web.http import ConsoleRequest
from adminctr.web.newcomer import NewPersonForm
from adminctr.web.views import attempt, redirect_to
from invitations import kinds, operations
from invitations.models import Invitation, Kind
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
        if invitation.kind == Kind.ACCESS:
            return _to_account(cast(ConsoleRequest, request), invitation)
        return _to_organization(cast(ConsoleRequest, request), invitation)
    if User.objects.filter(email=invitation.email).exists():
        return _page(request, "log_in_first", invitation)
    return _for_newcomer(request, invitation)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """A button on the page of the link: whoever holds the link may turn the offer down."""
    invitation = find_by_token(token)
    if invitation is None:
        return errors.dead_link(request)
    if request.method != "POST":
        return redirect_to(reverse("invitations:show", args=[token]))
    actor = Actor.stranger(invitation.email, origin=cast(ConsoleRequest, request).origin)
    try:
        operations.decline_invitation(invitation, actor=actor)
    except RuleViolation:  # it was closed this very moment
        return errors.dead_link(request)
    return _page(request, "declined", invitation)


def _for_newcomer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = NewPersonForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if request.method == "POST":
        actor = Actor.stranger(invitation.email, origin=cast(ConsoleRequest, request).origin)
        user = attempt(form, lambda _: _come_in(invitation, form, actor))
        if user:
            answer = log_in_newcomer(request, user, to=_where_to(invitation))
            _welcome(request, invitation)
            return answer
    return _page(request, "join_as_newcomer", invitation, form=form)


def _come_in(invitation: Invitation, form: NewPersonForm, actor: Actor) -> User:
    newcomer = form.newcomer(link=invitation.sid, origin=actor.origin)
    if invitation.kind == Kind.ACCESS:
        operations.accept_access_as_newcomer(invitation, newcomer=newcomer, actor=actor)
        return User.objects.get(email=invitation.email)
    stay = operations.accept_invitation_as_newcomer(invitation, newcomer=newcomer, actor=actor)
    return stay.user


def _to_account(request: ConsoleRequest, invitation: Invitation) -> HttpResponse:
    """Somebody with a login is offered roles on an account."""
    problem = ""
    if request.method == "POST":
        try:
            operations.accept_access(invitation, user=request.user, actor=request.actor)
            _welcome(request, invitation)
            return redirect_to(_where_to(invitation))
        except RuleViolation as refused:
            problem = refused.message
    return _page(request, "join", invitation, problem=problem)


def _to_organization(request: ConsoleRequest, invitation: Invitation) -> HttpResponse:
    """Somebody with a login is to join, perhaps with what they have now."""
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
            return redirect_to(_where_to(invitation))
        except RuleViolation as refused:
            problem = refused.message
    lost = _what_is_absorbed(joining.absorbs)
    return _page(request, "join", invitation, absorbs=joining.absorbs, problem=problem, **lost)


def _what_is_absorbed(organization: Organization | None) -> dict[str, Any]:
    if organization is None:
        return {}
    with tenant(organization):
        accounts = Account.objects.managed().standing().values_list("name", flat=True)
        return {"account_names": list(accounts)}


def _where_to(invitation: Invitation) -> str:
    if invitation.kind == Kind.JOIN or invitation.account is None:
        return reverse("console:home")
    return reverse("account:detail", args=[invitation.account.sid])


def _welcome(request: HttpRequest, invitation: Invitation) -> None:
    to = invitation.account if invitation.kind == Kind.ACCESS else invitation.organization
    messages.success(request, f"Welcome to {to}.")


def _page(request: HttpRequest, name: str, invitation: Invitation, **context: Any) -> HttpResponse:
    organization, account = invitation.organization.name, invitation.account
    titles = {
        Kind.JOIN: f"Join {organization}",
        Kind.ACCESS: f"Access to {account}",
        Kind.ADD_ACCOUNT: f"Add {account} to {organization}",
    }
    context |= {
        "invitation": invitation,
        "kind": invitation.kind,
        "what": titles[Kind(invitation.kind)],
        "account": account,
        "organization": organization,
        "inviter": invitation.invited_by.get_full_name(),
        "offered": invitation.get_role_label(),
        "until": until(invitation.access_ends_at) if invitation.access_ends_at else None,
        "expires": moment(invitation.expires_at),
        "here": request.path,
        "decline_url": f"{request.path}decline/",
    }
    return TemplateResponse(request, f"invitations/{name}.html", context)
