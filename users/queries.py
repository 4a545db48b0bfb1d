"""Finding what a mailed link is about."""

from adminctr.core.tokens import hash_token
from users.models import EmailChange, SignUp, User


def find_sign_up(token: str) -> SignUp | None:
    """The open, unexpired sign-up of a link."""
    sign_up = SignUp.objects.filter(token_hash=hash_token(token)).first()
    return None if sign_up is None or sign_up.is_expired() else sign_up


def find_email_change(user: User, token: str) -> EmailChange | None:
    """The open, unexpired change that this person asked for by a link."""
    change = EmailChange.objects.filter(user=user, token_hash=hash_token(token)).first()
    return None if change is None or change.is_expired() else change
