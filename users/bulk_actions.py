"""What can be done to many users at once; each of them goes through the ordinary operation."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts.conditions import fit_owner
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Effect, Weight
from bulk.actions import BulkAction, Kind, Parameter, Parameters, always, register
from organizations import members, policy
from organizations.models import GRANTABLE_ROLES, Membership, Role, SecondFactor
from organizations.operations import change_role
from organizations.policy import Action
from users import conditions, offboarding
from users.operations import (
    deactivate_user,
    end_user_sessions,
    reactivate_user,
    remove_user,
    require_second_factor,
    reset_second_factor,
)

Check = Callable[[Membership, Parameters], None]
_ROLES = tuple((role.value, str(role.label)) for role in GRANTABLE_ROLES)
_ROLES_SPOKEN = {role.value: role.short_label for role in GRANTABLE_ROLES}
_LEVELS = tuple((level.value, str(level.label)) for level in SecondFactor)
_LEVELS_SPOKEN = {
    SecondFactor.DISABLED.value: "may log in without a second factor",
    SecondFactor.ONCE_PER_COMPUTER.value: "must use a second factor once per computer",
    SecondFactor.EVERY_LOG_IN.value: "must use a second factor at every log-in",
}
_OUT_AT_ONCE = "Anyone who is logged in is logged out at once, in every browser."


class Together:
    """All who were chosen, for what is read of all of them at once, and only where it is asked."""

    def __init__(self, stays: Sequence[Membership]) -> None:
        self._stays = stays

    @cached_property
    def at_work(self) -> frozenset[int | None]:
        return offboarding.people_at_work(self._stays)


@dataclass(frozen=True, slots=True)
class Row:
    """A managed user as a row of what was chosen."""

    sid: str
    name: str
    stay: Membership
    together: Together


def find(sids: Collection[str]) -> Sequence[Row]:
    """The managed users of the open scope with these SIDs."""
    stays = Membership.objects.managed().select_related("user", "organization")
    rows = list(stays.filter(user__sid__in=sids))
    together = Together(rows)
    return [
        Row(stay.user.sid, f"{stay.user.get_full_name()} ({stay.email})", stay, together)
        for stay in rows
    ]


def _stay(sid: str) -> Membership:
    """Raises RuleViolation: not_a_member."""
    stays = Membership.objects.in_force().select_related("user", "organization")
    stay = stays.filter(user__sid=sid).first()
    if stay is None:
        raise members.not_a_member()
    return stay


def _checked(action: Action, check: Check) -> Callable[[Row, Parameters, Actor], None]:
    """The rule of rank first, as the operation has it; then what else stands against it."""

    def of_row(row: Row, parameters: Parameters, actor: Actor) -> None:
        _of_rank(action, row, actor)
        check(row.stay, parameters)

    return of_row


def _of_rank(action: Action, row: Row, actor: Actor) -> None:
    """Raises RuleViolation: not_allowed."""
    if refused := policy.refusal(actor, action, row.stay):
        raise RuleViolation("not_allowed", refused.words)


def _says(*effects: tuple[Weight, str, str]) -> Callable[..., Iterator[Effect]]:
    """What happens besides, whoever is chosen."""

    def besides(rows: Sequence[Any], parameters: Parameters) -> Iterator[Effect]:
        return (Effect(weight, code, text) for weight, code, text in effects)

    return besides


# Change role


def _settle_role(parameters: Parameters) -> dict[str, str]:
    """Raises RuleViolation: not_offered."""
    return {"role": _require_offered(parameters["role"], _ROLES, "role")}


def _check_role(stay: Membership, parameters: Parameters) -> None:
    if stay.role == parameters.get("role"):
        raise RuleViolation("role_unchanged", f"They are {Role(stay.role).label} already.")


def _note_role(row: Row, parameters: Parameters) -> str:
    return f"{Role(row.stay.role).short_label} → {Role(parameters['role']).short_label}"


def _makes_administrators(parameters: Parameters) -> bool:
    return policy.may_administer(parameters.get("role", ""))


def _change_role(sid: str, parameters: Parameters, actor: Actor) -> str:
    stay = change_role(_stay(sid), role=Role(parameters["role"]), actor=actor)
    return f"{stay.get_role_display()} now"


# Require 2FA, Reset 2FA


def _settle_level(parameters: Parameters) -> dict[str, str]:
    """Raises RuleViolation: not_offered."""
    return {"level": _require_offered(parameters["level"], _LEVELS, "level")}


def _check_level(stay: Membership, parameters: Parameters) -> None:
    if level := parameters.get("level"):
        conditions.require_other_level(stay, level)


def _note_level(row: Row, parameters: Parameters) -> str:
    before, after = SecondFactor(row.stay.second_factor), SecondFactor(parameters["level"])
    return f"{before.label} → {after.label}"


def _besides_requiring(rows: Sequence[Row], parameters: Parameters) -> Iterator[Effect]:
    if parameters.get("level") == SecondFactor.DISABLED:
        text = "What the organization or an account requires of them still holds."
        yield Effect(Weight.SURVIVES, "required_elsewhere", text)
    else:
        text = "Anyone without a second factor must set one up on their next page."
        yield Effect(Weight.CHANGES, "enrol", text)


def _require_level(sid: str, parameters: Parameters, actor: Actor) -> str:
    level = SecondFactor(parameters["level"])
    require_second_factor(_stay(sid), level=level, actor=actor)
    return f"Required now: {level.label}"


def _check_reset(stay: Membership, parameters: Parameters) -> None:
    conditions.require_not_suspended(stay)
    if not stay.has_second_factor:
        raise conditions.nothing_to_reset(stay.user)


def _reset(sid: str, parameters: Parameters, actor: Actor) -> str:
    reset_second_factor(_stay(sid), actor=actor)
    return "2FA is reset"


# End sessions, Deactivate, Reactivate


def _check_nothing(stay: Membership, parameters: Parameters) -> None:
    """Whether somebody is logged in changes by the minute: the operation says it of each."""


def _end_sessions(sid: str, parameters: Parameters, actor: Actor) -> str:
    ended = end_user_sessions(_stay(sid), actor=actor)
    return f"Sessions ended: {ended:,}"


def _check_deactivate(stay: Membership, parameters: Parameters) -> None:
    conditions.require_not_inactive(stay)


def _deactivate(sid: str, parameters: Parameters, actor: Actor) -> str:
    deactivate_user(_stay(sid), actor=actor)
    return "Deactivated"


def _check_reactivate(stay: Membership, parameters: Parameters) -> None:
    conditions.require_inactive(stay)


def _reactivate(sid: str, parameters: Parameters, actor: Actor) -> str:
    reactivate_user(_stay(sid), actor=actor)
    return "Reactivated"


# Remove


def _settle_heir(parameters: Parameters) -> dict[str, str]:
    """Raises RuleViolation: one of the canonicaliser's, owner_not_managed, owner_not_active."""
    return {"owner": fit_owner(parameters["owner"]).sid}


