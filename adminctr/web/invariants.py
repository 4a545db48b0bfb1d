"""What must be true of the whole database; the command and every test ask the same list.

Each check yields one sentence per fault. They read across tenants and change nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Count, F, Q, QuerySet

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import text
from adminctr.core.tenancy import every_tenant
from audit import chain
from domains.models import Domain
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from overview import counters
from users.models import User

Check = Callable[[], Iterator[str]]


def faults() -> list[str]:
    """Every fault of every check, in words."""
    with every_tenant():
        return [fault for check in CHECKS for fault in check()]


def each_owner_has_the_one_owner_stay() -> Iterator[str]:
    living = Organization.objects.living()
    owners = Membership.objects.open().filter(role=Role.OWNER)
    stays = dict(owners.values_list("organization_id", "user_id"))
    for pk, sid, owner_id in living.values_list("pk", "sid", "owner_id"):
        if stays.pop(pk, None) != owner_id:
            yield f"{sid}: the owner has no open stay as Owner"
    for pk in stays:
        yield f"organization {pk}: somebody else has an open stay as Owner"
    if owners.count() != living.count():
        yield "there are more or fewer stays as Owner than living organizations"


def nobody_is_in_a_dead_organization() -> Iterator[str]:
    dead = Q(organization__ended_at__isnull=False)
    yield from _each(Membership.objects.open().filter(dead), "an open stay in a dead organization")
    yield from _each(RoleAssignment.objects.open().filter(dead), "a role in a dead organization")
    yield from _each(Invitation.objects.open().filter(dead), "an invitation to a dead organization")
    yield from _each(Account.objects.filter(dead), "an account of a dead organization")
    yield from _each(Domain.objects.filter(dead), "a domain of a dead organization")


def keys_of_names_are_true() -> Iterator[str]:
    for sid, name, name_key in Organization.objects.values_list("sid", "name", "name_key"):
        if name_key != text.sort_key(name):
            yield f"{sid}: the key that its name is searched by differs from the name"


def copies_on_stays_are_true() -> Iterator[str]:
    roles = RoleAssignment.objects.open().on_organization()
    held = {one.holder_id: (one.organization_id, one.role) for one in roles}
    for stay in Membership.objects.open().select_related("user"):
        user = stay.user
        copies = (stay.email, stay.name_key, stay.surname_key, stay.status, stay.last_sign_in_at)
        if copies != (
            user.email,
            text.sort_key(user.get_full_name()),
            text.sort_key(user.last_name),
            user.status,
            user.last_login,
        ):
            yield f"{stay}: copies on a stay differ from its user"
        if held.pop(stay.user_id, None) != (stay.organization_id, stay.role):
            yield f"{stay}: the role on the stay differs from the role assignment"
    for holder_id in held:
        yield f"user {holder_id}: an organization role without a stay"


def copies_on_roles_are_true() -> Iterator[str]:
    homes = dict(Membership.objects.open().values_list("user_id", "organization_id"))
    for one in RoleAssignment.objects.open().select_related("holder"):
        copies = (one.email, one.name_key, one.holder_organization_id)
        name_key = text.sort_key(one.holder.get_full_name())
        if copies != (one.holder.email, name_key, homes.get(one.holder_id)):
            yield f"{one.sid}: copies on a role differ from its holder"


def each_account_has_its_owner_inside() -> Iterator[str]:
    homes = dict(Membership.objects.open().values_list("user_id", "organization_id"))
    owners = dict(
        RoleAssignment.objects.open()
        .filter(role=AccountRole.OWNER)
        .on_accounts()
        .values_list("account_id", "holder_id")
    )
    for account in Account.objects.filter(parent=None):
        if homes.get(account.owner_id) != account.organization_id:
            yield f"{account.sid}: its owner is not a member of its organization"
        if owners.get(account.pk) != account.owner_id:
            yield f"{account.sid}: its owner has no open owner role"
    elsewhere = RoleAssignment.objects.on_accounts().exclude(
        organization=F("account__organization")
    )
    yield from _each(elsewhere, "a role stands in another organization than its account")


def counters_are_true() -> Iterator[str]:
    for drift in counters.drifts():
        yield f"{drift.organization.sid}: {drift.counter} says {drift.kept}, there are {drift.true}"


def limits_hold() -> Iterator[str]:
    counts = (
        Account.objects.counted()
        .values("organization__sid")
        .annotate(held=Count("pk"), limit=F("organization__account_limit"))
    )
    for row in counts.filter(held__gt=F("limit")):
        yield f"{row['organization__sid']}: {row['held']} accounts, {row['limit']} allowed"


def each_user_has_one_proven_address() -> Iterator[str]:
    right = EmailAddress.objects.filter(
        user=F("user__pk"), email=F("user__email"), primary=True, verified=True
    )
    yield from _each(User.objects.exclude(pk__in=right.values("user_id")), "no proven address")
    if EmailAddress.objects.count() != User.objects.count():
        yield "there are more or fewer proven addresses than users"


def chains_hold() -> Iterator[str]:
    for fault in chain.verify_all():
        yield f"{fault.chain} event {fault.sequence}: {fault.message}"


CHECKS: tuple[Check, ...] = (
    each_owner_has_the_one_owner_stay,
    nobody_is_in_a_dead_organization,
    keys_of_names_are_true,
    copies_on_stays_are_true,
    copies_on_roles_are_true,
    each_account_has_its_owner_inside,
    counters_are_true,
    limits_hold,
    each_user_has_one_proven_address,
    chains_hold,
)


def _each(rows: QuerySet[Any], what: str) -> Iterator[str]:
    for row in rows:
        yield f"{row}: {what}"
