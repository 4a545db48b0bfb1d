"""Looking at what somebody answers when a second factor is asked for, and using it up.

Called inside operations only, with the person locked, so that nothing is used twice.
"""

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from users import app_codes, mail, passkeys, phones, recovery_codes, secrets
from users.models import Factor, FactorKind, User
from users.passkeys import PasskeyAnswer

Answer = str | PasskeyAnswer


def take(user: User, kind: FactorKind, answer: Answer) -> bool:
    """Whether the answer is right; it is used up then.

    Raises RuleViolation: factor_unreadable, or one of users.phones.
    """
    try:
        used = _LOOKS[kind](user, answer)
    except secrets.Unreadable as lost:
        raise RuleViolation(
            "factor_unreadable",
            "This second factor can no longer be used. Use another one, or ask your "
            "administrator to reset your 2FA.",
        ) from lost
    if used is None:
        return False
    used.last_used_at = clock.now()
    used.save(update_fields=["secret", "counter", "last_used_at"])
    return True


def _app(user: User, answer: Answer) -> Factor | None:
    factor = _only(user, FactorKind.APP)
    if factor is None or not isinstance(answer, str):
        return None
    step = app_codes.step_of(secrets.decrypt(factor.secret), answer, after=factor.counter)
    if step is None:
        return None
    factor.counter, factor.secret = step, secrets.renew(factor.secret)
    return factor


def _passkey(user: User, answer: Answer) -> Factor | None:
    if not isinstance(answer, PasskeyAnswer):
        return None
    known = list(Factor.objects.of_kind(FactorKind.PASSKEY).filter(user=user))
    used = passkeys.read_proof(answer, known)
    if used is None:
        return None
    factor, counter = used
    factor.counter, factor.secret = counter, secrets.renew(factor.secret)
    return factor


def _phone(user: User, answer: Answer) -> Factor | None:
    factor = _only(user, FactorKind.PHONE)
    if factor is None or not isinstance(answer, str):
        return None
    try:
        return factor if phones.consume_code(user, answer) == factor.number else None
    except RuleViolation as refused:
        if refused.code == "code_wrong":
            return None
        raise


def _recovery_code(user: User, answer: Answer) -> Factor | None:
    factor = _only(user, FactorKind.RECOVERY_CODES)
    if factor is None or not isinstance(answer, str):
        return None
    left = recovery_codes.without(factor.secret, answer)
    if left is None:
        return None
    factor.secret = left
    mail.send_recovery_code_used.enqueue(user.pk, recovery_codes.left(left))
    return factor


def _only(user: User, kind: FactorKind) -> Factor | None:
    return Factor.objects.of_kind(kind).filter(user=user).first()


_LOOKS = {
    FactorKind.APP: _app,
    FactorKind.PASSKEY: _passkey,
    FactorKind.PHONE: _phone,
    FactorKind.RECOVERY_CODES: _recovery_code,
}
