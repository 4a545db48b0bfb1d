"""A large world of made-up people for measuring: many organizations, one of them very large.

Everything about a row follows from the seed and its number, so nothing has to be kept in memory.
The first organization has nearly everybody; each of the others has an Owner, a Standard User and
one account. Of its accounts, the first of each block has the last of that block as subaccounts.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import (
    Account,
    AccountRole,
    AccountStatus,
    AccountType,
    Product,
    RoleAssignment,
    SuspendedBy,
)
from adminctr.core import bulk, clock, text, tokens
from adminctr.core.actor import Actor
from adminctr.core.operations import no_organization, operation
from adminctr.core.periods import Source
from adminctr.core.sids import make_sid
from audit import chain, log
from audit.models import AuditDetails, AuditEvent, ChainHead
from domains.models import Domain, DomainStatus
from invitations.models import Invitation, Kind
from organizations.models import Membership, Organization, Role, SecondFactor
from users.models import User, UserStatus
from users.passwords import PasswordHash

IN_A_SMALL_ORGANIZATION = 2

_YEARS = timedelta(days=5 * 365)
_MOST_ADMINISTRATORS = 200
_LEAST_PEOPLE_PER_ADMINISTRATOR = 50
_ROOM_FOR_ACCOUNTS = 10
_ACCOUNTS_OF_THE_BUSY = 100  # one person has a role on one account in so many
_BLOCK, _SUBACCOUNTS = 20, 4
_BAA_SINCE = date(2025, 1, 1)

_FIRST_NAMES = (
    "Ada", "Aisha", "Amir", "Ana", "Anna", "Åsa", "Ben", "Bo", "Bruno", "Carla", "Chen", "Chloé",
    "Dara", "David", "Diego", "Eda", "Elif", "Emil", "Eva", "Farid", "Fay", "Gina", "Goran", "Hana",
    "Hugo", "Ida", "Ines", "Ivo", "Jan", "Jun", "Kai", "Karim", "Lara", "Lena", "Leo", "Luca",
    "Maja", "Marek", "Mia", "Milan", "Nadia", "Nell", "Nico", "Noor", "Olga", "Omar", "Øystein",
    "Paula", "Petra", "Priya", "Quentin", "Rafael", "Rosa", "Sami", "Sofía", "Tariq", "Tess", "Uma",
    "Viktor", "Wanda", "Xenia", "Yara", "Yusuf", "Zoë",
)  # fmt: skip
_SYLLABLES = (
    ("Al", "Bar", "Cor", "Dun", "El", "Far", "Gor", "Hal", "Is", "Jor", "Kov", "Lam", "Mor", "Nav",
     "Or", "Pet"),
    ("a", "be", "da", "e", "fi", "ga", "ha", "i", "ka", "li", "ma", "no", "o", "ra", "si", "ta"),
    ("berg", "cci", "dez", "ez", "ford", "ger", "ić", "kov", "lund", "man", "nen", "quist", "rin",
     "son", "ton", "wicz"),
)  # fmt: skip
_ASCII = str.maketrans("ÅåØøéíëć", "AaOoeiec")
_THINGS = ("Alerts", "Billing", "Campaigns", "Delivery", "Hotline", "Marketing", "Support", "Video")
_EXTRA_ROLES = (AccountRole.DEVELOPER, AccountRole.BILLING_MANAGER, AccountRole.SUPPORT)
# How often an account asks for a second factor, by whether it is upgraded.
_SECOND_FACTORS = {
    True: (SecondFactor.ONCE_PER_COMPUTER, SecondFactor.EVERY_LOG_IN),
    False: (SecondFactor.DISABLED, SecondFactor.ONCE_PER_COMPUTER),
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be of each thing."""

    organizations: int
    users: int
    accounts: int
    invitations: int
    events: int
    seed: int

    @property
    def small(self) -> int:
        return self.organizations - 1

    @property
    def in_the_first(self) -> int:
        return self.users - IN_A_SMALL_ORGANIZATION * self.small

    @property
    def accounts_in_the_first(self) -> int:
        return self.accounts - self.small

    def rows(self) -> int:
        """How many rows are written, nearly: what progress is measured by."""
        return 4 * self.users + self.organizations + 3 * self.accounts + self.events


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    home: int
    first_name: str
    last_name: str
    email: str
    role: Role
    status: UserStatus
    joined_at: datetime
    signed_in_at: datetime | None

    @property
    def name_key(self) -> str:
        return text.sort_key(f"{self.first_name} {self.last_name}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an account runs, and if not since when or by whom."""

    status: AccountStatus = AccountStatus.ACTIVE
    suspended_by: SuspendedBy | None = None
    closed_at: datetime | None = None


RUNNING = Standing()


@dataclass(frozen=True, slots=True)
class Populated:
    """What was made, as far as somebody needs it to go on."""

    owner: str
    organization_sid: str


class _Lot:
    """Numbers that look drawn and follow from what they are about."""

    def __init__(self, *about: object) -> None:
        digest = hashlib.blake2b(repr(about).encode(), digest_size=24).digest()
        self._rest = int.from_bytes(digest)

    def below(self, bound: int) -> int:
        self._rest, drawn = divmod(self._rest, bound)
        return drawn

    def one_of[T](self, choices: tuple[T, ...]) -> T:
        return choices[self.below(len(choices))]

    def between(self, start: datetime, end: datetime) -> datetime:
        seconds = max(1, int((end - start).total_seconds()))
        return start + timedelta(seconds=self.below(seconds))


@operation(no_organization)
def populate(
    size: Size, *, password: PasswordHash | None, progress: bulk.Progress, actor: Actor
) -> Populated:
    """Write a whole world at once; only the first Owner can log in, and only with a password."""
    population = Population(size, password)
    with bulk.loading():
        population.write(progress)
    log.record(
        "system.populated",
        None,
        actor=actor,
        organizations=size.organizations,
        users=size.users,
        accounts=size.accounts,
    )
    return Populated(population.person(0).email, population.sid)


class Population:
    """The rows of one world, table by table, each after those that it points at."""

    def __init__(self, size: Size, password: PasswordHash | None) -> None:
        self.size = size
        self.password = password
        self.now = clock.now()
        self.sid = make_sid("OR")
        self.users = bulk.first_free_key(User)
        self.organizations = bulk.first_free_key(Organization)
        self.accounts = bulk.first_free_key(Account)
        self.step = max(_LEAST_PEOPLE_PER_ADMINISTRATOR, size.in_the_first // _MOST_ADMINISTRATORS)

    def write(self, progress: bulk.Progress) -> None:
        bulk.write(self._users(), progress)
        bulk.write(self._addresses(), progress)
        bulk.write(self._organizations(), progress)
        bulk.write(self._domains())
        bulk.write(self._stays(), progress)
        bulk.write(self._organization_roles(), progress)
        bulk.write(self._accounts(), progress)
        bulk.write(self._account_roles(), progress)
        bulk.write(self._invitations())
        self._write_events(progress)

    def person(self, number: int) -> Person:
        """Somebody, the same whenever asked."""
        lot = _Lot(self.size.seed, "person", number)
        home, role = self._place_of(number)
        first_name = lot.one_of(_FIRST_NAMES)
        last_name = "".join(lot.one_of(part) for part in _SYLLABLES)
        joined_at = lot.between(self.now - _YEARS, self.now)
        local = f"{first_name}.{last_name}{number}".translate(_ASCII).lower()
        return Person(
            pk=self.users + number,
            home=home,
            first_name=first_name,
            last_name=last_name,
            email=f"{local}@{self._domain_of(home)}",
            role=role,
            status=UserStatus.ACTIVE if role == Role.OWNER else _status(lot.below(100)),
            joined_at=joined_at,
            signed_in_at=lot.between(joined_at, self.now) if lot.below(8) else None,
        )

    def _place_of(self, number: int) -> tuple[int, Role]:
        """The organization of a person, counted from 0, and their role in it."""
        beyond = number - self.size.in_the_first
        if beyond >= 0:
            home, place = divmod(beyond, IN_A_SMALL_ORGANIZATION)
            return 1 + home, Role.STANDARD if place else Role.OWNER
        if number == 0:
            return 0, Role.OWNER
        return 0, Role.ADMINISTRATOR if number % self.step == 1 else Role.STANDARD

    def _owner_of(self, home: int) -> int:
        """The number of the Owner of an organization."""
        return self.size.in_the_first + IN_A_SMALL_ORGANIZATION * (home - 1) if home else 0

    def _domain_of(self, home: int) -> str:
        return f"populated-{self.organizations + home}.example"

    def _people(self) -> Iterator[Person]:
        return map(self.person, range(self.size.users))

    def _users(self) -> Iterator[User]:
        unusable = make_password(None)
        for one in self._people():
            is_first = one.pk == self.users
            yield User(
                pk=one.pk,
                email=one.email,
                first_name=one.first_name,
                last_name=one.last_name,
                password=self.password if is_first and self.password else unusable,
                status=one.status.value,
                created_at=one.joined_at,
                last_login=one.signed_in_at,
            )

    def _addresses(self) -> Iterator[EmailAddress]:
        first = bulk.first_free_key(EmailAddress)
        for number, one in enumerate(self._people()):
            yield EmailAddress(
                pk=first + number, user_id=one.pk, email=one.email, verified=True, primary=True
            )

    def _organizations(self) -> Iterator[Organization]:
        for home in range(self.size.organizations):
            owner = self.person(self._owner_of(home))
            accounts = 1 if home else len(self._main_accounts())
            name = f"Populated {self.organizations + home}"
            yield Organization(
                pk=self.organizations + home,
                sid=make_sid("OR") if home else self.sid,
                name=name,
                name_key=text.sort_key(name),
                owner_id=owner.pk,
                account_limit=max(
                    settings.ACCOUNTS_PER_ORGANIZATION, accounts + _ROOM_FOR_ACCOUNTS
                ),
                managed_users=IN_A_SMALL_ORGANIZATION if home else self.size.in_the_first,
                pending_users=0 if home else self._invited(Kind.JOIN),
                managed_accounts=accounts,
                pending_accounts=0 if home else self._invited(Kind.ADD_ACCOUNT),
                baa_effective_on=None if home else _BAA_SINCE,
                created_at=owner.joined_at,
            )

    def _domains(self) -> Iterator[Domain]:
        proven_at = self.person(0).joined_at
        yield Domain(
            pk=bulk.first_free_key(Domain),
            organization_id=self.organizations,
            name=self._domain_of(0),
            status=DomainStatus.VERIFIED.value,
            created_at=proven_at,
            verified_at=proven_at,
            proven_at=proven_at,
            checked_at=proven_at,
            next_check_at=self.now + settings.DOMAIN_RECHECK_PAUSE,
        )

    def _stays(self) -> Iterator[Membership]:
        first = bulk.first_free_key(Membership)
        for number, one in enumerate(self._people()):
            yield Membership(
                pk=first + number,
                organization_id=self.organizations + one.home,
                user_id=one.pk,
                email=one.email,
                name_key=one.name_key,
                surname_key=text.sort_key(one.last_name),
                role=one.role.value,
                status=one.status.value,
                last_sign_in_at=one.signed_in_at,
                began_at=one.joined_at,
                source=_source_of(one),
                by_id=self._inviter_of(one),
            )

    def _organization_roles(self) -> Iterator[RoleAssignment]:
        first = bulk.first_free_key(RoleAssignment)
        for number, one in enumerate(self._people()):
            yield self._role(one, first + number, one.role, since=one.joined_at)

    def _role(
        self,
        one: Person,
        pk: int,
        role: Role | AccountRole,
        *,
        since: datetime,
        account: Account | None = None,
        ended_at: datetime | None = None,
    ) -> RoleAssignment:
        home = self.organizations + one.home
        return RoleAssignment(
            pk=pk,
            organization_id=account.organization_id if account else home,
            holder_id=one.pk,
            account_id=account.pk if account else None,
            role=role.value,
            holder_organization_id=home,
            email=one.email,
            name_key=one.name_key,
            began_at=since,
            ended_at=ended_at,
            source=Source.DIRECT.value if account else _source_of(one),
            by_id=self._inviter_of(one),
        )

    def _inviter_of(self, one: Person) -> int | None:
        return None if one.role == Role.OWNER else self.users + self._owner_of(one.home)

    def _accounts(self) -> Iterator[Account]:
        return map(self._account, range(self.size.accounts))

    def _account(self, number: int) -> Account:
        """One account; a subaccount takes its product and its owner from the account above it."""
        above = self._above(number)
        owner, created_at = self._opened(number)
        lot = _Lot(self.size.seed, "account", number)
        name = f"{lot.one_of(_THINGS)} {number + 1}"
        is_full = self._has_subaccounts(number) or above is not None or lot.below(2) == 0
        standing = self._standing(number)
        return Account(
            pk=self.accounts + number,
            organization_id=self.organizations + owner.home,
            owner_id=owner.pk,
            owner_key=f"{owner.name_key} {owner.email}",
            parent_id=None if above is None else self.accounts + above,
            name=name,
            name_key=text.sort_key(name),
            status=standing.status.value,
            suspended_by=standing.suspended_by.value if standing.suspended_by else "",
            type=(AccountType.FULL if is_full else AccountType.TRIAL).value,
            product=self._product(number if above is None else above).value,
            second_factor=lot.one_of(_SECOND_FACTORS[is_full]).value,
            is_hipaa=owner.home == 0 and is_full and lot.below(20) == 0,
            created_at=created_at,
            last_active_at=lot.between(created_at, self.now) if lot.below(10) else None,
            closing_at=standing.closed_at,
            closed_at=standing.closed_at,
        )

    def _above(self, number: int) -> int | None:
        """The number of the account above a subaccount."""
        place = number % _BLOCK
        is_main = number >= self.size.accounts_in_the_first or place < _BLOCK - _SUBACCOUNTS
        return None if is_main else number - place

    def _has_subaccounts(self, number: int) -> bool:
        return number < self.size.accounts_in_the_first and number % _BLOCK == 0

    def _main_accounts(self) -> list[int]:
        """The numbers of those of the first organization that are nobody's subaccounts."""
        numbers = range(self.size.accounts_in_the_first)
        return [number for number in numbers if self._above(number) is None]

    def _product(self, number: int) -> Product:
        lot = _Lot(self.size.seed, "product", number)
        return Product.TWILIO if lot.below(20) else Product.FLEX

    def _standing(self, number: int) -> Standing:
        above = self._above(number)
        if above is not None and (held := self._standing(above)) is not RUNNING:
            by = SuspendedBy.PARENT if held.suspended_by else None
            return Standing(held.status, by, held.closed_at)
        lot = _Lot(self.size.seed, "standing", number)
        drawn = lot.below(100)
        if drawn < 2:
            by = SuspendedBy.ORGANIZATION if lot.below(4) else SuspendedBy.SUPPORT
            return Standing(AccountStatus.SUSPENDED, by)
        if drawn == 2:
            since = max(
                self._latest_opening(number), self.now - settings.ACCOUNT_KEPT_AFTER_CLOSING
            )
            return Standing(AccountStatus.CLOSED, closed_at=lot.between(since, self.now))
        return RUNNING

    def _latest_opening(self, number: int) -> datetime:
        """When the last of an account and its subaccounts was opened."""
        last = number - number % _BLOCK + _BLOCK if self._has_subaccounts(number) else number + 1
        family = range(number, min(last, self.size.accounts))
        return max(self._opened(one)[1] for one in family if number in {one, self._above(one)})

    def _opened(self, number: int) -> tuple[Person, datetime]:
        """Whose an account is and since when; the last are those of the small organizations."""
        lot = _Lot(self.size.seed, "opened", number)
        if (above := self._above(number)) is not None:
            owner, since = self._opened(above)
            return owner, lot.between(since, self.now)
        home = number - self.size.accounts_in_the_first + 1
        place = self._owner_of(home) if home > 0 else lot.below(self.size.in_the_first)
        owner = self.person(place)
        return owner, lot.between(owner.joined_at, self.now)

    def _account_roles(self) -> Iterator[RoleAssignment]:
        """Whoever has roles on an account above has them below, so none stands on a subaccount."""
        pk = bulk.first_free_key(RoleAssignment)
        for number in range(self.size.accounts):
            if self._above(number) is not None:
                continue
            account, closed_at = self._account(number), self._standing(number).closed_at
            for holder, role in self._holders(number, account):
                since = min(max(account.created_at, holder.joined_at), closed_at or self.now)
                yield self._role(holder, pk, role, since=since, account=account, ended_at=closed_at)
                pk += 1

    def _holders(self, number: int, account: Account) -> Iterator[tuple[Person, AccountRole]]:
        """Nobody twice: who has every right on an account has no other role on it."""
        holders = [(self._opened(number)[0], AccountRole.OWNER)]
        lot = _Lot(self.size.seed, "role", number)
        if number % _ACCOUNTS_OF_THE_BUSY == 0 and number < self.size.accounts_in_the_first:
            holders.append((self._busy, AccountRole.ADMINISTRATOR))
        if number < self.size.accounts_in_the_first or lot.below(2):
            somebody = self.person(lot.below(self.size.in_the_first))
            holders.append((somebody, lot.one_of(_EXTRA_ROLES)))
        if number < self.size.accounts_in_the_first and self.size.small and not lot.below(10):
            stranger = self.person(self._owner_of(1 + lot.below(self.size.small)))
            holders.append((stranger, lot.one_of(_EXTRA_ROLES)))
        seen: set[int] = set()
        for holder, role in holders:
            if holder.pk not in seen:
                seen.add(holder.pk)
                yield holder, role

    @cached_property
    def _busy(self) -> Person:
        return self.person(min(1, self.size.in_the_first - 1))

    def _invitations(self) -> Iterator[Invitation]:
        first = bulk.first_free_key(Invitation)
        longest = settings.INVITATION_LIFETIME + settings.INVITATION_KEPT / 4
        for number in range(self.size.invitations):
            lot = _Lot(self.size.seed, "invitation", number)
            sent_at = lot.between(self.now - longest, self.now)
            invitation = Invitation(
                pk=first + number,
                organization_id=self.organizations,
                invited_by_id=self.users,
                created_at=sent_at,
                last_sent_at=sent_at,
                expires_at=sent_at + settings.INVITATION_LIFETIME,
                delivered_generation=1,
                **self._offer(number, lot),
            )
            invitation.token_hash = tokens.hash_token(invitation.token())
            yield invitation

    def _offer(self, number: int, lot: _Lot) -> dict[str, Any]:
        """Who is invited to what."""
        kind = self._kind_of(number)
        if kind is Kind.ADD_ACCOUNT:
            place = number // 10
            owner = self.person(self._owner_of(1 + place))
            account = self.accounts + self.size.accounts_in_the_first + place
            return {"kind": kind.value, "email": owner.email, "account_id": account}
        if kind is Kind.ACCESS:
            account = self.accounts + self._running[lot.below(len(self._running))]
            return {
                "kind": kind.value,
                "email": f"guest{number}@elsewhere-{self.organizations}.example",
                "account_id": account,
                "account_roles": lot.one_of(_EXTRA_ROLES).value,
            }
        return {
            "kind": kind.value,
            "email": f"invited{number}@{self._domain_of(0)}",
            "role": (Role.STANDARD if lot.below(20) else Role.ADMINISTRATOR).value,
        }

    def _kind_of(self, number: int) -> Kind:
        """One in ten asks for an account of a small organization, one offers access to one."""
        if number % 10 == 9 and number // 10 < self.size.small:
            return Kind.ADD_ACCOUNT
        return Kind.ACCESS if number % 10 == 8 and self._running else Kind.JOIN

    def _invited(self, kind: Kind) -> int:
        return sum(self._kind_of(number) is kind for number in range(self.size.invitations))

    @cached_property
    def _running(self) -> list[int]:
        """The numbers of accounts of the first organization that run."""
        return [one for one in self._main_accounts() if self._standing(one) is RUNNING]

    def _write_events(self, progress: bulk.Progress) -> None:
        """The chain of the first organization, each event hashed over the one before."""
        if not self.size.events:
            return
        first = bulk.first_free_key(AuditEvent)
        head = ChainHead(chain=self.sid)
        for begin in range(0, self.size.events, bulk.BATCH):
            numbers = range(begin, min(begin + bulk.BATCH, self.size.events))
            details = [self._event(first, number, head) for number in numbers]
            bulk.write([one.event for one in details], progress)
            bulk.write(details)
        bulk.write([head])

    def _event(self, first: int, number: int, head: ChainHead) -> AuditDetails:
        """The next event, with the head moved onto it."""
        action, given = self._happened(number)
        data = {"actor": self._owner.email, "ip": "192.0.2.1", **given}
        salt = secrets.token_hex(16)
        event = AuditEvent(
            pk=first + number,
            chain=head.chain,
            sequence=head.sequence + 1,
            at=self._owner.joined_at
            + (self.now - self._owner.joined_at) * (number / self.size.events),
            action=action,
            via="page",
            subject_sid=make_sid("US"),
            details_digest=chain.digest_of_details(salt, data),
            previous_hash=head.hash,
        )
        event.hash = chain.hash_of(event)
        head.sequence, head.hash = event.sequence, event.hash
        return AuditDetails(event=event, salt=salt, data=data)

    @cached_property
    def _owner(self) -> Person:
        return self.person(0)

    def _happened(self, number: int) -> tuple[str, dict[str, str]]:
        lot = _Lot(self.size.seed, "event", number)
        subject = self.person(lot.below(self.size.in_the_first)).email
        role, other = Role.STANDARD.label, Role.ADMINISTRATOR.label
        return lot.one_of(
            (
                ("user.invited", {"subject": subject, "role": role}),
                ("user.joined", {"subject": subject, "how": "by invitation", "role": role}),
                ("user.logged_in", {"subject": subject}),
                ("user.role_changed", {"subject": subject, "before": role, "after": other}),
                ("user.logged_out", {"subject": subject}),
            )
        )


def _status(percent: int) -> UserStatus:
    return {0: UserStatus.SUSPENDED, 1: UserStatus.INACTIVE}.get(percent, UserStatus.ACTIVE)


def _source_of(one: Person) -> str:
    return (Source.SIGN_UP if one.role == Role.OWNER else Source.INVITATION).value
