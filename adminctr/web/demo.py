"""A small lively world, made by operations alone; tests and pictures use it too."""

from dataclasses import dataclass
from typing import cast

from accounts.models import Account, AccountRole
from accounts.operations import create_account
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_domain
from adminctr.core.tenancy import every_tenant, tenant
from adminctr.web.demo_accounts import DemoAccounts, let_in
from domains.models import Domain
from domains.operations import add_domain, settle_check
from domains.probes import Outcome, TxtAnswer
from invitations.operations import accept_invitation_as_newcomer, invite_user
from organizations import policy
from organizations.models import Membership, Organization, Role
from organizations.policy import StaffGroup
from users.models import SignUp, User
from users.newcomers import NewPerson
from users.operations import appoint_staff, sign_up, start_sign_up
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
        acme = self._found("ana@acme.example", "Ana", "Silva", "Acme")
        globex = self._found("eve@globex.example", "Eve", "Haddad", "Globex")
        freelance = self._found("ida@freelance.example", "Ida", "Berg", "Freelance")
        workshop = self._found("kai@acme.example", "Kai", "Weber", "Kai's workshop")
        desk = self._found("sue@support.example", "Sue", "Park", "Support desk")
        sue = _owner_of(desk)
        appoint_staff(sue, group=StaffGroup.LEADS, actor=Actor.operator("demo"))
        # Before the domain is Acme's, which from then on decides where its people have access.
        self._let_in_from_elsewhere(_owner_of(acme), freelance)
        self._verify(acme, "acme.example")
        self._verify(globex, "globex.example")
        for email, first_name, last_name, role in _COLLEAGUES:
            self._bring_in(acme, email, first_name, last_name, role)
        accounts = DemoAccounts(acme, support=sue)
        accounts.fill()
        accounts.invite_independent(_owner_of(freelance))
        with tenant(workshop):
            accounts.ask_for(Account.objects.get(organization=workshop))
        self._leave_waiting(acme)

    def _found(self, email: str, first_name: str, last_name: str, name: str) -> Organization:
        stranger = Actor.stranger(email, via="command")
        start_sign_up(email, actor=stranger)
        newcomer = NewPerson(first_name, last_name, self.password, organization_name=name)
        user = sign_up(SignUp.objects.get(email=email), newcomer=newcomer, actor=stranger)
        return Organization.objects.get(owner=user)

    def _verify(self, organization: Organization, name: str) -> None:
        owner = _acting(_owner_of(organization))
        domain = add_domain(organization, name=name, actor=owner)
        found = TxtAnswer(Outcome.FOUND, (domain.record_value.encode(),))
        settle_check(domain, answer=found, actor=owner)

    def _bring_in(
        self, organization: Organization, email: str, first_name: str, last_name: str, role: Role
    ) -> None:
        owner = _acting(_owner_of(organization))
        invitation = invite_user(organization, email=email, role=role, actor=owner)
        accept_invitation_as_newcomer(
            invitation,
            newcomer=NewPerson(first_name, last_name, self.password),
            actor=Actor.stranger(email, via="command"),
        )

    def _let_in_from_elsewhere(self, user: User, organization: Organization) -> None:
        """An account of one organization on which somebody of another one has a role."""
        owner = _owner_of(organization)
        account = create_account(
            organization, name="Client sites", owner=owner, actor=_acting(owner)
        )
        let_in(account, user, roles=[AccountRole.SUPPORT], by=_acting(owner))

    def _leave_waiting(self, acme: Organization) -> None:
        """Invitations that nobody has answered, and domains that are not proven."""
        with tenant(acme):
            ben = _acting(Membership.objects.get(email="ben@acme.example").user)
        for name in ("hana", "ivo", "jun"):
            invite_user(acme, email=f"{name}@acme.example", role=Role.STANDARD, actor=ben)
        labs = add_domain(acme, name="acme-labs.example", actor=ben)
        settle_check(labs, answer=TxtAnswer(Outcome.NO_NAME), actor=ben)
        add_domain(acme, name=_LAST_DOMAIN, actor=ben)


def exists() -> bool:
    """Whether a demo was made to its end: what it makes last is there."""
    with every_tenant():
        return Domain.objects.filter(name=canonical_domain(_LAST_DOMAIN)).exists()


def _acting(user: User) -> Actor:
    return policy.actor_for(user, via="command")


def _owner_of(organization: Organization) -> User:
    return User.objects.get(pk=cast(int, organization.owner_id))
