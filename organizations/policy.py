"""The rule book: who may do what in an organization, and why not, in words.

The same table answers operations, pages, disabled controls and the test matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from django.contrib.auth.models import Group

from adminctr.core.actor import STAFF, Actor, Origin
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import TenantModel
from organizations.models import GRANTABLE_ROLES, Membership, Organization, Role, stay_of


class Action(StrEnum):
    ACCESS_VIEW = "access:view"
    ACCOUNT_ADD = "account:add"
    ACCOUNT_CLOSE = "account:close"
    ACCOUNT_CONFIGURE = "account:configure"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_CREATE_FOR = "account:create-for"
    ACCOUNT_FLAG_HIPAA = "account:flag-hipaa"
    ACCOUNT_MANAGE_USERS = "account:manage-users"
    ACCOUNT_RELINQUISH = "account:relinquish"
    ACCOUNT_SUSPEND = "account:suspend"
    ACCOUNT_TRANSFER = "account:transfer"
    ACCOUNT_UPGRADE = "account:upgrade"
    ACCOUNT_VIEW = "account:view"
    ACTIVITY_VIEW = "activity:view"
    DOMAIN_ADD = "domain:add"
    DOMAIN_APPROVE_SHARING = "domain:approve-sharing"
    DOMAIN_CHANGE_SETTING = "domain:change-setting"
    DOMAIN_CLASSIFY = "domain:classify"
    DOMAIN_REMOVE = "domain:remove"
    DOMAIN_VERIFY = "domain:verify"
    DOMAIN_VIEW = "domain:view"
    LIST_EXPORT = "list:export"
    LIST_SAVE_VIEW = "list:save-view"
    ORGANIZATION_RECORD_BAA = "organization:record-baa"
    ORGANIZATION_RENAME = "organization:rename"
    ORGANIZATION_REQUIRE_2FA = "organization:require-2fa"
    ORGANIZATION_SET_LIMIT = "organization:set-limit"
    ORGANIZATION_SWITCH_IMPORT = "organization:switch-import"
    ORGANIZATION_TRANSFER = "organization:transfer"
    ORGANIZATION_VIEW = "organization:view"
    SUBACCOUNT_MANAGE = "subaccount:manage"
    SUPPORT_VIEW = "support:view"
    USER_BRING_BACK = "user:bring-back"
    USER_CHANGE_ROLE = "user:change-role"
    USER_DEACTIVATE = "user:deactivate"
    USER_DELETE = "user:delete"
    USER_END_SESSIONS = "user:end-sessions"
    USER_IMPORT = "user:import"
    USER_INVITE = "user:invite"
    USER_REMOVE = "user:remove"
    USER_RENAME = "user:rename"
    USER_REQUIRE_2FA = "user:require-2fa"
    USER_RESET_2FA = "user:reset-2fa"
    USER_RESET_PASSWORD = "user:reset-password"
    USER_SUSPEND = "user:suspend"
    USER_VIEW = "user:view"


WORDS: dict[Action, str] = {
    Action.ACCESS_VIEW: "See role assignments",
    Action.ACCOUNT_ADD: "Add existing accounts, resend and cancel",
    Action.ACCOUNT_CLOSE: "Close accounts",
    Action.ACCOUNT_CONFIGURE: "Change the settings of accounts",
    Action.ACCOUNT_CREATE: "Create accounts",
    Action.ACCOUNT_CREATE_FOR: "Create accounts for others",
    Action.ACCOUNT_FLAG_HIPAA: "Enable and disable HIPAA for accounts",
    Action.ACCOUNT_MANAGE_USERS: "Give and take roles on accounts",
    Action.ACCOUNT_RELINQUISH: "Relinquish access to independent accounts",
    Action.ACCOUNT_SUSPEND: "Suspend and reactivate accounts",
    Action.ACCOUNT_TRANSFER: "Change the owner of accounts",
    Action.ACCOUNT_UPGRADE: "Upgrade accounts",
    Action.ACCOUNT_VIEW: "See accounts",
    Action.ACTIVITY_VIEW: "See the activity",
    Action.DOMAIN_ADD: "Add domains",
    Action.DOMAIN_APPROVE_SHARING: "Let an organization share a domain with others",
    Action.DOMAIN_CHANGE_SETTING: "Change the domain setting and what is expected of it",
    Action.DOMAIN_CLASSIFY: "Say which domains belong to mail services",
    Action.DOMAIN_REMOVE: "Remove domains",
    Action.DOMAIN_VERIFY: "Verify domains",
    Action.DOMAIN_VIEW: "See domains",
    Action.LIST_EXPORT: "Export lists",
    Action.LIST_SAVE_VIEW: "Save views of lists",
    Action.ORGANIZATION_RECORD_BAA: "Record a Business Associate Agreement",
    Action.ORGANIZATION_RENAME: "Rename the organization",
    Action.ORGANIZATION_REQUIRE_2FA: "Require 2FA of the whole organization",
    Action.ORGANIZATION_SET_LIMIT: "Set the limits of accounts and domains",
    Action.ORGANIZATION_SWITCH_IMPORT: "Switch the import of users on and off",
    Action.ORGANIZATION_TRANSFER: "Change the Owner",
    Action.ORGANIZATION_VIEW: "Open the Admin Center",
    Action.SUBACCOUNT_MANAGE: "Create, suspend and reactivate subaccounts",
    Action.SUPPORT_VIEW: "Look into every organization",
    Action.USER_BRING_BACK: "Bring people back who were removed with their domain",
    Action.USER_CHANGE_ROLE: "Change organization roles",
    Action.USER_DEACTIVATE: "Deactivate and reactivate users",
    Action.USER_DELETE: "Delete users",
    Action.USER_END_SESSIONS: "End the sessions of users",
    Action.USER_IMPORT: "Import users",
    Action.USER_INVITE: "Invite users, resend and revoke invitations",
    Action.USER_REMOVE: "Remove users",
    Action.USER_RENAME: "Change the names of users",
    Action.USER_REQUIRE_2FA: "Require 2FA of users",
    Action.USER_RESET_2FA: "Reset the 2FA of users",
    Action.USER_RESET_PASSWORD: "Reset the passwords of users",
    Action.USER_SUSPEND: "Suspend logins and lift suspensions",
    Action.USER_VIEW: "See users",
}

STAFF_ALONE = frozenset(
    {
        Action.ACCOUNT_UPGRADE,
        Action.DOMAIN_APPROVE_SHARING,
        Action.DOMAIN_CLASSIFY,
        Action.ORGANIZATION_RECORD_BAA,
        Action.ORGANIZATION_SET_LIMIT,
        Action.ORGANIZATION_SWITCH_IMPORT,
        Action.SUPPORT_VIEW,
        Action.USER_SUSPEND,
    }
)

GRANTS: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action) - STAFF_ALONE,
    Role.ADMINISTRATOR: frozenset(Action) - STAFF_ALONE - {Action.ORGANIZATION_TRANSFER},
    Role.STANDARD: frozenset({Action.ACCOUNT_CREATE}),
}


class StaffGroup(StrEnum):
    """The groups of support staff, by the names of their rows; each may do what stands below."""

    READERS = "Support readers"
    AGENTS = "Support agents"
    LEADS = "Support leads"


_OF_AGENTS = frozenset(
    {
        Action.ACCOUNT_SUSPEND,
        Action.ACCOUNT_UPGRADE,
        Action.ORGANIZATION_RENAME,
        Action.ORGANIZATION_SET_LIMIT,
        Action.ORGANIZATION_SWITCH_IMPORT,
        Action.SUPPORT_VIEW,
        Action.USER_END_SESSIONS,
        Action.USER_RESET_PASSWORD,
    }
)

STAFF_GRANTS: dict[StaffGroup, frozenset[Action]] = {
    StaffGroup.READERS: frozenset({Action.SUPPORT_VIEW}),
    StaffGroup.AGENTS: _OF_AGENTS,
    StaffGroup.LEADS: _OF_AGENTS
    | {
        Action.ACCOUNT_FLAG_HIPAA,
        Action.ACCOUNT_TRANSFER,
        Action.DOMAIN_APPROVE_SHARING,
        Action.DOMAIN_CLASSIFY,
        Action.ORGANIZATION_RECORD_BAA,
        Action.ORGANIZATION_TRANSFER,
        Action.USER_DEACTIVATE,
        Action.USER_RESET_2FA,
        Action.USER_SUSPEND,
    },
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in words, and which roles in the actor's own organization may instead."""

    words: str
    helpers: tuple[Role, ...] = ()

    def __str__(self) -> str:
        return self.words


