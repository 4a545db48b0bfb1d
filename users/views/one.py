"""One managed user: who they are, how they sign in, what they have access to, what happened.

Of somebody who has left it is told that they did, and where the sheet of their leaving is.
"""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property

from accounts import names
from accounts import queries as accounts
from accounts.models import Account, RoleAssignment
from accounts.operations import remove_access
from adminctr.core import lifetimes
from adminctr.web.devices import device_of
from adminctr.web.display import moment, until
from adminctr.web.paginate import cut
from adminctr.web.places import place_of
from adminctr.web.views import ActionFrame, Done
from audit import presenters, queries
from audit.models import AuditEvent
from domains.models import Domain
from organizations import policy
from organizations.models import Membership, Role, SecondFactor
from organizations.operations import change_role
from organizations.policy import Action
from users import requirements
from users.forms import ChangeRoleForm, ChooseAccountForm
from users.models import (
    Departed,
    Factor,
    Offboarding,
    RememberedBrowser,
    Session,
    UserStatus,
    WayOut,
)
from users.views.frames import (
    UserDetailFrame,
    UserListFrame,
    UserOperationFrame,
    UserPage,
    firsts,
)

_MOST_SESSIONS = 20
_MOST_SIGN_INS = 20
_MOST_OFFERED = 50


