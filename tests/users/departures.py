"""A company whose domain is lost, and its people who leave with it and come back."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts.models import Account, AccountRole
from accounts.operations import create_account, set_roles
from adminctr.core import clock
from adminctr.core.actor import Actor
from domains.models import Domain
from domains.operations import settle_recheck
from domains.probes import Finding, Outcome
from domains.states import REMINDERS, Turn
from organizations import policy
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.users.people import doubt, founder, member, organization_of, prove
from users.models import Departed, Departure, User
from users.operations import bring_people_back, take_departure_step

NAME, OTHER = "lapsed.example", "steady.example"
WORKER = Actor.system("lost domains")


@dataclass(frozen=True)
class Company:
    """Olga owns it; Ada administers, Bo and Col are Standard Users, all of the domain.

    Dee has an address of another domain. Bo owns the account `shop` and has roles on `office`,
    which is Olga's.
    """

    organization: Organization
    olga: User
    ada: User
    bo: User
    col: User
    dee: User
    shop: Account
    office: Account

    @property
    def leavers(self) -> list[User]:
        return [self.ada, self.bo, self.col]


def company() -> Company:
    olga = founder(f"olga@{NAME}")
    organization = organization_of(olga)
    prove(organization, NAME)
    prove(organization, OTHER)
    ada = member(organization, f"ada@{NAME}", Role.ADMINISTRATOR)
    bo, col = (member(organization, f"{name}@{NAME}") for name in ("bo", "col"))
    dee = member(organization, f"dee@{OTHER}")
    shop = create_account(organization, name="Shop", owner=bo, actor=acting(bo))
    office = create_account(organization, name="Office", owner=olga, actor=acting(olga))
    roles = [AccountRole.DEVELOPER, AccountRole.SUPPORT]
    set_roles(office, holder=bo, roles=roles, reason="On call", actor=acting(olga))
    return Company(organization, olga, ada, bo, col, dee, shop, office)


def departure_of(organization: Organization, name: str = NAME) -> Departure:
    """The worker's look that loses a domain, after a month; its people have not left yet."""
    doubt(name, since=clock.now() - settings.DOMAIN_UNCERTAIN_FOR)
    claim = claim_of(organization, name)
    Domain.unscoped.filter(pk=claim.pk).update(reminded_days=REMINDERS[-1])
    gone = [Finding(Outcome.NO_NAME)]
    assert settle_recheck(claim, findings=gone, actor=WORKER) is Turn.LOST
    return Departure.unscoped.filter(organization=organization).latest("pk")


def departed(organization: Organization, work: Callable[[], int], name: str = NAME) -> Departure:
    """The people of a domain have left."""
    run = departure_of(organization, name)
    work()
    return fresh(run)


def called_back(company: Company, by: User | None = None) -> Departure:
    """The domain is proven again, and somebody brings its people back; a worker is awaited."""
    prove(company.organization, NAME)
    actor = acting(by or company.olga)
    return bring_people_back(company.organization, domain_name=NAME, actor=actor)


def step(run: Departure) -> None:
    """What a worker does that holds the run, or gets hold of it."""
    claimed = fresh(run)
    if not run.holder:
        assert claimed.claim()
        run.holder = claimed.holder
    claimed.holder = run.holder
    actor = policy.actor_for(claimed.by, via="job") if claimed.by else WORKER
    take_departure_step(claimed, actor=actor)


def fresh(run: Departure) -> Departure:
    return Departure.unscoped.select_related("organization", "by").get(pk=run.pk)


def rows_of(organization: Organization) -> dict[str, Departed]:
    """Who has left, by what stands before the @; of those who left twice the last."""
    rows = Departed.unscoped.filter(organization=organization).order_by("pk")
    return {row.email.partition("@")[0]: row for row in rows}


def members(organization: Organization) -> dict[str, str]:
    """Who is there, with their roles."""
    stays = Membership.unscoped.open().filter(organization=organization)
    return {one.email.partition("@")[0]: one.role for one in stays.order_by("pk")}


def claim_of(organization: Organization, name: str = NAME) -> Domain:
    return Domain.unscoped.select_related("organization").get(organization=organization, name=name)
