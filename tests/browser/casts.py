"""People whom a journey finds when it begins.

Called in a process beside the server's own, since browser tests touch no ORM.
"""

from django.conf import settings
from django.db import transaction

from accounts.models import AccountRole
from accounts.operations import create_account, set_roles
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from invitations.operations import accept_invitation_as_newcomer
from organizations import stays
from organizations.models import Organization, Role
from tests.bulk.runs import ended_run_of_users
from tests.conftest import acting
from tests.imports.crowd import founders, logins
from tests.imports.runs import list_of, run_of, switched_on
from tests.users.people import invited, offboarding_of, organization_of, pending_sign_up, prove
from tests.world import PASSWORD
from users.models import User, UserStatus
from users.newcomers import NewPerson
from users.operations import sign_up
from users.passwords import hash_password

_COLLEAGUES = ("leo", "rob", "tess")


def somebody_of_acme(address: str, first_name: str) -> None:
    _join(Organization.objects.get(name="Acme"), address, first_name)


def company(domain: str) -> None:
    """Gina owns it; Leo owns Shop and Depot and develops Office, Rob owns nothing, Tess stays."""
    gina = _found(f"gina@{domain}", "Gina", f"Company of {domain}")
    organization = organization_of(gina)
    prove(organization, domain)
    leo, *_ = [_join(organization, f"{name}@{domain}", name.title()) for name in _COLLEAGUES]
    for name in ("Shop", "Depot"):
        create_account(organization, name=name, owner=leo, actor=acting(leo))
    office = create_account(organization, name="Office", owner=gina, actor=acting(gina))
    roles = [AccountRole.DEVELOPER]
    set_roles(office, holder=leo, roles=roles, reason="On call", actor=acting(gina))


def arrivals(domain: str, home: str) -> None:
    """Vera may import the people of a domain, and has room for nine more accounts.

    Of its 201 logins 14 cannot come: six are not active, five are in another organization, and
    the accounts of three of twelve find no room.
    """
    vera = _found(f"vera@{home}", "Vera", "Arrivals")
    other = organization_of(_found(f"omar@{home}", "Omar", "Elsewhere"))
    logins(domain, 178)
    founders(domain, 12)
    inactive = [one.pk for one in logins(domain, 6)]
    User.objects.filter(pk__in=inactive).update(status=UserStatus.SUSPENDED)
    theirs = logins(domain, 5)
    with tenant(other), transaction.atomic():
        stays.begin_stays(other, theirs, role=Role.STANDARD, source=Source.INVITATION)
    switched_on(organization_of(vera), domain)


def busy_company(domain: str) -> None:
    """The same company, where Tess is to leave, and an import and a bulk action were started."""
    company(domain)
    organization = organization_of(User.objects.get(email=f"gina@{domain}"))
    offboarding_of(organization)
    run_of(organization)
    list_of(organization)
    ended_run_of_users(organization)


def many_people(domain: str) -> None:
    """So many that a list of them on the staff site has eleven pages or more."""
    logins(domain, 11 * settings.PAGE_SIZE)


def _found(address: str, first_name: str, organization: str) -> User:
    newcomer = _newcomer(first_name, organization)
    return sign_up(pending_sign_up(address), newcomer=newcomer, actor=Actor.stranger(address))


def _join(organization: Organization, address: str, first_name: str) -> User:
    invitation = invited(organization, address)
    stay = accept_invitation_as_newcomer(
        invitation, newcomer=_newcomer(first_name), actor=Actor.stranger(address)
    )
    return stay.user


def _newcomer(first_name: str, organization: str = "") -> NewPerson:
    return NewPerson(first_name, "Reyes", hash_password(PASSWORD), organization)
