"""Finding what a mailed link is about."""

from adminctr.core.tokens import hash_token
from invitations.models import Invitation


def find_by_token(token: str) -> Invitation | None:
    """The open, unexpired invitation of a link, whoever's it is."""
    found = Invitation.unscoped.open().filter(token_hash=hash_token(token))
    invitation = found.select_related("organization", "invited_by").first()
    return None if invitation is None or invitation.is_expired() else invitation
