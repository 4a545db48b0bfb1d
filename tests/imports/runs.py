"""Imports on their way: the switch, lists, runs and their steps."""

from collections.abc import Sequence

from adminctr.core.actor import Actor
from adminctr.core.runs import RunState
from adminctr.core.tenancy import every_tenant, tenant
from domains.models import Domain, DomainStatus
from imports import gathering
from imports.causes import WORDS, Cause
from imports.models import ImportList, ImportRow, ImportRun, Way
from imports.operations import (
    choose_notice,
    prepare_import,
    start_import,
    switch_import,
    take_import_step,
)
from imports.plans import plan_of
from organizations import policy
from organizations.models import Organization
from tests.conftest import acting
from tests.imports.crowd import logins
from tests.users.people import founder, prove
from users.models import User

IN_LABS = "acme-labs.example"
SUPPORT = Actor.operator("tests")


def switched_on(organization: Organization, *domains: str) -> Organization:
    """Support has switched the import on, and the organization has verified these domains."""
    if not Organization.objects.get(pk=organization.pk).has_import:
        switch_import(organization, is_on=True, actor=SUPPORT)
    for one in domains:
        prove(organization, one)
    organization.refresh_from_db()
    return organization


def prepared(
    organization: Organization, domains: Sequence[str], who: User, *, is_notifying: bool = False
) -> ImportList:
    """Everybody of these domains, ready to be started."""
    actor = acting(who)
    with tenant(organization):
        everybody = gathering.everybody(organization, domains)
    listing = prepare_import(organization, way=Way.ALL, domains=domains, who=everybody, actor=actor)
    return choose_notice(listing, is_notifying=is_notifying, actor=actor)


def digest_of(listing: ImportList) -> str:
    with tenant(listing.organization):
        return plan_of(listing, listing.organization).digest


def started(
    organization: Organization, domains: Sequence[str], who: User, *, is_notifying: bool = False
) -> ImportRun:
    listing = prepared(organization, domains, who, is_notifying=is_notifying)
    return start_import(listing, digest=digest_of(listing), actor=acting(who))


def step(run: ImportRun) -> ImportRun:
    """Take the next step as a worker does; returns the run as it is then."""
    claimed = fresh(run)
    if not run.holder:
        assert claimed.claim()
        run.holder = claimed.holder
    take_import_step(claimed, actor=policy.actor_for(claimed.by, via="import"))
    return fresh(run)


def fresh(run: ImportRun) -> ImportRun:
    with every_tenant():
        rows = ImportRun.objects.select_related("organization", "listing", "by")
        return rows.get(pk=run.pk)


def causes_of(run: ImportRun) -> dict[str, str]:
    """By address why somebody was not imported; empty for those who were."""
    return dict(ImportRow.unscoped.filter(run=run).values_list("email", "cause"))


def run_of(organization: Organization) -> ImportRun:
    """One that waits for its worker; made where there is none."""
    found = ImportRun.unscoped.filter(organization=organization).first()
    if found:
        return found
    listing = list_of(organization)
    assert organization.owner
    return start_import(listing, digest=digest_of(listing), actor=acting(organization.owner))


def list_of(organization: Organization) -> ImportList:
    """A draft of the Owner's, of somebody who has a login and an organization of their own."""
    mine = ImportList.unscoped.drafts().filter(organization=organization)
    if found := mine.select_related("organization").first():
        return found
    domain = f"importable-{organization.pk}.example"
    switched_on(organization, domain)
    number = ImportList.unscoped.filter(organization=organization).count()
    founder_of_theirs(f"solo-{number}@{domain}", organization)
    assert organization.owner
    return prepared(organization, [domain], organization.owner)


def more_runs(organization: Organization, number: int) -> None:
    """Finished ones of nobody in particular, written past the operations."""
    assert organization.owner
    run = run_of(organization)
    for _ in range(number):
        listing = ImportList.unscoped.create(
            organization=organization, way=Way.ALL, by=organization.owner, domains=[IN_LABS]
        )
        ImportRun.unscoped.create(
            organization=organization,
            listing=listing,
            by=organization.owner,
            is_notifying=False,
            total=1,
            imported=1,
            state=RunState.FINISHED,
            finished_at=run.created_at,
        )


def more_rows(organization: Organization, number: int) -> None:
    """What became of more people of the first run, every other of whom was not imported."""
    run = run_of(organization)
    people = logins(f"rows-{organization.pk}.example", number)
    ImportRow.unscoped.bulk_create(
        ImportRow(
            organization=organization,
            run=run,
            position=place,
            user=one,
            email=one.email,
            name=one.get_full_name(),
            cause=Cause.LOGIN_NOT_ACTIVE if place % 2 else "",
            message=WORDS[Cause.LOGIN_NOT_ACTIVE] if place % 2 else "",
        )
        for place, one in enumerate(people, start=1)
    )


def founder_of_theirs(address: str, holder: Organization) -> User:
    """Somebody who signed up before the domain was verified."""
    name = address.partition("@")[2]
    claims = Domain.unscoped.filter(organization=holder, name=name)
    claims.update(status=DomainStatus.UNVERIFIED, verified_at=None, next_check_at=None)
    user = founder(address)
    prove(holder, name)
    return user
