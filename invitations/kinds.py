"""What accepting an invitation would do, for the page that asks and the operation that does."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from adminctr.core.errors import RuleViolation
from merges.absorption import absorbable_among
from organizations.models import Membership, Organization, Role, stays_of
from users.models import User


class Obstacle(StrEnum):
    ALREADY_MEMBER = "already_member"
    ELSEWHERE = "already_in_an_organization"
    MERGE_NEEDED = "merge_needed"


@dataclass(frozen=True, slots=True)
class Joining:
    """What joining means for one person: what stands in the way, or what is absorbed."""

    obstacle: Obstacle | None = None
    absorbs: Organization | None = None


_TO_INVITER = {
    Obstacle.ALREADY_MEMBER: "This person is a managed user of your organization already.",
    Obstacle.ELSEWHERE: (
        "This person belongs to another organization, and a person can be in one only. They can "
        "leave it first, or you can invite another address of theirs, such as name+team@…"
    ),
    Obstacle.MERGE_NEEDED: (
        "This person owns an organization with other people or a verified domain. Joining would "
        "mean merging it into yours; invite another address of theirs, or ask support."
    ),
}
_TO_INVITEE = {
    Obstacle.ALREADY_MEMBER: "You are a member of this organization already.",
    Obstacle.ELSEWHERE: (
        "You belong to another organization, and a person can be in one only. Ask its "
        "Administrator to remove you first, or ask to be invited with another address."
    ),
    Obstacle.MERGE_NEEDED: (
        "You own an organization with other people or a verified domain. Joining would mean "
        "merging it; hand its ownership over first, or ask to be invited with another address."
    ),
}
# Why the account of such an owner cannot be added: it would have to bring its owner along.
_OF_ACCOUNT = {
    Obstacle.ALREADY_MEMBER: "This account is managed by your organization already.",
    Obstacle.ELSEWHERE: (
        "This account belongs to another organization, and its owner does not own that. It can "
        "only come with its owner: they can leave that organization first."
    ),
    Obstacle.MERGE_NEEDED: (
        "This account belongs to another organization with other people or a verified domain. It "
        "cannot be taken out of it; ask its Owner whether the two should be merged."
    ),
}


def what_joining_means(user: User, organization: Organization) -> Joining:
    return what_joining_means_to([user], organization)[user.pk]


def what_joining_means_to(
    users: Collection[User], organization: Organization
) -> dict[int, Joining]:
    """The same for several people, read at once, by their keys."""
    stays = stays_of(users)
    owned = [
        stay.organization
        for stay in stays.values()
        if stay.role == Role.OWNER and stay.organization_id != organization.pk
    ]
    absorbable = absorbable_among(owned)
    return {user.pk: _joining(stays.get(user.pk), organization, absorbable) for user in users}


def _joining(
    stay: Membership | None, organization: Organization, absorbable: Collection[int]
) -> Joining:
    if stay is None:
        return Joining()
    if stay.organization_id == organization.pk:
        return Joining(obstacle=Obstacle.ALREADY_MEMBER)
    if stay.role != Role.OWNER:
        return Joining(obstacle=Obstacle.ELSEWHERE)
    if stay.organization_id not in absorbable:
        return Joining(obstacle=Obstacle.MERGE_NEEDED)
    return Joining(absorbs=stay.organization)


def for_inviter(obstacle: Obstacle) -> RuleViolation:
    return RuleViolation(obstacle.value, _TO_INVITER[obstacle], field="email")


def for_invitee(obstacle: Obstacle) -> RuleViolation:
    return RuleViolation(obstacle.value, _TO_INVITEE[obstacle])


def for_adder(obstacle: Obstacle) -> RuleViolation:
    """The same for whoever wants to add an account of this person."""
    codes = {Obstacle.ALREADY_MEMBER: "account_managed_already"}
    code = codes.get(obstacle, f"account_{obstacle.value}")
    return RuleViolation(code, _OF_ACCOUNT[obstacle], field="sid")
