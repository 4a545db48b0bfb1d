"""People with second factors, and what proves them."""

from datetime import timedelta

import pyotp
from django.http import HttpResponse
from django.test import Client

from adminctr.core import clock
from tests.conftest import acting
from tests.world import PASSWORD
from users import app_codes, phones
from users.models import Factor, FactorKind, PhoneCode, User
from users.operations import enrol_app, enrol_phone, make_recovery_codes, send_code

APP = "/second-factor/app/"
RECOVERY = "/second-factor/recovery-code/"
NUMBER = "+15005550006"
WRONG = "000000"
_STEP = timedelta(seconds=30)


def app_code(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    return pyotp.TOTP(secret).at(clock.now() + steps * _STEP)


def next_code(secret: str) -> str:
    """A code that is accepted and that enrolling has not used up."""
    return app_code(secret, 1)


def with_app(user: User) -> str:
    """Somebody sets an app up; its secret."""
    secret = app_codes.make_secret()
    code = app_code(secret)
    enrol_app(user, secret=secret, code=code, has_proven=True, actor=acting(user))
    return secret


def with_phone(user: User, number: str = NUMBER) -> Factor:
    """Somebody proves a phone number."""
    row = send_code(user, number=number, actor=acting(user))
    return enrol_phone(user, code=phones.code_of(row), has_proven=True, actor=acting(user))


def with_recovery_codes(user: User) -> list[str]:
    return make_recovery_codes(user, actor=acting(user))


def text_code(user: User) -> str:
    """What was sent to the phone last."""
    return phones.code_of(PhoneCode.objects.get(user=user))


def factors_of(user: User) -> set[str]:
    return set(Factor.objects.filter(user=user).values_list("kind", flat=True))


def app_factor(user: User) -> Factor:
    return Factor.objects.get(user=user, kind=FactorKind.APP)


def type_password(
    client: Client, user: User, password: str = PASSWORD, **extra: str
) -> HttpResponse:
    """The first half of a log-in."""
    return client.post("/login/", {"login": user.email, "password": password, **extra})


def type_code(client: Client, code: object, path: str = APP, **extra: str) -> HttpResponse:
    """The second half."""
    return client.post(path, {"code": code, **extra})


def is_signed_in(client: Client) -> bool:
    return client.get("/console/").status_code == 200
