"""How accounts leave an organization with their owner, into one of the owner's own.

Called inside operations only, in the scope of the organization that they leave, with its lock held
and the owner locked, whose stay has ended.
"""

from collections.abc import Sequence

from accounts import trail
from accounts.models import Account, RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from invitations.models import Invitation
from organizations import stays
from organizations.models import Organization, Role, default_account_limit, default_name
from users.models import User


def take_along(
    accounts: Sequence[Account], owner: User, former: Organization, *, actor: Actor
) -> Organization:
    """Make the organization, move the accounts there with all that is on them and below them.

    Invitations to them stop working. Other people keep their roles, and are independent there.
    """
    home = Organization.objects.create(
        name=default_name(owner.get_short_name()),
        owner=owner,
        account_limit=max(default_account_limit(), len(accounts)),
    )
    family = Account.objects.filter(pk__in=[one.pk for one in accounts])
    keys = list((family | Account.objects.filter(parent__in=accounts)).values_list("pk", flat=True))
    invitations = Invitation.objects.open().filter(account__in=keys)
    invitations.withhold_account_roles()
    invitations.revoke()
    RoleAssignment.objects.on_accounts().filter(account__in=keys).update(organization=home)
    Account.objects.filter(pk__in=keys).update(organization=home)
    former.tally(managed_accounts=-len(accounts))
    home.tally(managed_accounts=len(accounts))
    with tenant(home):
        stays.begin_stay(home, owner, role=Role.OWNER, source=Source.DIRECT, by_id=actor.user_id)
    for account in accounts:
        for concerned in (former, home):
            trail.note_in(
                concerned, account, "account.taken_along", actor, owner=owner.email, into=home.name
            )
    return home
