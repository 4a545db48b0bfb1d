"""Accounts to choose from, and runs over them."""

from collections.abc import Mapping, Sequence

from accounts.models import Account
from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.runs import RunState
from adminctr.core.tenancy import tenant
from bulk import actions, plans
from bulk.models import BulkRow, BulkRun, RowState
from bulk.operations import start_bulk_run
from organizations.models import Organization
from tests.conftest import acting
from users.models import User


def some_accounts(organization: Organization, number: int) -> list[Account]:
    """New ones of the Owner's, in the order of their names."""
    Organization.objects.filter(pk=organization.pk).update(account_limit=5000)
    owner = organization.owner
    assert owner
    names = [f"Shop {place:03}" for place in range(number)]
    return [
        create_account(organization, name=one, owner=owner, actor=acting(owner)) for one in names
    ]


def judgement_of(
    action: str, chosen: Sequence[Account], who: User, parameters: Mapping[str, str] | None = None
) -> plans.Judgement:
    actor = acting(who)
    kind, bulk = actions.named(action)
    organization = chosen[0].organization
    with tenant(organization):
        return plans.judge(
            organization,
            kind,
            bulk,
            chosen=[one.sid for one in chosen],
            parameters=bulk.settle(parameters or {}),
            actor=actor,
        )


def start(
    action: str, chosen: Sequence[Account], who: User, parameters: Mapping[str, str] | None = None
) -> BulkRun:
    """Confirm the plan that somebody has looked at."""
    return start_bulk_run(
        chosen[0].organization,
        action=action,
        chosen=[one.sid for one in chosen],
        parameters=parameters or {},
        digest=judgement_of(action, chosen, who, parameters).plan.digest,
        actor=acting(who),
    )


def run_of(organization: Organization) -> BulkRun:
    """One that waits for its worker; made past the operations where there is none."""
    accounts = actions.kind_named("accounts").actions
    found = BulkRun.unscoped.filter(organization=organization, action__in=accounts).first()
    if found:
        return found
    account = Account.unscoped.filter(organization=organization).order_by("pk").first()
    run = BulkRun.unscoped.create(
        organization=organization,
        action="suspend",
        digest="0" * 64,
        by=organization.owner,
        total=1,
    )
    BulkRow.unscoped.create(
        organization=organization,
        run=run,
        position=1,
        subject_sid=account.sid,
        name=account.name,
    )
    return run


def run_of_users(organization: Organization) -> BulkRun:
    """The same over users: one that waits for its worker."""
    users = actions.kind_named("users").actions
    found = BulkRun.unscoped.filter(organization=organization, action__in=users).first()
    owner = organization.owner
    run = found or BulkRun.unscoped.create(
        organization=organization, action="deactivate", digest="0" * 64, by=owner, total=1
    )
    if found is None:
        BulkRow.unscoped.create(
            organization=organization, run=run, position=1, subject_sid=owner.sid, name=owner.email
        )
    return run


def ended_run_of_users(organization: Organization) -> BulkRun:
    """The same, when its worker is done."""
    run = run_of_users(organization)
    BulkRow.unscoped.filter(run=run).update(state=RowState.DONE, message="Deactivated.")
    BulkRun.unscoped.filter(pk=run.pk).update(
        state=RunState.FINISHED, finished_at=clock.now(), done=1
    )
    return run


def more_bulk_runs_of(organization: Organization, action: str, number: int) -> None:
    """That wait for their workers, past the operations and without rows."""
    BulkRun.unscoped.bulk_create(
        BulkRun(
            organization=organization,
            action=action,
            digest="0" * 64,
            by=organization.owner,
            total=1,
        )
        for _ in range(number)
    )


def rows_of(run: BulkRun) -> list[tuple[str, str, str]]:
    rows = BulkRow.unscoped.filter(run=run).order_by("position")
    return list(rows.values_list("name", "state", "message"))


def states_of(run: BulkRun) -> list[str]:
    return [state for _, state, _ in rows_of(run)]


def fresh(run: BulkRun) -> BulkRun:
    return BulkRun.unscoped.select_related("organization", "by").get(pk=run.pk)
