"""The tokens of links that reset a password."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from users.models import User


class ResetTokens(PasswordResetTokenGenerator):
    """Dead once somebody was logged out everywhere, as when they are deactivated or come back.

    Whoever read their mail meanwhile may have asked for one.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}:{user.log_outs}"
