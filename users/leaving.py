"""How people leave with a domain that is lost, and what is kept of them for their return.

Called inside operations only, in the organization's scope, with its lock held and the people
locked.
"""

from itertools import groupby
from operator import attrgetter
from typing import TypedDict

from accounts import grants
from accounts.models import RoleAssignment
from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from audit import log
from organizations import stays
from organizations.models import Membership, MembershipQuerySet, Role
from users import mail, settling
from users.belongings import Belongings
from users.models import Departed, Departure, Offboarding, User
from users.passwords import digest_of


class HeldRoles(TypedDict):
    """What somebody held on one account; `ends_at` is empty where no end was planned."""

    account: str
    roles: list[str]
    ends_at: str
    reason: str


def due_to_leave(run: Departure) -> MembershipQuerySet:
    """Everybody with an address of the domain but the Owner, by the key of their stay."""
    people: MembershipQuerySet = Membership.objects.open().filter(domain=run.domain_name)
    return people.exclude(role=Role.OWNER).order_by("pk")


def remove(stay: Membership, run: Departure, *, owner: User, actor: Actor) -> None:
    """End all that somebody has in the organization; `owner` takes over what stays there.

    The caller logs them out.
    """
    person, belongings = stay.user, Belongings(stay)
    Departed.objects.filter(user=person).come_back()  # who came back by another way before
    accounts = list(belongings.accounts().select_related("organization"))
    grants.hand_over(accounts, former=person, to=owner, actor=actor)
    departed = Departed.objects.create(
        organization=run.organization,
        user=person,
        domain_name=run.domain_name,
        email=stay.email,
        role=stay.role,
        accounts=[account.sid for account in accounts],
        roles=_held(belongings),
        password_digest=digest_of(person.password),
    )
    RoleAssignment.objects.on_accounts().filter(holder=person).end()
    stays.end_stay(stay)
    belongings.offers().revoke()
    settling.settle_work(belongings, to_id=owner.pk, actor=actor)
    Offboarding.objects.filter(user=person).call_off()
    mail.send_removed_with_domain.enqueue(departed.pk)
    log.record(
        "user.removed_with_domain",
        run.organization,
        actor=actor,
        subject_sid=person.sid,
        subject=stay.email,
        role=stay.get_role_display(),
        domain=readable_domain(run.domain_name),
        owner=owner.email,
        accounts=len(departed.accounts),
        roles=len(departed.roles),
    )


def _held(belongings: Belongings) -> list[HeldRoles]:
    """The roles that somebody has on accounts which they do not own, account by account."""
    rows = belongings.roles().select_related("account").order_by("account", "pk")
    by_account = groupby(rows, key=attrgetter("account.sid"))
    return [_kept(sid, list(held)) for sid, held in by_account]


def _kept(account_sid: str, held: list[RoleAssignment]) -> HeldRoles:
    """The roles of one person on one account have the same end and reason."""
    first = held[0]
    return HeldRoles(
        account=account_sid,
        roles=[one.role for one in held],
        ends_at=first.ends_at.isoformat() if first.ends_at else "",
        reason=first.reason,
    )
