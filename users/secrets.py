"""What must be readable again and by nobody else, encrypted with keys that come from SECRET_KEY.

Whoever changes SECRET_KEY keeps the former one among SECRET_KEY_FALLBACKS: what it encrypted is
read with it, and written anew with the present one when it is next used.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT = "users.secrets"


class Unreadable(RuntimeError):
    """What was encrypted with a key that nobody has kept, or was changed since."""


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(secret: str) -> str:
    """Raises Unreadable."""
    try:
        return _keys().decrypt(secret.encode()).decode()
    except InvalidToken as unreadable:
        raise Unreadable("Is a former SECRET_KEY missing in SECRET_KEY_FALLBACKS?") from unreadable


def renew(secret: str) -> str:
    """The same, encrypted with the present key. Raises Unreadable."""
    return encrypt(decrypt(secret))


def _keys() -> MultiFernet:
    """The present key first, then the former ones."""
    return MultiFernet(map(_key, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]))


def _key(secret_key: str) -> Fernet:
    digest = salted_hmac(_SALT, "key", secret=secret_key, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(digest))
