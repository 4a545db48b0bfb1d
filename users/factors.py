"""What is kept true about second factors wherever they come and go.

Called inside operations only, with the person locked.
"""

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import or_refuse
from adminctr.core.tenancy import person
from organizations.models import Membership
from users import mail, oneself
from users.models import Factor, FactorKind, PhoneCode, RememberedBrowser, User


def has_one(user: User) -> bool:
    return Factor.objects.real().filter(user=user).exists()


def lacks_recovery_codes(user: User) -> bool:
    """Whether there is a factor that nothing stands in for."""
    kinds = set(Factor.objects.filter(user=user).values_list("kind", flat=True))
    return bool(kinds) and FactorKind.RECOVERY_CODES not in kinds


def require_proof(user: User, *, has_proven: bool) -> None:
    """A password alone adds no second factor beside another. Raises RuleViolation: prove_first."""
    if not has_proven and has_one(user):
        raise RuleViolation(
            "prove_first", "You already have a second factor. Confirm it, then set up another one."
        )


def add(factor: Factor, actor: Actor, *, keep: str) -> Factor:
    """Write a new factor of a person, with all that follows from it, and tell them.

    With the first one every session but `keep` ends, since none of them has proven it; nothing is
    kept at a log-in, which has no session yet. Raises RuleViolation: already_set_up, session_over.
    """
    user = factor.user
    is_alone = bool(keep) and not has_one(user)
    there = RuleViolation("already_set_up", "This is set up already.")
    with or_refuse(there):
        factor.save(force_insert=True)
    note_enrolled(user)
    if is_alone:
        oneself.end_sessions_but(user, keep)
    mail.send_second_factor_added.enqueue(user.pk, factor.label(), is_alone)
    oneself.record(user, "user.second_factor_added", actor, factor=factor.label())
    return factor


def note_enrolled(user: User) -> None:
    """There is a factor now: none is due any more."""
    if user.is_factor_due:
        user.is_factor_due = False
        user.save(update_fields=["is_factor_due"])
    copy_onto_stay(user)


def remove(factor: Factor, actor: Actor) -> None:
    """Take a factor away, with what stands in for the last one, and tell the person."""
    user = factor.user
    factor.delete()
    if factor.kind == FactorKind.PHONE:
        PhoneCode.objects.filter(user=user).delete()
    if has_one(user):
        copy_onto_stay(user)
    else:
        forget_all(user)
    mail.send_second_factor_removed.enqueue(user.pk, factor.label())
    oneself.record(user, "user.second_factor_removed", actor, factor=factor.label())


def copy_onto_stay(user: User) -> None:
    """Write anew what the lists of users filter by."""
    with person(user):
        Membership.objects.open().update(has_second_factor=has_one(user))


def forget_all(user: User) -> None:
    """Take every factor away, with what stands in for one: codes and remembered browsers."""
    Factor.objects.filter(user=user).delete()
    PhoneCode.objects.filter(user=user).delete()
    RememberedBrowser.objects.filter(user=user).delete()
    copy_onto_stay(user)
