"""What the tables of people and open sign-ups refuse whoever writes."""

from datetime import timedelta

import pytest

from adminctr.core import clock
from tests.architecture.constraints import Violations, constraints_of, refused_as_second, refused_by
from users.models import EmailChange, Session, SignUp, User

CONSTRAINTS = constraints_of("users")


def cy():
    return User.objects.filter(email="cy@acme.example")


VIOLATIONS: Violations = {
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