def _check_remove(row: Row, parameters: Parameters, actor: Actor) -> None:
    _of_rank(Action.USER_REMOVE, row, actor)
    if row.sid == parameters.get("owner"):
        raise RuleViolation("owner_leaves", "This user was chosen to receive the accounts.")
    if row.stay.user_id in row.together.at_work:
        raise offboarding.under_way()


def _remove(sid: str, parameters: Parameters, actor: Actor) -> str:
    heir = members.owner_named(parameters["owner"]).user
    remove_user(_stay(sid), owner=heir, actor=actor)
    return f"Removed; their accounts went to {heir.sid}"  # their name is read when it is shown


def _besides_removing(rows: Sequence[Row], parameters: Parameters) -> Iterator[Effect]:
    if "owner" in parameters:
        heir = members.owner_named(parameters["owner"]).user
        yield from offboarding.effects_of_removing([row.stay for row in rows], heir.sid)
    yield Effect(Weight.CHANGES, "mails", "Each gets an email.")


def _require_offered(typed: str, choices: tuple[tuple[str, str], ...], field: str) -> str:
    """Raises RuleViolation: not_offered."""
    if typed not in dict(choices):
        raise RuleViolation("not_offered", "Choose one of those listed.", field=field)
    return typed


register(
    Kind(
        name="users",
        space="bulk-users",
        prefix="US",
        one="user",
        many="users",
        list_name="users:list",
        detail_name="users:detail",
        view=Action.USER_VIEW,
        find=find,
    ),
    BulkAction(
        name="change-role",
        label="Change role",
        words="Change the role of {them}",
        chosen_words="Make {them} {role}",
        outcome=("user becomes {role}", "users become {role}"),
        action=Action.USER_CHANGE_ROLE,
        check=_checked(Action.USER_CHANGE_ROLE, _check_role),
        perform=_change_role,
        note=_note_role,
        parameters=(Parameter("role", "Organization role", choices=_ROLES, spoken=_ROLES_SPOKEN),),
        settle=_settle_role,
        is_sensitive=_makes_administrators,
    ),
    BulkAction(
        name="require-2fa",
        label="Require 2FA",
        words="Require 2FA of {them}",
        outcome=("user {level}", "users {level}"),
        action=Action.USER_REQUIRE_2FA,
        check=_checked(Action.USER_REQUIRE_2FA, _check_level),
        perform=_require_level,
        note=_note_level,
        parameters=(Parameter("level", "Second factor", choices=_LEVELS, spoken=_LEVELS_SPOKEN),),
        settle=_settle_level,
        is_sensitive=always,
        besides=_besides_requiring,
    ),
    BulkAction(
        name="reset-2fa",
        label="Reset 2FA",
        words="Reset the 2FA of {them}",
        outcome=("user loses every second factor", "users lose every second factor"),
        action=Action.USER_RESET_2FA,
        check=_checked(Action.USER_RESET_2FA, _check_reset),
        perform=_reset,
        is_sensitive=always,
        besides=_says(
            (Weight.LOSES, "sessions", _OUT_AT_ONCE),
            (
                Weight.CHANGES,
                "enrol",
                "At the next log-in they set up a new second factor before anything else; each "
                "gets an email.",
            ),
            (Weight.SURVIVES, "password", "Passwords, accounts and roles stay."),
        ),
    ),
    BulkAction(
        name="end-sessions",
        label="End sessions",
        words="End the sessions of {them}",
        outcome=("user is logged out", "users are logged out"),
        action=Action.USER_END_SESSIONS,
        check=_checked(Action.USER_END_SESSIONS, _check_nothing),
        perform=_end_sessions,
        besides=_says(
            (Weight.SURVIVES, "password", "They can log in again at once, as before."),
        ),
    ),
    BulkAction(
        name="deactivate",
        label="Deactivate",
        words="Deactivate {them}",
        outcome=("user is deactivated", "users are deactivated"),
        action=Action.USER_DEACTIVATE,
        check=_checked(Action.USER_DEACTIVATE, _check_deactivate),
        perform=_deactivate,
        is_sensitive=always,
        besides=_says(
            (Weight.LOSES, "sessions", _OUT_AT_ONCE),
            (Weight.SURVIVES, "roles", "They keep their accounts and roles."),
        ),
    ),
    BulkAction(
        name="reactivate-users",
        label="Reactivate",
        words="Reactivate {them}",
        outcome=("user may log in again", "users may log in again"),
        action=Action.USER_DEACTIVATE,
        check=_checked(Action.USER_DEACTIVATE, _check_reactivate),
        perform=_reactivate,
    ),
    BulkAction(
        name="remove",
        label="Remove User",
        words="Remove {them}",
        outcome=("user is removed", "users are removed"),
        action=Action.USER_REMOVE,
        check=_check_remove,
        perform=_remove,
        parameters=(
            Parameter(
                "owner",
                "Who gets their accounts",
                "Email address or User SID of a managed user who stays.",
            ),
        ),
        settle=_settle_heir,
        is_sensitive=always,
        besides=_besides_removing,
    ),
)
