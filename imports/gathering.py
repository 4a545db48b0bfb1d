"""Who is meant by a list, with what would become of them; read once, when that is known.

Every step of the run looks at its people again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched, islice
from typing import Any

from django.conf import settings

from accounts import limits
from imports.candidates import (
    BATCH,
    Candidate,
    look_at,
    outsiders,
    verdicts,
    within_limit,
)
from organizations.models import Organization
from users.models import User

# How many people of each group are shown.
EXAMPLES = 5


@dataclass(slots=True)
class Gathering:
    """The keys of the people, and them by groups: who can be imported, and who not for which cause.

    `ending` are the organizations that end, by who can be imported; `is_cut` says that there are
    more people than one run may have.
    """

    people: list[int] = field(default_factory=list)
    ending: dict[int, int] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_cut: bool = False

    def add(self, candidate: Candidate) -> None:
        self.people.append(candidate.user.pk)
        if candidate.absorbs and candidate.cause is None:
            self.ending[candidate.user.pk] = candidate.absorbs.pk
        empty = {"count": 0, "accounts": 0, "organizations": 0, "examples": []}
        group = self.groups.setdefault(candidate.cause or "", empty)
        group["count"] += 1
        group["accounts"] += candidate.accounts
        group["organizations"] += candidate.absorbs is not None
        if len(group["examples"]) < EXAMPLES:
            user = candidate.user
            group["examples"].append([user.sid, user.email, user.get_full_name()])


def everybody(organization: Organization, domain_names: Sequence[str]) -> Gathering:
    """Everybody with an address of these domains who is not in here, as far as one run may go."""
    return _gathered(organization, _all(outsiders(organization, domain_names)))


def named(
    organization: Organization, sids: Iterable[str], domain_names: Sequence[str]
) -> Gathering:
    """Those with these SIDs, in their order."""
    said = verdicts(organization, domain_names)
    batches = (_with_sids(batch) for batch in batched(sids, BATCH))
    looked_at = (look_at(batch, organization, said) for batch in batches)
    return _gathered(organization, _all(looked_at))


def _gathered(organization: Organization, candidates: Iterator[Candidate]) -> Gathering:
    gathering = Gathering()
    most: int = settings.IMPORT_PEOPLE_AT_A_TIME
    for candidate in within_limit(islice(candidates, most), limits.room_in(organization)):
        gathering.add(candidate)
    gathering.is_cut = next(candidates, None) is not None
    return gathering


def _all(batches: Iterable[Iterable[Candidate]]) -> Iterator[Candidate]:
    for batch in batches:
        yield from batch


def _with_sids(sids: Sequence[str]) -> list[User]:
    found = {user.sid: user for user in User.objects.filter(sid__in=sids)}
    return [found[sid] for sid in sids if sid in found]
