"""Who could be imported, and what importing would mean for each: read for many at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count

from accounts.models import Account
from adminctr.core.addresses import domain_of
from adminctr.core.tenancy import tenant
from domains.models import Domain
from imports.causes import WORDS, Cause
from invitations import kinds
from organizations.models import Organization
from users.admission import GatheredWorld, Verdict, decide
from users.models import User, WayIn

# How many people are read together.
BATCH = 500

# How many of the newest logins of a domain are looked at for the figure that every page may show.
_MOST_LOOKED_AT = 1000
_MOST_DOMAINS = 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person, and what importing them would mean; without a cause they can be imported.

    `absorbs` is the organization of their own that would be given up, with so many accounts.
    """

    user: User
    absorbs: Organization | None = None
    accounts: int = 0
    cause: Cause | None = None
    reason: str = ""

    def refused(self, cause: Cause, reason: str = "") -> "Candidate":
        return replace(self, cause=cause, reason=reason or WORDS[cause])


@dataclass(frozen=True, slots=True)
class Importable:
    """How many could be imported, as far as was looked."""

    number: int
    has_more: bool


def verdicts(organization: Organization, domain_names: Collection[str]) -> dict[str, Verdict]:
    """Whether people with an address of each of these domains may be imported."""
    world = GatheredWorld(domain_names)
    return {
        name: decide(f"anybody@{name}", WayIn.IMPORT, into=organization, world=world)
        for name in domain_names
    }


def importable_domains(organization: Organization) -> tuple[list[str], str]:
    """The verified domains whose people may be imported; where there are none, why not."""
    verified = Domain.objects.verified().order_by("name").values_list("name", flat=True)
    said = verdicts(organization, list(verified[: organization.domain_limit]))
    fit = [name for name, verdict in said.items() if verdict.allowed]
    if fit:
        return fit, ""
    reasons = [verdict.reason for verdict in said.values()]
    return [], reasons[0] if reasons else "Verify a domain first: people are imported by them."


def look_at(
    users: Sequence[User], organization: Organization, said: Mapping[str, Verdict]
) -> list[Candidate]:
    """What importing each of these people would mean, but for the limit of accounts.

    `said` are the verdicts on the domains of which people are imported.
    """
    joining = kinds.what_joining_means_to(users, organization)
    absorbed = [one.absorbs for one in joining.values() if one.absorbs]
    accounts = _accounts_of(absorbed)
    return [_look_at(user, joining[user.pk], said, accounts) for user in users]


def within_limit(
    candidates: Iterable[Candidate], room: int, *, moved: Collection[int] = ()
) -> Iterator[Candidate]:
    """One after the other as far as their accounts find room; nobody whose key is in `moved`."""
    for candidate in candidates:
        if candidate.cause is None and candidate.accounts > room:
            yield candidate.refused(Cause.ACCOUNT_LIMIT)
        elif candidate.cause is None and candidate.user.pk in moved:
            yield candidate.refused(Cause.MOVED)
        else:
            room -= candidate.accounts if candidate.cause is None else 0
            yield candidate


def people_of(domain_names: Iterable[str]) -> Iterator[list[User]]:
    """Everybody with an address of these domains, domain by domain and the oldest login first."""
    for name in domain_names:
        last = 0
        while batch := list(User.objects.filter(domain=name, pk__gt=last).order_by("pk")[:BATCH]):
            last = batch[-1].pk
            yield batch


def outsiders(organization: Organization, domain_names: Sequence[str]) -> Iterator[list[Candidate]]:
    """Everybody with an address of these domains who is not a managed user here."""
    said = verdicts(organization, domain_names)
    for batch in people_of(domain_names):
        looked_at = look_at(batch, organization, said)
        yield [one for one in looked_at if one.cause is not Cause.ALREADY_MEMBER]


def importable(organization: Organization) -> Importable:
    """How many could be imported; counted among the newest logins alone, so that it costs little.

    Called in the scope of the organization.
    """
    verified = Domain.objects.verified().order_by("name").values_list("name", flat=True)
    said = verdicts(organization, list(verified[:_MOST_DOMAINS]))
    people: list[User] = []
    for name in said:
        newest = User.objects.filter(domain=name).order_by("-pk")
        people += newest[: _MOST_LOOKED_AT + 1 - len(people)]
    looked_at = look_at(people[:_MOST_LOOKED_AT], organization, said) if people else []
    number = sum(one.cause is None for one in looked_at)
    return Importable(number, has_more=len(people) > _MOST_LOOKED_AT)


def _look_at(
    user: User,
    joining: kinds.Joining,
    said: Mapping[str, Verdict],
    accounts: Mapping[int, int],
) -> Candidate:
    own = joining.absorbs
    candidate = Candidate(user, absorbs=own, accounts=accounts.get(own.pk, 0) if own else 0)
    verdict = said.get(domain_of(user.email))
    if joining.obstacle is kinds.Obstacle.ALREADY_MEMBER:
        return candidate.refused(Cause.ALREADY_MEMBER)
    if user.deleted_at is not None:
        return candidate.refused(Cause.LOGIN_GONE)
    if not user.is_active:
        return candidate.refused(Cause.LOGIN_NOT_ACTIVE)
    if verdict is None:
        return candidate.refused(Cause.ADDRESS_ELSEWHERE)
    if not verdict.allowed:
        return candidate.refused(Cause(verdict.code), verdict.reason)
    if joining.obstacle:
        return candidate.refused(Cause(joining.obstacle.value))
    return candidate


def _accounts_of(organizations: Collection[Organization]) -> dict[int, int]:
    """How many accounts of each would count towards another's limit."""
    if not organizations:
        return {}
    with tenant(*organizations):
        counts = Account.objects.counted().order_by().values("organization")
        return dict(counts.annotate(number=Count("pk")).values_list("organization", "number"))
