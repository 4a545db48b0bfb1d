"""Phone numbers, and the codes that prove them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from adminctr import environment
from adminctr.core import clock
from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import OperationRequired, no_organization, operation
from audit.models import AuditEvent
from organizations.models import stay_of
from tests.conftest import acting
from tests.servers.sms import TOKEN, Mode, SmsVendor
from tests.users.phones import MINE, OTHER, code_for, code_in, messages_to, with_phone, wrong
from users import phones
from users.jobs import forget_expired_links
from users.models import Factor, FactorKind, PhoneCode, User
from users.operations import enrol_phone, put_phone, send_code, suspend_login
from users.texting import send_phone_code


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the text messages of this test go."""
    settings.TEXT_MESSAGES = {"folder": tmp_path / "sms"}
    return tmp_path / "sms"


@pytest.fixture
def clocks(db: None) -> Any:
    """Time stands still until a test moves it; it begins with an hour, as limits do."""
    begun = clock.now().replace(minute=0, second=1, microsecond=7) + timedelta(hours=1)
    with time_machine.travel(begun, tick=False) as traveller:
        yield traveller


@pytest.fixture
def days(clocks: Any) -> Any:
    """The same, from the beginning of a day."""
    clocks.move_to(clock.now().replace(hour=0) + timedelta(days=1))
    return clocks


def ask(user: User, number: str = "") -> PhoneCode:
    return send_code(user, number=number, actor=acting(user))


def enrol(user: User, code: str) -> Factor:
    return enrol_phone(user, code=code, has_proven=True, actor=acting(user))


def refused(call: Any) -> RuleViolation:
    with pytest.raises(RuleViolation) as refusal:
        call()
    return refusal.value


def phone_of(user: User) -> Factor | None:
    return Factor.objects.filter(user=user, kind=FactorKind.PHONE).first()


# Numbers


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+1 500 555 0001", MINE),
        ("+1 (500) 555-0001", MINE),
        ("  +15005550001  ", MINE),
        ("0044 7911 123456", OTHER),
        ("+44 (0)7911 123456", OTHER),
        ("+٤٤٧٩١١١٢٣٤٥٦", OTHER),
        ("+880 1712 345678", "+8801712345678"),
        ("+886 912 345 678", "+886912345678"),
    ],
)
def test_a_number_is_kept_as_the_world_dials_it(typed: str, number: str) -> None:
    assert phones.international(typed) == number


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "number_without_country"),
        ("5005550001", "number_without_country"),
        ("07911 123456", "number_without_country"),
        ("ana@acme.example", "number_without_country"),
        ("+", "number_unreadable"),
        ("+999 1", "number_unreadable"),
        ("+1 FLOWERS", "number_unreadable"),
        ("+1 415 555 267", "number_unknown"),
        ("+1 415 555 2671 ext. 3", "number_unknown"),
        ("+44 20 7946 0958", "number_takes_no_texts"),
        ("+1 800 555 0100", "number_takes_no_texts"),
        ("+1 900 555 0100", "number_takes_no_texts"),
        ("+44 70 1234 5678", "number_takes_no_texts"),
        ("+870 773 111 632", "number_takes_no_texts"),
        ("+881 6 1234 5678", "number_takes_no_texts"),
        ("+882 34 21234", "number_takes_no_texts"),
        ("+979 123 456 789", "number_takes_no_texts"),
        ("+15005550001,+447911123456", "number_unreadable"),
        ("+15005550001\r\nBcc: x", "number_unreadable"),
    ],
)
def test_a_bad_number_is_refused_in_words(typed: str, code: str) -> None:
    refusal = refused(lambda: phones.international(typed))
    assert (refusal.code, refusal.field) == (code, "number")


@pytest.mark.parametrize("number", [MINE, OTHER, "+4915123456789"])
def test_a_number_is_shown_by_its_country_and_last_digits(number: str) -> None:
    shown = phones.masked(number)
    assert shown.endswith(number[-2:])
    assert sum(sign.isdigit() for sign in shown) <= 4
    assert number[4:-2] not in shown


# A code is sent


