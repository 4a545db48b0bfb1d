"""Inviting, and what becomes of an invitation."""

from invitations.operations.accepting import (
    accept_access,
    accept_access_as_newcomer,
    accept_invitation,
    accept_invitation_as_newcomer,
    decline_invitation,
)
from invitations.operations.batches import (
    cancel_batch,
    check_batch,
    correct_row,
    draft_batch,
    drop_bad_rows,
    leave_out_row,
    send_batch,
    take_batch_step,
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
    "cancel_batch",
    "check_batch",
    "correct_row",
    "decline_invitation",
    "draft_batch",
    "drop_bad_rows",
    "invite_to_account",
    "invite_user",
    "leave_out_row",
    "resend_invitation",
    "resend_refusal",
    "revoke_invitation",
    "send_batch",
    "take_batch_step",
]
