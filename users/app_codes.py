"""Codes of authenticator apps (RFC 6238: SHA-1, 30 seconds, six digits), with libraries."""

import pyotp
import segno
from django.conf import settings
from django.utils.crypto import constant_time_compare

from adminctr.core import clock

CODE_LENGTH = 6
_SECONDS = 30
_STEPS_OFF = 1  # clocks of phones are not exact


def make_secret() -> str:
    """A new seed of 160 random bits, as apps take it."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, *, after: int) -> int | None:
    """The time step that a code is for; None for a wrong one, or one used up: not `after` it."""
    now = int(clock.now().timestamp()) // _SECONDS
    app = pyotp.TOTP(secret, digits=CODE_LENGTH, interval=_SECONDS)
    fitting = None
    for step in range(now - _STEPS_OFF, now + _STEPS_OFF + 1):
        if constant_time_compare(app.generate_otp(step), code) and step > after:
            fitting = step
    return fitting


def address(secret: str, email: str) -> str:
    """What the QR code carries, for the app to read."""
    app = pyotp.TOTP(secret, digits=CODE_LENGTH, interval=_SECONDS)
    return app.provisioning_uri(name=email, issuer_name=settings.PRODUCT_NAME)


def picture(secret: str, email: str) -> str:
    """The QR code, as the source of an image."""
    code = segno.make(address(secret, email), error="m", micro=False)
    return code.svg_data_uri(scale=5, border=4, light="#fff")
