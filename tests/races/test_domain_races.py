"""Organizations that verify, leave and share one domain at the same moment."""

from functools import partial

import pytest

from adminctr.core.actor import Actor
from audit.models import AuditEvent
from domains import claims
from domains.models import SLOTS, Domain
from domains.operations import (
    add_domain,
    approve_sharing,
    follow_setting_again,
    remove_domain,
)
from organizations.models import Organization
from tests.domains import following
from tests.domains.removing import digest_of
from tests.races.harness import (
    RACERS,
    Call,
    company,
    found,
    fresh,
    owner_of,
    prove,
    race,
    rounds,
    tally,
    verify,
)

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]

HALF = RACERS // 2


def newcomer() -> Organization:
    return found(f"owner@{fresh('claimant')}.example")


def wanted() -> str:
    """A domain that nobody holds yet."""
    return f"{fresh('wanted')}.example"


def added(organization: Organization, name: str) -> Domain:
    return add_domain(organization, name=name, actor=owner_of(organization))


def approved(organization: Organization, name: str) -> Domain:
    return approve_sharing(organization, name=name, actor=Actor.operator("race"))


def leave(domain: Domain) -> Call:
    """Whoever holds it gives it up, as the plan of this moment says."""
    digest = digest_of(Domain.unscoped.select_related("organization").get(pk=domain.pk))
    return partial(remove_domain, domain, digest=digest, actor=owner_of(domain.organization))


def events(action: str, *claimed: Domain) -> list[int]:
    """How often this happened to each."""
    happened = AuditEvent.unscoped.filter(action=action)
    return [happened.filter(subject_sid=one.sid).count() for one in claimed]


def test_one_domain_gets_one_holder() -> None:
    def run() -> None:
        name = wanted()
        rivals = [added(newcomer(), name) for _ in range(2)]
        outcomes = race(*[partial(prove, one) for one in rivals] * HALF)
        winner = outcomes.index("ok") % 2
        assert tally(outcomes[winner::2]) == {"ok": HALF}
        assert tally(outcomes[1 - winner :: 2]) == {"domain_held_elsewhere": HALF}
        assert claims.holders(name) == [rivals[winner]]
        assert events("domain.verified", *rivals)[winner] == 1

    rounds(run)


def test_two_that_may_share_both_get_their_place() -> None:
    def run() -> None:
        name = wanted()
        pair = [approved(newcomer(), name) for _ in range(2)]
        assert tally(race(*[partial(prove, one) for one in pair] * HALF)) == {"ok": RACERS}
        holders = claims.holders(name)
        assert [one.slot for one in holders] == [0, 1]
        assert not any(one.follows_setting for one in holders)
        assert events("domain.shared", *pair) == [1, 1]

    rounds(run)


def test_who_may_share_gets_in_whether_or_not_a_rival_is_faster() -> None:
    def run() -> None:
        name = wanted()
        without, having = added(newcomer(), name), approved(newcomer(), name)
        outcomes = race(*[partial(prove, without), partial(prove, having)] * HALF)
        assert tally(outcomes[1::2]) == {"ok": HALF}
        [rival] = tally(outcomes[::2])
        assert rival in {"ok", "domain_held_elsewhere"}
        assert len(claims.holders(name)) == (2 if rival == "ok" else 1)

    rounds(run)


def test_of_twenty_one_that_come_at_once_one_is_too_many() -> None:
    def run() -> None:
        name = wanted()
        crowd = [approved(newcomer(), name) for _ in range(SLOTS + 1)]
        outcomes = race(*[partial(prove, one) for one in crowd])
        assert tally(outcomes) == {"ok": SLOTS, "domain_full": 1}
        assert [one.slot for one in claims.holders(name)] == list(range(SLOTS))

    rounds(run)


def test_when_two_of_three_leave_at_once_the_third_is_told_once() -> None:
    def run() -> None:
        first, name = company()
        going = [verify(newcomer(), name, beside_others=True) for _ in range(2)]
        assert tally(race(*[leave(one) for one in going])) == {"ok": 2}
        [left] = claims.holders(name)
        assert left.organization == first
        assert events("domain.alone", left, *going) == [1, 0, 0]

    rounds(run)


def test_no_setting_applies_however_somebody_comes_while_it_is_switched_on_again() -> None:
    def run() -> None:
        first, name = company()
        second = newcomer()
        leave(verify(second, name, beside_others=True))()
        coming = approved(second, name)
        [alone] = claims.holders(name)
        digest = following.plan_of(alone).digest
        again: Call = partial(follow_setting_again, alone, digest=digest, actor=owner_of(first))
        outcomes = race(*[partial(prove, coming), again] * HALF)
        assert tally(outcomes[::2]) == {"ok": HALF}
        assert set(outcomes[1::2]) <= {"ok", "plan_blocked"}
        assert not any(one.follows_setting for one in claims.holders(name))

    rounds(run)
