"""Finding what a mailed link is about, and which account a SID names."""

from accounts.models import Account
from adminctr.core.tokens import hash_token
from invitations.models import Invitation


def find_by_token(token: str) -> Invitation | None:
    """The open, unexpired invitation of a link, whoever's it is."""
    found = Invitation.unscoped.open().filter(token_hash=hash_token(token))
    invitation = found.select_related("organization", "invited_by", "account").first()
    return None if invitation is None or invitation.is_expired() else invitation


def find_account(sid: str) -> Account | None:
    """An account by its SID, whoever's it is: the one way to ask for another's."""
    return Account.unscoped.select_related("owner", "organization").filter(sid=sid).first()
