"""What the tables of people and open sign-ups refuse whoever writes."""

from datetime import timedelta

import pytest

from adminctr.core import clock
from adminctr.core.runs import RunState
from organizations.models import Organization
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from users.models import (
    Departed,
    Departure,
    EmailChange,
    Expectation,
    Factor,
    FactorKind,
    Offboarding,
    Outcome,
    PhoneCode,
    RememberedBrowser,
    Session,
    SignUp,
    User,
    WayIn,
    WayOut,
)

CONSTRAINTS = constraints_of("users")


def cy():
    return User.objects.filter(email="cy@acme.example")


def acme():
    return Organization.objects.get(name="Acme")


def departing(**values):
    """A removal that has not begun, but for what is said."""
    return Departure.unscoped.create(organization=acme(), domain_name="acme.example", **values)


def away(**values):
    return Departed.unscoped.create(
        organization=acme(),
        user=cy().get(),
        domain_name="acme.example",
        email="cy@acme.example",
        role="standard",
        password_digest="0" * 64,
        **values,
    )


def expected(**values):
    usual = {"email": "new@acme.example", "way_in": WayIn.SIGN_UP, "outcome": Outcome.REFUSED}
    return Expectation.unscoped.create(organization=acme(), by=cy().get(), **usual | values)


def twice(make):
    make()
    make()


def factor(kind, **values):
    return Factor.objects.create(user=cy().get(), kind=kind, **{"secret": "sealed"} | values)


def leaving(**values):
    """Somebody who is to be removed, but for what is said."""
    usual = {"how": WayOut.REMOVE, "due_at": clock.now(), "by": cy().get(), "user": cy().get()}
    return Offboarding.unscoped.create(organization=acme(), **usual | values)


def phone_code(**values):
    usual = {"number": "+15005550001", "code_hash": "0" * 64, "expires_at": clock.now()}
    return PhoneCode.objects.create(user=cy().get(), **usual | values)


def remembered(**values):
    usual = {"token_hash": "0" * 64, "expires_at": clock.now() + timedelta(days=1)}
    return RememberedBrowser.objects.create(user=cy().get(), **usual | values)


VIOLATIONS: Violations = {
    "users_departed_away_once": lambda: twice(away),
    "users_departed_returns_after_leaving": lambda: away(
        returned_at=clock.now() - timedelta(days=1)
    ),
    "users_departure_finished_at_its_end": lambda: departing(finished_at=clock.now()),
    "users_departure_one_at_a_time": lambda: twice(departing),
    "users_departure_removes_to_the_end": lambda: departing(
        state=RunState.FAILED, finished_at=clock.now()
    ),
    "users_departure_returns_by_somebody": lambda: departing(is_return=True),
    "users_expectation_email_lower": lambda: expected(email="New@acme.example"),
    "users_expectation_known_outcome": lambda: expected(outcome="perhaps"),
    "users_expectation_known_way_in": lambda: expected(way_in="by luck"),
    "users_expectation_one_per_address_and_way_in": lambda: twice(expected),
    "users_factor_each_passkey_once": lambda: (
        factor(FactorKind.PASSKEY, credential_id="A"),
        factor(FactorKind.PASSKEY, credential_id="A"),
    ),
    "users_factor_known_kind": lambda: factor("carrier pigeon"),
    "users_factor_number_or_secret": lambda: factor(FactorKind.PHONE, number="+15005550001"),
    "users_factor_one_of_each_kind_but_passkeys": lambda: twice(lambda: factor(FactorKind.APP)),
    "users_factor_passkeys_have_an_id": lambda: factor(FactorKind.PASSKEY),
    "users_offboarding_known_how": lambda: leaving(how="elope"),
    "users_offboarding_one_at_a_time": lambda: twice(leaving),
    "users_offboarding_one_ending": lambda: leaving(done_at=clock.now(), cancelled_at=clock.now()),
    "users_user_nothing_left_of_a_deleted_one": lambda: cy().update(deleted_at=clock.now()),
    "users_phonecode_ends_after_it_was_sent": lambda: phone_code(
        expires_at=clock.now() - timedelta(seconds=1)
    ),
    "users_phonecode_international_number": lambda: phone_code(
        number="5005550001", expires_at=clock.now() + timedelta(minutes=5)
    ),
    "users_rememberedbrowser_ends_after_it_began": lambda: remembered(
        expires_at=clock.now() - timedelta(seconds=1)
    ),
    "users_user_email_lower": lambda: cy().update(email="Cy@acme.example"),
    "users_user_known_status": lambda: cy().update(status="asleep"),
    "users_user_known_appearance": lambda: cy().update(appearance="sepia"),
    "users_emailchange_email_lower": lambda: EmailChange.objects.create(
        user=cy().get(), email="New@new.example", token_hash="x", expires_at=clock.now()
    ),
    "users_user_nobody_is_above_the_rule_book": lambda: cy().update(is_superuser=True),
    "users_emailchange_has_a_link": lambda: EmailChange.objects.create(
        user=cy().get(), email="new@new.example", token_hash="", expires_at=clock.now()
    ),
    "users_session_ends_after_it_began": lambda: Session.objects.create(
        session_key="x", expire_date=clock.now() - timedelta(seconds=1)
    ),
    "users_signup_email_lower": lambda: SignUp.objects.create(
        email="New@new.example", token_hash="x", expires_at=clock.now()
    ),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()


def test_an_address_is_one_person(db: None) -> None:
    with refused_as_second("email"):
        User.objects.create(email="cy@acme.example")


def test_an_address_has_one_open_sign_up(db: None) -> None:
    SignUp.objects.create(email="new@new.example", token_hash="x", expires_at=clock.now())
    with refused_as_second("email"):
        SignUp.objects.create(email="new@new.example", token_hash="y", expires_at=clock.now())


def test_a_person_waits_for_one_code(db: None) -> None:
    later = clock.now() + timedelta(minutes=5)
    phone_code(expires_at=later)
    with refused_as_second("user"):
        phone_code(number="+15005550002", expires_at=later)


def test_a_token_remembers_one_browser_of_one_person(db: None) -> None:
    remembered()
    with refused_as_second("token_hash"):
        remembered()
