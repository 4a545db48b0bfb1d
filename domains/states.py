"""How the proof of a domain that is held stands over time.

Verified, then uncertain after three days without it, then lost thirty days later. Only an answer
that says that the proof is not there counts, and only the time between such answers: what nobody
answers, and a worker that stands still, changes nothing.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, IntegerField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Random

from domains.models import Domain, DomainStatus

# How many days before it is lost administrators are reminded.
REMINDERS = (30, 14, 7, 1)

_FIRST_PAUSE_AFTER_FAILURE = timedelta(minutes=15)
# The daily looks drift apart, so that what was verified together is not asked about together.
_SHORTEST_PART_OF_A_PAUSE = 0.95
_STEP = timedelta(milliseconds=1)
# A worker may come late to a look; what is longer was watched by nobody.
_MOST_PAUSES_BETWEEN_LOOKS = 2
_random = secrets.SystemRandom()


class Seen(StrEnum):
    """What a look says about the proof."""

    THERE = "there"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Turn(StrEnum):
    """What a look has changed."""

    NOTHING = "nothing"
    WENT_MISSING = "went_missing"
    BECAME_UNCERTAIN = "became_uncertain"
    RETURNED = "returned"
    LOST = "lost"


def hold(domain: Domain, now: datetime) -> None:
    """The proof is there: whatever was in doubt is not any more."""
    if not domain.is_held():
        domain.verified_at = now
    domain.status = DomainStatus.VERIFIED
    domain.proven_at = domain.checked_at = now
    domain.missing_since = domain.uncertain_since = domain.reminded_days = domain.lost_at = None
    domain.failures = 0
    domain.next_check_at = next_look(now)


def let_go(domain: Domain, now: datetime) -> None:
    """The claim stays, and counts for nothing until it is proven anew."""
    domain.status = DomainStatus.UNVERIFIED
    domain.slot = 0
    domain.verified_at = domain.missing_since = domain.uncertain_since = None
    domain.reminded_days = domain.next_check_at = None
    domain.failures = 0
    domain.lost_at = now


def turn(domain: Domain, seen: Seen, now: datetime) -> Turn:
    """Take one look into account; the caller writes the row."""
    if seen is Seen.THERE:
        was_in_doubt = domain.missing_since is not None
        hold(domain, now)
        return Turn.RETURNED if was_in_doubt else Turn.NOTHING
    _leave_out(domain, _unwatched(domain, seen, now))
    domain.checked_at = now
    if seen is Seen.UNKNOWN:
        domain.failures = min(domain.failures + 1, 100)
        domain.next_check_at = now + _pause_after(domain.failures)
        return Turn.NOTHING
    domain.failures = 0
    return _miss(domain, now)


def next_look(now: datetime) -> datetime:
    pause: timedelta = settings.DOMAIN_RECHECK_PAUSE
    return now + pause * _random.uniform(_SHORTEST_PART_OF_A_PAUSE, 1)


def next_looks(now: datetime) -> Combinable:
    """The same for many rows in one statement, where each gets a moment of its own."""
    longest: timedelta = settings.DOMAIN_RECHECK_PAUSE
    shortest = longest * _SHORTEST_PART_OF_A_PAUSE
    steps = Cast(Random() * ((longest - shortest) // _STEP), IntegerField())
    drift = ExpressionWrapper(Value(_STEP) * steps, DurationField())
    return ExpressionWrapper(Value(now + shortest) + drift, DateTimeField())


def due_reminder(domain: Domain) -> int | None:
    """The reminder that is due and was not sent: 30, 14, 7 or 1 days before the end."""
    if domain.days_left is None:
        return None
    passed = [days for days in REMINDERS if domain.days_left <= days]
    if not passed:
        return None
    newest = min(passed)
    is_sent = domain.reminded_days is not None and domain.reminded_days <= newest
    return None if is_sent else newest


def _unwatched(domain: Domain, seen: Seen, now: datetime) -> timedelta:
    """How much of the time since the look before says nothing about the proof."""
    gap = max(now - (domain.checked_at or now), timedelta())
    if seen is Seen.UNKNOWN or domain.failures:
        return gap
    watched: timedelta = settings.DOMAIN_RECHECK_PAUSE * _MOST_PAUSES_BETWEEN_LOOKS
    return max(gap - watched, timedelta())


def _leave_out(domain: Domain, time: timedelta) -> None:
    """Let this much time not count against the domain."""
    if domain.missing_since is not None:
        domain.missing_since += time
    if domain.uncertain_since is not None:
        domain.uncertain_since += time


def _wait_for_last_reminder(domain: Domain, now: datetime) -> None:
    """Put off a loss that looks too far apart would bring before the last warning."""
    last = min(REMINDERS)
    is_sent = domain.reminded_days is not None and domain.reminded_days <= last
    if not is_sent and domain.lost_on is not None and domain.lost_on <= now:
        _leave_out(domain, now + timedelta(days=last) - domain.lost_on)


def _miss(domain: Domain, now: datetime) -> Turn:
    _wait_for_last_reminder(domain, now)
    if domain.lost_on is not None:
        if now >= domain.lost_on:
            let_go(domain, now)
            return Turn.LOST
        domain.next_check_at = min(next_look(now), domain.lost_on)
        return Turn.NOTHING
    went_missing = domain.missing_since is None
    domain.missing_since = domain.missing_since or now
    doubted_from = domain.missing_since + settings.DOMAIN_MISSING_FOR
    if now >= doubted_from:
        domain.status, domain.uncertain_since = DomainStatus.UNCERTAIN, now
        domain.next_check_at = next_look(now)
        return Turn.BECAME_UNCERTAIN
    domain.next_check_at = min(next_look(now), doubted_from)
    return Turn.WENT_MISSING if went_missing else Turn.NOTHING


def _pause_after(failures: int) -> timedelta:
    """A quarter of an hour, doubling, at most the usual pause."""
    longest: timedelta = settings.DOMAIN_RECHECK_PAUSE
    doubled: timedelta = _FIRST_PAUSE_AFTER_FAILURE * 2 ** min(failures - 1, 10)
    return min(doubled, longest)
