from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from accounts.models import Account, RoleAssignment
from adminctr.core.actor import SYSTEM, Actor
from adminctr.core.columns import starts_with
from adminctr.core.errors import RuleViolation
from adminctr.web.display import moment
from adminctr.web.staff import (
    Line,
    OperationAdmin,
    Section,
    StaffOperation,
    event_line,
    link,
    list_url,
    site,
    url_of,
)
from audit.models import AuditEvent
from organizations.models import Membership, stay_of
from organizations.policy import Action
from users import operations
from users.models import User, UserStatus


def _suspend(subject: User, data: dict[str, Any], actor: Actor) -> str:
    user = operations.suspend_login(subject, actor=actor)
    return f"{user.email} is suspended and logged out."


def _lift(subject: User, data: dict[str, Any], actor: Actor) -> str:
    user = operations.lift_suspension(subject, actor=actor)
    return f"{user.email} may log in again."


def _stay_or_user(subject: User) -> Membership | User:
    """What the rule of rank is asked about: their stay, where they have one."""
    stay = stay_of(subject)
    if stay is None:
        return subject
    stay.user = subject
    return stay


def _stay(subject: User) -> Membership:
    """Raises RuleViolation: no_organization."""
    stay = _stay_or_user(subject)
    if not isinstance(stay, Membership):
        raise RuleViolation(
            "no_organization", "They are in no organization; an operator can help at the shell."
        )
    return stay


def _reset_password(subject: User, data: dict[str, Any], actor: Actor) -> str:
    stay = operations.reset_user_password(_stay(subject), actor=actor)
    return f"A link is on its way to {stay.email}; the old password no longer works."


def _reset_second_factor(subject: User, data: dict[str, Any], actor: Actor) -> str:
    stay = operations.reset_second_factor(_stay(subject), actor=actor)
    return f"The second factors of {stay.email} were taken away."


def _end_sessions(subject: User, data: dict[str, Any], actor: Actor) -> str:
    ended = operations.end_user_sessions(_stay(subject), actor=actor)
    return f"Sessions ended: {ended:,}."


def _deactivate(subject: User, data: dict[str, Any], actor: Actor) -> str:
    stay = operations.deactivate_user(_stay(subject), actor=actor)
    return f"The login of {stay.email} is deactivated."


def _reactivate(subject: User, data: dict[str, Any], actor: Actor) -> str:
    stay = operations.reactivate_user(_stay(subject), actor=actor)
    return f"{stay.email} may log in again."


@admin.register(User, site=site)
class UserAdmin(OperationAdmin):
    """Found by SID, and by the beginning of the address or of a name."""

    sids = {"US": "sid"}
    prefixes = ("email",)
    search_help_text = "A user's SID, or the beginning of an address, a name or a surname."
    list_display = ("email", "name", "status", "created", "last_sign_in", "sid")
    facts = (
        "sid", "email", "name", "status", "organization", "role", "staff", "created",
        "last_sign_in", "last_activity",
    )  # fmt: skip
    operations = (
        StaffOperation(
            "suspend",
            "Suspend the login",
            Action.USER_SUSPEND,
            _suspend,
            applies=lambda subject: subject.status == UserStatus.ACTIVE,
            hint="Nobody can log in with this login until support lifts the suspension, and "
            "anyone logged in with it is logged out at once.",
            is_sensitive=True,
        ),
        StaffOperation(
            "lift-suspension",
            "Lift the suspension",
            Action.USER_SUSPEND,
            _lift,
            applies=lambda subject: subject.status == UserStatus.SUSPENDED,
            is_sensitive=True,
        ),
        StaffOperation(
            "reset-password",
            "Reset Password",
            Action.USER_RESET_PASSWORD,
            _reset_password,
            applies=lambda subject: subject.status == UserStatus.ACTIVE,
            about=_stay_or_user,
            hint="The old password stops working, anyone logged in with it is logged out, and a "
            "link to set a new one goes to the person by email.",
            is_sensitive=True,
        ),
        StaffOperation(
            "reset-2fa",
            "Reset 2FA",
            Action.USER_RESET_2FA,
            _reset_second_factor,
            applies=lambda subject: subject.status != UserStatus.SUSPENDED,
            about=_stay_or_user,
            hint="Every second factor is removed and every session ends; the next log-in sets up a "
            "new one. Be sure who is asking: call back on a number that you know.",
            is_sensitive=True,
        ),
        StaffOperation(
            "end-sessions",
            "End sessions",
            Action.USER_END_SESSIONS,
            _end_sessions,
            about=_stay_or_user,
            is_sensitive=True,
        ),
        StaffOperation(
            "deactivate",
            "Deactivate",
            Action.USER_DEACTIVATE,
            _deactivate,
            applies=lambda subject: subject.status == UserStatus.ACTIVE,
            about=_stay_or_user,
            hint="Their administrators can reactivate them. To keep somebody out until support "
            "decides otherwise, suspend the login.",
            is_sensitive=True,
        ),
        StaffOperation(
            "reactivate",
            "Reactivate",
            Action.USER_DEACTIVATE,
            _reactivate,
            applies=lambda subject: subject.status == UserStatus.INACTIVE,
            about=_stay_or_user,
            is_sensitive=True,
        ),
    )

    def found(self, rows: QuerySet[Any], key: str) -> Iterator[QuerySet[Any]]:
        """By address, and by the names that stand on the stays."""
        yield from super().found(rows, key)
        stays = Membership.objects.open()
        for column in ("name_key", "surname_key"):
            yield stays.filter(starts_with(column, key)).values_list("user_id", flat=True)

    @admin.display(description="Name")
    def name(self, row: User) -> str:
        return row.get_full_name()

    @admin.display(description="Organization")
    def organization(self, row: User) -> str:
        stay = stay_of(row)
        return link(stay.organization if stay else None)

    @admin.display(description="Role")
    def role(self, row: User) -> str:
        stay = stay_of(row)
        return stay.get_role_display() if stay else ""

    @admin.display(description="Support staff")
    def staff(self, row: User) -> str:
        return ", ".join(row.groups.values_list("name", flat=True)) if row.is_staff else "No"

    @admin.display(description="Last sign-in")
    def last_sign_in(self, row: User) -> str:
        return moment(row.last_login).text

    @admin.display(description="Last activity")
    def last_activity(self, row: User) -> str:
        return moment(row.last_active_at).text

    def sections(self, subject: User) -> Iterable[Section]:
        accounts = Account.objects.managed().filter(owner=subject)
        stay = stay_of(subject)
        chain = stay.organization.sid if stay else SYSTEM
        events = AuditEvent.objects.filter(chain=chain, subject_sid=subject.sid)
        roles = RoleAssignment.objects.filter(holder=subject).order_by("-pk")
        return (
            Section.of(
                "Roles, the newest first",
                roles.select_related("organization", "account"),
                list_url(RoleAssignment, subject.sid),
                _role,
            ),
            Section.of(
                "Accounts that they own", accounts, list_url(Account, subject.sid), _account
            ),
            Section.of(
                "Newest events about them",
                events.select_related("details").order_by("-sequence"),
                list_url(AuditEvent, f"{chain} {subject.sid}"),
                event_line,
            ),
        )


def _role(role: RoleAssignment) -> Line:
    where = role.account or role.organization
    until = f" until {moment(role.ended_at).text}" if role.ended_at else ""
    return Line(
        f"{role.get_role_label()} of {where}", url_of(role), f"{moment(role.began_at).text}{until}"
    )


def _account(account: Account) -> Line:
    return Line(account.name, url_of(account), account.get_status_display())
