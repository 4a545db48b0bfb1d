"""What must be true of the whole database; the command and every test ask the same list.

Each check yields one sentence per fault. They read across tenants, change nothing, and keep no
table in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from accounts.models import (
    OPEN_STATUSES,
    Account,
    AccountRole,
    AccountStatus,
    RoleAssignment,
    owner_key,
)
from adminctr.core import text
from adminctr.core.tenancy import every_tenant
from audit import chain
from domains.models import Domain
from invitations.models import Invitation, Kind
from organizations.models import Membership, Organization, Role
from overview import counters
from users.models import User

Check = Callable[[], Iterator[str]]


def faults() -> list[str]:
    """Every fault of every check, in words."""
    with every_tenant():
        return [fault for check in CHECKS for fault in check()]


def each_owner_has_the_one_owner_stay() -> Iterator[str]:
    owners = Membership.objects.open().filter(role=Role.OWNER)
    theirs = owners.filter(organization=OuterRef("pk"), user=OuterRef("owner"))
    alone = Organization.objects.living().filter(~Exists(theirs))
    for sid in alone.values_list("sid", flat=True).iterator():
        yield f"{sid}: the owner has no open stay as Owner"
    is_owner = Q(user=F("organization__owner"), organization__owner__isnull=False)
    yield from _each(owners.filter(~is_owner), "somebody else has an open stay as Owner")


def nobody_is_in_a_dead_organization() -> Iterator[str]:
    dead = Q(organization__ended_at__isnull=False)
    yield from _each(Membership.objects.open().filter(dead), "an open stay in a dead organization")
    yield from _each(RoleAssignment.objects.open().filter(dead), "a role in a dead organization")
    yield from _each(Invitation.objects.open().filter(dead), "an invitation to a dead organization")
    yield from _each(Account.objects.filter(dead), "an account of a dead organization")
    yield from _each(Domain.objects.filter(dead), "a domain of a dead organization")


def keys_of_names_are_true() -> Iterator[str]:
    for sid, name, name_key in Organization.objects.values_list(
        "sid", "name", "name_key"
    ).iterator():
        if name_key != text.sort_key(name):
            yield f"{sid}: the key that its name is searched by differs from the name"


def copies_on_stays_are_true() -> Iterator[str]:
    stays = Membership.objects.open()
    for stay in stays.select_related("user").iterator():
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
    roles = RoleAssignment.objects.open().on_organization()
    same = roles.filter(holder=OuterRef("user"), organization=OuterRef("organization"))
    differing = stays.filter(~Exists(same.filter(role=OuterRef("role"))))
    yield from _each(differing, "the role on the stay differs from the role assignment")
    homes = stays.filter(user=OuterRef("holder"), organization=OuterRef("organization"))
    yield from _each(roles.filter(~Exists(homes)), "an organization role without a stay")


def copies_on_roles_are_true() -> Iterator[str]:
    homes = Membership.objects.open().filter(user=OuterRef("holder")).values("organization")
    roles = RoleAssignment.objects.open().annotate(home=Subquery(homes[:1]))
    for one in roles.select_related("holder").iterator():
        copies = (one.email, one.name_key, one.holder_organization_id)
        name_key = text.sort_key(one.holder.get_full_name())
        if copies != (one.holder.email, name_key, one.home):
            yield f"{one.sid}: copies on a role differ from its holder"


def each_account_has_its_owner_inside() -> Iterator[str]:
    accounts = Account.objects.standing().filter(parent=None)
    stays = Membership.objects.open().filter(
        user=OuterRef("owner"), organization=OuterRef("organization")
    )
    outside = accounts.filter(~Exists(stays))
    yield from _each(outside, "its owner is not a member of its organization")
    roles = RoleAssignment.objects.open().filter(
        account=OuterRef("pk"), holder=OuterRef("owner"), role=AccountRole.OWNER
    )
    yield from _each(accounts.filter(~Exists(roles)), "its owner has no open owner role")
    elsewhere = RoleAssignment.objects.on_accounts().exclude(
        organization=F("account__organization")
    )
    yield from _each(elsewhere, "a role stands in another organization than its account")


def subaccounts_follow_the_account_above() -> Iterator[str]:
    below = Account.objects.filter(parent__isnull=False)
    yield from _each(below.filter(parent__parent__isnull=False), "a subaccount of a subaccount")
    elsewhere = ~Q(organization=F("parent__organization"))
    yield from _each(below.filter(elsewhere), "a subaccount in another organization")
    other_owner = ~Q(owner=F("parent__owner"))
    yield from _each(below.standing().filter(other_owner), "a subaccount with another owner")
    held = Q(parent__status=AccountStatus.SUSPENDED, status=AccountStatus.ACTIVE)
    yield from _each(below.filter(held), "a subaccount runs below a suspended account")
    gone = ~Q(parent__status__in=OPEN_STATUSES)
    yield from _each(below.standing().filter(gone), "a subaccount outlives the account above it")


def copies_on_accounts_are_true() -> Iterator[str]:
    for account in Account.objects.select_related("owner").iterator():
        if account.owner_key != owner_key(account.owner):
            yield f"{account.sid}: the copy of its owner differs from the owner"


def closed_accounts_let_nobody_in() -> Iterator[str]:
    closed = Q(account__status=AccountStatus.CLOSED)
    yield from _each(RoleAssignment.objects.open().filter(closed), "a role on a closed account")
    stopped = ~Q(account__status__in=OPEN_STATUSES) & Q(kind=Kind.ACCESS)
    yield from _each(Invitation.objects.open().filter(stopped), "an invitation to a closed account")


def administrators_of_accounts_hold_nothing_beside() -> Iterator[str]:
    others = RoleAssignment.objects.open().filter(
        account=OuterRef("account"), holder=OuterRef("holder")
    )
    alone = RoleAssignment.objects.open().filter(
        account__isnull=False, role__in=[AccountRole.ADMINISTRATOR, AccountRole.OWNER]
    )
    beside = alone.filter(Exists(others.exclude(pk=OuterRef("pk"))))
    yield from _each(beside, "another role on the account beside one that includes it")


def invitations_stand_with_their_account() -> Iterator[str]:
    access = Invitation.objects.open().filter(kind=Kind.ACCESS)
    elsewhere = access.exclude(organization=F("account__organization"))
    yield from _each(elsewhere, "an invitation to an account of another organization")
    added = Invitation.objects.open().filter(kind=Kind.ADD_ACCOUNT)
    there = added.filter(organization=F("account__organization"))
    yield from _each(there, "a request to add an account that is there already")


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
        user=OuterRef("pk"), email=OuterRef("email"), primary=True, verified=True
    )
    yield from _each(User.objects.filter(~Exists(right)), "no proven address")
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
    subaccounts_follow_the_account_above,
    copies_on_accounts_are_true,
    closed_accounts_let_nobody_in,
    administrators_of_accounts_hold_nothing_beside,
    invitations_stand_with_their_account,
    counters_are_true,
    limits_hold,
    each_user_has_one_proven_address,
    chains_hold,
)


def _each(rows: QuerySet[Any], what: str) -> Iterator[str]:
    for row in rows.iterator():
        yield f"{row}: {what}"
