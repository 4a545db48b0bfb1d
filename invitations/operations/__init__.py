"""Inviting, and what becomes of an invitation."""

from invitations.operations.accepting import (
    accept_access,
    accept_access_as_newcomer,
    accept_invitation,
    accept_invitation_as_newcomer,
    decline_invitation,
)
from invitations.operations.inviting import (
    add_existing_account,
    invite_to_account,
    invite_user,
    resend_invitation,
    resend_refusal,
    revoke_invitation,
)

__all__ = [
    "accept_access",
    "accept_access_as_newcomer",
    "accept_invitation",
    "accept_invitation_as_newcomer",
    "add_existing_account",
    "decline_invitation",
    "invite_to_account",
    "invite_user",
    "resend_invitation",
    "resend_refusal",
    "revoke_invitation",
]
