"""How the proof of a domain stands over time, look by look, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine

from domains import states
from domains.models import Domain, DomainStatus
from domains.states import Seen, Turn

DAY = timedelta(days=1)
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verified() -> Domain:
    domain = Domain(name="corp.example")
    states.hold(domain, BEGINNING)
    return domain


def looked(domain: Domain, *looks: tuple[float, Seen]) -> list[Turn]:
    """What each look changes; days since the beginning, and what was seen."""
    return [states.turn(domain, seen, BEGINNING + days * DAY) for days, seen in looks]


def test_a_proof_that_stands_changes_nothing_and_is_noted() -> None:
    domain = verified()
    assert looked(domain, (1, Seen.THERE)) == [Turn.NOTHING]
    assert (domain.proven_at, domain.verified_at) == (BEGINNING + DAY, BEGINNING)


def test_one_miss_is_no_reason_to_doubt() -> None:
    domain = verified()
    assert looked(domain, (1, Seen.MISSING), (2, Seen.THERE)) == [Turn.WENT_MISSING, Turn.RETURNED]
    assert (domain.status, domain.missing_since) == (DomainStatus.VERIFIED, None)


def test_three_days_of_misses_make_it_uncertain() -> None:
    domain = verified()
    days = (1, 2, 3, 3.99)
    turns = looked(domain, *((day, Seen.MISSING) for day in days))
    assert turns == [Turn.WENT_MISSING, Turn.NOTHING, Turn.NOTHING, Turn.NOTHING]
    assert domain.is_verified()
    assert looked(domain, (4, Seen.MISSING)) == [Turn.BECAME_UNCERTAIN]
    assert domain.status == DomainStatus.UNCERTAIN
    assert domain.lost_on == BEGINNING + 34 * DAY


def test_what_is_uncertain_is_verified_again_when_the_proof_returns() -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), (4, Seen.MISSING))
    assert looked(domain, (33, Seen.THERE)) == [Turn.RETURNED]
    assert domain.is_verified()
    assert (domain.uncertain_since, domain.missing_since, domain.reminded_days) == (None,) * 3


def test_what_stays_away_for_thirty_days_more_is_lost() -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), (4, Seen.MISSING))
    assert looked(domain, (33.9, Seen.MISSING)) == [Turn.NOTHING]
    assert looked(domain, (34, Seen.MISSING)) == [Turn.LOST]
    assert (domain.status, domain.verified_at) == (DomainStatus.UNVERIFIED, None)
    assert (domain.next_check_at, domain.lost_at) == (None, BEGINNING + 34 * DAY)


@pytest.mark.parametrize("after", [1, 4, 40, 400])
def test_what_nobody_answers_takes_nothing_away(after: float) -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING))
    assert looked(domain, *((1 + after + one, Seen.UNKNOWN) for one in range(20))) == (
        [Turn.NOTHING] * 20
    )
    assert domain.is_verified()


def test_an_uncertain_one_is_not_lost_while_nobody_answers() -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), (4, Seen.MISSING))
    assert looked(domain, (40, Seen.UNKNOWN), (41, Seen.MISSING)) == [Turn.NOTHING, Turn.LOST]


def test_looks_are_a_day_apart_and_drift_a_little() -> None:
    pauses = {states.next_look(BEGINNING) - BEGINNING for _ in range(50)}
    assert all(DAY * 0.95 <= pause <= DAY for pause in pauses)
    assert len(pauses) > 1


def test_a_look_that_found_nothing_out_is_repeated_soon_and_then_less_often() -> None:
    domain = verified()
    pauses = []
    for number in range(1, 12):
        now = BEGINNING + number * DAY
        states.turn(domain, Seen.UNKNOWN, now)
        pauses.append(domain.next_check_at - now)
    assert pauses[0] == timedelta(minutes=15)
    assert all(later == min(2 * before, DAY) for before, later in pairwise(pauses))


def test_the_look_that_decides_is_made_on_time() -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), (3.9, Seen.MISSING))
    assert domain.next_check_at == BEGINNING + 4 * DAY
    looked(domain, (4, Seen.MISSING), (33.9, Seen.MISSING))
    assert domain.next_check_at == BEGINNING + 34 * DAY


@pytest.mark.parametrize(
    ("days_gone", "sent", "due"),
    [
        (0, None, 30),
        (0.5, 30, None),
        (15.9, 30, None),
        (16, 30, 14),
        (16.5, 14, None),
        (23, 14, 7),
        (29, 7, 1),
        (29.5, 1, None),
        (29.5, None, 1),
        (60, 1, None),
    ],
)
def test_reminders_come_30_14_7_and_1_days_before_the_end(
    days_gone: float, sent: int | None, due: int | None
) -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), (4, Seen.MISSING))
    domain.reminded_days = sent
    with time_machine.travel(BEGINNING + (4 + days_gone) * DAY, tick=False):
        assert states.due_reminder(domain) == due


def test_a_sure_domain_has_no_reminder() -> None:
    assert states.due_reminder(verified()) is None
