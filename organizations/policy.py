"""The rule book: who may do what in an organization, and why not, in words.

The same table answers operations, pages, disabled controls and the test matrix.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Protocol

from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import NotAllowed
from adminctr.core.tenancy import TenantModel
from organizations.models import Membership, Organization, Role, stay_of


class Action(StrEnum):
    ACCESS_EXPORT = "access:export"
    ACCESS_VIEW = "access:view"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_VIEW = "account:view"
    ACTIVITY_VIEW = "activity:view"
    DOMAIN_ADD = "domain:add"
    DOMAIN_REMOVE = "domain:remove"
    DOMAIN_VERIFY = "domain:verify"
    DOMAIN_VIEW = "domain:view"
    ORGANIZATION_RENAME = "organization:rename"
    ORGANIZATION_TRANSFER = "organization:transfer"
    ORGANIZATION_VIEW = "organization:view"
    USER_CHANGE_ROLE = "user:change-role"
    USER_INVITE = "user:invite"
    USER_VIEW = "user:view"


WORDS: dict[Action, str] = {
    Action.ACCESS_EXPORT: "Export role assignments",
    Action.ACCESS_VIEW: "See role assignments",
    Action.ACCOUNT_CREATE: "Create accounts",
    Action.ACCOUNT_VIEW: "See accounts",
    Action.ACTIVITY_VIEW: "See the activity",
    Action.DOMAIN_ADD: "Add domains",
    Action.DOMAIN_REMOVE: "Remove domains",
    Action.DOMAIN_VERIFY: "Verify domains",
    Action.DOMAIN_VIEW: "See domains",
    Action.ORGANIZATION_RENAME: "Rename the organization",
    Action.ORGANIZATION_TRANSFER: "Change the Owner",
    Action.ORGANIZATION_VIEW: "Open the Admin Center",
    Action.USER_CHANGE_ROLE: "Change organization roles",
    Action.USER_INVITE: "Invite, resend and revoke",
    Action.USER_VIEW: "See users",
}

GRANTS: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMINISTRATOR: frozenset(Action) - {Action.ORGANIZATION_TRANSFER},
    Role.STANDARD: frozenset({Action.ACCOUNT_CREATE}),
}

OWNER_ALONE = "Only the Owner can do this."
ASK_AN_ADMINISTRATOR = (
    "Your role does not include this. The Owner or an Administrator of your organization can help."
)
NOT_A_MEMBER = "You are not a member of this organization."


class Person(Protocol):
    """What the rule book needs of a user."""

    pk: Any
    sid: str
    email: str


def refusal(actor: Actor, action: Action, subject: Organization | TenantModel) -> str | None:
    """Why not, in words for a person; None means yes.

    The subject is an organization or anything that one owns.
    """
    if actor.trusted:
        return None
    if actor.organization_id is None or actor.organization_id != _organization_id(subject):
        return NOT_A_MEMBER
    if actor.role not in GRANTS or action not in GRANTS[Role(actor.role)]:
        return _who_can(action)
    rule = _RULES_ABOUT_SUBJECTS.get(action)
    return rule(actor, subject) if rule else None


def require(actor: Actor, action: Action, subject: Organization | TenantModel) -> None:
    """Raises NotAllowed with the reason."""
    if reason := refusal(actor, action, subject):
        is_foreign = reason == NOT_A_MEMBER  # nobody of the actor's own organization can help
        raise NotAllowed(reason, action="" if is_foreign else action)


def require_locked(actor: Actor, action: Action, subject: Organization | TenantModel) -> Actor:
    """Allow, lock the subject's organization, read the actor's role again and allow once more.

    An administrator who was demoted a moment ago is refused here. Returns the actor as of now.
    """
    require(actor, action, subject)
    organization = subject if isinstance(subject, Organization) else subject.organization
    organization.lock()
    if organization.ended_at is not None:
        raise NotAllowed("This organization has ended.")
    if actor.user_id is None:
        return actor
    stay = Membership.objects.in_force().filter(user_id=actor.user_id).first()
    if stay is None:
        raise NotAllowed(NOT_A_MEMBER)
    current = actor.with_role(stay.role)
    require(current, action, subject)
    return current


def may_administer(role: str) -> bool:
    """Whether this role opens the Admin Center."""
    return role in GRANTS and Action.ORGANIZATION_VIEW in GRANTS[Role(role)]


def roles_that_may(action: Action) -> tuple[Role, ...]:
    return tuple(role for role in Role if action in GRANTS[role])


def rule_book() -> list[dict[str, Any]]:
    """Every action in words, and by role whether it is granted, for people to read."""
    return [
        {"words": words, "granted": {role.label: action in GRANTS[role] for role in Role}}
        for action, words in WORDS.items()
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


def _organization_id(subject: Organization | TenantModel) -> int:
    return subject.pk if isinstance(subject, Organization) else subject.organization_id


def _who_can(action: Action) -> str:
    by_administrators = action in GRANTS[Role.ADMINISTRATOR]
    return ASK_AN_ADMINISTRATOR if by_administrators else OWNER_ALONE


def _about_a_role(actor: Actor, subject: Organization | Membership) -> str | None:
    if not isinstance(subject, Membership):
        return None
    if subject.role == Role.OWNER:
        return "The Owner's role changes only by handing over the ownership."
    if subject.user_id == actor.user_id:
        return "You cannot change your own role. Another Administrator or the Owner can."
    return None


_RULES_ABOUT_SUBJECTS: dict[Action, Callable[[Actor, Any], str | None]] = {
    Action.USER_CHANGE_ROLE: _about_a_role,
}
