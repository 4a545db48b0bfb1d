"""One second factor, used or changed by many at the same moment."""

from collections import Counter
from functools import partial

import pytest

from adminctr.core.errors import RuleViolation
from tests.conftest import acting
from tests.races.harness import RACERS, found, fresh, race, rounds, tally
from tests.users.enrolled import factors_of, next_code, with_app, with_phone, with_recovery_codes
from users import proving
from users.models import Factor, FactorKind, User
from users.operations import make_recovery_codes, prove_factor, remove_factor

pytestmark = [
    pytest.mark.races,
    pytest.mark.django_db(transaction=True),
]


def somebody() -> User:
    owner = found(f"owner@{fresh('founder')}.example").owner
    assert owner
    return owner


def prove(user: User, kind: FactorKind, answer: str) -> None:
    """The operation itself, so that no limit is in the way."""
    if not prove_factor(user, kind=kind, answer=answer, actor=acting(user)):
        raise RuleViolation("factor_wrong", "Used up.")


def test_a_code_of_an_app_is_used_once() -> None:
    def run() -> None:
        user = somebody()
        call = partial(prove, user, FactorKind.APP, next_code(with_app(user)))
        assert tally(race(*[call] * RACERS)) == {"ok": 1, "factor_wrong": RACERS - 1}

    rounds(run)


def test_a_recovery_code_is_used_once_and_none_is_lost() -> None:
    def run() -> None:
        user = somebody()
        with_app(user)
        codes = with_recovery_codes(user)
        calls = [partial(prove, user, FactorKind.RECOVERY_CODES, code) for code in codes * 2]
        assert tally(race(*calls)) == {"ok": len(codes), "factor_wrong": len(codes)}

    rounds(run)


def test_so_many_wrong_answers_at_once_are_looked_at_and_no_more() -> None:
    def run() -> None:
        user = somebody()
        with_app(user)
        call = partial(
            proving.prove, user, kind=FactorKind.APP, answer="000000", actor=acting(user)
        )
        outcomes = tally(race(*[call] * RACERS))
        assert outcomes == {"factor_wrong": 5, "too_many_tries": RACERS - 5}

    rounds(run)


def test_recovery_codes_are_made_anew_by_one_at_a_time() -> None:
    def run() -> None:
        user = somebody()
        with_app(user)
        call = partial(make_recovery_codes, user, actor=acting(user))
        assert tally(race(*[call] * 5)) == {"ok": 5}
        assert Factor.objects.filter(user=user, kind=FactorKind.RECOVERY_CODES).count() == 1

    rounds(run)


def test_recovery_codes_never_outlive_the_last_factor() -> None:
    def run() -> None:
        user = somebody()
        with_app(user)
        with_phone(user)
        with_recovery_codes(user)
        real = Factor.objects.real().select_related("user").filter(user=user)
        calls = [partial(remove_factor, factor, actor=acting(user)) for factor in real]
        calls += [partial(make_recovery_codes, user, actor=acting(user))] * 3
        outcomes = Counter(race(*calls))
        assert set(outcomes) <= {"ok", "no_second_factor"}
        assert factors_of(user) == set()

    rounds(run)
