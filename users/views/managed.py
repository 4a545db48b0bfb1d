"""The lists of users, and those who were invited and have not come yet."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse, reverse_lazy

from accounts import names
from accounts.names import Known
from accounts.queries import accounts_of
from adminctr.core.periods import Source
from adminctr.web import tones
from adminctr.web.display import moment
from adminctr.web.filters import FilterForm, Noun, Order
from adminctr.web.mails import facts_of, mail_state
from adminctr.web.saved_views import SaveViewPage, saved_views
from adminctr.web.spreadsheets import Cell
from adminctr.web.views import (
    ActionPage,
    ConsolePage,
    DetailPage,
    Done,
    ExportPage,
    ListPage,
    OperationPage,
)
from bulk.bars import bar
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
from organizations.policy import Action
from users.forms import (
    ImportedUserFilter,
    InviteUserForm,
    PendingUserFilter,
    UserFilter,
)
from users.models import UserStatus
from users.queries import planned_end


class UserListPage(ListPage):
    action = Action.USER_VIEW
    template_name = "users/list.html"
    cursor = "user__sid"
    filter_class: ClassVar[type[FilterForm]] = UserFilter
    noun = Noun("user", "users")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "email": Order("email", "by email address"),
        "-email": Order("-email", "by email address from the end"),
        "-since": Order("-began_at", "newest first"),
        "since": Order("began_at", "oldest first"),
        "-seen": Order("-signed_in_key", "last sign-in first"),
        "seen": Order("signed_in_key", "never or longest ago first"),
    }

    def counter(self) -> int | None:
        return self.organization.managed_users

    def rows(self) -> QuerySet[Any]:
        return Membership.objects.managed().select_related("user").annotate(leaves_at=planned_end())

    def shown(self, rows: list[Membership]) -> list[dict[str, Any]]:
        accounts = accounts_of([row.user_id for row in rows])
        return [self.row(row) | {"accounts": accounts.get(row.user_id, 0)} for row in rows]

    def row(self, row: Any) -> dict[str, Any]:
        return {
            "sid": row.user.sid,
            "url": row.get_absolute_url(),
            "name": row.user.get_full_name(),
            "email": row.email,
            "role": Role(row.role).short_label,
            "status": UserStatus(row.status).label,
            "tone": tones.USER_STATUS[UserStatus(row.status)],
            "factor": "2FA set up" if row.has_second_factor else "No 2FA",
            "leaves": moment(row.leaves_at) if row.leaves_at else None,
            "since": moment(row.began_at),
            "last_sign_in": moment(row.last_sign_in_at),
        }

    def extra(self) -> dict[str, Any]:
        return around(self, "users:list", "users:save-view") | self.bulk_bar(self.chosen.query)

    def bulk_bar(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Its button for all that match stands for whom the list of managed users shows."""
        shown = bar("users", organization=self.organization, actor=self.actor, query=query)
        return {"bar": shown}


class UserExport(ExportPage):
    of = UserListPage
    list_url = reverse_lazy("users:list")
    listed = "managed users"
    columns = (
        "SID", "Name", "Email address", "Organization role", "Status", "Second factor",
        "2FA requirement", "Joined through", "Since (UTC)", "Last sign-in (UTC)",
        "Last activity (UTC)",
    )  # fmt: skip

    def cells(self, row: Membership) -> tuple[Cell, ...]:
        return (
            row.user.sid,
            row.user.get_full_name(),
            row.email,
            row.get_role_display(),
            UserStatus(row.status).label,
            "Set up" if row.has_second_factor else "Not set up",
            row.get_second_factor_display(),
            row.get_source_display(),
            row.began_at,
            row.last_sign_in_at,
            row.user.last_active_at,
        )


class SaveUserView(SaveViewPage):
    of = UserListPage
    list_name = "users:list"


class ImportedUserListPage(UserListPage):
    """Managed users whom an import has brought, the newest first."""

    template_name = "users/imported.html"
    filter_class = ImportedUserFilter
    noun = Noun("imported user", "imported users")
    orders = {
        "-since": Order("-began_at", "newest first"),
        "since": Order("began_at", "oldest first"),
    }

    def counter(self) -> int | None:
        return None

    def rows(self) -> QuerySet[Any]:
        return super().rows().filter(source=Source.IMPORT)

    def extra(self) -> dict[str, Any]:
        imported = {**self.chosen.query, "source": Source.IMPORT.value}
        return around(self, "users:imported", "users:imported-save-view") | self.bulk_bar(imported)


class ImportedUserExport(UserExport):
    of = ImportedUserListPage
    list_url = reverse_lazy("users:imported")
    listed = "imported users"


