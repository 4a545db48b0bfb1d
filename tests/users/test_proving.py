"""The tries for a second factor: how many there are, and who is told once they are used up."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from audit.models import AuditEvent
from tests.conftest import acting
from tests.pages.effects import mails_to
from tests.users.enrolled import WRONG, next_code, text_code, with_app, with_phone
from tests.users.phones import wrong
from users import proving
from users.models import FactorKind, User
from users.operations import send_code

TOLD = "Somebody tried your second factor"


@pytest.fixture
def clocks(db: None) -> Any:
    """Time stands still until a test moves it; it begins with a day, as limits do."""
    begun = clock.now().replace(hour=0, minute=0, second=1, microsecond=7) + timedelta(days=1)
    with time_machine.travel(begun, tick=False) as traveller:
        yield traveller


def answer(user: User, said: str, kind: FactorKind = FactorKind.APP) -> str:
    """What comes of it."""
    try:
        proving.prove(user, kind=kind, answer=said, actor=acting(user))
    except RuleViolation as refused:
        return refused.code
    return "proven"


def warnings(user: User, deliver: Any) -> int:
    return sum(TOLD in mail.subject for mail in mails_to(user.email, deliver()))


def test_the_fifth_try_of_a_code_by_phone_counts_still(cy: User, clocks) -> None:
    with_phone(cy)
    clocks.shift(31)
    send_code(cy, actor=acting(cy))
    code = text_code(cy)
    for _ in range(4):
        assert answer(cy, wrong(code), FactorKind.PHONE) == "factor_wrong"
    assert answer(cy, code, FactorKind.PHONE) == "proven"


def test_the_person_is_told_once_the_tries_are_used_up(cy: User, clocks, deliver) -> None:
    with_app(cy)
    deliver()
    for _ in range(4):
        answer(cy, WRONG)
    assert warnings(cy, deliver) == 0
    assert answer(cy, WRONG) == "factor_wrong"
    [mail] = [one for one in mails_to(cy.email, deliver()) if TOLD in one.subject]
    assert "knows your password" in mail.body
    assert "/password/reset/" in mail.body
    events = AuditEvent.unscoped.filter(subject_sid=cy.sid, action="user.second_factor_guessed")
    assert events.count() == 1


def test_they_are_told_once_a_day(cy: User, clocks, deliver) -> None:
    with_app(cy)
    deliver()
    for _ in range(3):
        for _ in range(7):
            answer(cy, WRONG)
        clocks.shift(proving.TRIES.seconds)
    assert warnings(cy, deliver) == 1
    clocks.shift(proving.WARNINGS.seconds)
    for _ in range(5):
        answer(cy, WRONG)
    assert warnings(cy, deliver) == 1


def test_whoever_remembers_in_time_is_told_nothing(cy: User, clocks, deliver) -> None:
    secret = with_app(cy)
    deliver()
    for _ in range(4):
        answer(cy, WRONG)
    assert answer(cy, next_code(secret)) == "proven"
    assert warnings(cy, deliver) == 0


def test_who_guesses_slowly_runs_out_of_tries_for_the_day_and_the_person_is_told(
    cy: User, clocks, deliver
) -> None:
    secret = with_app(cy)
    deliver()
    said = []
    for _ in range(13):
        said += [answer(cy, WRONG) for _ in range(4)]
        clocks.shift(proving.TRIES.seconds)
    assert said == ["factor_wrong"] * 50 + ["too_many_tries"] * 2
    assert warnings(cy, deliver) == 1
    assert answer(cy, next_code(secret)) == "too_many_tries"
    clocks.shift(timedelta(days=1))
    assert answer(cy, next_code(secret)) == "proven"


def test_a_new_password_begins_anew(cy: User) -> None:
    secret = with_app(cy)
    for _ in range(6):
        answer(cy, WRONG)
    assert answer(cy, next_code(secret)) == "too_many_tries"
    cy.set_password("plum harbour lantern")
    cy.save(update_fields=["password"])
    assert answer(cy, next_code(secret)) == "proven"


def test_right_answers_forgive_no_more_than_twenty_wrong_ones_an_hour(cy: User, clocks) -> None:
    secret = with_app(cy)
    for _ in range(4):
        assert {answer(cy, WRONG) for _ in range(4)} == {"factor_wrong"}
        assert answer(cy, next_code(secret)) == "proven"
        clocks.shift(60)
    assert {answer(cy, WRONG) for _ in range(4)} == {"factor_wrong"}
    assert answer(cy, next_code(secret)) == "too_many_tries"
    clocks.shift(3600)
    assert answer(cy, next_code(secret)) == "proven"