class ProfilePage(UserDetailFrame):
    tab = "detail"
    template_name = "users/detail.html"

    @cached_property
    def stay(self) -> Membership:
        """The newest stay, were it over: who left is found by the address they had here."""
        stays = Membership.objects.select_related("user", "organization").order_by("-pk")
        return self.one(stays, user__sid=self.kwargs["sid"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        if self.stay.ended_at is None:
            return self._profile(self.stay)
        self.template_name = "users/left.html"
        return _leaving_of(self.stay)

    def _profile(self, stay: Membership) -> dict[str, Any]:
        status = UserStatus(stay.status)
        return {
            "is_suspended": status is UserStatus.SUSPENDED,
            "is_inactive": status is UserStatus.INACTIVE,
            "waits_for_password": _waiting_for_password(stay),
            **_planned_offboarding(stay),
            "since": moment(stay.began_at),
            "source": stay.get_source_display(),
            "giver": _giver_of(stay),
            "last_sign_in": moment(stay.last_sign_in_at),
            "last_active": moment(stay.user.last_active_at),
            "role_refusal": self.refusal(Action.USER_CHANGE_ROLE, stay),
            **self._refusals(),
            **self._ownership(stay),
        }

    def _refusals(self) -> dict[str, str | None]:
        """Why something is not offered; the rule of rank answers for all of it alike."""
        return {
            "rename_refusal": self.refusal(Action.USER_RENAME, self.stay),
            "reset_password_refusal": self.refusal(Action.USER_RESET_PASSWORD, self.stay),
            "deactivate_refusal": self.refusal(Action.USER_DEACTIVATE, self.stay),
            "remove_refusal": self.refusal(Action.USER_REMOVE, self.stay),
            "delete_refusal": self.refusal(Action.USER_DELETE, self.stay),
            "remove_url": self._leave_url("remove"),
            "delete_url": self._leave_url("delete"),
        }

    def _leave_url(self, how: str) -> str:
        return f"{self.url('leave')}?how={how}"

    def _ownership(self, stay: Membership) -> dict[str, Any]:
        """The Owner's page is where the ownership is handed over."""
        if stay.role != Role.OWNER:
            return {}
        return {
            "is_owner": True,
            "owner_stays": policy.OWNER_STAYS,
            "transfer_refusal": self.refusal(Action.ORGANIZATION_TRANSFER),
        }


def _waiting_for_password(stay: Membership) -> str:
    """What is told of somebody without a password; whether their link still works nobody keeps."""
    if stay.user.has_usable_password():
        return ""
    lifetime = lifetimes.in_words()["reset_lifetime"]
    return (
        "The old password no longer works, and this person has not set a new one. A link that "
        f"they were sent works for {lifetime} at most, and no longer once they were logged out "
        "since. Reset the password again to send a new one."
    )


def _planned_offboarding(stay: Membership) -> dict[str, Any]:
    """That this person is to leave on a day, or why that was not possible."""
    planned = Offboarding.objects.waiting().filter(user=stay.user).first()
    if planned is None:
        return {}
    done = "deleted" if planned.how == WayOut.DELETE else "removed"
    return {
        "offboarding": planned,
        "offboarding_text": planned.obstacle or f"Will be {done} on {moment(planned.due_at).text}.",
    }


def _leaving_of(stay: Membership) -> dict[str, Any]:
    """When somebody left, and where it stands how: by an administrator's hand, or with a domain."""
    person = stay.user
    leaving = Offboarding.objects.filter(user=person, done_at__gte=stay.began_at)
    lost = Departed.objects.away().filter(user=person).values("domain_name")
    return {
        "name": names.known_as(person).name if person.deleted_at is None else person.sid,
        "day": moment(stay.ended_at),
        "leaving": leaving.order_by("-done_at", "-pk").first(),
        "domain": Domain.objects.filter(name__in=lost).first(),
    }


class SignInPage(UserDetailFrame):
    """Second factors without their secrets, browsers, and the last log-ins."""

    tab = "sign-in"
    template_name = "users/sign_in.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        person = self.stay.user
        factors = Factor.objects.filter(user=person).order_by("created_at", "pk")
        browsers = RememberedBrowser.objects.live().filter(user=person)
        live = Session.objects.live().filter(user=person).order_by("-last_seen_at", "-pk")
        sessions = cut(live, _MOST_SESSIONS)
        return {
            "factors": [_shown_factor(one) for one in factors],
            "is_factor_due": person.is_factor_due,
            **self._required(),
            "remembered": browsers.count(),
            "sessions": [_shown_session(one) for one in sessions.rows],
            "has_more_sessions": sessions.has_more,
            "history": self._history(),
            "last_sign_in": moment(self.stay.last_sign_in_at),
            "last_active": moment(person.last_active_at),
            "require_refusal": self.refusal(Action.USER_REQUIRE_2FA, self.stay),
            "reset_refusal": self.refusal(Action.USER_RESET_2FA, self.stay),
            "end_refusal": self.refusal(Action.USER_END_SESSIONS, self.stay),
        }

    def _required(self) -> dict[str, Any]:
        """How often a second factor is asked for, and by whom."""
        stay = self.stay
        own, everybody = SecondFactor(stay.second_factor), SecondFactor(self._everybody())
        at_log_in = requirements.level_at_log_in(stay.user, stay)
        return {
            "required": _asked_at_log_in(stay, at_log_in),
            "required_of_person": own.label,
            "required_of_everybody": everybody.label,
            "is_by_accounts": at_log_in not in {own, everybody},
        }

    def _everybody(self) -> str:
        level: str = self.organization.second_factor
        return level

    def _history(self) -> list[dict[str, Any]]:
        events = queries.sign_ins_of(self.stay.user.sid)[:_MOST_SIGN_INS]
        return [
            presenters.as_row(one)
            | {"device": device_of(presenters.detail(one, "user_agent")), "place": _place(one)}
            for one in events
        ]


class AccessPage(UserDetailFrame):
    """The roles of this person on the accounts of the organization, as they are in force."""

    tab = "access"
    template_name = "users/access.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        held = RoleAssignment.objects.in_force().on_accounts().filter(holder=self.stay.user)
        rows = held.select_related("account", "by").order_by(
            "account__name_key", "account_id", "pk"
        )
        shown = cut(rows)
        known = names.known(one.by for one in shown.rows)
        return {
            "roles": [
                self._role(one, one.account)
                | {"is_first": is_first, "by": names.giver_of(one, known)}
                for one, is_first in firsts(shown.rows)
                if one.account
            ],
            "has_more_roles": shown.has_more,
            "change_refusal": self.refusal(Action.ACCOUNT_MANAGE_USERS),
        }

    def _role(self, one: RoleAssignment, account: Account) -> dict[str, Any]:
        person = self.stay.user
        return {
            "account": account,
            "url": reverse("accounts:user", args=[account.sid, person.sid]),
            "change_url": reverse("accounts:roles", args=[account.sid, person.sid]),
            "end_url": self.url("access-end", account.sid),
            "is_owner": account.owner_id == person.pk,
            "role": one.get_role_label(),
            "since": moment(one.began_at),
            "until": until(one.ends_at),
            "reason": one.reason,
        }


class GiveAccessPage(UserOperationFrame):
    """From an account to the page where this person gets roles on it."""

    action = Action.ACCOUNT_MANAGE_USERS
    template_name = "users/access_give.html"
    form_class = ChooseAccountForm

    def context(self, subject: Membership) -> dict[str, Any]:
        return {"accounts": Account.objects.managed().order_by("name_key", "id")[:_MOST_OFFERED]}

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        account = accounts.named(data["account"])
        return Done("", reverse("accounts:roles", args=[account.sid, subject.user.sid]))


class EndAccess(UserPage, ActionFrame):
    """Takes away every role of this person on one account."""

    action = Action.ACCOUNT_MANAGE_USERS

    def subject(self, **kwargs: Any) -> Any:
        held = RoleAssignment.objects.on_accounts().filter(holder=self.stay.user)
        held = held.select_related("holder", "account__organization")
        return self.one(held.order_by("-pk"), account__sid=kwargs["account"])

    def perform(self, subject: Any) -> Done:
        account = remove_access(subject.account, holder=subject.holder, actor=self.actor)
        return Done(f"{subject.email} no longer has a role on {account.name}.", self.back(subject))

    def back(self, subject: RoleAssignment) -> str:
        return self.url("access")


class UserActivityPage(UserListFrame):
    """What was done to this person."""

    tab = "activity"
    template_name = "users/activity.html"
    cursor = "sequence"

    def rows(self) -> QuerySet[Any]:
        return queries.about(self.stay.user.sid)

    def row(self, row: AuditEvent) -> dict[str, Any]:
        return presenters.as_row(row)

    def extra(self) -> dict[str, Any]:
        sides = (
            ("About this person", "activity", UserActivityPage),
            ("By this person", "activity-by", ActivityByUserPage),
        )
        return {
            "sides": [
                {"label": label, "url": self.url(name), "current": type(self) is page}
                for label, name, page in sides
            ]
        }


class ActivityByUserPage(UserActivityPage):
    """What they did."""

    def rows(self) -> QuerySet[Any]:
        return queries.by(self.stay.user.sid)


class ChangeRolePage(UserOperationFrame):
    action = Action.USER_CHANGE_ROLE
    template_name = "users/change_role.html"
    form_class = ChangeRoleForm

    def asks_for_password(self, subject: Membership) -> bool:
        """Whoever is no administrator yet can only become one."""
        return not policy.may_administer(subject.role)

    def initial(self, subject: Membership) -> dict[str, Any]:
        return {"role": subject.role}

    def context(self, subject: Membership) -> dict[str, Any]:
        return {"role_refusal": self.refusal(Action.USER_CHANGE_ROLE, subject)}

    def perform(self, subject: Membership, data: dict[str, Any]) -> Done:
        stay = change_role(subject, actor=self.actor, **data)
        return Done(f"{stay.email} is {stay.get_role_display()} now.", subject.get_absolute_url())


def _giver_of(stay: Membership) -> str:
    """Who added this person, if somebody else did."""
    if stay.by is None or stay.by_id == stay.user_id:
        return ""
    return names.known_as(stay.by).name


def _asked_at_log_in(stay: Membership, level: SecondFactor) -> str:
    if level != SecondFactor.DISABLED:
        return level.label
    return "To be set up" if stay.user.is_factor_due else "Nothing"


def _shown_factor(one: Factor) -> dict[str, Any]:
    """What tells one from another: never a secret, of a number its end alone."""
    number = f"Ends with {one.number[-2:]}" if one.number else ""
    return {
        "kind": one.get_kind_display(),
        "name": one.name or number,
        "since": moment(one.created_at),
        "last_used": moment(one.last_used_at),
    }


def _shown_session(one: Session) -> dict[str, Any]:
    return {
        "device": device_of(one.user_agent),
        "ip": one.ip,
        "place": place_of(one.ip),
        "began": moment(one.began_at),
        "seen": moment(one.last_seen_at),
        "is_guarded": one.is_guarded,
    }


def _place(event: AuditEvent) -> str:
    return place_of(presenters.detail(event, "ip"))