class SaveImportedUserView(SaveViewPage):
    of = ImportedUserListPage
    list_name = "users:imported"


class PendingUserListPage(ListPage):
    action = Action.USER_VIEW
    template_name = "users/pending.html"
    filter_class = PendingUserFilter
    noun = Noun("pending user", "pending users")
    known: Mapping[int, Known]

    def counter(self) -> int:
        return self.organization.pending_users

    def rows(self) -> QuerySet[Any]:
        return Invitation.objects.pending().select_related("invited_by")

    def shown(self, rows: list[Invitation]) -> list[dict[str, Any]]:
        self.known = names.known(row.invited_by for row in rows)
        return super().shown(rows)

    def row(self, row: Invitation) -> dict[str, Any]:
        return {
            "url": row.get_absolute_url(),
            "email": row.email,
            "role": Role(row.role).short_label,
            "inviter": self.known[row.invited_by_id].name,
            "sent": moment(row.last_sent_at),
            "sends": row.total_sends,
        } | mail_state(row)

    def extra(self) -> dict[str, Any]:
        return around(self, "users:pending", "users:pending-save-view")


class PendingUserExport(ExportPage):
    of = PendingUserListPage
    list_url = reverse_lazy("users:pending")
    listed = "pending users"
    columns = (
        "SID", "Email address", "Organization role", "Invited by", "Invited (UTC)",
        "Last sent (UTC)", "Sends", "Expires (UTC)", "Status",
    )  # fmt: skip
    known: Mapping[int, Known]

    def lines(self, rows: list[Invitation]) -> list[tuple[Cell, ...]]:
        self.known = names.known(row.invited_by for row in rows)
        return super().lines(rows)

    def cells(self, row: Invitation) -> tuple[Cell, ...]:
        return (
            row.sid,
            row.email,
            row.get_role_display(),
            self.known[row.invited_by_id].address,
            row.created_at,
            row.last_sent_at,
            row.total_sends,
            row.expires_at,
            mail_state(row)["state"],
        )


class SavePendingUserView(SaveViewPage):
    of = PendingUserListPage
    list_name = "users:pending"


class InviteUserPage(OperationPage):
    action = Action.USER_INVITE
    template_name = "users/invite.html"
    form_class = InviteUserForm

    def asks_for_password(self, subject: Organization) -> bool:
        """For an administrator; until a role is chosen, its form has the field in any case."""
        posted = self.request.method == "POST"
        return not posted or policy.may_administer(self.request.POST.get("role", ""))

    def context(self, subject: Organization) -> dict[str, Any]:
        verified = Domain.objects.verified().order_by("name").values_list("name", flat=True)
        return {"domains": list(verified[: subject.domain_limit])}

    def perform(self, subject: Organization, data: dict[str, Any]) -> Done:
        invitation = invite_user(subject, actor=self.actor, **data)
        return Done(f"{invitation.email} was invited.", reverse("users:pending"))


class PendingUserPage(DetailPage):
    action = Action.USER_VIEW
    template_name = "users/pending_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = Invitation.objects.pending().select_related("invited_by", "account")
        invitation = self.one(rows, sid=kwargs["sid"])
        refused, account = resend_refusal(invitation), invitation.account
        return facts_of(invitation) | {
            "resend_refusal": refused.message if refused else None,
            "account_url": account.get_absolute_url() if account else None,
        }


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


def _may_import(page: ConsolePage) -> bool:
    return page.organization.has_import and page.refusal(Action.USER_IMPORT) is None


def tabs_over(page: ListPage, current: str) -> list[dict[str, Any]]:
    """The lists of users, each with how many it has where that is known."""
    organization = page.organization
    tabs = (
        ("Managed", "users:list", f"{organization.managed_users:,}"),
        ("Independent", "users:independent", None),
        ("Pending", "users:pending", f"{organization.pending_users:,}"),
        ("Imported", "users:imported", None),
        ("Departures", "users:leaving", None),
    )
    return [
        {"label": label, "url": reverse(name), "current": name == current, "count": count}
        for label, name, count in tabs
    ]


def around(page: ListPage, current: str, save_name: str) -> dict[str, Any]:
    """The tabs over a list of users, and what else may be done there."""
    return {
        "tabs": tabs_over(page, current),
        "saved": saved_views(page, current, save_name=save_name),
        "invite_refusal": page.refusal(Action.USER_INVITE),
        "export_refusal": page.refusal(Action.LIST_EXPORT),
        "import_url": reverse("imports:list") if _may_import(page) else "",
    }
