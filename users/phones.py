"""Phone numbers, and the codes that are sent to them.

A code is an HMAC over whose it is and when it was sent, so the task that sends it computes it and
nothing secret is queued; what is kept tells nobody the code.
"""

from datetime import UTC, timedelta

import phonenumbers
from django.conf import settings
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.limits import Limit
from adminctr.core.operations import refuse_inside_transaction
from users.models import PhoneCode, User

MOST_TRIES = 5
PAUSE = timedelta(seconds=30)
CODES_PER_PERSON = Limit("phone_codes_per_person", times=5, seconds=3600)
CODES_PER_NUMBER = Limit("phone_codes_per_number", times=5, seconds=3600)
CODES_A_DAY_PER_PERSON = Limit("phone_codes_a_day_per_person", times=10, seconds=86_400)
CODES_A_DAY_PER_NUMBER = Limit("phone_codes_a_day_per_number", times=10, seconds=86_400)
CODES_PER_NETWORK = Limit("phone_codes_per_network", times=30, seconds=3600)
CODE_LENGTH = 6
_SHOWN_DIGITS = 2

_TEXTABLE = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
_NORTH_AMERICA = 1


def international(typed: str) -> str:
    """A number in E.164, such as +15005550006.

    Raises RuleViolation: number_without_country, number_unreadable, number_unknown,
    number_takes_no_texts.
    """
    text = typed.strip()
    if text.startswith("00"):
        text = f"+{text[2:]}"
    if not text.startswith("+"):
        raise _refused(
            "number_without_country",
            "Begin with a plus sign and the country code, such as +1 for the United States.",
        )
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        text = "This is not a phone number. Check the digits."
        raise _refused("number_unreadable", text) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise _refused("number_unknown", "There is no such phone number. Check the digits.")
    if not _takes_texts(number):
        raise _refused(
            "number_takes_no_texts",
            "We send no text messages to numbers of this kind. Give the number of a mobile phone.",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(number: str) -> str:
    """A number of which only the country and the last digits can be read."""
    country = f"+{phonenumbers.parse(number).country_code}"
    hidden = len(number) - len(country) - _SHOWN_DIGITS
    return f"{country} {'•' * hidden}{number[-_SHOWN_DIGITS:]}"


def on_its_way(number: str) -> str:
    """Said when a code is queued: it leaves as soon as the vendor takes it."""
    return (
        f"A code is on its way to {masked(number)}. It usually takes a few seconds, and some "
        "minutes when the network is slow."
    )


def code_of(row: PhoneCode) -> str:
    """The digits that are sent; computed, never stored."""
    sent_at = row.sent_at.astimezone(UTC).isoformat()
    digest = salted_hmac("phone-code", f"{row.user_id}:{row.number}:{sent_at}", algorithm="sha256")
    return f"{int(digest.hexdigest(), 16) % 10**CODE_LENGTH:0{CODE_LENGTH}}"


def hash_of(row: PhoneCode, code: str) -> str:
    """What is kept of a code. Keyed, since a million codes are soon tried."""
    return salted_hmac("phone-code-hash", f"{row.user_id}:{code}", algorithm="sha256").hexdigest()


def renew(user: User, number: str) -> PhoneCode:
    """Write another code over the one before. Raises RuleViolation: code_just_sent."""
    former = PhoneCode.objects.filter(user=user).first()
    now = clock.now()
    if former and now < former.sent_at + PAUSE:
        raise RuleViolation(
            "code_just_sent",
            f"A code was sent a moment ago. Wait {PAUSE.seconds} seconds and ask again.",
        )
    PhoneCode.objects.filter(user=user).delete()
    row = PhoneCode(
        user=user, number=number, sent_at=now, expires_at=now + settings.PHONE_CODE_LIFETIME
    )
    row.code_hash = hash_of(row, code_of(row))
    row.save()
    return row


def count_try(user: User) -> None:
    """Count before a code is looked at, so that a refusal takes no count back.

    Raises OperationRequired inside an operation.
    """
    refuse_inside_transaction("count_try")
    PhoneCode.objects.filter(user=user, tries__lte=MOST_TRIES).update(tries=F("tries") + 1)


def consume_code(user: User, code: str) -> str:
    """Use up the code that was sent last; the number that it proves.

    Called inside operations with the person locked, after `count_try`. Raises RuleViolation:
    code_wrong, code_expired, code_spent.
    """
    row = PhoneCode.objects.filter(user=user).first()
    if row is None or row.is_expired():
        raise RuleViolation(
            "code_expired", "No code is waiting, or it has expired. Send another one.", field="code"
        )
    if row.tries > MOST_TRIES:
        raise RuleViolation("code_spent", "Too many wrong codes. Send another one.", field="code")
    typed = "".join(code.split()).replace("-", "")
    if row.tries == 0 or not constant_time_compare(hash_of(row, typed), row.code_hash):
        raise RuleViolation(
            "code_wrong", "This is not the code of the newest message.", field="code"
        )
    row.delete()
    return row.number


def _takes_texts(number: phonenumbers.PhoneNumber) -> bool:
    """Not those of satellites and of services without a country: some pay whoever is texted."""
    if phonenumbers.region_code_for_number(number) == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:
        return False
    kind = phonenumbers.number_type(number)
    if number.country_code == _NORTH_AMERICA:  # where personal numbers cost what others cost
        return kind in _TEXTABLE | {phonenumbers.PhoneNumberType.PERSONAL_NUMBER}
    return kind in _TEXTABLE


def _refused(code: str, message: str) -> RuleViolation:
    return RuleViolation(code, message, field="number")
