"""How somebody is deleted: the row stays, without name, address or any way in.

Called inside operations only, with the person locked and their stay ended.
"""

from itertools import groupby
from operator import attrgetter

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db.models import TextField
from django.db.models.functions import Cast

from accounts import grants, trail
from accounts.models import RoleAssignment
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from adminctr.core.addresses import DELETED_DOMAIN
from bulk.models import BulkRow, BulkRun
from imports.models import ImportList, ImportRow
from invitations.batch_models import InvitationBatchRow
from invitations.models import Invitation
from invitations.standing import withdraw
from organizations import stays
from organizations.models import Membership, Organization
from users import factors, standing
from users.models import Departed, Expectation, SignUp, User, UserStatus

# Other organizations learn that somebody is gone, and not whose administrator did it.
_SYSTEM = Actor.system("deleted users")


def inviting(address: str) -> list[Organization]:
    """The organizations whose invitations to an address wait; locked before it is forgotten."""
    waiting = Invitation.unscoped.open().filter(email=address)
    return list(Organization.objects.filter(pk__in=waiting.values("organization")).order_by("pk"))


def delete(user: User, organizations: list[Organization]) -> None:
    """Take away every way in, and what these organizations, which are locked, have offered."""
    address = user.email
    _withdraw_offers(address, organizations)
    _end_roles(user)
    SignUp.objects.filter(email=address).delete()
    EmailAddress.objects.filter(user=user).delete()
    standing.log_out_for_good(user)
    factors.forget_all(user)

    user.email = f"{user.sid.lower()}@{DELETED_DOMAIN}"
    user.first_name = user.last_name = ""
    user.status, user.password = UserStatus.INACTIVE, make_password(None)
    user.is_factor_due, user.deleted_at = False, clock.now()
    user.save()
    stays.copy_person(user)
    _strip_history(user, address)


def _withdraw_offers(address: str, organizations: list[Organization]) -> None:
    theirs = Invitation.unscoped.filter(email=address, organization__in=organizations)
    withdraw(theirs, _SYSTEM)


def _end_roles(user: User) -> None:
    """Those on accounts of others are left; each organization reads so in its own activity."""
    held = RoleAssignment.unscoped.open().on_accounts().filter(holder=user)
    rows = list(held.select_related("account__organization").order_by("account", "pk"))
    held.end()
    for account, on_it in groupby(rows, key=attrgetter("account")):
        roles = grants.role_words([one.role for one in on_it])
        trail.note(
            account,
            "account.access_removed",
            _SYSTEM,
            holder=user.email,
            holder_sid=user.sid,
            before=roles,
        )


def _strip_history(user: User, address: str) -> None:
    """What is over says that somebody was there, and no longer who; the activity tells it.

    Whoever has the address later finds nothing of it either. What organizations expect of it is
    forgotten where they were managed; elsewhere it names an address and nobody.
    """
    copies = {"email": user.email, "name_key": text.sort_key(user.get_full_name())}
    stays_of_theirs = Membership.unscoped.filter(user=user)
    homes = stays_of_theirs.order_by().values("organization")
    Expectation.unscoped.filter(organization__in=homes, email=address).delete()
    stays_of_theirs.update(**copies, surname_key="", name="")
    RoleAssignment.unscoped.filter(holder=user).update(**copies)
    Departed.unscoped.filter(user=user).update(email=user.email, password_digest="")
    Invitation.unscoped.closed().filter(email=address).update(email=user.email)
    _strip_runs(user, address)


def _strip_runs(user: User, address: str) -> None:
    """What the runs tell of them: of actions where they were managed, of imports, of tables.

    A row of a table that still waits names an address and nobody: it is sent as it was written.
    """
    name = user.get_full_name()
    homes = Membership.unscoped.filter(user=user).order_by().values("organization")
    runs = BulkRun.unscoped.filter(organization__in=homes)
    acted_on = BulkRow.unscoped.filter(run__in=runs.order_by().values("pk"), subject_sid=user.sid)
    acted_on.update(name=f"{name} ({user.email})")
    ImportRow.unscoped.filter(user=user).update(name=name, email=user.email)
    InvitationBatchRow.unscoped.of_address(address).answered().update(email=user.email)
    _strip_examples(user)


def _strip_examples(user: User) -> None:
    """The lists of imports that were not started show some of those whom they name."""
    drafts = ImportList.unscoped.drafts().alias(shown=Cast("groups", TextField()))
    showing_them = drafts.filter(shown__contains=user.sid)
    for listing in showing_them.select_for_update(of=("self",)):
        examples = [one for group in listing.groups.values() for one in group["examples"]]
        for one in examples:
            if one[0] == user.sid:
                one[1:] = [user.email, user.get_full_name()]
        listing.save(update_fields=["groups"])
