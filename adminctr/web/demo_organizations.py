"""How organizations of the demo begin, and how people come into them."""

from dataclasses import dataclass
from typing import cast

from adminctr.core.actor import Actor
from adminctr.core.tenancy import tenant
from domains.operations import add_domain, settle_check
from domains.probes import Finding, Outcome
from invitations.operations import accept_invitation_as_newcomer, invite_user
from organizations import policy
from organizations.models import Membership, Organization, Role
from users.models import SignUp, User
from users.newcomers import NewPerson
from users.operations import sign_up, start_sign_up
from users.passwords import PasswordHash


@dataclass(frozen=True, slots=True)
class Founder:
    """Makes people and what they own; everybody gets the same password."""

    password: PasswordHash

    def found(self, email: str, first_name: str, last_name: str, name: str) -> Organization:
        stranger = Actor.stranger(email, via="command")
        start_sign_up(email, actor=stranger)
        newcomer = NewPerson(first_name, last_name, self.password, organization_name=name)
        user = sign_up(SignUp.objects.get(email=email), newcomer=newcomer, actor=stranger)
        return Organization.objects.get(owner=user)

    def verify(self, organization: Organization, name: str) -> None:
        owner = acting(owner_of(organization))
        domain = add_domain(organization, name=name, actor=owner)
        found = Finding(Outcome.FOUND, (domain.record_value.encode(),))
        settle_check(domain, finding=found, actor=owner)

    def bring_in(
        self, organization: Organization, email: str, first_name: str, last_name: str, role: Role
    ) -> User:
        owner = acting(owner_of(organization))
        invitation = invite_user(organization, email=email, role=role, actor=owner)
        stay = accept_invitation_as_newcomer(
            invitation,
            newcomer=NewPerson(first_name, last_name, self.password),
            actor=Actor.stranger(email, via="command"),
        )
        return stay.user


@dataclass(frozen=True, slots=True)
class Company:
    """An organization with one domain, whose people are known by the first part of an address."""

    organization: Organization
    domain: str

    @property
    def owner(self) -> User:
        return owner_of(self.organization)

    @property
    def acting(self) -> Actor:
        return acting(self.owner)

    def address(self, name: str) -> str:
        return f"{name}@{self.domain}"

    def person(self, name: str) -> User:
        return self.stay(name).user

    def stay(self, name: str) -> Membership:
        with tenant(self.organization):
            stays = Membership.objects.in_force().select_related("organization", "user")
            return stays.get(email=self.address(name))

    def invite(self, name: str, *, by: User) -> None:
        invite_user(
            self.organization, email=self.address(name), role=Role.STANDARD, actor=acting(by)
        )


def acting(user: User) -> Actor:
    return policy.actor_for(user, via="command")


def owner_of(organization: Organization) -> User:
    return User.objects.get(pk=cast(int, organization.owner_id))
