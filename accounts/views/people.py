"""Who has access to an account: users, invited people, and why."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404
from django.urls import reverse

from accounts import explanations, grants, names, queries
from accounts.explanations import Explanation
from accounts.forms import (
    AccountUserFilter,
    InvitedFilter,
    InviteToAccountForm,
    LookUpForm,
    RolesForm,
)
from accounts.models import Account, RoleAssignment
from accounts.names import Known
from accounts.operations import remove_access, set_roles
from accounts.policy import WORDS
from accounts.views.frames import (
    ADMIN_CENTER,
    AccountActionPage,
    AccountDetailPage,
    AccountListPage,
    AccountOperationPage,
    AccountPage,
)
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import record_refusal
from adminctr.web.display import moment, until
from adminctr.web.filters import Noun, Order
from adminctr.web.mails import facts_of, mail_state
from adminctr.web.views import Done
from invitations.models import Invitation, Kind
from invitations.operations import (
    invite_to_account,
    resend_invitation,
    resend_refusal,
    revoke_invitation,
)
from organizations.policy import Action
from users.models import User

_USERS = ("Users", "users")
_NOBODY = "Nobody with access to this account, and no managed user, has this address or SID."

_INVITED = "This person has not answered the invitation yet, so they have no access."


class UserListPage(AccountListPage):
    """Everybody with a role on this account itself, once each."""

    action = Action.ACCOUNT_MANAGE_USERS
    tab = "users"
    template_name = "accounts/users.html"
    filter_class = AccountUserFilter
    noun = Noun("user", "users")
    orders = {
        "name": Order("name_key", "by name"),
        "-name": Order("-name_key", "by name from the end"),
        "-since": Order("-began_at", "newest first"),
        "since": Order("began_at", "oldest first"),
    }

    def rows(self) -> Any:
        held = RoleAssignment.objects.in_force().filter(account=self.account)
        first = held.first_of_each("account", "holder")
        return first.with_membership().select_related("holder")

    def row(self, row: Any) -> dict[str, Any]:
        return {
            "url": self.url("user", row.holder.sid),
            "name": row.holder.get_full_name(),
            "email": row.email,
            "independent": not row.holder_is_managed,
            "since": moment(row.began_at),
        }

    def extra(self) -> dict[str, Any]:
        return {
            "look_up": LookUpForm(),
            "invite_refusal": self.refusal(Action.ACCOUNT_MANAGE_USERS),
            "above": self.account.parent,
        }

    def shown(self, rows: list[Any]) -> list[dict[str, Any]]:
        held = _held_by(self.account, [row.holder_id for row in rows])
        return [self.row(row) | held[row.holder_id] for row in rows]


class LookUpPage(AccountOperationPage):
    """From an address or a SID to the page of that person and this account."""

    action = Action.ACCOUNT_MANAGE_USERS
    tab = "users"
    template_name = "accounts/look_up.html"
    form_class = LookUpForm

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        person = known_to(self, data["who"])
        if person:
            return Done("", self.url("user", person.sid))
        invited = Invitation.objects.pending_access(self.account).to(data["who"].lower()).first()
        if invited:
            return Done(_INVITED, self.url("invited", invited.sid), messages.INFO)
        raise RuleViolation("unknown", _NOBODY, field="who")


class UserPage(AccountDetailPage):
    """Why somebody has access to this account, or why not, and what would change that."""

    action = Action.ACCOUNT_MANAGE_USERS
    below: ClassVar[tuple[str, str] | None] = _USERS
    template_name = "accounts/user.html"

    def person(self, **kwargs: Any) -> User:
        return person_in(self, kwargs["user"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        person = self.person(**kwargs)
        explained = explanations.explain(person, self.account)
        proof = explained.proof
        return {
            "person": person,
            "person_url": _page_of(explained) if self.door is ADMIN_CENTER else "",
            "explained": explained,
            "why_not": explanations.why_not(explained),
            "grounds": self._grounds(proof.grounds),
            "former": self._former(explained.former),
            "permissions": [words for one, words in WORDS.items() if one in proof.permissions],
            "has_own_role": any(one.account_id == self.account.pk for one in proof.grounds),
            "is_owner": person.pk == self.account.owner_id,
            "roles_refusal": self.refusal(Action.ACCOUNT_MANAGE_USERS),
        }

    def _grounds(self, grounds: Collection[RoleAssignment]) -> list[dict[str, Any]]:
        known = names.known(one.by for one in grounds)
        return [self._ground(one) | {"by": _by_whom(one, known)} for one in grounds]

    def _ground(self, one: RoleAssignment) -> dict[str, Any]:
        above = one.account if one.account_id != self.account.pk else None
        return {
            "role": one.get_role_label(),
            "above": above,
            "above_url": self.door.url("detail", above.sid) if above else "",
            "since": moment(one.began_at),
            "until": until(one.ends_at),
            "source": one.get_source_display(),
            "reason": one.reason,
            "way_out": explanations.way_out(one, self.account),
            "sid": one.sid,
        }

    def _former(self, one: RoleAssignment | None) -> dict[str, Any]:
        if one is None:
            return {}
        return {"role": one.get_role_label(), "ended": moment(one.get_end())}


class MyAccessPage(UserPage):
    """The same about oneself, for everybody who has a role on the account."""

    action = Action.ACCOUNT_VIEW
    below = None

    def person(self, **kwargs: Any) -> User:
        return self.user


class ChangeRolesPage(AccountOperationPage):
    """Which roles somebody has on this account; a managed user may get the first ones here."""

    action = Action.ACCOUNT_MANAGE_USERS
    below = _USERS
    template_name = "accounts/roles.html"
    form_class = RolesForm

    def subject(self, **kwargs: Any) -> User:
        return person_in(self, kwargs["user"])

    def initial(self, subject: User) -> dict[str, Any]:
        held = RoleAssignment.objects.in_force().filter(account=self.account, holder=subject)
        rows = list(held)
        ends = {one.ends_at for one in rows}
        end = ends.pop() if len(ends) == 1 else None
        reasons = {one.reason for one in rows}
        return {
            "roles": [one.role for one in rows],
            "ends_on": RolesForm.last_day(end),
            "reason": reasons.pop() if len(reasons) == 1 else "",
        }

    def context(self, subject: User) -> dict[str, Any]:
        explained = explanations.explain(subject, self.account)
        return {"explained": explained, "person_url": self.url("user", subject.sid)}

    def perform(self, subject: User, data: dict[str, Any]) -> Done:
        asked = RolesForm.asked(data)
        set_roles(self.account, holder=subject, actor=self.actor, **asked)
        return Done(
            f"The roles of {subject.email} on {self.account.name} are changed.",
            self.url("user", subject.sid),
        )


class RemoveAccess(AccountActionPage):
    action = Action.ACCOUNT_MANAGE_USERS

    def subject(self, **kwargs: Any) -> User:
        return person_in(self, kwargs["user"])

    def perform(self, subject: User) -> Done:
        remove_access(self.account, holder=subject, actor=self.actor)
        return Done(
            f"{subject.email} no longer has a role on {self.account.name}.", self.url("users")
        )

    def back(self, subject: User) -> str:
        return self.url("user", subject.sid)


class InvitePage(AccountOperationPage):
    action = Action.ACCOUNT_MANAGE_USERS
    below = _USERS
    template_name = "accounts/invite.html"
    form_class = InviteToAccountForm

    def context(self, subject: Account) -> dict[str, Any]:
        return {"organization_name": self.organization.name}

    def perform(self, subject: Account, data: dict[str, Any]) -> Done:
        asked = InviteToAccountForm.asked(data)
        invitation = invite_to_account(subject, actor=self.actor, **asked)
        if invitation is None:
            return Done(f"{asked['email']} has access at once.", self.url("users"))
        return Done(f"{invitation.email} was invited.", self.url("pending-users"))


class InvitedListPage(AccountListPage):
    """Who is invited to this account and has not answered."""

    action = Action.ACCOUNT_MANAGE_USERS
    tab = "pending-users"
    template_name = "accounts/invited.html"
    filter_class = InvitedFilter
    noun = Noun("pending user", "pending users")
    known: Mapping[int, Known]

    def rows(self) -> Any:
        return Invitation.objects.pending_access(self.account).select_related("invited_by")

    def shown(self, rows: list[Invitation]) -> list[dict[str, Any]]:
        self.known = names.known(row.invited_by for row in rows)
        return super().shown(rows)

    def row(self, row: Invitation) -> dict[str, Any]:
        return {
            "url": self.url("invited", row.sid),
            "email": row.email,
            "roles": row.get_role_label(),
            "inviter": self.known[row.invited_by_id].name,
            "sent": moment(row.last_sent_at),
            "sends": row.total_sends,
        } | mail_state(row)


class InvitedPage(AccountDetailPage):
    action = Action.ACCOUNT_MANAGE_USERS
    tab = "pending-users"
    below = ("Pending Users", "pending-users")
    template_name = "accounts/invited_detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        invitation = invitation_in(self, kwargs["invitation"])
        refused = resend_refusal(invitation)
        return facts_of(invitation) | {
            "roles": invitation.get_role_label(),
            "until": until(invitation.access_ends_at),
            "resend_refusal": refused.message if refused else None,
        }


class InvitedAction(AccountActionPage):
    action = Action.ACCOUNT_MANAGE_USERS

    def subject(self, **kwargs: Any) -> Invitation:
        rows = Invitation.objects.filter(account=self.account, kind=Kind.ACCESS)
        return self.one(rows.select_related("organization", "account"), sid=kwargs["invitation"])

    def back(self, subject: Invitation) -> str:
        is_there = subject.is_open()
        return self.url("invited", subject.sid) if is_there else self.url("pending-users")


class ResendInvited(InvitedAction):
    def perform(self, subject: Invitation) -> Done:
        invitation = resend_invitation(subject, actor=self.actor)
        message = f"{invitation.email} gets a new link; the old one stops working."
        return Done(message, self.back(invitation))


class RevokeInvited(InvitedAction):
    def perform(self, subject: Invitation) -> Done:
        invitation = revoke_invitation(subject, actor=self.actor)
        return Done(f"The invitation of {invitation.email} was revoked.", self.back(invitation))


def invitation_in(page: AccountPage, sid: str) -> Invitation:
    waiting = Invitation.objects.pending_access(page.account).select_related("invited_by")
    return page.one(waiting, sid=sid)


def known_to(page: AccountPage, who: str) -> User | None:
    """Whoever has or had a role on the account; its organization's people know its members, too."""
    is_inside = page.actor.organization_id == page.organization.pk
    return queries.person_around(page.account, who, with_members=is_inside)


