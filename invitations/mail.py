"""The mail that carries an invitation's link."""

from django.tasks import task
from django.urls import reverse

from adminctr.core import mail
from adminctr.core.text import name_in_mail
from adminctr.core.tokens import hash_token
from invitations.models import Invitation, Kind

_MESSAGES = {
    Kind.JOIN: "invitation",
    Kind.ACCESS: "account_invitation",
    Kind.ADD_ACCOUNT: "account_request",
}


@task
def send_invitation(pk: int, generation: int) -> None:
    """Mail the newest link once: the row says which generation has left already."""
    invitation = (
        Invitation.unscoped.open()
        .filter(pk=pk, generation=generation)
        .exclude(delivered_generation=generation)
        .select_related("organization", "invited_by", "account")
        .first()
    )
    if invitation is None or invitation.is_expired():
        return
    token = invitation.token()
    # Kept anew, since SECRET_KEY may have changed after the row was written.
    rows = Invitation.unscoped.filter(pk=pk, generation=generation)
    rows.update(token_hash=hash_token(token))
    account = invitation.account
    mail.send(
        _MESSAGES[Kind(invitation.kind)],
        to=invitation.email,
        key=f"{invitation.sid}:{generation}",
        organization=name_in_mail(invitation.organization.name),
        inviter=name_in_mail(invitation.invited_by.get_full_name()),
        inviter_address=invitation.invited_by.email,
        role=invitation.get_role_label(),
        account_roles=invitation.get_account_roles_label(),
        account=name_in_mail(account.name) if account else "",
        account_sid=account.sid if account else "",
        ends_at=invitation.access_ends_at,
        reason=name_in_mail(invitation.reason),
        expires_at=invitation.expires_at,
        link=mail.link(reverse("invitations:show", args=[token])),
    )
    Invitation.unscoped.filter(pk=pk, generation=generation).update(delivered_generation=generation)
