"""By which name and address an organization knows people who may have left it.

Whoever is a member, or has a role on one of its accounts, is named as they are now. Whoever is
neither is named as they were here at last: what they are called since is others' business. Read in
the scope of the organization.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Self

from django.db.models import Max

from accounts.models import RoleAssignment
from organizations.models import Membership
from users.models import User

_USER_SID = re.compile(r"US[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Known:
    """A person as an organization knows them; `address` is their SID where it knows none."""

    name: str
    address: str

    def __str__(self) -> str:
        return self.name if self.name == self.address else f"{self.name} ({self.address})"

    @classmethod
    def of(cls, person: User) -> Self:
        """As they are now; whoever was deleted has no address any more."""
        is_deleted = person.deleted_at is not None
        return cls(person.get_full_name(), person.sid if is_deleted else person.email)


def known(people: Iterable[User | None]) -> dict[int, Known]:
    """How these people are known here, by their keys."""
    asked = {one.pk: one for one in people if one is not None}
    if not asked:
        return {}
    left = _newest_stays(asked)
    absent = [key for key in asked if key not in left or left[key].ended_at is not None]
    held = _newest_roles(absent)
    found = {key: Known.of(one) for key, one in asked.items()}
    for key in absent:
        has_role = key in held and not held[key].is_over()
        if not has_role and asked[key].deleted_at is None:
            found[key] = _as_at_last(asked[key], left.get(key), held.get(key))
    return found


def known_as(person: User) -> Known:
    """The same for one person."""
    return known([person])[person.pk]


def giver_of(role: RoleAssignment, people: Mapping[int, Known]) -> str:
    """Who gave a role, as tables say it; the people who gave some are known by their keys."""
    if role.is_by_holder():
        return "Themselves"
    return people[role.by_id].name if role.by_id else "System"


def with_names(texts: Collection[str]) -> Iterator[str]:
    """Texts that name people by their User SIDs alone, with how each is known in their place."""
    sids = {sid for one in texts for sid in _USER_SID.findall(one)}
    people = {}
    if sids:
        stays = Membership.objects.filter(user__sid__in=sids).select_related("user")
        people = {stay.user.sid: stay.user for stay in stays}
    names = known(people.values())
    said = {sid: str(names[person.pk]) for sid, person in people.items()}
    return (_USER_SID.sub(lambda sid: said.get(sid[0], sid[0]), one) for one in texts)


def _newest_stays(people: Collection[int]) -> dict[int, Membership]:
    """Put in order here: the database would sort, for the few stays that somebody has had."""
    stays = Membership.objects.filter(user__in=people).order_by()
    return {stay.user_id: stay for stay in sorted(stays, key=attrgetter("pk"))}


def _newest_roles(people: Collection[int]) -> dict[int, RoleAssignment]:
    """One role of each who has or had any here: one in force where there is one."""
    if not people:
        return {}
    rows = RoleAssignment.objects.filter(holder__in=people)
    newest = rows.order_by().values("holder").annotate(newest=Max("pk")).values("newest")
    latest = {one.holder_id: one for one in rows.filter(pk__in=newest)}
    return latest | {one.holder_id: one for one in rows.in_force()}


def _as_at_last(person: User, stay: Membership | None, role: RoleAssignment | None) -> Known:
    """Of somebody without a stay the organization knew the address alone."""
    if stay is not None:
        return Known(stay.name or stay.email, stay.email)
    if person.is_staff:
        return Known.of(person)  # support staff were never members, and act under their name
    address = role.email if role else person.sid
    return Known(address, address)
