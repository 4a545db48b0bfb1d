"""What must be true of the whole database; the command and every test ask the same list.

Each check yields one sentence per fault. They read across tenants, change nothing, and keep no
table in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
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
from users.models import EmailChange, Factor, Session, User

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
    factors = Factor.objects.real().filter(user=OuterRef("user"))
    yield from _each(
        stays.exclude(has_second_factor=Exists(factors)),
        "the copy on a stay of whether there is a second factor is wrong",
    )
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
    stopped = ~Q(account__status__in=OPEN_STATUSES) & _gives_roles()
    yield from _each(Invitation.objects.open().filter(stopped), "an invitation to a closed account")


def _gives_roles() -> Q:
    """Invitations that offer roles on an account, to whoever joins too."""
    return Q(kind__in=[Kind.ACCESS, Kind.JOIN], account__isnull=False)


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
    access = Invitation.objects.open().filter(_gives_roles())
    elsewhere = access.exclude(organization=F("account__organization"))
    yield from _each(elsewhere, "an invitation to an account of another organization")
    added = Invitation.objects.open().filter(kind=Kind.ADD_ACCOUNT)
    there = added.filter(organization=F("account__organization"))
    yield from _each(there, "a request to add an account that is there already")


def counters_are_true() -> Iterator[str]:
    for drift in counters.drifts():
        yield f"{drift.organization.sid}: {drift.counter} says {drift.kept}, there are {drift.true}"


def deadlines_are_true() -> Iterator[str]:
    uncertain = Domain.objects.uncertain().filter(organization=OuterRef("pk"))
    first = Subquery(uncertain.order_by("uncertain_since").values("uncertain_since")[:1])
    organizations = Organization.objects.annotate(first=first)
    copied = organizations.filter(Q(first__isnull=False) | Q(domain_deadline__isnull=False))
    for sid, since, kept in copied.values_list("sid", "first", "domain_deadline").iterator():
        if kept != (since and since + settings.DOMAIN_UNCERTAIN_FOR):
            yield f"{sid}: the day on which a domain is lost differs from its domains"


def limits_hold() -> Iterator[str]:
    counted: dict[str, QuerySet[Any]] = {
        "account": Account.objects.counted(),
        "domain": Domain.objects.order_by(),
    }
    for thing, rows in counted.items():
        limit = F(f"organization__{thing}_limit")
        counts = rows.values("organization__sid").annotate(held=Count("pk"), limit=limit)
        for row in counts.filter(held__gt=F("limit")):
            yield f"{row['organization__sid']}: {row['held']} {thing}s, {row['limit']} allowed"


def no_setting_adds_people_to_who_shares() -> Iterator[str]:
    others = Domain.objects.held().filter(name=OuterRef("name")).exclude(pk=OuterRef("pk"))
    shared = Domain.objects.held().filter(Exists(others))
    for sid in shared.filter(follows_setting=True).values_list("sid", flat=True).iterator():
        yield f"{sid}: the domain setting applies to a domain that others hold too"


def each_user_has_one_proven_address() -> Iterator[str]:
    right = EmailAddress.objects.filter(
        user=OuterRef("pk"), email=OuterRef("email"), primary=True, verified=True
    )
    people = User.objects.filter(deleted_at=None)
    yield from _each(people.filter(~Exists(right)), "no proven address")
    if EmailAddress.objects.count() != people.count():
        yield "there are more or fewer proven addresses than users"


def nothing_hangs_on_the_deleted() -> Iterator[str]:
    gone = User.objects.exclude(deleted_at=None)
    theirs = {
        "an open stay": Membership.objects.open().filter(user=OuterRef("pk")),
        "an open role": RoleAssignment.objects.open().filter(holder=OuterRef("pk")),
        "an account that is open": Account.objects.standing().filter(owner=OuterRef("pk")),
        "a session": Session.objects.filter(user=OuterRef("pk")),
        "a second factor": Factor.objects.filter(user=OuterRef("pk")),
        "a proven address": EmailAddress.objects.filter(user=OuterRef("pk")),
        "an address that they want": EmailChange.objects.filter(user=OuterRef("pk")),
    }
    for what, rows in theirs.items():
        yield from _each(gone.filter(Exists(rows)), f"deleted, and has {what} still")


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
    deadlines_are_true,
    limits_hold,
    no_setting_adds_people_to_who_shares,
    each_user_has_one_proven_address,
    nothing_hangs_on_the_deleted,
    chains_hold,
)


def _each(rows: QuerySet[Any], what: str) -> Iterator[str]:
    for row in rows.iterator():
        yield f"{row}: {what}"
