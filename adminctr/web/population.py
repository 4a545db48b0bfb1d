"""A large world of made-up people for measuring: many organizations, one of them very large.

Everything about a row follows from the seed and its number, so nothing has to be kept in memory.
The first organization has nearly everybody; each of the others has an Owner, a Standard User and
one account.
"""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import Account, AccountRole, AccountStatus, AccountType, RoleAssignment
from adminctr.core import bulk, clock, text, tokens
from adminctr.core.actor import Actor
from adminctr.core.operations import no_organization, operation
from adminctr.core.periods import Source
from adminctr.core.sids import make_sid
from audit import chain, log
from audit.models import AuditDetails, AuditEvent, ChainHead
from domains.models import Domain, DomainStatus
from invitations.models import Invitation
from organizations.models import Membership, Organization, Role
from users.models import User, UserStatus
from users.passwords import PasswordHash

IN_A_SMALL_ORGANIZATION = 2

_YEARS = timedelta(days=5 * 365)
_MOST_ADMINISTRATORS = 200
_LEAST_PEOPLE_PER_ADMINISTRATOR = 50
_ROOM_FOR_ACCOUNTS = 10
_ACCOUNTS_OF_THE_BUSY = 100  # one person has a role on one account in so many

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
            accounts = 1 if home else self.size.accounts_in_the_first
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
                pending_users=0 if home else self.size.invitations,
                managed_accounts=accounts,
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
            checked_at=proven_at,
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
        self, one: Person, pk: int, role: Role | AccountRole, *, since: datetime, account: int = 0
    ) -> RoleAssignment:
        return RoleAssignment(
            pk=pk,
            organization_id=self.organizations + one.home,
            holder_id=one.pk,
            account_id=account or None,
            role=role.value,
            holder_organization_id=self.organizations + one.home,
            email=one.email,
            name_key=one.name_key,
            began_at=since,
            source=Source.DIRECT.value if account else _source_of(one),
            by_id=self._inviter_of(one),
        )

    def _inviter_of(self, one: Person) -> int | None:
        return None if one.role == Role.OWNER else self.users + self._owner_of(one.home)

    def _accounts(self) -> Iterator[Account]:
        for number in range(self.size.accounts):
            owner, created_at = self._opened(number)
            lot = _Lot(self.size.seed, "account", number)
            name = f"{lot.one_of(_THINGS)} {number + 1}"
            status = AccountStatus.ACTIVE if lot.below(50) else AccountStatus.SUSPENDED
            yield Account(
                pk=self.accounts + number,
                organization_id=self.organizations + owner.home,
                owner_id=owner.pk,
                name=name,
                name_key=text.sort_key(name),
                status=status.value,
                type=lot.one_of((AccountType.TRIAL, AccountType.FULL)).value,
                created_at=created_at,
            )

    def _opened(self, number: int) -> tuple[Person, datetime]:
        """Whose an account is and since when; the last are those of the small organizations."""
        lot = _Lot(self.size.seed, "opened", number)
        home = number - self.size.accounts_in_the_first + 1
        place = self._owner_of(home) if home > 0 else lot.below(self.size.in_the_first)
        owner = self.person(place)
        return owner, lot.between(owner.joined_at, self.now)

    def _account_roles(self) -> Iterator[RoleAssignment]:
        pk = bulk.first_free_key(RoleAssignment)
        busy = self.person(min(1, self.size.in_the_first - 1))
        for number in range(self.size.accounts):
            account = self.accounts + number
            owner, since = self._opened(number)
            yield self._role(owner, pk, AccountRole.OWNER, since=since, account=account)
            pk += 1
            if number >= self.size.accounts_in_the_first:
                continue
            lot = _Lot(self.size.seed, "role", number)
            holders = [(self.person(lot.below(self.size.in_the_first)), lot.one_of(_EXTRA_ROLES))]
            if number % _ACCOUNTS_OF_THE_BUSY == 0:
                holders.append((busy, AccountRole.ADMINISTRATOR))
            for holder, role in holders:
                began_at = max(since, holder.joined_at)
                yield self._role(holder, pk, role, since=began_at, account=account)
                pk += 1

    def _invitations(self) -> Iterator[Invitation]:
        first = bulk.first_free_key(Invitation)
        longest = settings.INVITATION_LIFETIME + settings.INVITATION_KEPT / 4
        for number in range(self.size.invitations):
            lot = _Lot(self.size.seed, "invitation", number)
            sent_at = lot.between(self.now - longest, self.now)
            invitation = Invitation(
                pk=first + number,
                organization_id=self.organizations,
                email=f"invited{number}@{self._domain_of(0)}",
                role=Role.STANDARD.value if lot.below(20) else Role.ADMINISTRATOR.value,
                invited_by_id=self.users,
                created_at=sent_at,
                last_sent_at=sent_at,
                expires_at=sent_at + settings.INVITATION_LIFETIME,
                delivered_generation=1,
            )
            invitation.token_hash = tokens.hash_token(invitation.token())
            yield invitation

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
                ("user.joined", {"subject": subject, "role": role}),
                ("user.logged_in", {"subject": subject}),
                ("user.role_changed", {"subject": subject, "before": role, "after": other}),
                ("user.logged_out", {"subject": subject}),
            )
        )


def _status(percent: int) -> UserStatus:
    return {0: UserStatus.SUSPENDED, 1: UserStatus.INACTIVE}.get(percent, UserStatus.ACTIVE)


def _source_of(one: Person) -> str:
    return (Source.SIGN_UP if one.role == Role.OWNER else Source.INVITATION).value
