"""People and domains beyond the demo world, in the states that rules ask about."""

from datetime import timedelta

from accounts.models import Account, RoleAssignment, owner_key
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from domains.models import Domain, DomainStatus
from invitations.models import Invitation
from invitations.operations import accept_invitation_as_newcomer, invite_user
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from tests.world import PASSWORD
from users.models import EmailChange, Session, SignUp, User
from users.newcomers import NewPerson
from users.operations import sign_up, start_email_change, start_sign_up
from users.passwords import hash_password

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANSWERS = {"first_name": "Zoë", "last_name": "Quist", "password": "plum harbour lantern"}


def newcomer(name: str = "Zoë") -> NewPerson:
    return NewPerson(name, "Quist", hash_password(PASSWORD))


def pending_sign_up(address: str) -> SignUp:
    start_sign_up(address, actor=Actor.stranger(address))
    return SignUp.objects.get(email=address)


def founder(address: str) -> User:
    """Somebody who signed up and has a small organization of their own."""
    return sign_up(pending_sign_up(address), newcomer=newcomer(), actor=Actor.stranger(address))


def session_of(user: User) -> Session:
    """A browser in which somebody is logged in, besides those of test clients."""
    expires = clock.now() + timedelta(hours=1)
    return Session.objects.get_or_create(
        session_key=f"elsewhere-{user.pk}",
        defaults={"user": user, "expire_date": expires, "user_agent": FIREFOX, "ip": "192.0.2.7"},
    )[0]


def email_change_of(user: User) -> EmailChange:
    """The address that somebody wants and has not proven."""
    change = EmailChange.objects.filter(user=user).first()
    wanted = f"new-{user.email}"
    return change or start_email_change(user, email=wanted, actor=acting(user))


def organization_of(user: User) -> Organization:
    return Organization.objects.get(owner=user)


def rename(user: User, name: str) -> None:
    """Give somebody a name that no form would take, with the copies that lists show."""
    User.objects.filter(pk=user.pk).update(first_name=name, last_name="")
    key = text.sort_key(name)
    Membership.unscoped.filter(user=user).update(name_key=key, surname_key="")
    RoleAssignment.unscoped.filter(holder=user).update(name_key=key)
    user.refresh_from_db()
    Account.unscoped.filter(owner=user).update(owner_key=owner_key(user))


def stay_of(user: User) -> Membership:
    return Membership.unscoped.open().select_related("organization", "user").get(user=user)


def invited(organization: Organization, address: str, role: Role = Role.STANDARD) -> Invitation:
    """An invitation by the organization's Owner."""
    assert organization.owner
    return invite_user(organization, email=address, role=role, actor=acting(organization.owner))


def member(organization: Organization, address: str, role: Role = Role.STANDARD) -> User:
    """Somebody new who joined by invitation."""
    stay = accept_invitation_as_newcomer(
        invited(organization, address, role), newcomer=newcomer(), actor=Actor.stranger(address)
    )
    return stay.user


def prove(organization: Organization, name: str) -> None:
    """The organization holds this domain from now on, and nobody else does."""
    lose(name)
    Domain.unscoped.update_or_create(
        organization=organization,
        name=name,
        defaults={"status": DomainStatus.VERIFIED, "verified_at": clock.now()},
    )


def doubt(name: str) -> None:
    Domain.unscoped.filter(name=name).update(status=DomainStatus.UNCERTAIN)


def lose(name: str) -> None:
    Domain.unscoped.filter(name=name).update(status=DomainStatus.UNVERIFIED, verified_at=None)
