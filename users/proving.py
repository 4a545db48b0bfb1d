"""Proving a second factor, with a limit on wrong answers that no other browser lifts.

The tries are counted outside the operation: what a refusal rolls back would not be counted.
"""

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from users import operations, phones
from users.models import FactorKind, User
from users.proofs import Answer

TRIES = Limit("second_factor", times=5, seconds=900)
WARNINGS = Limit("second_factor_warnings", times=1, seconds=86_400)


def prove(user: User, *, kind: FactorKind, answer: Answer, actor: Actor) -> FactorKind:
    """The kind that was proven.

    Raises RuleViolation: too_many_tries, factor_wrong, or one of the operation's.
    """
    TRIES.spend(user.sid)  # before the look, so that many at once are counted too
    if kind == FactorKind.PHONE:
        phones.count_try(user)
    if not operations.prove_factor(user, kind=kind, answer=answer, actor=actor):
        _warn(user, actor)
        raise RuleViolation("factor_wrong", _WRONG[kind], field="code")
    TRIES.forget(user.sid)
    return kind


def _warn(user: User, actor: Actor) -> None:
    """Tell the person once the last try was wrong, as somebody knows their password; once a day."""
    if not TRIES.is_spent(user.sid):
        return
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
