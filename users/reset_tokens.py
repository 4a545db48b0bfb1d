"""The tokens of links that reset a password."""

from django.contrib.auth.tokens import PasswordResetTokenGenerator

from users.models import Departed, User


class ResetTokens(PasswordResetTokenGenerator):
    """Dead once somebody has come back who was removed with their domain.

    Whoever read their mail meanwhile may have asked for one.
    """

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        returns = Departed.unscoped.filter(user=user, returned_at__isnull=False).count()
        return f"{super()._make_hash_value(user, timestamp)}{returns}"
