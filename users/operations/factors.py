"""What people do about their own second factors, and how they prove them."""

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import no_organization, operation
from organizations.models import stay_of
from users import app_codes, factors, mail, oneself, passkeys, proofs, recovery_codes, requirements
from users import secrets as encryption
from users.models import Factor, FactorKind, User
from users.passkeys import PasskeyAnswer
from users.proofs import Answer

MOST_PASSKEYS = 20


@operation(no_organization)
def enrol_app(
    user: User,
    *,
    secret: str,
    code: str,
    has_proven: bool = False,
    keep: str = "",
    actor: Actor,
) -> Factor:
    """Set up an authenticator app, whose first code shows that it has the secret.

    `has_proven` says whether the session has proven a second factor; with the first one every
    session but `keep`, a SID, ends. Raises NotAllowed, or RuleViolation: login_not_active,
    prove_first, already_set_up, factor_wrong, session_over.
    """
    current = oneself.lock_active(user, actor)
    factors.require_proof(current, has_proven=has_proven)
    step = app_codes.step_of(secret, code, after=0)
    if step is None:
        raise RuleViolation(
            "factor_wrong",
            "The app shows another code now. Is the time on your phone right?",
            field="code",
        )
    app = Factor(user=current, kind=FactorKind.APP, secret=encryption.encrypt(secret), counter=step)
    return factors.add(app, actor, keep=keep)


@operation(no_organization)
def add_passkey(
    user: User,
    *,
    name: str,
    answer: PasskeyAnswer,
    has_proven: bool = False,
    keep: str = "",
    actor: Actor,
) -> Factor:
    """Keep the public half of a passkey that a browser has just made.

    `has_proven` and `keep` as in `enrol_app`. Raises NotAllowed, or RuleViolation:
    login_not_active, prove_first, passkeys_not_offered, too_many_passkeys, passkey_not_made,
    already_set_up, session_over.
    """
    current = oneself.lock_active(user, actor)
    factors.require_proof(current, has_proven=has_proven)
    if reason := passkeys.refusal():
        raise RuleViolation("passkeys_not_offered", reason)
    if Factor.objects.of_kind(FactorKind.PASSKEY).filter(user=current).count() >= MOST_PASSKEYS:
        raise RuleViolation(
            "too_many_passkeys",
            f"You have {MOST_PASSKEYS} passkeys. Remove one that you do not use.",
        )
    made = passkeys.read_new(answer)
    if made is None:
        raise RuleViolation("passkey_not_made", "No passkey was made. Try again.")
    passkey = Factor(
        user=current,
        kind=FactorKind.PASSKEY,
        name=name,
        credential_id=made.credential_id,
        secret=made.secret,
        counter=made.counter,
    )
    return factors.add(passkey, actor, keep=keep)


@operation(no_organization)
def rename_passkey(passkey: Factor, *, name: str, actor: Actor) -> None:
    """Call a passkey by another name. Raises NotAllowed, or RuleViolation: factor_gone."""
    current = _lock_factor(passkey, actor)
    before, current.name = current.label(), name
    current.save(update_fields=["name"])
    oneself.record(
        current.user, "user.second_factor_renamed", actor, before=before, after=current.label()
    )


@operation(no_organization)
def remove_factor(factor: Factor, *, actor: Actor) -> None:
    """Take one of one's factors away; recovery codes go with the last one.

    Raises NotAllowed, or RuleViolation: factor_gone, recovery_codes_stay, last_second_factor.
    """
    current = _lock_factor(factor, actor)
    if current.kind == FactorKind.RECOVERY_CODES:
        raise RuleViolation(
            "recovery_codes_stay",
            "Recovery codes can only be replaced, and go with the last factor.",
        )
    others = Factor.objects.real().filter(user=current.user).exclude(pk=current.pk)
    if not others.exists() and requirements.is_asked_of(current.user, stay_of(current.user)):
        raise RuleViolation(
            "last_second_factor",
            "You are required to have a second factor. Add another one before you remove this one.",
        )
    factors.remove(current, actor)


@operation(no_organization)
def make_recovery_codes(user: User, *, actor: Actor) -> list[str]:
    """New recovery codes, which this answer alone tells; the former ones stop working.

    Raises NotAllowed, or RuleViolation: login_not_active, no_second_factor.
    """
    current = oneself.lock_active(user, actor)
    if not factors.has_one(current):
        raise RuleViolation("no_second_factor", "Set up a second factor first.")
    codes = recovery_codes.make()
    kept = Factor.objects.filter(user=current, kind=FactorKind.RECOVERY_CODES)
    if kept.delete()[0]:
        mail.send_recovery_codes_made.enqueue(current.pk)
    Factor.objects.create(
        user=current, kind=FactorKind.RECOVERY_CODES, secret=recovery_codes.seal(codes)
    )
    oneself.record(current, "user.recovery_codes_made", actor)
    return codes


@operation(no_organization)
def prove_factor(user: User, *, kind: FactorKind, answer: Answer, actor: Actor) -> bool:
    """Look at what somebody answers, and use it up; a wrong answer is an event too.

    Called by users.proving, which counts the tries.
    Raises NotAllowed, or RuleViolation: login_not_active, factor_unreadable.
    """
    current = oneself.lock_active(user, actor)
    is_right = proofs.take(current, kind, answer)
    oneself.record(
        current,
        "user.second_factor_proven" if is_right else "user.second_factor_wrong",
        actor,
        factor=kind.label,
    )
    return is_right


@operation(no_organization)
def warn_of_guesses(user: User, *, actor: Actor) -> None:
    """Mail somebody that the tries for their second factor were used up.

    Called by users.proving, which says it once a day. Raises NotAllowed, or RuleViolation:
    login_not_active.
    """
    current = oneself.lock_active(user, actor)
    mail.send_second_factor_guessed.enqueue(current.pk)
    oneself.record(current, "user.second_factor_guessed", actor)


def _lock_factor(factor: Factor, actor: Actor) -> Factor:
    """One of one's own factors as it is now. Raises NotAllowed, or RuleViolation: factor_gone."""
    current = oneself.lock_active(factor.user, actor)
    kept = Factor.objects.filter(pk=factor.pk, user=current).first()
    if kept is None:
        raise RuleViolation("factor_gone", "This second factor was removed already.")
    kept.user = current
    return kept