OWNER_ALONE = "Only the Owner can do this."
ASK_AN_ADMINISTRATOR = (
    "Your role does not include this. The Owner or an Administrator of your organization can help."
)
OWNER_STAYS = "The Owner's role changes only by handing over the ownership."
OWNER_UNTOUCHABLE = (
    "This cannot be done to the Owner. The Owner looks after their own sign-in in their profile, "
    "and can hand the ownership over."
)
STAFF_UNTOUCHABLE = (
    "This person is support staff: who takes over their sign-in could look into every "
    "organization. An operator of this installation can do this at the shell."
)
NOT_TO_ONESELF = "You cannot do this to yourself. Your own sign-in is in your profile."
OWN_ORGANIZATION = "This is your own organization; somebody else of support must do this."
MEMBERS_ALONE = "Support staff do not do this; the people of the organization can."
SUPPORT_ALONE = "Only support staff can do this."
NOT_STAFF = "You are no longer support staff."
NO_ORGANIZATION = (
    "You do not belong to an organization. Ask the people you work with to invite you. Their "
    "invitation comes by mail; its link makes you a member of their organization."
)
NOT_A_MEMBER = "You are not a member of this organization."

_ACTIVE = "active"  # users.models.UserStatus, which stands above


class Person(Protocol):
    """What the rule book needs of a user."""

    pk: Any
    sid: str
    email: str


