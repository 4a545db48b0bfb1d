"""What must hold of a managed user before something is done about their sign-in."""

from adminctr.core.errors import RuleViolation
from organizations.models import Membership, SecondFactor
from users.models import Factor, Session, User, UserStatus

SUSPENDED_BY_SUPPORT = "Support has suspended this login; only support can lift that."


def require_not_suspended(stay: Membership) -> None:
    """Raises RuleViolation: login_suspended."""
    if stay.status == UserStatus.SUSPENDED:
        raise RuleViolation("login_suspended", SUSPENDED_BY_SUPPORT)


def require_reachable(stay: Membership) -> None:
    """Raises RuleViolation: login_not_active, login_suspended."""
    require_not_suspended(stay)
    if stay.status != UserStatus.ACTIVE:
        raise RuleViolation("login_not_active", "This login is deactivated. Reactivate it first.")


def require_not_inactive(stay: Membership) -> None:
    """Raises RuleViolation: already_inactive, login_suspended."""
    require_not_suspended(stay)
    if stay.status == UserStatus.INACTIVE:
        raise RuleViolation("already_inactive", "This login is deactivated already.")


def require_inactive(stay: Membership) -> None:
    """Raises RuleViolation: already_active, login_suspended."""
    require_not_suspended(stay)
    if stay.status == UserStatus.ACTIVE:
        raise RuleViolation("already_active", "This login is active already.")


def require_something_to_reset(person: User) -> None:
    """Raises RuleViolation: no_second_factor."""
    if not Factor.objects.filter(user=person).exists():
        raise nothing_to_reset(person)


def nothing_to_reset(person: User) -> RuleViolation:
    due = " The next log-in asks for one to be set up." if person.is_factor_due else ""
    return RuleViolation(
        "no_second_factor", f"This person has no second factor: nothing to reset.{due}"
    )


def require_other_level(stay: Membership, level: SecondFactor | str) -> None:
    """Raises RuleViolation: second_factor_unchanged."""
    if stay.second_factor == level:
        raise RuleViolation(
            "second_factor_unchanged",
            f"This is required of this person already: {SecondFactor(level).label}.",
            field="level",
        )


def require_sessions(stay: Membership) -> None:
    """Raises RuleViolation: no_sessions."""
    if not Session.objects.live().filter(user=stay.user_id).exists():
        raise RuleViolation("no_sessions", "This person is not logged in anywhere.")
