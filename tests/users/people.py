"""People and domains beyond the demo world, in the states that rules ask about."""

import json
from datetime import datetime, timedelta
from typing import Any

import pyotp

from accounts.models import Account, RoleAssignment, owner_key
from adminctr.core import clock, text
from adminctr.core.actor import Actor
from adminctr.core.tokens import hash_token
from domains.models import Domain, DomainStatus
from invitations.models import Invitation
from invitations.operations import accept_invitation_as_newcomer, invite_user
from organizations.models import DomainSetting, Membership, Organization, Role, SavedView
from organizations.operations import save_view
from tests.conftest import acting
from tests.users.authenticator import Authenticator
from tests.world import PASSWORD
from users import app_codes, passkeys
from users.models import (
    EmailChange,
    Expectation,
    Factor,
    FactorKind,
    Offboarding,
    RememberedBrowser,
    Session,
    SignUp,
    User,
    WayIn,
    WayOut,
)
from users.newcomers import NewPerson
from users.operations import (
    add_passkey,
    enrol_app,
    save_expectation,
    sign_up,
    start_email_change,
    start_sign_up,
)
from users.passkeys import PasskeyAnswer
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


def remembered_browser_of(user: User) -> RememberedBrowser:
    """A browser in which somebody is not asked for a second factor."""
    expires = clock.now() + timedelta(days=30)
    return RememberedBrowser.objects.get_or_create(
        user=user,
        token_hash=hash_token(f"elsewhere-{user.pk}"),
        defaults={"expires_at": expires, "user_agent": FIREFOX, "ip": "192.0.2.7"},
    )[0]


def email_change_of(user: User) -> EmailChange:
    """The address that somebody wants and has not proven."""
    change = EmailChange.objects.filter(user=user).first()
    wanted = f"new-{user.email}"
    return change or start_email_change(user, email=wanted, actor=acting(user))


def app_of(user: User) -> Factor:
    """The authenticator app that somebody has set up."""
    factor = Factor.objects.filter(user=user, kind=FactorKind.APP).first()
    secret = app_codes.make_secret()
    code = pyotp.TOTP(secret).at(clock.now())
    return factor or enrol_app(user, secret=secret, code=code, has_proven=True, actor=acting(user))


def offboarding_of(organization: Organization) -> Offboarding:
    """Who came last is to be removed in a month, as the Owner has planned it."""
    planned = Offboarding.unscoped.filter(organization=organization).first()
    return planned or Offboarding.unscoped.create(
        organization=organization,
        user=Membership.unscoped.open().filter(organization=organization).latest("pk").user,
        how=WayOut.REMOVE,
        by=organization.owner,
        due_at=clock.now() + timedelta(days=30),
    )


def view_of(organization: Organization) -> SavedView:
    """A view of the managed users that its Owner keeps for everybody."""
    assert organization.owner
    saved = SavedView.unscoped.filter(organization=organization).first()
    return saved or save_view(
        organization,
        listed="users:list",
        name="Suspended",
        query="status=suspended",
        is_shared=True,
        actor=acting(organization.owner),
    )


def passkey_of(user: User) -> Factor:
    """A passkey that somebody has added."""
    factor = Factor.objects.filter(user=user, kind=FactorKind.PASSKEY).first()
    return factor or keep_passkey(user, Authenticator())


def keep_passkey(user: User, key: Authenticator, name: str = "Laptop") -> Factor:
    """Somebody adds the passkey of this authenticator."""
    asked, state = passkeys.ask_for_new(user, [])
    answer = PasskeyAnswer(state, key.make(json.loads(json.dumps(asked))))
    return add_passkey(user, name=name, answer=answer, has_proven=True, actor=acting(user))


def expectation_of(organization: Organization) -> Expectation:
    """What its Owner expects of an address."""
    assert organization.owner
    owner = organization.owner
    saved = Expectation.unscoped.filter(organization=organization).first()
    return saved or save_expectation(
        organization, email=owner.email, way_in=WayIn.SIGN_UP, actor=acting(owner)
    )


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
    Domain.unscoped.update_or_create(organization=organization, name=name, defaults=held())


def held(since: datetime | None = None) -> dict[str, Any]:
    """What the row of a domain says that is verified."""
    since = since or clock.now()
    return {
        "status": DomainStatus.VERIFIED,
        "verified_at": since,
        "proven_at": since,
        "next_check_at": since + timedelta(days=1),
    }


def doubt(name: str, since: datetime | None = None) -> None:
    """The proof has been missing for three days, and is in doubt since then."""
    since = since or clock.now()
    claims = Domain.unscoped.filter(name=name)
    claims.update(
        status=DomainStatus.UNCERTAIN,
        missing_since=since - timedelta(days=3),
        uncertain_since=since,
    )
    holders = Organization.objects.filter(pk__in=claims.values("organization"))
    holders.update(domain_deadline=since + timedelta(days=30))


def lose(name: str) -> None:
    claims = Domain.unscoped.filter(name=name)
    doubtful = Organization.objects.filter(pk__in=claims.uncertain().values("organization"))
    doubtful.update(domain_deadline=None)
    claims.update(
        status=DomainStatus.UNVERIFIED,
        verified_at=None,
        missing_since=None,
        uncertain_since=None,
        next_check_at=None,
    )


def choose(organization: Organization, setting: DomainSetting) -> None:
    """The domain setting of this organization, without the plan that leads to it."""
    Organization.objects.filter(pk=organization.pk).update(domain_setting=setting)
    organization.refresh_from_db()


def share(name: str, *others: Organization) -> None:
    """These hold the domain too, as support lets them."""
    Domain.unscoped.held().named(name).update(follows_setting=False)
    for slot, one in enumerate(others, start=1):
        row = held() | {"slot": slot, "sharing_approved_at": clock.now(), "follows_setting": False}
        Domain.unscoped.update_or_create(organization=one, name=name, defaults=row)