class Login(Person, Protocol):
    """A user as the one whose login is to change."""

    is_staff: bool


Subject = Organization | TenantModel | Login | None


def refusal(actor: Actor, action: Action, subject: Subject) -> Refusal | None:
    """Why not; None means yes.

    The subject is an organization, anything that one owns, somebody's login, or None for what
    concerns the whole installation.
    """
    if actor.trusted:
        return None
    if actor.staff is not None:
        return _refusal_of_staff(actor, action, subject) or _refusal_about(actor, action, subject)
    if action in STAFF_ALONE:
        return Refusal(SUPPORT_ALONE)
    if actor.organization_id is None or actor.organization_id != _organization_id(subject):
        return Refusal(NOT_A_MEMBER)
    if actor.role not in GRANTS or action not in GRANTS[Role(actor.role)]:
        return _who_can(action)
    return _refusal_about(actor, action, subject)


def require(actor: Actor, action: Action, subject: Subject) -> None:
    """Raises NotAllowed with the reason."""
    if refused := refusal(actor, action, subject):
        raise NotAllowed(refused.words, action=action, helpers=refused.helpers)


def require_locked(actor: Actor, action: Action, subject: Organization | TenantModel) -> Actor:
    """Allow, lock the subject's organization, read the actor's rights again and allow once more.

    An administrator or a staff member who was demoted a moment ago is refused here. Returns the
    actor as of now.
    """
    require(actor, action, subject)
    lock_living(subject if isinstance(subject, Organization) else subject.organization)
    current = as_of_now(actor)
    require(current, action, subject)
    return current


def lock_living(organization: Organization) -> None:
    """Raises NotAllowed where it has ended."""
    organization.lock()
    if organization.ended_at is not None:
        raise NotAllowed("This organization has ended.")


def as_of_now(actor: Actor) -> Actor:
    """The actor with the role or the staff grants that they have now; raises NotAllowed."""
    if actor.trusted:
        return actor
    if actor.user_id is None:
        raise NotAllowed(NOT_A_MEMBER)
    if actor.staff is not None:
        if not actor.reason:
            raise NotAllowed("Support staff say why they do something.")
        return actor.with_staff(_staff_actions(actor.user_id))
    # There alone: an operation on two organizations sees the stays of both.
    stays = Membership.objects.in_force().filter(organization=actor.organization_id)
    stay = stays.filter(user_id=actor.user_id).first()
    if stay is None:
        raise NotAllowed(NOT_A_MEMBER)
    return actor.with_role(stay.role)


def still_may(actor: Actor, action: Action, organization: Organization) -> Actor | None:
    """Whoever started a run, with the role that they have now; None where they may not go on.

    Called with the organization locked.
    """
    stays = Membership.objects.in_force().filter(user=actor.user_id, status=_ACTIVE)
    stay = stays.first()
    if stay is None or organization.ended_at is not None:
        return None
    current = actor.with_role(stay.role)
    return None if refusal(current, action, organization) else current


def require_grantable(role: str) -> None:
    """Raises RuleViolation: role_not_grantable."""
    if role not in GRANTABLE_ROLES:
        raise RuleViolation("role_not_grantable", "Choose one of the roles listed.", field="role")


def may_administer(role: str) -> bool:
    """Whether this role opens the Admin Center."""
    return role in GRANTS and Action.ORGANIZATION_VIEW in GRANTS[Role(role)]


def roles_that_may(action: Action) -> tuple[Role, ...]:
    return tuple(role for role in Role if action in GRANTS[role])


def rule_book() -> list[dict[str, Any]]:
    """Every action of members in words, and by role whether it is granted, to be read."""
    return [
        {"words": words, "granted": {role.label: action in GRANTS[role] for role in Role}}
        for action, words in WORDS.items()
        if action not in STAFF_ALONE
    ]


def actor_for(user: Person, *, via: str = "page", origin: Origin | None = None) -> Actor:
    """A signed-in person, with the role of the stay that is in force."""
    return actor_in(stay_of(user), user, via=via, origin=origin)


