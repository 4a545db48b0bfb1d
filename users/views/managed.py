from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse, reverse_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.limits import Limit
from adminctr.web import errors
from adminctr.web.display import moment
from adminctr.web.filters import Noun, Order
from adminctr.web.mails import facts_of, mail_state
from adminctr.web.newcomer import FounderForm
from adminctr.web.paginate import cut
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import (
    ActionPage,
    ConsolePage,
    DetailPage,
    Done,
    ExportPage,
    ListPage,
    OperationPage,
    attempt,
    redirect_to,
)
from domains.models import Domain
from invitations.models import Invitation, Kind
from invitations.operations import (
    invite_user,
    resend_invitation,
    resend_refusal,
    revoke_invitation,
)
from organizations import policy
from organizations.models import Membership, Organization, Role
from organizations.operations import change_role
from organizations.policy import Action
from users import operations
from users.forms import (
    ChangeRoleForm,
    InviteUserForm,
    PendingUserFilter,
    SignUpForm,
    UserFilter,
)
from users.models import UserStatus
from users.queries import find_sign_up
from users.sign_in import log_in_newcomer, origin_of

SIGN_UPS_PER_IP = Limit("sign_ups_per_ip", times=30, seconds=3600)

_STATUS_TONES = {
    UserStatus.ACTIVE: "success",
    UserStatus.INACTIVE: "neutral",
    UserStatus.SUSPENDED: "danger",
}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Ask for an address; the answer is the same whether or not it is known."""
    if request.user.is_authenticated:
        return redirect_to(reverse("console:home"))
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and attempt(form, lambda data: _start(request, data["email"])):
        return TemplateResponse(
            request, "users/check_mail.html", {"email": form.cleaned_data["email"]}
        )
    return TemplateResponse(request, "users/sign_up.html", {"form": form})


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def finish_sign_up(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the mailed link: name and password, then everything is made at once."""
    pending = find_sign_up(token)
    if pending is None:
        return errors.dead_link(request)
    if request.user.is_authenticated:
        return TemplateResponse(request, "users/log_out_first.html", {"email": pending.email})
    form = FounderForm(request.POST if request.method == "POST" else None, email=pending.email)
    if request.method == "POST":
        actor = Actor.stranger(pending.email, origin=origin_of(request))
        user = attempt(
            form, lambda _: operations.sign_up(pending, newcomer=form.newcomer(), actor=actor)
        )
        if user:
            return log_in_newcomer(request, user, to=reverse("console:home"))
    return TemplateResponse(
        request, "users/finish_sign_up.html", {"form": form, "email": pending.email}
    )


class UserListPage(ListPage):
    action = Action.USER_VIEW
    template_name = "users/list.html"
    cursor = "user__sid"
    filter_class = UserFilter
    noun = Noun("user", "users")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-since": Order("-began_at", "newest first"),
        "since": Order("began_at", "oldest first"),
    }

    def counter(self) -> int:
        return self.organization.managed_users

    def rows(self) -> QuerySet[Any]:
        return Membership.objects.managed().select_related("user")

    def row(self, row: Membership) -> dict[str, Any]:
        return {
            "url": row.get_absolute_url(),
            "name": row.user.get_full_name(),
            "email": row.email,
            "role": row.get_role_display(),
            "status": UserStatus(row.status).label,
            "tone": _STATUS_TONES[UserStatus(row.status)],
            "since": moment(row.began_at),
            "last_sign_in": moment(row.last_sign_in_at),
        }

    def extra(self) -> dict[str, Any]:
        return around(self, "users:list")


class UserExport(ExportPage):
    of = UserListPage
    list_url = reverse_lazy("users:list")
    listed = "managed users"
    columns = (
        "SID", "Name", "Email address", "Organization role", "Status", "Since (UTC)",
        "Last sign-in (UTC)",
    )  # fmt: skip

    def cells(self, row: Membership) -> tuple[Cell, ...]:
        return (
            row.user.sid,
            row.user.get_full_name(),
            row.email,
            row.get_role_display(),
            UserStatus(row.status).label,
            row.began_at,
            row.last_sign_in_at,
        )


class PendingUserListPage(ListPage):
    action = Action.USER_VIEW
    template_name = "users/pending.html"
    filter_class = PendingUserFilter
    noun = Noun("pending user", "pending users")

    def counter(self) -> int:
        return self.organization.pending_users

    def rows(self) -> QuerySet[Any]:
        return Invitation.objects.pending().select_related("invited_by")

    def row(self, row: Invitation) -> dict[str, Any]:
        return {
            "url": row.get_absolute_url(),
            "email": row.email,
            "role": row.get_role_display(),
            "inviter": row.invited_by.get_full_name(),
            "sent": moment(row.last_sent_at),
            "sends": row.total_sends,
        } | mail_state(row)

    def extra(self) -> dict[str, Any]:
        return around(self, "users:pending")


class PendingUserExport(ExportPage):
    of = PendingUserListPage
    list_url = reverse_lazy("users:pending")
    listed = "pending users"
    columns = (
        "SID", "Email address", "Organization role", "Invited by", "Invited (UTC)",
        "Last sent (UTC)", "Sends", "Expires (UTC)", "Status",
    )  # fmt: skip

    def cells(self, row: Invitation) -> tuple[Cell, ...]:
        return (
            row.sid,
            row.email,
            row.get_role_display(),
            row.invited_by.email,
            row.created_at,
            row.last_sent_at,
            row.total_sends,
            row.expires_at,
            mail_state(row)["state"],
        )