def test_a_code_leaves_by_the_queue_and_stands_nowhere_else(cy: User, work, db: None) -> None:
    row = ask(cy, MINE)
    code = code_for(MINE, work)
    assert phones.code_of(row) == code
    [task] = DBTaskResult.objects.filter(task_path=send_phone_code.module_path)
    assert code not in str(task.args_kwargs)
    stored = PhoneCode.objects.get(user=cy)
    assert code not in str(vars(stored))
    events = AuditEvent.unscoped.filter(actor_sid=cy.sid, action="user.phone_code_sent")
    assert MINE not in str(events.get().details)
    assert f"@testserver #{code}" in messages_to(MINE)[0]
    assert "5 minutes" in messages_to(MINE)[0]


def test_what_is_kept_of_a_code_cannot_be_tried_without_the_key(cy, settings: Settings) -> None:
    row = ask(cy, MINE)
    code, kept = phones.code_of(row), row.code_hash
    settings.SECRET_KEY = "another-key-0123456789abcdefghijklmnop"
    assert phones.hash_of(row, code) != kept
    assert phones.code_of(row) != code


def test_a_code_works_although_the_key_has_changed_before_it_left(
    cy, work, settings: Settings
) -> None:
    ask(cy, MINE)
    settings.SECRET_KEY = "another-key-0123456789abcdefghijklmnop"
    assert enrol(cy, code_for(MINE, work)).number == MINE


def test_everybody_gets_codes_of_their_own(cy: User, ben: User, clocks) -> None:
    codes = {phones.code_of(ask(user, MINE)) for user in (cy, ben)}
    clocks.shift(31)
    codes |= {phones.code_of(ask(user, MINE)) for user in (cy, ben)}
    assert len(codes) >= 3  # four numbers of a million


def test_another_code_takes_the_place_of_the_one_before(cy: User, work, clocks) -> None:
    ask(cy, MINE)
    first = code_for(MINE, work)
    clocks.shift(31)
    ask(cy, MINE)
    second = code_for(MINE, work)
    assert refused(lambda: enrol(cy, first)).code == "code_wrong"
    assert enrol(cy, second).number == MINE


def test_a_replaced_code_is_not_sent_any_more(cy: User, work, clocks) -> None:
    ask(cy, OTHER)
    clocks.shift(31)
    ask(cy, MINE)
    work()
    assert messages_to(OTHER) == []
    assert len(messages_to(MINE)) == 1


def test_an_expired_code_is_not_sent_any_more(cy: User, work, clocks) -> None:
    ask(cy, MINE)
    clocks.shift(301)
    work()
    assert messages_to(MINE) == []


def test_nobody_sends_codes_for_others(cy: User, ben: User) -> None:
    for actor in (acting(ben), Actor.stranger(cy.email), Actor.operator("test")):
        with pytest.raises(NotAllowed):
            send_code(cy, number=MINE, actor=actor)
        with pytest.raises(NotAllowed):
            put_phone(cy, code="123456", actor=actor)


def test_who_is_suspended_gets_no_code(cy: User) -> None:
    actor = acting(cy)
    suspend_login(cy, actor=Actor.operator("test"))
    refusal = refused(lambda: send_code(cy, number=MINE, actor=actor))
    assert refusal.code == "login_not_active"


def test_who_has_no_phone_gets_no_code(cy: User) -> None:
    assert refused(lambda: ask(cy)).code == "no_phone"


def test_a_phone_is_sent_a_code_without_saying_its_number(cy: User, work, clocks) -> None:
    with_phone(cy, work)
    clocks.shift(31)
    assert ask(cy).number == MINE
    assert refused(lambda: ask(cy, "+1 500 555 0001")).code == "number_unchanged"


# How often


def test_between_two_codes_there_is_a_pause(cy: User, clocks) -> None:
    first = ask(cy, MINE)
    clocks.shift(29)
    for number in (MINE, OTHER):
        assert refused(lambda number=number: ask(cy, number)).code == "code_just_sent"
    assert PhoneCode.objects.get(user=cy).pk == first.pk
    clocks.shift(1)
    assert ask(cy, MINE).pk != first.pk


