"""Every consent asked for by mail."""

from datetime import timedelta
from typing import Any, Self, cast

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse

from accounts.models import Account, AccountRole
from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel
from adminctr.core.tokens import make_token
from invitations.batch_models import InvitationBatch as InvitationBatch
from invitations.batch_models import InvitationBatchRow as InvitationBatchRow
from organizations.models import GRANTABLE_ROLES, Organization, Role

# A mail that has not left by then is not merely on its way.
SENDING_TIME = timedelta(minutes=1)


class Kind(models.TextChoices):
    JOIN = "join", "Join the organization"
    ACCESS = "access", "Access to an account"
    ADD_ACCOUNT = "add_account", "Let an account be added"


# The counter on the organization that counts the open ones, for kinds that have a list there.
_COUNTERS = {Kind.JOIN: "pending_users", Kind.ADD_ACCOUNT: "pending_accounts"}


def _is_open() -> Q:
    return Q(accepted_at=None, declined_at=None, revoked_at=None)


def _is_expired() -> Q:
    return Q(expires_at__lte=clock.now())


def _is_undelivered() -> Q:
    is_late = Q(last_sent_at__lte=clock.now() - SENDING_TIME)
    return is_late & ~_is_expired() & Q(delivered_generation__lt=F("generation"))


class InvitationQuerySet(models.QuerySet[RowT]):
    def open(self) -> Self:
        """Not accepted, declined or withdrawn; expiry alone does not close an invitation."""
        return self.filter(_is_open())

    def closed(self) -> Self:
        return self.filter(~_is_open())

    def expired(self) -> Self:
        return self.open().filter(_is_expired())

    def to(self, email: str) -> Self:
        return self.filter(email=email)

    def pending(self) -> Self:
        """The people of the Pending tab, newest first."""
        return self.open().filter(kind=Kind.JOIN).order_by("-created_at", "-id")

    def pending_accounts(self) -> Self:
        """The accounts of the Pending tab, newest first."""
        return self.open().filter(kind=Kind.ADD_ACCOUNT).order_by("-created_at", "-id")

    def pending_access(self, account: Account) -> Self:
        """Who is invited to an account and has not answered, newest first."""
        invited = self.open().filter(kind=Kind.ACCESS, account=account)
        return invited.order_by("-created_at", "-id")

    def withhold_account_roles(self) -> int:
        """Let invitations to join go on without the roles on an account; how many there were."""
        return self.filter(kind=Kind.JOIN).update(account=None, account_roles="")

    def revoke(self) -> int:
        """Close what is open of these, and count it no longer; how many there were.

        In a transaction, with the locks of their organizations held, be they one or many.
        """
        going = self.open()
        counted = going.filter(kind__in=_COUNTERS).order_by().values("organization")
        organizations = Organization.objects.filter(pk__in=counted)
        organizations.tally(**{name: -going._in_each(kind) for kind, name in _COUNTERS.items()})
        return going.update(revoked_at=clock.now())

    def _in_each(self, kind: Kind) -> Coalesce:
        """How many of a kind stand in each organization that is asked about."""
        rows = self.filter(kind=kind, organization=OuterRef("pk")).order_by()
        number = rows.values("organization").annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(number), 0)

    def sum_up(self, most: int) -> dict[str, Any]:
        """How many are pending, how many of them expired, and whose mail should have left by now.

        Of the oldest `most`, since those tell more.
        """
        oldest = self.pending().order_by("created_at", "id")[:most]
        return oldest.aggregate(
            pending=Count("pk"),
            expired=Count("pk", filter=_is_expired()),
            undelivered=Count("pk", filter=_is_undelivered()),
        )


