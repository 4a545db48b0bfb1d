"""What somebody who joins brings along from the invitation: roles on an account.

Called inside operations only, in the scope of the organization, with its lock held.
"""

from accounts import grants, trail
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from invitations.models import Invitation, Kind
from users.models import User


def give_account_roles(invitation: Invitation, user: User, actor: Actor) -> None:
    """Give a member of now the roles that they were offered, unless they have some there already.

    Raises RuleViolation: too_many_roles.
    """
    account = invitation.account
    if account is None or invitation.kind != Kind.JOIN:
        return
    account.organization = invitation.organization
    home = grants.lock_holder(user)
    if grants.open_roles(account, user):
        return
    roles = invitation.get_account_roles()
    grants.put_roles(
        account,
        user,
        home=home,
        roles=roles,
        ends_at=None,
        reason="",
        source=Source.INVITATION,
        by_id=invitation.invited_by_id,
    )
    trail.note(
        account,
        "account.access_accepted",
        actor,
        invitation=invitation.sid,
        role=grants.role_words(roles),
    )
