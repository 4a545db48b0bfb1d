"""The phone of a person: codes that are sent to it, and the number that they prove."""

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import check, no_organization, operation
from users import factors, mail, oneself, phones, texting
from users.models import Factor, FactorKind, PhoneCode, User


@operation(no_organization)
def send_code(user: User, *, number: str = "", actor: Actor) -> PhoneCode:
    """Send a code to the phone that somebody has, or to a number that they want to prove.

    Raises NotAllowed, or RuleViolation: login_not_active, no_phone, number_unchanged,
    code_just_sent, too_many_tries, one of `phones.international`.
    """
    current = oneself.lock_active(user, actor)
    wanted = _number_for(current, number)

    row = phones.renew(current, wanted)
    phones.CODES_PER_PERSON.spend(current.sid)
    phones.CODES_A_DAY_PER_PERSON.spend(current.sid)
    phones.CODES_PER_NETWORK.spend(actor.origin.network)
    if number:  # what others ask for in vain must not keep codes from the phone that is proven
        phones.CODES_PER_NUMBER.spend(wanted)
        phones.CODES_A_DAY_PER_NUMBER.spend(wanted)
    texting.send_phone_code.enqueue(row.pk)
    oneself.record(current, "user.phone_code_sent", actor, number=phones.masked(wanted))
    return row


@check
def enrol_phone(
    user: User, *, code: str, has_proven: bool = False, keep: str = "", actor: Actor
) -> Factor:
    """Take over the number that the code was sent to; the try counts whatever comes of it.

    Raises NotAllowed, or RuleViolation: one of `put_phone`.
    """
    phones.count_try(user)
    return put_phone(user, code=code, has_proven=has_proven, keep=keep, actor=actor)


@operation(no_organization)
def put_phone(
    user: User, *, code: str, has_proven: bool = False, keep: str = "", actor: Actor
) -> Factor:
    """Make the proven number the one of this person; until then the former one works.

    `has_proven` and `keep` as in `enrol_app`. Raises NotAllowed, or RuleViolation:
    login_not_active, prove_first, code_wrong, code_expired, code_spent, number_unchanged,
    session_over.
    """
    current = oneself.lock_active(user, actor)
    factors.require_proof(current, has_proven=has_proven)
    number = phones.consume_code(current, code)

    phone = _phone_of(current)
    if phone is None:
        factor = Factor(user=current, kind=FactorKind.PHONE, number=number)
        return factors.add(factor, actor, keep=keep)
    if phone.number == number:
        raise _number_unchanged()
    before, phone.number = phone.number, number
    phone.created_at, phone.last_used_at = clock.now(), None
    phone.save(update_fields=["number", "created_at", "last_used_at"])
    change = {"before": phones.masked(before), "after": phones.masked(number)}
    mail.send_phone_changed.enqueue(current.pk, change["after"])
    oneself.record(current, "user.phone_changed", actor, **change)
    return phone


def _number_for(user: User, typed: str) -> str:
    phone = _phone_of(user)
    if typed:
        wanted = phones.international(typed)
        if phone and phone.number == wanted:
            raise _number_unchanged()
        return wanted
    if phone is None:
        raise RuleViolation("no_phone", "No phone number is enrolled.")
    return phone.number


def _phone_of(user: User) -> Factor | None:
    return Factor.objects.of_kind(FactorKind.PHONE).filter(user=user).first()


def _number_unchanged() -> RuleViolation:
    return RuleViolation("number_unchanged", "This is your number already.", field="number")
