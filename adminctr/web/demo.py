"""A small lively world, made by operations alone; tests and pictures use it too."""

from dataclasses import dataclass

from accounts.models import Account, AccountRole
from accounts.operations import create_account
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.core.tenancy import every_tenant, tenant
from adminctr.web.demo_accounts import DemoAccounts, let_in
from adminctr.web.demo_organizations import Founder, acting, owner_of
from domains.models import Domain
from domains.operations import add_domain, settle_check
from domains.probes import Finding, Outcome
from invitations.operations import invite_user
from organizations.models import Membership, Organization, Role
from organizations.policy import StaffGroup
from users.models import User
from users.operations import appoint_staff
from users.passwords import PasswordHash

PEOPLE = {
    "ana@acme.example": "owns Acme",
    "ben@acme.example": "administers Acme",
    "cy@acme.example": "is a Standard User of Acme",
    "ida@freelance.example": "owns Freelance and is an independent user of Acme",
    "eve@globex.example": "owns Globex",
    "sue@support.example": "is support staff",
}

_COLLEAGUES = (
    ("ben@acme.example", "Ben", "Okafor", Role.ADMINISTRATOR),
    ("cy@acme.example", "Cy", "Lindqvist", Role.STANDARD),
    ("dora@acme.example", "Dora", "Marín", Role.STANDARD),
    ("emil@acme.example", "Emil", "Novák", Role.STANDARD),
    ("fay@acme.example", "Fay", "O'Connor", Role.ADMINISTRATOR),
    ("goro@acme.example", "Gorō", "Tanaka", Role.STANDARD),
)


_LAST_DOMAIN = "bücher-acme.example"


@dataclass(frozen=True, slots=True)
class DemoMaker:
    """Builds the world; everybody gets the same password."""

    password: PasswordHash

    def build(self) -> None:
        founder = Founder(self.password)
        acme = founder.found("ana@acme.example", "Ana", "Silva", "Acme")
        globex = founder.found("eve@globex.example", "Eve", "Haddad", "Globex")
        freelance = founder.found("ida@freelance.example", "Ida", "Berg", "Freelance")
        workshop = founder.found("kai@acme.example", "Kai", "Weber", "Kai's workshop")
        desk = founder.found("sue@support.example", "Sue", "Park", "Support desk")
        sue = owner_of(desk)
        appoint_staff(sue, group=StaffGroup.LEADS, actor=Actor.operator("demo"))
        # Before the domain is Acme's, which from then on decides where its people have access.
        self._let_in_from_elsewhere(owner_of(acme), freelance)
        founder.verify(acme, "acme.example")
        founder.verify(globex, "globex.example")
        for email, first_name, last_name, role in _COLLEAGUES:
            founder.bring_in(acme, email, first_name, last_name, role)
        accounts = DemoAccounts(acme, support=sue)
        accounts.fill()
        accounts.invite_independent(owner_of(freelance))
        with tenant(workshop):
            accounts.ask_for(Account.objects.get(organization=workshop))
        self._leave_waiting(acme)

    def _let_in_from_elsewhere(self, user: User, organization: Organization) -> None:
        """An account of one organization on which somebody of another one has a role."""
        owner = owner_of(organization)
        account = create_account(
            organization, name="Client sites", owner=owner, actor=acting(owner)
        )
        let_in(account, user, roles=[AccountRole.SUPPORT], by=acting(owner))

    def _leave_waiting(self, acme: Organization) -> None:
        """Invitations that nobody has answered, and domains that are not proven."""
        with tenant(acme):
            ben = acting(Membership.objects.get(email="ben@acme.example").user)
        for name in ("hana", "ivo", "jun"):
            invite_user(acme, email=f"{name}@acme.example", role=Role.STANDARD, actor=ben)
        labs = add_domain(acme, name="acme-labs.example", actor=ben)
        settle_check(labs, finding=Finding(Outcome.NO_NAME), actor=ben)
        add_domain(acme, name=_LAST_DOMAIN, actor=ben)


def exists() -> bool:
    """Whether a demo was made to its end: what it makes last is there."""
    with every_tenant():
        return Domain.objects.filter(name=canonical_domain(_LAST_DOMAIN)).exists()
