"""How people come back who were removed with their domain, and what they get again.

Called inside operations only, in the organization's scope, with its lock held and the people
locked.
"""

from collections.abc import Sequence
from datetime import datetime

from accounts import grants
from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.periods import Source
from audit import log
from organizations import stays
from organizations.models import Membership, Role, stay_of
from users import factors, mail
from users.admission import decide
from users.leaving import HeldRoles
from users.models import OBSTACLE_LENGTH, Departed, EmailChange, User, WayIn
from users.passwords import digest_of

ELSEWHERE = "Belongs to another organization now, and a person can be in one only."
OTHER_ADDRESS = "The login has another address now. Invite that address."
NOT_ACTIVE = "The login is not active."
DELETED = "The login was deleted."


def obstacle_of(departed: Departed, person: User) -> str:
    """Why somebody cannot come back now, in words; empty where they can."""
    if person.deleted_at is not None:
        return DELETED
    # Whoever had the mailbox meanwhile could have taken the login along to an address of theirs.
    if person.email != departed.email:
        return OTHER_ADDRESS
    if not person.is_active:
        return NOT_ACTIVE
    stay = stay_of(person)
    if stay and stay.organization_id != departed.organization_id:
        return ELSEWHERE
    # To be brought back is to be invited anew, by whoever has confirmed it for everybody.
    verdict = decide(person.email, WayIn.INVITATION, into=departed.organization)
    return verdict.reason[:OBSTACLE_LENGTH]


def bring_back(departed: Departed, person: User, actor: Actor) -> None:
    """Make somebody a member as they were, with what still stands of what they had.

    The caller logs them out.
    """
    stay = _stay_again(departed, person, actor)
    accounts = _give_accounts(departed.accounts, stay, actor)
    roles = _give_roles(departed.roles, stay, actor)
    must_set_password = digest_of(person.password) != departed.password_digest
    if must_set_password:
        _lock_out(person)
    Departed.objects.filter(pk=departed.pk).come_back()
    mail.send_back_with_domain.enqueue(departed.pk, must_set_password)
    log.record(
        "user.brought_back",
        departed.organization,
        actor=actor,
        subject_sid=person.sid,
        subject=person.email,
        role=stay.get_role_display(),
        domain=readable_domain(departed.domain_name),
        accounts=f"{accounts} of {len(departed.accounts)}",
        roles=f"{roles} of {len(departed.roles)}",
        password="must be set again" if must_set_password else "unchanged",
    )


def _stay_again(departed: Departed, person: User, actor: Actor) -> Membership:
    """Whoever has come back by an invitation stays as they are."""
    return stay_of(person) or stays.begin_stay(
        departed.organization,
        person,
        role=Role(departed.role),
        source=Source.DIRECT,
        by_id=actor.user_id,
    )


def _give_accounts(sids: Sequence[str], stay: Membership, actor: Actor) -> int:
    """Give back what runs and still belongs to the Owner; how many accounts these are."""
    owner = stay.organization.owner
    if owner is None or owner.pk == stay.user_id:
        return 0
    theirs = Account.objects.counted().filter(sid__in=sids, owner=owner).order_by("pk")
    accounts = list(theirs.select_related("organization"))
    grants.hand_over(accounts, former=owner, to=stay.user, actor=actor)
    return len(accounts)


def _give_roles(kept: Sequence[HeldRoles], stay: Membership, actor: Actor) -> int:
    """Give back the roles on accounts that run; how many accounts these are on.

    What was given anew meanwhile stands, what would have ended by now does not begin again.
    """
    sids = [one["account"] for one in kept]
    accounts = {one.sid: one for one in Account.objects.standing().filter(sid__in=sids)}
    held = RoleAssignment.objects.open().on_accounts().filter(holder=stay.user)
    taken = set(held.values_list("account__sid", flat=True))
    given = 0
    for one in kept:
        ends_at = datetime.fromisoformat(one["ends_at"]) if one["ends_at"] else None
        account = accounts.get(one["account"])
        if account is None or account.sid in taken or (ends_at and ends_at <= clock.now()):
            continue
        account.organization = stay.organization
        given += _put(account, one, ends_at, stay, actor)
    return given


def _put(
    account: Account, kept: HeldRoles, ends_at: datetime | None, stay: Membership, actor: Actor
) -> bool:
    """Whether there was room: somebody may have got many roles elsewhere meanwhile."""
    try:
        grants.put_roles(
            account,
            stay.user,
            home=stay.organization,
            roles=[AccountRole(role) for role in kept["roles"]],
            ends_at=ends_at,
            reason=kept["reason"],
            source=Source.DIRECT,
            by_id=actor.user_id,
        )
    except RuleViolation:
        return False
    return True


def _lock_out(person: User) -> None:
    """Somebody set another password while they were away, perhaps whoever had their mailbox.

    They may have set up a second factor too, and had a browser remembered.
    """
    person.set_unusable_password()
    person.is_factor_due = True
    person.save(update_fields=["password", "is_factor_due"])
    factors.forget_all(person)
    EmailChange.objects.filter(user=person).delete()