class UserDetailPage(DetailPage):
    action = Action.USER_VIEW
    template_name = "users/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        stay = _stay(self, kwargs["sid"])
        held = RoleAssignment.objects.in_force().on_accounts().filter(holder=stay.user)
        shown = cut(held.select_related("account").order_by("account__name_key", "id"))
        return {
            "stay": stay,
            "person": stay.user,
            "status": UserStatus(stay.status).label,
            "tone": _STATUS_TONES[UserStatus(stay.status)],
            "is_suspended": stay.status == UserStatus.SUSPENDED,
            "since": moment(stay.began_at),
            "source": stay.get_source_display(),
            "last_sign_in": moment(stay.last_sign_in_at),
            "role_refusal": self.refusal(Action.USER_CHANGE_ROLE, stay),
            **self._ownership(stay),
            "accounts": [
                {
                    "url": reverse("accounts:user", args=[one.account.sid, stay.user.sid]),
                    "name": one.account.name,
                    "role": one.get_role_label(),
                    "since": moment(one.began_at),
                }
                for one in shown.rows
                if one.account
            ],
            "has_more_accounts": shown.has_more,
        }

    def _ownership(self, stay: Membership) -> dict[str, Any]:
        """The Owner's page is where the ownership is handed over."""
        if stay.role != Role.OWNER:
            return {}
        refused = self.refusal(Action.ORGANIZATION_TRANSFER)
        return {
            "is_owner": True,
            "owner_stays": policy.OWNER_STAYS,
            "transfer_refusal": refused,
        }


class ChangeRolePage(OperationPage):
    action = Action.USER_CHANGE_ROLE
    template_name = "users/change_role.html"
    form_class = ChangeRoleForm

    def subject(self, **kwargs: Any) -> Membership:
        return _stay(self, kwargs["sid"])

    def initial(self, subject: Membership) -> dict[str, Any]:
        return {"role": subject.role}

    def context(self, subject: Membership) -> dict[str, Any]:
        refused = self.refusal(Action.USER_CHANGE_ROLE, subject)
        return {"stay": subject, "person": subject.user, "role_refusal": refused}

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = change_role(subject, actor=self.actor, **data)
        return Done(f"{stay.email} is {stay.get_role_display()} now.", subject.get_absolute_url())


class InviteUserPage(OperationPage):
    action = Action.USER_INVITE
    template_name = "users/invite.html"
    form_class = InviteUserForm

    def context(self, subject: Organization) -> dict[str, Any]:
        names = Domain.objects.verified().order_by("name").values_list("name", flat=True)
        return {"domains": list(names[: settings.DOMAINS_PER_ORGANIZATION])}

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        invitation = invite_user(subject, actor=self.actor, **data)
        return Done(f"{invitation.email} was invited.", reverse("users:pending"))


class PendingUserPage(DetailPage):
    action = Action.USER_VIEW
    template_name = "users/pending_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = Invitation.objects.pending().select_related("invited_by")
        invitation = self.one(rows, sid=kwargs["sid"])
        refused = resend_refusal(invitation)
        return facts_of(invitation) | {"resend_refusal": refused.message if refused else None}


class InvitationAction(ActionPage):
    action = Action.USER_INVITE

    def subject(self, **kwargs: Any) -> Invitation:
        return self.one(Invitation.objects.filter(kind=Kind.JOIN), sid=kwargs["sid"])

    def back(self, subject: Invitation) -> str:
        return subject.get_absolute_url() if subject.is_open() else reverse("users:pending")


class ResendInvitation(InvitationAction):
    def perform(self, subject: Invitation) -> Done:
        invitation = resend_invitation(subject, actor=self.actor)
        message = f"A new link is on its way to {subject.email}; the old one no longer works."
        return Done(message, invitation.get_absolute_url())


class RevokeInvitation(InvitationAction):
    def perform(self, subject: Invitation) -> Done:
        revoke_invitation(subject, actor=self.actor)
        message = f"The invitation of {subject.email} was revoked; its link no longer works."
        return Done(message, reverse("users:pending"))


def _start(request: HttpRequest, email: str) -> bool:
    origin = origin_of(request)
    SIGN_UPS_PER_IP.spend(origin.network)
    if not operations.MAILS_PER_ADDRESS.is_spent(email):
        operations.MAILS_PER_ADDRESS.note(email)
        operations.start_sign_up(email, actor=Actor.stranger(email, origin=origin))
    return True


def _stay(page: ConsolePage, sid: str) -> Membership:
    return page.one(Membership.objects.managed().select_related("user"), user__sid=sid)


def around(page: ConsolePage, current: str) -> dict[str, Any]:
    """The tabs over the lists of users, each with how many it has, and what else may be done."""
    organization = page.organization
    tabs = (
        ("Managed", "users:list", f"{organization.managed_users:,}"),
        ("Independent", "users:independent", None),
        ("Pending", "users:pending", f"{organization.pending_users:,}"),
    )
    return {
        "tabs": [
            {"label": label, "url": reverse(name), "current": name == current, "count": count}
            for label, name, count in tabs
        ],
        "invite_refusal": page.refusal(Action.USER_INVITE),
        "export_refusal": page.refusal(Action.LIST_EXPORT),
    }
