"""Very many people with a login, written past the operations as a loaded installation has them."""

from collections.abc import Iterator, Sequence
from itertools import count

from allauth.account.models import EmailAddress

from accounts.models import Account, AccountRole, RoleAssignment, owner_key
from adminctr.core import bulk, clock, text
from adminctr.core.periods import Source
from organizations.models import Membership, Organization, Role
from users.models import User

_numbers = count(1)


def logins(domain: str, number: int) -> list[User]:
    """People in no organization."""
    first, start = bulk.first_free_key(User), next(_numbers)
    people = [
        User(
            pk=first + one,
            email=f"person-{start}-{one:06}@{domain}",
            first_name=f"Person {one}",
            last_name="Outside",
            password="!",
        )
        for one in range(number)
    ]
    bulk.write(people)
    bulk.write(_addresses(people))
    return people


def founders(domain: str, number: int, *, accounts: int = 1) -> list[User]:
    """People who own an organization of one person with some accounts."""
    people = logins(domain, number)
    homes = list(_organizations(people, accounts))
    bulk.write(homes)
    bulk.write(_stays(people, homes))
    owned = list(_accounts(people, homes, accounts))
    if owned:
        bulk.write(owned)
    bulk.write(_roles(people, homes, owned))
    return people


def _addresses(people: Sequence[User]) -> Iterator[EmailAddress]:
    first = bulk.first_free_key(EmailAddress)
    for place, one in enumerate(people):
        yield EmailAddress(
            pk=first + place, user_id=one.pk, email=one.email, verified=True, primary=True
        )


def _organizations(people: Sequence[User], accounts: int) -> Iterator[Organization]:
    first = bulk.first_free_key(Organization)
    for place, one in enumerate(people):
        name = f"{one.first_name}'s organization"
        yield Organization(
            pk=first + place,
            name=name,
            name_key=text.sort_key(name),
            owner_id=one.pk,
            managed_users=1,
            managed_accounts=accounts,
        )


def _stays(people: Sequence[User], homes: Sequence[Organization]) -> Iterator[Membership]:
    first = bulk.first_free_key(Membership)
    for place, (one, home) in enumerate(zip(people, homes, strict=True)):
        yield Membership(
            pk=first + place,
            organization_id=home.pk,
            user_id=one.pk,
            email=one.email,
            name_key=text.sort_key(one.get_full_name()),
            surname_key=text.sort_key(one.last_name),
            role=Role.OWNER,
            status=one.status,
            source=Source.SIGN_UP,
            began_at=clock.now(),
        )


def _accounts(
    people: Sequence[User], homes: Sequence[Organization], number: int
) -> Iterator[Account]:
    keys = count(bulk.first_free_key(Account))
    for one, home in zip(people, homes, strict=True):
        for place in range(number):
            name = f"Account {place} of {one.first_name}"
            yield Account(
                pk=next(keys),
                organization_id=home.pk,
                owner_id=one.pk,
                owner_key=owner_key(one),
                name=name,
                name_key=text.sort_key(name),
            )


def _roles(
    people: Sequence[User], homes: Sequence[Organization], accounts: Sequence[Account]
) -> Iterator[RoleAssignment]:
    keys = count(bulk.first_free_key(RoleAssignment))
    by_key = {one.pk: one for one in people}
    for one, home in zip(people, homes, strict=True):
        yield _role(next(keys), one, Role.OWNER, home.pk, None)
    for account in accounts:
        owner = by_key[account.owner_id]
        role = AccountRole.OWNER
        yield _role(next(keys), owner, role, account.organization_id, account.pk)


def _role(key: int, holder: User, role: str, home: int, account: int | None) -> RoleAssignment:
    return RoleAssignment(
        pk=key,
        organization_id=home,
        holder_id=holder.pk,
        account_id=account,
        role=role,
        holder_organization_id=home,
        email=holder.email,
        name_key=text.sort_key(holder.get_full_name()),
        source=Source.SIGN_UP,
        began_at=clock.now(),
    )