def person_in(page: AccountPage, sid: str) -> User:
    """The same for an address; 404 for anybody else."""
    person = known_to(page, sid)
    if person is None:
        record_refusal(page.action, page.actor, NotAllowed("No such person around this account."))
        raise Http404
    return person


def _held_by(account: Account, holders: Collection[int]) -> dict[int, dict[str, Any]]:
    """The roles of each in words, and when the first of them ends by itself."""
    held = RoleAssignment.objects.in_force().filter(account=account, holder__in=holders)
    found: dict[int, list[RoleAssignment]] = {holder: [] for holder in holders}
    for one in held:
        found[one.holder_id].append(one)
    return {holder: _in_words(rows) for holder, rows in found.items()}


def _in_words(rows: list[RoleAssignment]) -> dict[str, Any]:
    end = min((one.ends_at for one in rows if one.ends_at), default=None)
    roles = grants.role_words([one.role for one in rows])
    return {"roles": roles, "until": until(end)}


def _page_of(explained: Explanation) -> str:
    """The page about the person, for those who govern the organization; none for who has left."""
    if explained.member:
        return reverse("users:detail", args=[explained.person.sid])
    if explained.proof.grounds:
        return reverse("users:independent-detail", args=[explained.person.sid])
    return ""


def _by_whom(row: RoleAssignment, known: Mapping[int, Known]) -> str:
    if row.is_by_holder():
        return "themselves"
    return known[row.by_id].name if row.by_id else "the system"
