"""How pages tell what became of the mail of an invitation."""

from typing import Any

from accounts import names
from adminctr.web.display import moment
from invitations.models import Invitation


def mail_state(invitation: Invitation) -> dict[str, str]:
    """Its state in a word or three, and the tone that it is shown in."""
    state, tone = _state_and_tone(invitation)
    return {"state": state, "tone": tone}


def facts_of(invitation: Invitation) -> dict[str, Any]:
    """What the page of an invitation says of it, whatever it offers."""
    return {
        "invitation": invitation,
        "inviter": names.known_as(invitation.invited_by).name,
        "created": moment(invitation.created_at),
        "sent": moment(invitation.last_sent_at),
        "expires": moment(invitation.expires_at),
    } | mail_state(invitation)


def _state_and_tone(invitation: Invitation) -> tuple[str, str]:
    if invitation.is_expired():
        return "Expired", "danger"
    if invitation.is_being_sent():
        return "Being sent", "neutral"
    if not invitation.is_delivered():
        return "Not sent yet", "warning"
    return "Waiting", "new"
