"""Finding what a mailed link is about."""

from adminctr.core.tokens import hash_token
from users.models import SignUp


def find_sign_up(token: str) -> SignUp | None:
    """The open, unexpired sign-up of a link."""
    sign_up = SignUp.objects.filter(token_hash=hash_token(token)).first()
    return None if sign_up is None or sign_up.is_expired() else sign_up
