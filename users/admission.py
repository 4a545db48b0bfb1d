"""May this address come in, and how: the only place where that is answered.

Every rule asks its questions one after the other; a verdict keeps them with their answers, so that
pages can show the way to it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from adminctr.core.addresses import domain_of, readable_domain
from adminctr.core.errors import RuleViolation
from domains import claims, names
from domains.models import Domain
from organizations.models import DomainSetting, Organization
from users.models import Outcome, WayIn


@dataclass(frozen=True, slots=True)
class Step:
    """One question that was asked on the way to a verdict, and its answer, both in words."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes of an address, and why; a refusal has its code and its reason in words.

    `joins` is the organization that somebody who signs up becomes a member of at once.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    joins: Organization | None = None
    steps: tuple[Step, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.outcome != Outcome.REFUSED

    def require(self, *, field: str = "email") -> None:
        """Raises RuleViolation with the reason, beside what was typed."""
        if not self.allowed:
            raise RuleViolation(self.code, self.reason, field=field)


class World:
    """What the rules ask about domains; foresight asks about a world that is supposed."""

    def holders(self, domain: str) -> Sequence[Domain]:
        return claims.holders(domain)

    def is_common(self, domain: str) -> bool:
        return names.is_common(domain)


class GatheredWorld(World):
    """The same for some domains, read at once, for whoever decides about many addresses."""

    def __init__(self, domain_names: Collection[str]) -> None:
        self._holders = claims.holders_of(domain_names)
        self._common = names.common_among(domain_names)

    def holders(self, domain: str) -> Sequence[Domain]:
        return self._holders[domain]

    def is_common(self, domain: str) -> bool:
        return domain in self._common


AS_IT_IS = World()


def decide(
    address: str,
    way_in: WayIn,
    *,
    into: Organization | None = None,
    present: str = "",
    world: World = AS_IT_IS,
) -> Verdict:
    """The verdict on one canonical address.

    `into` is the organization that invites, provisions or imports, or in which the person is who
    wants this address in place of their `present` one.
    """
    return _RULES[way_in](_Case(domain_of(address), into, domain_of(present), world))


@dataclass
class _Case:
    """One address on its way in, and what has been asked about it so far."""

    domain: str
    into: Organization | None
    present: str
    world: World
    steps: list[Step] = field(default_factory=list)

    @cached_property
    def name(self) -> str:
        """The domain as people write it."""
        return readable_domain(self.domain)

    @cached_property
    def holders(self) -> Sequence[Domain]:
        """By which claims the domain is held; more than one where it is shared."""
        return self.world.holders(self.domain)

    def ask(self, question: str, answer: bool, *, more: str = "") -> bool:
        words = "Yes" if answer else "No"
        self.steps.append(Step(question, f"{words}: {more}" if more else f"{words}."))
        return answer

    def is_common(self) -> bool:
        return self.ask(
            f"Is {self.name} a mail service where anybody can have an address?",
            self.world.is_common(self.domain),
        )

    def is_ours(self, *, even_uncertain: bool = False) -> bool:
        """Whether `into` holds the domain; while that is uncertain it lets nobody new in."""
        mine = _of(self.into, self.holders)
        is_doubted = mine is not None and mine.is_uncertain() and not even_uncertain
        more = "its verification is uncertain, so nobody new can join." if is_doubted else ""
        has_one = mine is not None and not is_doubted
        return self.ask(f"Has this organization verified {self.name}?", has_one, more=more)

    def manages_present(self) -> bool:
        manages = _of(self.into, self.world.holders(self.present)) is not None
        present = readable_domain(self.present)
        return self.ask(
            f"Does this organization manage the current address, of {present}?", manages
        )

    def comes_in_outside(self) -> bool:
        """Whether people with such an address come in, and outside of whoever holds the domain."""
        is_held = self.ask(f"Has an organization verified {self.name}?", bool(self.holders))
        return not is_held or self.is_common() or self.is_shared() or self.is_blocked()

    def is_shared(self) -> bool:
        """Whether no setting applies, since several organizations hold the domain, or did."""
        is_shared = len(self.holders) > 1 or not all(one.follows_setting for one in self.holders)
        return self.ask(
            f"Do several organizations hold {self.name}, or did they?",
            is_shared,
            more="so no domain setting applies to it." if is_shared else "",
        )

    def is_blocked(self) -> bool:
        is_blocked = self.setting() == DomainSetting.BLOCKED
        more = (
            "nobody is added by their address." if is_blocked else f"it is {self.setting().label}."
        )
        return self.ask("Is the domain setting Blocked?", is_blocked, more=more)

    def is_sure(self) -> bool:
        [holder] = self.holders
        return self.ask("Is the verification sure?", holder.is_verified())

    def setting(self) -> DomainSetting:
        """That of the one organization which holds the domain."""
        [holder] = self.holders
        return DomainSetting(holder.organization.domain_setting)

    def verdict(self, outcome: Outcome, *, joins: Organization | None = None) -> Verdict:
        return Verdict(outcome, joins=joins, steps=tuple(self.steps))

    def refuse(self, code: str, reason: str) -> Verdict:
        return Verdict(Outcome.REFUSED, code, reason, steps=tuple(self.steps))


def _on_sign_up(case: _Case) -> Verdict:
    if case.comes_in_outside():
        return case.verdict(Outcome.OUTSIDE)
    if not case.is_sure():
        return case.refuse(
            "domain_uncertain",
            f"An organization manages the addresses of {case.name}, and is proving again that "
            "the domain is its own; until then nobody new can join. Ask your administrator, or "
            "sign up with another address.",
        )
    joins = case.setting() == DomainSetting.AUTO_ENROLLMENT
    if case.ask("Is the domain setting Auto-enrollment?", joins):
        return case.verdict(Outcome.JOINS, joins=case.holders[0].organization)
    return case.refuse(
        "domain_restricted",
        f"An organization manages the addresses of {case.name} and lets people in by invitation "
        "only. If you have a login, log in. If you have an invitation, use the link in it; if not, "
        "ask your administrator for one, or sign up with another address.",
    )


def _on_email_change(case: _Case) -> Verdict:
    """For somebody who has a login; no change of address moves anybody into an organization."""
    if case.into is not None:
        if case.is_ours(even_uncertain=True):
            return case.verdict(Outcome.JOINS)
        if case.present and case.manages_present():
            return case.refuse(
                "domain_not_verified",
                f"Your organization manages the addresses of {readable_domain(case.present)} and "
                f"has not verified {case.name}. Take an address of a domain that it has verified, "
                "or ask an Administrator to verify this one.",
            )
    if case.comes_in_outside():
        return case.verdict(Outcome.OUTSIDE)
    return case.refuse(
        "domain_restricted",
        f"An organization manages the addresses of {case.name}. Take another address, or ask "
        "its administrator for an invitation.",
    )


def _on_invitation(case: _Case) -> Verdict:
    """An explicit invitation works whatever the setting says."""
    if case.is_common():
        return case.refuse(
            "domain_common",
            f"{case.name} is a mail service that anybody can use; it cannot be verified. "
            "Invite an address of a domain that your organization has verified.",
        )
    if not case.is_ours():
        return case.refuse(
            "domain_not_verified",
            f"Your organization has not verified {case.name}. Verify it under Domains "
            "first, or invite an address of a domain that is verified.",
        )
    return case.verdict(Outcome.JOINS)


def _on_being_added(case: _Case) -> Verdict:
    """For whoever is provisioned or imported without being asked."""
    invited = _on_invitation(case)
    if not invited.allowed:
        return invited
    if case.is_shared():
        return case.refuse(
            "domain_shared",
            f"Several organizations hold {case.name}, or did, so nobody is added by their address "
            "alone. Invite the person.",
        )
    if case.is_blocked():
        return case.refuse(
            "domain_blocked",
            f"The domain setting is Blocked, so nobody with an address of {case.name} is added by "
            "it alone. Invite the person, or change the domain setting.",
        )
    return case.verdict(Outcome.JOINS)


def _on_first_sso(case: _Case) -> Verdict:
    """Signing in with SSO makes nobody: people come in first, by one of the other ways."""
    case.ask("Does signing in with SSO create a login?", False)
    return case.refuse(
        "login_unknown",
        "There is no login for this address. Signing in with SSO does not create one; ask an "
        "Administrator for an invitation.",
    )


def _on_access(case: _Case) -> Verdict:
    """For somebody who is no managed user of the organization that owns the account."""
    if case.comes_in_outside():
        return case.verdict(Outcome.OUTSIDE)
    is_ours = _of(case.into, case.holders) is not None
    if case.ask("Is it this organization, which owns the account?", is_ours):
        return case.refuse(
            "membership_required",
            f"This organization manages the addresses of {case.name}, so anyone who has one must "
            "be a managed user. Invite them to the organization first.",
        )
    return case.refuse(
        "domain_managed_elsewhere",
        f"The addresses of {case.name} are managed by an Organization, which decides where "
        "its people have access. Ask the person for another address of theirs.",
    )


def _on_account(case: _Case) -> Verdict:
    """For the owner of an account that is to be added, who comes along."""
    if case.is_common():
        return case.refuse(
            "owner_domain_common",
            "The owner of this account uses an address of a mail service that anybody can "
            "use. They can change it to one of a domain that your organization has verified.",
        )
    if not case.is_ours():
        return case.refuse(
            "owner_domain_not_verified",
            "The owner of this account has an address of a domain that your organization "
            "has not verified. Verify that domain first, or ask them to change their address.",
        )
    return case.verdict(Outcome.JOINS)


def _of(organization: Organization | None, holders: Sequence[Domain]) -> Domain | None:
    """The claim by which this organization is among the holders of a domain."""
    mine = (one for one in holders if organization and one.organization_id == organization.pk)
    return next(mine, None)


_RULES: dict[WayIn, Callable[[_Case], Verdict]] = {
    WayIn.SIGN_UP: _on_sign_up,
    WayIn.INVITATION: _on_invitation,
    WayIn.SCIM: _on_being_added,
    WayIn.IMPORT: _on_being_added,
    WayIn.SSO: _on_first_sso,
    WayIn.EMAIL_CHANGE: _on_email_change,
    WayIn.ACCOUNT_ACCESS: _on_access,
    WayIn.ACCOUNT_ADDED: _on_account,
}
