"""What the rows of a batch ask for, and which of them cannot be sent: read for all at once.

A look promises nothing: every row is decided anew by its operation when it is sent.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, Sum

from accounts import conditions
from accounts import policy as account_policy
from accounts.models import GRANTABLE_ACCOUNT_ROLES, Account, AccountRole, RoleAssignment
from adminctr.core import clock
from adminctr.core.addresses import canonical_address, domain_of, listed_addresses
from adminctr.core.errors import RuleViolation
from adminctr.core.sids import is_sid
from adminctr.core.tables import Row, Table, read_table
from invitations import kinds
from invitations.batch_models import (
    ACCOUNT_ROLES_LENGTH,
    EMAIL_LENGTH,
    MESSAGE_LENGTH,
    ROLE_LENGTH,
    Cause,
    InvitationBatch,
    InvitationBatchRow,
    RowState,
)
from invitations.kinds import Obstacle
from invitations.models import Invitation, Kind
from organizations import policy
from organizations.models import GRANTABLE_ROLES, Organization, Role
from users.admission import GatheredWorld, World, decide
from users.models import User, WayIn

EMAIL, ROLE, ACCOUNT, ACCOUNT_ROLES, REASON = "email", "role", "account", "account roles", "reason"

# The last one is written beside what failed, so that such a file can be uploaded again.
COLUMNS = (EMAIL, ROLE, ACCOUNT, ACCOUNT_ROLES, REASON)
# What people write over a column, by the name that we give it.
SYNONYMS = {
    "e-mail": EMAIL,
    "email address": EMAIL,
    "e-mail address": EMAIL,
    "email_address": EMAIL,
    "mail": EMAIL,
}
MOST_ROWS = 1000
MOST_BYTES = 1_000_000

# Of a row that can be sent: its position, address, role, account and roles on it, as written.
GoodRow = tuple[int, str, str, str, str]

_SHORTER_WORDS = {"admin": Role.ADMINISTRATOR}
_BETWEEN_ROLES = re.compile(r"[,;+/]")

_OF_VERDICTS = {
    "domain_common": Cause.DOMAIN_COMMON,
    "domain_managed_elsewhere": Cause.DOMAIN_ELSEWHERE,
    "membership_required": Cause.NO_MEMBER,
}
_OF_OBSTACLES = {
    Obstacle.ALREADY_MEMBER: Cause.MEMBER,
    Obstacle.ELSEWHERE: Cause.ELSEWHERE,
    Obstacle.MERGE_NEEDED: Cause.ELSEWHERE,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What one row asks for: a role in the organization, roles on the account of a SID, or both."""

    email: str
    role: Role | None = None
    account: str = ""
    account_roles: tuple[AccountRole, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Two rows with the same one ask for the same invitation."""
        return self.email, "" if self.role else self.account

    @property
    def asked(self) -> str:
        """What it asks for beside the address, as a sentence names it."""
        roles = ", ".join(role.label for role in self.account_roles)
        on_account = f"{roles} on {self.account}" if self.account else ""
        in_organization = self.role.short_label if self.role else ""
        return " and ".join(part for part in (in_organization, on_account) if part)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a row cannot be sent, in words for the row alone."""

    cause: Cause
    message: str


def read_batch(content: bytes) -> Table:
    """Raises RuleViolation: one of those of read_table."""
    return read_table(
        content,
        columns=COLUMNS,
        synonyms=SYNONYMS,
        required=[EMAIL],
        most_rows=MOST_ROWS,
        lone_column=EMAIL,
        listed=listed_addresses,
        most_bytes=MOST_BYTES,
    )


def digest_of_table(rows: Sequence[Row], role: Role) -> str:
    """The SHA-256 of what was uploaded, with the role of rows that name none."""
    found = hashlib.sha256(role.value.encode())
    for row in rows:
        found.update("\x1f".join([str(row.line), *row.cells.values(), "\x1e"]).encode())
    return found.hexdigest()


def row_of(batch: InvitationBatch, place: int, row: Row, role: Role) -> InvitationBatchRow:
    """A row as it was written; one that names neither role nor account asks for this role."""
    cells = row.cells
    names_none = not (cells[ROLE] or cells[ACCOUNT] or cells[ACCOUNT_ROLES])
    return InvitationBatchRow(
        organization=batch.organization,
        batch=batch,
        position=place,
        line=row.line,
        email=cells[EMAIL][:EMAIL_LENGTH],
        role=role.short_label if names_none else cells[ROLE][:ROLE_LENGTH],
        account=cells[ACCOUNT][:ROLE_LENGTH],
        account_roles=cells[ACCOUNT_ROLES][:ACCOUNT_ROLES_LENGTH],
    )


def wish_of(row: InvitationBatchRow) -> Wish | Flaw:
    """What a row asks for, or why that cannot be read."""
    try:
        email = canonical_address(row.email)
    except RuleViolation as refused:
        return Flaw(Cause.ADDRESS, refused.message)
    role = role_named(row.role)
    if role is None and (row.role or not _names_account(row)):
        able = " or ".join(one.short_label for one in GRANTABLE_ROLES)
        return Flaw(Cause.ROLE, f"The organization role is {able}.")
    return _with_account(row, email, role) if _names_account(row) else Wish(email, role=role)


def judge(rows: Sequence[InvitationBatchRow], organization: Organization) -> None:
    """Say on each row whether it can be sent now, and why not; nothing is saved.

    Called in the scope of the organization.
    """
    for row, flaw in zip(rows, _flaws_of(rows, organization), strict=True):
        row.state = RowState.LEFT_OUT if flaw else RowState.WAITING
        row.cause = flaw.cause if flaw else ""
        row.message = flaw.message[:MESSAGE_LENGTH] if flaw else ""


def good_of(batch: InvitationBatch) -> list[GoodRow]:
    """The rows that can be sent, in the order of the table."""
    good = InvitationBatchRow.objects.filter(batch=batch).waiting().order_by("position", "pk")
    return list(good.values_list("position", "email", "role", "account", "account_roles"))


def digest_of(good: Sequence[GoodRow]) -> str:
    """The SHA-256 of the rows that can be sent: what somebody confirms who has read them."""
    return hashlib.sha256(json.dumps(good).encode()).hexdigest()


def digest_of_good(batch: InvitationBatch) -> str:
    """The same for all that can be sent of a batch."""
    return digest_of(good_of(batch))


def makes_administrators(good: Iterable[GoodRow]) -> bool:
    """Whether one of the rows that can be sent does."""
    named = map(role_named, {role for _, _, role, _, _ in good})
    return any(role and policy.may_administer(role) for role in named)


def role_named(text: str) -> Role | None:
    """The role that people mean who write this into a table."""
    words = {
        _folded(word): role
        for role in GRANTABLE_ROLES
        for word in (role.label, role.value, role.short_label)
    }
    return (words | _SHORTER_WORDS).get(_folded(text))


def _flaws_of(rows: Sequence[InvitationBatchRow], organization: Organization) -> list[Flaw | None]:
    """Why each row cannot be sent now; None for those that are good."""
    read: list[Wish | Flaw] = []
    first: dict[tuple[str, str], tuple[int, Wish]] = {}
    for row in rows:
        wish = wish_of(row)
        if isinstance(wish, Wish):
            if earlier := first.get(wish.key):
                wish = _repeated(wish, *earlier)
            else:
                first[wish.key] = row.line, wish
        read.append(wish)
    facts = _Facts.about([one for one in read if isinstance(one, Wish)], organization)
    return [one if isinstance(one, Flaw) else facts.flaw_of(one) for one in read]


def _repeated(wish: Wish, line: int, earlier: Wish) -> Flaw:
    """What is wrong with the second of two rows that ask for one invitation."""
    if wish == earlier:
        return Flaw(Cause.TWICE, f"Line {line} already asks for the same.")
    return Flaw(
        Cause.DIFFERS,
        f"Line {line} asks for {earlier.asked}, this one for {wish.asked}. Keep one of the two.",
    )


def _names_account(row: InvitationBatchRow) -> bool:
    return bool(row.account or row.account_roles)


def _with_account(row: InvitationBatchRow, email: str, role: Role | None) -> Wish | Flaw:
    if not is_sid(row.account, "AC"):
        return Flaw(Cause.ACCOUNT, "Name the account by its SID: AC and 32 digits and letters.")
    roles = _account_roles_named(row.account_roles)
    try:
        account_policy.require_roles(roles or ())
    except RuleViolation as refused:
        return Flaw(Cause.ACCOUNT_ROLES, refused.message)
    if roles is None:
        able = ", ".join(role.label for role in GRANTABLE_ACCOUNT_ROLES)
        return Flaw(
            Cause.ACCOUNT_ROLES, f"The roles on an account are {able}; separate them with commas."
        )
    return Wish(email, role=role, account=row.account, account_roles=roles)


def _account_roles_named(text: str) -> tuple[AccountRole, ...] | None:
    """None where one of them is none."""
    words = {
        _folded(word): role for role in GRANTABLE_ACCOUNT_ROLES for word in (role.label, role.value)
    }
    named = {words.get(_folded(part)) for part in _BETWEEN_ROLES.split(text) if part.strip()}
    if None in named:
        return None
    return tuple(role for role in AccountRole if role in named)


def _folded(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).casefold()


@dataclass
class _Facts:
    """All that is known about the people and accounts of some rows."""

    organization: Organization
    world: World
    accounts: dict[str, Account] = field(default_factory=dict)
    obstacles: dict[str, Obstacle] = field(default_factory=dict)
    invited: set[tuple[str, str]] = field(default_factory=set)
    having_access: set[tuple[str, str]] = field(default_factory=set)
    sends: dict[str, int] = field(default_factory=dict)

    @classmethod
    def about(cls, wishes: Sequence[Wish], organization: Organization) -> "_Facts":
        emails = {wish.email for wish in wishes}
        sids = {wish.account for wish in wishes if wish.account}
        return cls(
            organization,
            GatheredWorld({domain_of(email) for email in emails}),
            {one.sid: one for one in Account.objects.filter(sid__in=sids)},
            _obstacles(emails, organization),
            _invited(emails, sids),
            _having_access(emails, sids),
            _sends(emails),
        )

    def flaw_of(self, wish: Wish) -> Flaw | None:
        flaw = self._of_joining(wish) if wish.role else self._of_access(wish)
        if flaw is None and wish.account:
            flaw = self._of_account(wish)
        if flaw:
            return flaw
        if wish.key in self.invited:
            return Flaw(Cause.INVITED, "This address is invited already. Resend that one.")
        if (sends := self.sends.get(wish.email, 0)) >= settings.INVITATION_MAX_SENDS:
            return Flaw(
                Cause.TOO_OFTEN,
                f"This address has had {sends} invitations today. Wait until tomorrow.",
            )
        return None

    def _of_joining(self, wish: Wish) -> Flaw | None:
        verdict = decide(wish.email, WayIn.INVITATION, into=self.organization, world=self.world)
        if not verdict.allowed:
            return Flaw(_OF_VERDICTS.get(verdict.code, Cause.DOMAIN), verdict.reason)
        if obstacle := self.obstacles.get(wish.email):
            return Flaw(_OF_OBSTACLES[obstacle], kinds.for_inviter(obstacle).message)
        return None

    def _of_access(self, wish: Wish) -> Flaw | None:
        if wish.key in self.having_access:
            return Flaw(Cause.HAS_ACCESS, "They already have roles on it. Change them there.")
        if self.obstacles.get(wish.email) is Obstacle.ALREADY_MEMBER:
            return None
        verdict = decide(wish.email, WayIn.ACCOUNT_ACCESS, into=self.organization, world=self.world)
        if verdict.allowed:
            return None
        return Flaw(_OF_VERDICTS[verdict.code], verdict.reason)

    def _of_account(self, wish: Wish) -> Flaw | None:
        account = self.accounts.get(wish.account)
        if account is None:
            return Flaw(
                Cause.ACCOUNT,
                "There is no such account in your organization. Copy its SID from there.",
            )
        try:
            conditions.require_active(account)
        except RuleViolation as refused:
            return Flaw(Cause.ACCOUNT_STOPPED, refused.message)
        return None


def _obstacles(emails: Collection[str], organization: Organization) -> dict[str, Obstacle]:
    people = list(User.objects.filter(email__in=emails))
    joining = kinds.what_joining_means_to(people, organization)
    found = {person.email: joining[person.pk].obstacle for person in people}
    return {email: obstacle for email, obstacle in found.items() if obstacle}


def _invited(emails: Collection[str], sids: Iterable[str]) -> set[tuple[str, str]]:
    waiting = Invitation.objects.open().filter(email__in=emails, expires_at__gt=clock.now())
    asked = Q(kind=Kind.JOIN) | Q(kind=Kind.ACCESS, account__sid__in=sids)
    found = waiting.filter(asked).values_list("email", "account__sid")
    return {(email, sid or "") for email, sid in found}


def _having_access(emails: Collection[str], sids: Collection[str]) -> set[tuple[str, str]]:
    held = RoleAssignment.objects.in_force().filter(account__sid__in=sids, email__in=emails)
    return set(held.values_list("email", "account__sid"))


def _sends(emails: Collection[str]) -> dict[str, int]:
    since = clock.now() - timedelta(days=1)
    recent = Invitation.objects.filter(email__in=emails, last_sent_at__gt=since).order_by()
    return dict(recent.values_list("email").annotate(Sum("total_sends")))