def test_a_person_gets_five_codes_an_hour(cy: User, clocks) -> None:
    numbers = [f"+150055500{number:02}" for number in range(10, 16)]
    for number in numbers[:5]:
        ask(cy, number)
        clocks.shift(31)
    assert refused(lambda: ask(cy, numbers[5])).code == "too_many_tries"
    clocks.shift(3600)
    assert ask(cy, numbers[5])


def test_a_number_gets_five_codes_an_hour_whoever_asks(
    cy, ben, ana, eve, ida, sue, clocks, work
) -> None:
    for user in (cy, ben, ana, eve, ida):
        ask(user, MINE)
    assert refused(lambda: ask(sue, MINE)).code == "too_many_tries"
    assert not PhoneCode.objects.filter(user=sue).exists()
    work()
    assert len(messages_to(MINE)) == 5


def test_a_person_gets_ten_codes_a_day(cy, ben, days) -> None:
    for number in range(10, 20):
        ask(cy, f"+150055500{number}")
        days.shift(timedelta(minutes=20))
    assert refused(lambda: ask(cy, MINE)).code == "too_many_tries"
    assert ask(ben, MINE)
    days.shift(timedelta(days=1))
    assert ask(cy, MINE)


def test_a_number_gets_ten_codes_a_day_whoever_asks(cy, ben, ana, days) -> None:
    for number in range(10):
        ask((cy, ben)[number % 2], MINE)
        days.shift(timedelta(minutes=20))
    assert refused(lambda: ask(ana, MINE)).code == "too_many_tries"
    assert ask(ana, OTHER)
    days.shift(timedelta(days=1))
    assert ask(ana, MINE)


def test_nobody_keeps_codes_from_a_phone_that_somebody_has_proven(
    cy, ben, ana, eve, ida, sue, clocks, work
) -> None:
    with_phone(cy, work)
    clocks.shift(3600)
    for user in (ben, ana, eve, ida, sue):
        ask(user, MINE)
    assert ask(cy).number == MINE


def test_a_network_gets_thirty_codes_an_hour_whoever_asks(cy, ben, clocks) -> None:
    crowd = Origin(ip="203.0.113.7")
    for _ in range(phones.CODES_PER_NETWORK.times):
        phones.CODES_PER_NETWORK.spend(crowd.network)
    refusal = refused(lambda: send_code(cy, number=MINE, actor=replace(acting(cy), origin=crowd)))
    assert refusal.code == "too_many_tries"
    assert phones.CODES_PER_NETWORK.times == 30
    elsewhere = Origin(ip="203.0.113.8")
    assert send_code(ben, number=MINE, actor=replace(acting(ben), origin=elsewhere))
    clocks.shift(3600)
    assert send_code(cy, number=MINE, actor=replace(acting(cy), origin=crowd))


# The code is typed


def test_the_code_makes_the_number_a_second_factor(cy: User, work, deliver) -> None:
    User.objects.filter(pk=cy.pk).update(is_factor_due=True)
    phone = with_phone(cy, work)
    assert (phone.kind, phone.number, phone.secret) == (FactorKind.PHONE, MINE, "")
    cy.refresh_from_db()
    assert not cy.is_factor_due
    assert stay_of(cy).has_second_factor
    assert not PhoneCode.objects.filter(user=cy).exists()
    mails: list[EmailMessage] = deliver()
    assert [mail.to for mail in mails] == [[cy.email]]
    assert "Phone number" in mails[0].body
    assert MINE not in mails[0].body


@pytest.mark.parametrize("shown", ["{} ", "{:.3} {:.3}", "{}-"])
def test_spaces_and_dashes_are_nobodys_mistake(cy: User, work, shown: str) -> None:
    ask(cy, MINE)
    code = code_for(MINE, work)
    typed = f"{code[:3]} {code[3:]}" if ":" in shown else shown.format(code)
    assert enrol(cy, typed).number == MINE


def test_the_former_number_works_until_the_new_one_is_proven(
    cy: User, work, clocks, deliver
) -> None:
    phone = with_phone(cy, work)
    deliver()
    clocks.shift(31)
    ask(cy, OTHER)
    assert phone_of(cy).number == MINE
    changed = enrol(cy, code_for(OTHER, work))
    assert (changed.pk, changed.number) == (phone.pk, OTHER)
    [mail] = deliver()
    assert mail.to == [cy.email]
    assert phones.masked(OTHER) in mail.body
    assert OTHER not in mail.body
    event = AuditEvent.unscoped.filter(actor_sid=cy.sid).latest("pk")
    assert event.action == "user.phone_changed"


