"""What is asked of whom: where a second factor must be proven, and how lately.

Pure reading (decision 0025). The stay and the organization stand on every request; only what
accounts ask is looked up, at a log-in.
"""

from collections.abc import Iterable

from accounts.models import OPEN_STATUSES, RoleAssignment
from adminctr.core.tenancy import person
from organizations.models import Membership, SecondFactor
from users.models import User

_BY_STRENGTH = list(SecondFactor)


def level_of(stay: Membership | None) -> SecondFactor:
    """What the organization asks of everybody, or of this person: whichever is stronger."""
    if stay is None:
        return SecondFactor.DISABLED
    return _strongest([stay.second_factor, stay.organization.second_factor])


def level_at_log_in(user: User, stay: Membership | None) -> SecondFactor:
    """The strongest of everything that asks for one: stay, organization, accounts."""
    level = level_of(stay)
    if level == SecondFactor.EVERY_LOG_IN:
        return level
    return _strongest([level, *_asked_by_accounts(user)])


def is_asked_of(user: User, stay: Membership | None) -> bool:
    """Whether this person needs a second factor before anything else."""
    return user.is_factor_due or level_of(stay) != SecondFactor.DISABLED


def may_remember(user: User, stay: Membership | None) -> bool:
    """Whether a browser may be remembered instead of asking at every log-in."""
    return level_at_log_in(user, stay) != SecondFactor.EVERY_LOG_IN


def _asked_by_accounts(user: User) -> list[str]:
    """The levels of open accounts on which somebody has a role, wherever these are."""
    with person(user):
        held = RoleAssignment.objects.in_force().on_accounts()
        open_ones = held.filter(account__status__in=OPEN_STATUSES)
        return list(open_ones.values_list("account__second_factor", flat=True).distinct())


def weaker_than(level: str) -> list[SecondFactor]:
    """The levels that ask for less."""
    return _BY_STRENGTH[: _BY_STRENGTH.index(SecondFactor(level))]


def _strongest(levels: Iterable[str]) -> SecondFactor:
    return max(map(SecondFactor, levels), key=_BY_STRENGTH.index)