def actor_in(
    stay: Membership | None, user: Person, *, via: str = "page", origin: Origin | None = None
) -> Actor:
    """The same for somebody whose stay is known already."""
    return Actor(
        label=user.email,
        via=via,
        sid=user.sid,
        user_id=user.pk,
        organization_id=stay.organization_id if stay else None,
        organization_sid=stay.organization.sid if stay else "",
        role=stay.role if stay else "",
        origin=origin or Origin(),
    )


def staff_actor(user: Person, *, origin: Origin | None = None) -> Actor:
    """A signed-in person as support staff; they may do nothing when no group grants it."""
    stay = stay_of(user)
    return Actor(
        label=user.email,
        via=STAFF,
        sid=user.sid,
        user_id=user.pk,
        organization_id=stay.organization_id if stay else None,
        staff=_staff_actions(user.pk),
        origin=origin or Origin(),
    )


def _staff_actions(user_id: int) -> frozenset[Action]:
    """What the groups of an active staff member grant, read from the database."""
    groups = Group.objects.filter(user=user_id, user__is_staff=True, user__status=_ACTIVE)
    names = groups.filter(name__in=StaffGroup).values_list("name", flat=True)
    return frozenset[Action]().union(*(STAFF_GRANTS[StaffGroup(name)] for name in names))


def _organization_id(subject: Subject) -> int | None:
    if isinstance(subject, Organization):
        return subject.pk
    return subject.organization_id if isinstance(subject, TenantModel) else None


def _refusal_of_staff(actor: Actor, action: Action, subject: Subject) -> Refusal | None:
    if not actor.staff:
        return Refusal(NOT_STAFF)
    if action not in actor.staff:
        able = [group for group, actions in STAFF_GRANTS.items() if action in actions]
        others = f"Your group may not do this; {' and '.join(able)} may."
        return Refusal(others if able else MEMBERS_ALONE)
    if action is Action.SUPPORT_VIEW:
        return None
    if actor.organization_id and actor.organization_id == _organization_id(subject):
        return Refusal(OWN_ORGANIZATION)
    return None


def _refusal_about(actor: Actor, action: Action, subject: Subject) -> Refusal | None:
    rule = _RULES_ABOUT_SUBJECTS.get(action)
    return rule(actor, subject) if rule else None


def _who_can(action: Action) -> Refusal:
    able = roles_that_may(action)
    return Refusal(ASK_AN_ADMINISTRATOR if Role.ADMINISTRATOR in able else OWNER_ALONE, able)


def _about_a_role(actor: Actor, subject: Organization | Membership) -> Refusal | None:
    if not isinstance(subject, Membership):
        return None
    if subject.role == Role.OWNER:
        return Refusal(OWNER_STAYS, (Role.OWNER,))
    if subject.user_id == actor.user_id:
        return Refusal(
            "You cannot change your own role. Another Administrator or the Owner can.",
            roles_that_may(Action.USER_CHANGE_ROLE),
        )
    return None


def _about_a_person(actor: Actor, subject: Organization | Membership) -> Refusal | None:
    """The rule of rank: nobody acts upwards, and nobody governs themselves."""
    if not isinstance(subject, Membership):
        return None
    if subject.user_id == actor.user_id:
        return Refusal(NOT_TO_ONESELF)
    if subject.role == Role.OWNER:
        return Refusal(OWNER_UNTOUCHABLE)
    return None


def _about_a_sign_in(actor: Actor, subject: Organization | Membership) -> Refusal | None:
    """The rule of rank; and nobody gets at what support staff log in with."""
    if refused := _about_a_person(actor, subject):
        return refused
    if isinstance(subject, Membership) and subject.user.is_staff:
        return Refusal(STAFF_UNTOUCHABLE)
    return None


def _about_a_login(actor: Actor, subject: Login) -> Refusal | None:
    if subject.pk == actor.user_id:
        return Refusal("You cannot suspend your own login.")
    if subject.is_staff:
        return Refusal(
            "Support staff cannot suspend each other; an operator of this installation can."
        )
    stay = stay_of(subject) if actor.organization_id else None
    if stay and stay.organization_id == actor.organization_id:
        return Refusal(OWN_ORGANIZATION)
    return None


_RULES_ABOUT_SUBJECTS: dict[Action, Callable[[Actor, Any], Refusal | None]] = {
    Action.USER_CHANGE_ROLE: _about_a_role,
    Action.USER_DEACTIVATE: _about_a_sign_in,
    Action.USER_DELETE: _about_a_sign_in,
    Action.USER_END_SESSIONS: _about_a_sign_in,
    Action.USER_REMOVE: _about_a_person,
    Action.USER_RENAME: _about_a_person,
    Action.USER_REQUIRE_2FA: _about_a_person,
    Action.USER_RESET_2FA: _about_a_sign_in,
    Action.USER_RESET_PASSWORD: _about_a_sign_in,
    Action.USER_SUSPEND: _about_a_login,
}
