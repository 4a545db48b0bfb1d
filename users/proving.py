"""Proving a second factor, with a limit on wrong answers that no other browser lifts.

Whoever guesses one knows the password, so that a new password begins anew. The tries are counted
outside the operation: what a refusal rolls back would not be counted.
"""

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from users import operations, phones
from users.models import FactorKind, User
from users.proofs import Answer

TRIES = Limit("second_factor", times=5, seconds=900)
# Wrong ones; a right one forgives nothing, since whoever guesses goes on after it.
GUESSES = (
    Limit("second_factor_hour", times=20, seconds=3600),
    Limit("second_factor_day", times=50, seconds=86_400),
)
WARNINGS = Limit("second_factor_warnings", times=1, seconds=86_400)


def prove(user: User, *, kind: FactorKind, answer: Answer, actor: Actor) -> FactorKind:
    """The kind that was proven.

    Raises RuleViolation: too_many_tries, factor_wrong, or one of the operation's.
    """
    for guesses in GUESSES:
        guesses.require_left(*_key(user))
    TRIES.spend(*_key(user))  # before the look, so that many at once are counted too
    if kind == FactorKind.PHONE:
        phones.count_try(user)
    if not operations.prove_factor(user, kind=kind, answer=answer, actor=actor):
        _count_guess(user, actor)
        raise RuleViolation("factor_wrong", _WRONG[kind], field="code")
    TRIES.forget(*_key(user))
    return kind


def _key(user: User) -> tuple[str, str]:
    return user.sid, user.password


def _count_guess(user: User, actor: Actor) -> None:
    for guesses in GUESSES:
        guesses.note(*_key(user))
    if any(limit.is_spent(*_key(user)) for limit in (TRIES, *GUESSES)):
        _warn(user, actor)


def _warn(user: User, actor: Actor) -> None:
    """Tell the person once the last try was wrong, as somebody knows their password; once a day."""
    try:
        WARNINGS.spend(user.sid)
    except RuleViolation:
        return
    operations.warn_of_guesses(user, actor=actor)


_WRONG = {
    FactorKind.APP: (
        "This is not the code that the app shows now. Each code works once: wait for the next one."
    ),
    FactorKind.PASSKEY: "This passkey was not accepted. Try again, or use another second factor.",
    FactorKind.PHONE: "This is not the code that we sent last. Send another one if you need it.",
    FactorKind.RECOVERY_CODES: "This is not one of your recovery codes, or it has already been "
    "used.",
}
