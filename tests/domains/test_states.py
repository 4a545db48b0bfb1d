"""How the proof of a domain stands over time, look by look, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from domains import states
from domains.models import Domain, DomainStatus
from domains.states import Seen, Turn

DAY = timedelta(days=1)
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


EVERY_DAY = 0.97


def verified() -> Domain:
    domain = Domain(name="corp.example")
    states.hold(domain, BEGINNING)
    return domain


def looked(domain: Domain, *looks: tuple[float, Seen]) -> list[Turn]:
    """What each look changes; days since the beginning, and what was seen."""
    return [states.turn(domain, seen, BEGINNING + days * DAY) for days, seen in looks]


def missed(domain: Domain, first: float, last: float) -> list[Turn]:
    """What is changed by misses about a day apart, of which the last is at that moment."""
    days = [first]
    while days[-1] + EVERY_DAY < last:
        days.append(days[-1] + EVERY_DAY)
    return looked(domain, *((day, Seen.MISSING) for day in (*days, last)))


def uncertain() -> Domain:
    """Missing from the first day, uncertain from the fourth; everybody was reminded to the last."""
    domain = verified()
    assert missed(domain, 1, 4)[-1] is Turn.BECAME_UNCERTAIN
    domain.reminded_days = states.REMINDERS[-1]
    return domain


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
    domain = uncertain()
    assert looked(domain, (33, Seen.THERE)) == [Turn.RETURNED]
    assert domain.is_verified()
    assert (domain.uncertain_since, domain.missing_since, domain.reminded_days) == (None,) * 3


def test_what_stays_away_for_thirty_days_more_is_lost() -> None:
    domain = uncertain()
    assert set(missed(domain, 5, 33.9)) == {Turn.NOTHING}
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


def test_time_in_which_nobody_answers_does_not_count_against_an_uncertain_one() -> None:
    domain = uncertain()
    looks = ((40, Seen.UNKNOWN), (41, Seen.MISSING), (42, Seen.MISSING))
    assert looked(domain, *looks) == [Turn.NOTHING] * 3
    assert domain.lost_on == BEGINNING + (34 + 37) * DAY
    assert set(missed(domain, 43, 70.9)) == {Turn.NOTHING}
    assert looked(domain, (71, Seen.MISSING)) == [Turn.LOST]


def test_the_days_that_are_left_stand_still_while_nobody_answers() -> None:
    domain = uncertain()
    missed(domain, 5, 14)
    for day in range(15, 60):
        looked(domain, (day, Seen.UNKNOWN))
        with time_machine.travel(BEGINNING + day * DAY, tick=False):
            assert domain.days_left == 20


def test_three_days_without_an_answer_between_two_misses_make_nothing_uncertain() -> None:
    domain = verified()
    looked(domain, (1, Seen.MISSING), *((day, Seen.UNKNOWN) for day in (2, 2.1, 3, 4)))
    assert looked(domain, (5, Seen.MISSING)) == [Turn.NOTHING]
    assert domain.is_verified()
    assert missed(domain, 6, 7.9)[-1] is Turn.NOTHING
    assert looked(domain, (8, Seen.MISSING)) == [Turn.BECAME_UNCERTAIN]


@pytest.mark.parametrize("still", [31, 400])
def test_of_the_time_in_which_the_worker_stood_still_two_days_count_at_most(still: int) -> None:
    domain = uncertain()
    assert looked(domain, (4 + still, Seen.MISSING)) == [Turn.NOTHING]
    assert domain.lost_on == BEGINNING + (34 + still - 2) * DAY


def test_a_worker_that_stood_still_makes_nothing_uncertain() -> None:
    domain = verified()
    assert looked(domain, (1, Seen.MISSING), (40, Seen.MISSING))[-1] is Turn.NOTHING
    assert domain.is_verified()


def test_a_loss_waits_a_day_for_the_last_reminder() -> None:
    domain = uncertain()
    missed(domain, 5, 32.5)
    domain.reminded_days = 7
    assert looked(domain, (34.4, Seen.MISSING)) == [Turn.NOTHING]
    assert domain.lost_on == BEGINNING + 35.4 * DAY
    with time_machine.travel(BEGINNING + 34.4 * DAY, tick=False):
        assert states.due_reminder(domain) == 1


def test_a_clock_that_was_set_back_takes_no_time_away() -> None:
    domain = uncertain()
    looked(domain, (3, Seen.UNKNOWN), (2, Seen.MISSING))
    assert domain.lost_on == BEGINNING + 34 * DAY


LOOKS = st.tuples(
    st.sampled_from([0.01, 0.3, 0.97, 1, 1.9, 2.5, 31]),
    st.sampled_from([Seen.MISSING] * 30 + [Seen.UNKNOWN] * 3 + [Seen.THERE]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LOOKS, min_size=40, max_size=120))
def test_however_looks_come_a_loss_needs_33_days_of_misses_and_every_reminder(
    looks: list[tuple[float, Seen]],
) -> None:
    """Counted from miss to miss, of which those that are more than two days apart count as two."""
    domain, day, counted, before, sent = verified(), 0.0, timedelta(), Seen.THERE, []
    for pause, seen in looks:
        day += pause
        if seen is Seen.THERE:
            counted, sent = timedelta(), []
        elif seen is before is Seen.MISSING:
            counted += min(pause, 2) * DAY
        with time_machine.travel(BEGINNING + day * DAY, tick=False):
            if looked(domain, (day, seen)) == [Turn.LOST]:
                assert counted >= 33 * DAY - timedelta(seconds=1)
                assert sent == list(states.REMINDERS)
                return
            if (reminder := states.due_reminder(domain)) is not None:
                domain.reminded_days = reminder
                sent.append(reminder)
        before = seen


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
    missed(domain, 1, 3.9)
    assert domain.next_check_at == BEGINNING + 4 * DAY
    missed(domain, 4, 33.9)
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
    domain = uncertain()
    domain.reminded_days = sent
    with time_machine.travel(BEGINNING + (4 + days_gone) * DAY, tick=False):
        assert states.due_reminder(domain) == due


def test_a_sure_domain_has_no_reminder() -> None:
    assert states.due_reminder(verified()) is None
