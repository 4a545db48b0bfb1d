"""Accounts, and people with roles on them, in the states that rules ask about."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django_tasks_db.models import DBTaskResult

from accounts import closing, limits
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import (
    close_account,
    create_account,
    create_subaccount,
    finish_closing,
    set_roles,
    suspend_account,
    upgrade_account,
)
from adminctr.core.actor import Actor
from adminctr.core.addresses import domain_of
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Plan
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from invitations.models import Invitation
from invitations.operations import accept_access_as_newcomer, invite_to_account
from organizations import policy
from organizations.models import Organization, stay_of
from tests.conftest import acting
from tests.pages.effects import assert_no_effect
from tests.users.people import founder, newcomer, prove
from users.models import User

OPERATOR = Actor.operator("test")
JOB = Actor.system("test")


def fresh(account: Account) -> Account:
    """The row as it is now, with what every operation needs beside it."""
    return Account.unscoped.select_related("organization", "owner", "parent").get(pk=account.pk)


def account_named(name: str) -> Account:
    return fresh(Account.unscoped.get(organization__name="Acme", name=name))


def owner_of(account: Account) -> Actor:
    return acting(account.owner)


def supporting(user: User) -> Actor:
    """The same person at the staff site, with a reason."""
    return policy.staff_actor(user).with_reason("Ticket 1")


def opened(owner: User, name: str = "New") -> Account:
    actor = acting(owner)
    organization = stay_of(owner).organization
    return fresh(create_account(organization, name=name, owner=owner, actor=actor))


def leave_room(organization: Organization, count: int) -> None:
    """The organization may have so many accounts more, and no others."""
    with tenant(organization):
        limit = limits.held_by(organization) + count
    Organization.objects.filter(pk=organization.pk).update(account_limit=limit)


def below(parent: Account, name: str = "Lab") -> Account:
    return fresh(create_subaccount(parent, name=name, actor=owner_of(parent)))


def upgraded(account: Account) -> Account:
    return fresh(upgrade_account(account, actor=OPERATOR))


def suspended(account: Account, *, actor: Actor | None = None) -> Account:
    ana = account.organization.owner
    return fresh(suspend_account(account, actor=actor or acting(ana)))


def plan_of(account: Account, *, by_support: bool = False) -> Plan:
    with tenant(account.organization):
        return closing.plan(fresh(account), by_support=by_support)


def being_closed(account: Account) -> Account:
    plan = plan_of(account, by_support=True)
    return fresh(close_account(account, digest=plan.digest, actor=OPERATOR))


def closed(account: Account) -> Account:
    finish_closing(being_closed(account), actor=JOB)
    return fresh(account)


def give(
    account: Account,
    holder: User,
    *roles: AccountRole,
    ends_at: datetime | None = None,
    reason: str = "",
) -> None:
    """Roles for somebody who is managed or has access, by the account's owner."""
    actor = owner_of(account)
    set_roles(account, holder=holder, roles=roles, ends_at=ends_at, reason=reason, actor=actor)


def offered(account: Account, email: str, *roles: AccountRole) -> Invitation:
    """Access that waits for an answer, offered by the account's owner."""
    roles = roles or (AccountRole.DEVELOPER,)
    invitation = invite_to_account(account, email=email, roles=roles, actor=owner_of(account))
    assert invitation
    return invitation


def outsider(account: Account, email: str, *roles: AccountRole) -> User:
    """Somebody new from elsewhere, who accepted access to the account."""
    accept_access_as_newcomer(
        offered(account, email, *roles), newcomer=newcomer(), actor=Actor.stranger(email)
    )
    return User.objects.get(email=email)


def coming(organization: Organization, address: str = "solo@acme-labs.example") -> Account:
    """The account of somebody who has signed up with an address of a domain proven since."""
    user = founder(address)
    prove(organization, domain_of(address))
    return fresh(Account.unscoped.get(owner=user))


def roles_on(account: Account, holder: User) -> set[str]:
    rows = RoleAssignment.unscoped.open().filter(account=account, holder=holder)
    return set(rows.values_list("role", flat=True))


def code_of(call: Callable[[], object], *besides: str) -> str:
    """The code of the refusal in which a call ends, having changed nothing."""
    with assert_no_effect(*besides), pytest.raises(RuleViolation) as refused:
        call()
    return refused.value.code


def last_event(account: Account) -> AuditEvent:
    events = AuditEvent.unscoped.filter(chain=account.organization.sid, subject_sid=account.sid)
    return events.select_related("details").latest("sequence")


def queued(task: str, account: Account) -> list[list[int | str]]:
    """What waits for the worker under this name: the arguments of each on an account, in order."""
    waiting = DBTaskResult.objects.filter(task_path=f"accounts.mail.{task}").order_by("enqueued_at")
    every = [one.args_kwargs["args"] for one in waiting]
    return [arguments for arguments in every if arguments[0] == account.pk]
