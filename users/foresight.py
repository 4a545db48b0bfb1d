"""What would come of an address, seen from one organization, before anybody tries it.

The answers are those of `users.admission`, about a world that may be a supposed one. What another
organization decides about the domains that it holds stays its own.
"""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass

from adminctr.core.addresses import domain_of, readable_domain
from domains import claims, names
from domains.models import Domain
from organizations.models import DomainSetting, Organization
from users.admission import Step, Verdict, World, decide
from users.models import Expectation, Outcome, WayIn

# Who holds the domain decides there; on the other ways in, the organization that lets somebody in.
_DECIDED_BY_HOLDERS = frozenset({WayIn.SIGN_UP, WayIn.EMAIL_CHANGE, WayIn.ACCOUNT_ACCESS})
_OF_SOMEBODY_ELSEWHERE = frozenset({WayIn.SIGN_UP, WayIn.EMAIL_CHANGE})


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One saved expectation, and what would come of its address."""

    expectation: Expectation
    outcome: Outcome

    @property
    def holds(self) -> bool:
        return self.outcome == self.expectation.outcome


def foresee(organization: Organization, address: str, way_in: WayIn) -> Verdict:
    """The verdict on a canonical address, as the organization may know it.

    Its domain setting counts as it is given here, saved or not.
    """
    return _Supposed(organization, [domain_of(address)]).verdict(address, way_in)


def weigh(organization: Organization, *, without: str = "", following: str = "") -> list[Foreseen]:
    """Every expectation of the organization, by address, with what would come of it.

    Its domain setting counts as it is given here, the domain named by `without` as lost, and the
    one named by `following` as one to which the setting applies.
    """
    saved = Expectation.objects.filter(organization=organization).order_by("email", "way_in")
    domains = {domain_of(one.email) for one in saved}
    supposed = _Supposed(organization, domains, without=without, following=following)
    return [Foreseen(one, supposed.verdict(one.email, WayIn(one.way_in)).outcome) for one in saved]


def broken(
    organization: Organization,
    *,
    setting: DomainSetting | None = None,
    without: str = "",
    following: str = "",
) -> list[Foreseen]:
    """Those that hold now, and would not in the world that is supposed."""
    holding = {one.expectation for one in weigh(organization) if one.holds}
    supposed = copy(organization)
    supposed.domain_setting = setting or organization.domain_setting
    then = weigh(supposed, without=without, following=following)
    return [one for one in then if not one.holds and one.expectation in holding]


class _Supposed(World):
    """The domains as they are, but for what is supposed of one organization; read at once."""

    def __init__(
        self,
        organization: Organization,
        domains: Collection[str],
        *,
        without: str = "",
        following: str = "",
    ) -> None:
        self._organization = organization
        self._following = following
        self._common = names.common_among(domains)
        self._holders = {
            name: [self._as_given(one) for one in held if name != without or not self._is_ours(one)]
            for name, held in claims.holders_of(domains).items()
        }

    def holders(self, domain: str) -> Sequence[Domain]:
        return self._holders[domain]

    def is_common(self, domain: str) -> bool:
        return domain in self._common

    def verdict(self, address: str, way_in: WayIn) -> Verdict:
        domain = domain_of(address)
        if way_in in _DECIDED_BY_HOLDERS and self._is_held_by_others_alone(domain):
            return _elsewhere(domain)
        into = None if way_in in _OF_SOMEBODY_ELSEWHERE else self._organization
        return decide(address, way_in, into=into, world=self)

    def _is_ours(self, claim: Domain) -> bool:
        return claim.organization_id == self._organization.pk

    def _as_given(self, claim: Domain) -> Domain:
        if self._is_ours(claim):
            claim.organization = self._organization
            claim.follows_setting = claim.follows_setting or claim.name == self._following
        return claim

    def _is_held_by_others_alone(self, domain: str) -> bool:
        held = self._holders[domain]
        return bool(held) and not any(map(self._is_ours, held))


def _elsewhere(domain: str) -> Verdict:
    name = readable_domain(domain)
    return Verdict(
        Outcome.ELSEWHERE,
        reason=f"Another organization holds {name} and decides what happens with its addresses.",
        steps=(Step(f"Has an organization verified {name}?", "Yes: another one, which decides."),),
    )