class Invitation(TenantModel):
    """An offer that one address may accept by the link it was mailed, once.

    To join an organization with `role`, and perhaps with `account_roles` on one `account` of it; to
    get `account_roles` on `account` alone, until `access_ends_at`; or to let `account`, which is
    another organization's, be added to this one.
    """

    person_column = "email"
    searched_by = ("email",)
    searched_by_beginning = ("email",)
    searched_by_sid = {"NF": "sid"}

    sid = SidField("NF")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.JOIN)
    email = KeyField(max_length=ADDRESS_LENGTH)
    role = models.CharField(
        max_length=20, choices=[(role, role.label) for role in GRANTABLE_ROLES], blank=True
    )
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    account_roles = KeyField(max_length=80, blank=True, default="", db_default="")
    access_ends_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    generation = models.PositiveIntegerField(default=1)
    token_hash = models.CharField(max_length=64, unique=True)
    last_sent_at = models.DateTimeField(default=clock.now)
    total_sends = models.PositiveIntegerField(default=1)
    delivered_generation = models.PositiveIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    declined_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TenantManager.from_queryset(InvitationQuerySet)()
    unscoped = models.Manager.from_queryset(InvitationQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "email"],
                condition=_is_open() & Q(kind=Kind.JOIN),
                name="invitations_invitation_one_open_per_address",
            ),
            models.UniqueConstraint(
                fields=["account", "email"],
                condition=_is_open() & Q(kind=Kind.ACCESS),
                name="invitations_invitation_one_open_per_account_and_address",
            ),
            models.UniqueConstraint(
                fields=["organization", "account"],
                condition=_is_open() & Q(kind=Kind.ADD_ACCOUNT),
                name="invitations_invitation_one_open_per_account_to_add",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.JOIN, account=None, account_roles="")
                | (Q(kind=Kind.JOIN, account__isnull=False) & ~Q(account_roles=""))
                | (Q(kind=Kind.ACCESS, account__isnull=False, role="") & ~Q(account_roles=""))
                | Q(kind=Kind.ADD_ACCOUNT, account__isnull=False, role="", account_roles=""),
                name="invitations_invitation_offers_what_its_kind_does",
            ),
            models.CheckConstraint(
                condition=~Q(account_roles__contains=AccountRole.OWNER),
                name="invitations_invitation_never_as_account_owner",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="invitations_invitation_email_lower"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.JOIN, role__in=GRANTABLE_ROLES)
                | (~Q(kind=Kind.JOIN) & Q(role="")),
                name="invitations_invitation_never_as_owner",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="invitations_invitation_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(delivered_generation__lte=F("generation")),
                name="invitations_invitation_delivered_at_most_newest",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, declined_at=None)
                | Q(accepted_at=None, revoked_at=None)
                | Q(declined_at=None, revoked_at=None),
                name="invitations_invitation_one_ending",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitations_invitation_accepted_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "kind", "-created_at", "-id"],
                condition=_is_open(),
                name="invitations_pending_newest",
            ),
            models.Index(
                fields=["account", "-created_at", "-id"],
                condition=_is_open() & Q(account__isnull=False),
                name="invitations_pending_to_account",
            ),
            # Support staff search across organizations.
            models.Index(fields=["email"], name="invitations_search_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.get_role_label()}"

    def get_absolute_url(self) -> str:
        """Where administrators see it; who is invited to an account stands with the account."""
        if self.kind == Kind.JOIN:
            return reverse("users:pending-detail", args=[self.sid])
        if self.kind == Kind.ADD_ACCOUNT:
            return reverse("accounts:pending-detail", args=[self.sid])
        return reverse("accounts:invited", args=[cast(Account, self.account).sid, self.sid])

    def is_access_over(self) -> bool:
        """Whether the roles that it offers would have ended already."""
        return self.access_ends_at is not None and self.access_ends_at <= clock.now()

    def get_account_roles(self) -> list[AccountRole]:
        return [AccountRole(role) for role in self.account_roles.split()]

    def get_role_label(self) -> str:
        """What is offered, in words: a role in the organization, or roles on the account."""
        if self.kind == Kind.ADD_ACCOUNT:
            return Role.STANDARD.label  # accepting brings the account's owner in
        if self.kind == Kind.JOIN:
            return str(self.get_role_display())
        return self.get_account_roles_label()

    def get_account_roles_label(self) -> str:
        return ", ".join(role.label for role in self.get_account_roles())

    def tally(self, number: int) -> None:
        """Keep the counter of its kind, in the transaction that opens or closes it."""
        if counter := _COUNTERS.get(Kind(self.kind)):
            self.organization.tally(**{counter: number})

    def is_expired(self) -> bool:
        return self.expires_at <= clock.now()

    def is_open(self) -> bool:
        return self.accepted_at is None and self.declined_at is None and self.revoked_at is None

    def is_delivered(self) -> bool:
        """Whether the mail with the newest link has left."""
        return self.delivered_generation == self.generation

    def is_being_sent(self) -> bool:
        """Whether its mail has not left, and it is too early to wonder why."""
        return not self.is_delivered() and clock.now() < self.last_sent_at + SENDING_TIME

    def token(self) -> str:
        """What the mailed link carries; never stored."""
        return make_token("invitation", self.sid, self.generation)