@pytest.mark.parametrize("typed", ["", "000000", "1", "abcdef", "\uff11" * 6, "1" * 1000, "\0"])
def test_a_wrong_code_is_refused(cy: User, typed: str) -> None:
    ask(cy, MINE)
    assert refused(lambda: enrol(cy, typed)).code == "code_wrong"
    assert phone_of(cy) is None


def test_a_code_works_once(cy: User, work) -> None:
    ask(cy, MINE)
    code = code_for(MINE, work)
    enrol(cy, code)
    assert refused(lambda: enrol(cy, code)).code == "code_expired"


def test_a_code_of_somebody_else_is_none(cy: User, ben: User, work, clocks) -> None:
    ask(ben, OTHER)
    theirs = code_for(OTHER, work)
    ask(cy, MINE)
    assert refused(lambda: enrol(cy, theirs)).code == "code_wrong"


def test_a_code_expires(cy: User, work, clocks) -> None:
    ask(cy, MINE)
    code = code_for(MINE, work)
    clocks.shift(299)
    assert refused(lambda: enrol(cy, wrong(code))).code == "code_wrong"
    clocks.shift(1)
    assert refused(lambda: enrol(cy, code)).code == "code_expired"


def test_after_five_tries_a_code_is_dead(cy: User, work, clocks) -> None:
    ask(cy, MINE)
    code = code_for(MINE, work)
    for _ in range(5):
        assert refused(lambda: enrol(cy, wrong(code))).code == "code_wrong"
    assert refused(lambda: enrol(cy, code)).code == "code_spent"
    clocks.shift(31)
    ask(cy, MINE)
    assert enrol(cy, code_for(MINE, work)).number == MINE


def test_the_fifth_try_counts_still(cy: User, work) -> None:
    ask(cy, MINE)
    code = code_for(MINE, work)
    for _ in range(4):
        refused(lambda: enrol(cy, wrong(code)))
    assert enrol(cy, code).number == MINE


def test_a_code_is_not_looked_at_unless_the_try_was_counted(cy: User, work) -> None:
    """What an operation counts, its own refusal takes back."""
    ask(cy, MINE)
    code = code_for(MINE, work)
    refusal = refused(lambda: put_phone(cy, code=code, actor=acting(cy)))
    assert refusal.code == "code_wrong"

    @operation(no_organization)
    def count(user: User, *, actor: Actor) -> None:
        phones.count_try(user)

    with pytest.raises(OperationRequired):
        count(cy, actor=acting(cy))


def test_the_number_that_is_there_already_is_not_changed_again(cy: User, work, clocks) -> None:
    with_phone(cy, work)
    clocks.shift(31)
    ask(cy)
    assert refused(lambda: enrol(cy, code_for(MINE, work))).code == "number_unchanged"


def test_codes_that_nobody_used_are_forgotten(cy: User, clocks) -> None:
    ask(cy, MINE)
    clocks.shift(299)
    forget_expired_links.call()
    assert PhoneCode.objects.filter(user=cy).exists()
    clocks.shift(1)
    forget_expired_links.call()
    assert not PhoneCode.objects.filter(user=cy).exists()


def test_the_code_is_read_out_of_the_message() -> None:
    assert code_in("To: x\n\n012345 is your code") == "012345"


def test_what_a_vendor_refuses_leaves_nothing_secret_in_the_queue(
    cy: User, work, settings: Settings
) -> None:
    with SmsVendor(Mode.BROKEN) as vendor:
        settings.TEXT_MESSAGES = environment.text_messages(vendor.url)
        code = phones.code_of(ask(cy, MINE))
        work()
    [task] = DBTaskResult.objects.filter(task_path=send_phone_code.module_path)
    assert "503, code 20503" in task.traceback
    for secret in (code, MINE, TOKEN):
        assert secret not in task.traceback + str(task.args_kwargs)
