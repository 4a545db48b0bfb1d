"""Accounts, and who has which role where and since when."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.db.models.lookups import IsNull
from django.urls import reverse

from adminctr.core import clock, text
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.periods import Period, PeriodQuerySet, Source, has_an_end
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel
from organizations.models import NAME_LENGTH, Membership, Organization, Role, SecondFactor
from users.models import User


class AccountStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    PENDING_CLOSURE = "pending_closure", "Closing"
    CLOSED = "closed", "Closed"


class AccountType(models.TextChoices):
    TRIAL = "trial", "Trial"
    FULL = "full", "Full"


class Product(models.TextChoices):
    """What an account is opened for."""

    TWILIO = "twilio", "Twilio"
    FLEX = "flex", "Flex"


class SuspendedBy(models.TextChoices):
    """Who suspended an account, and so who can lift it."""

    ORGANIZATION = "organization", "The organization"
    SUPPORT = "support", "Support"
    PARENT = "parent", "The account above it"


class AccountRole(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    DEVELOPER = "developer", "Developer"
    BILLING_MANAGER = "billing_manager", "Billing Manager"
    SUPPORT = "support", "Support"


# What may be given on an account; its Owner changes by transfer alone.
GRANTABLE_ACCOUNT_ROLES = (
    AccountRole.ADMINISTRATOR,
    AccountRole.DEVELOPER,
    AccountRole.BILLING_MANAGER,
    AccountRole.SUPPORT,
)

# Accounts that are open: nothing else runs, counts towards a limit or can be changed.
OPEN_STATUSES = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)


def owner_key(owner: User) -> str:
    """What a list of accounts finds an Owner by: name and address."""
    return f"{text.sort_key(owner.get_full_name())} {owner.email}"


class AccountQuerySet(models.QuerySet[RowT]):
    def standing(self) -> Self:
        """Neither closed nor being closed: what limits count."""
        return self.filter(status__in=OPEN_STATUSES)

    def counted(self) -> Self:
        """What the organization's limit counts: main accounts that are open."""
        return self.standing().filter(parent=None)

    def managed(self) -> Self:
        """The accounts of the Managed tab, by name."""
        return self.filter(parent=None).order_by("name_key", "id")

    def with_subaccounts(self, account: "Account") -> Self:
        """An account and everything below it."""
        return self.filter(Q(pk=account.pk) | Q(parent=account))

    def dormant(self) -> Self:
        """Nobody has used them for long, or ever."""
        long_ago = clock.now() - settings.ACCOUNT_DORMANT_AFTER
        return self.filter(Q(last_active_at=None) | Q(last_active_at__lte=long_ago))

    def closing(self) -> Self:
        """Being closed, and not below one that is."""
        with_parent = Q(parent__status=AccountStatus.PENDING_CLOSURE)
        return self.filter(status=AccountStatus.PENDING_CLOSURE).exclude(with_parent)

    def to_purge(self) -> Self:
        """Closed, and kept as long as they must be."""
        long_ago = clock.now() - settings.ACCOUNT_KEPT_AFTER_CLOSING
        closed = self.filter(status=AccountStatus.CLOSED, purged_at=None)
        return closed.filter(closing_at__lte=long_ago)

    def below(self, parent: "Account") -> Self:
        """The subaccounts of an account, by name."""
        return self.filter(parent=parent).order_by("name_key", "id")


class Account(TenantModel):
    """An account, or a subaccount of one; a subaccount has the Owner of the account above it.

    `owner_key` is a copy of the Owner's name and address, which lists search and order by.
    `form_key` tells the form that made it, so that the same form sent twice makes one.
    """

    searched_by = ("name_key", "owner_key")
    searched_by_beginning = ("name_key", "owner_key")
    searched_by_sid = {"AC": "sid", "US": "owner__sid"}

    sid = SidField("AC")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    owner_key = KeyField(max_length=420, db_default="")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = KeyField(max_length=255)
    status = models.CharField(max_length=20, choices=AccountStatus, default=AccountStatus.ACTIVE)
    suspended_by = models.CharField(
        max_length=12, choices=SuspendedBy, blank=True, default="", db_default=""
    )
    type = models.CharField(max_length=10, choices=AccountType, default=AccountType.TRIAL)
    product = models.CharField(
        max_length=10, choices=Product, default=Product.TWILIO, db_default=Product.TWILIO
    )
    second_factor = models.CharField(
        max_length=20,
        choices=SecondFactor,
        default=SecondFactor.DISABLED,
        db_default=SecondFactor.DISABLED,
    )
    is_hipaa = models.BooleanField(default=False, db_default=False)
    form_key = KeyField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=clock.now)
    last_active_at = models.DateTimeField(null=True)
    closing_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)

    objects = TenantManager.from_queryset(AccountQuerySet)()
    unscoped = models.Manager.from_queryset(AccountQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="accounts_account_has_a_name"),
            models.CheckConstraint(
                condition=Q(status__in=AccountStatus.values), name="accounts_account_known_status"
            ),
            models.CheckConstraint(
                condition=Q(type__in=AccountType.values), name="accounts_account_known_type"
            ),
            models.CheckConstraint(
                condition=Q(product__in=Product.values), name="accounts_account_known_product"
            ),
            models.CheckConstraint(
                condition=Q(type=AccountType.TRIAL, second_factor__in=SecondFactor.values)
                | Q(second_factor__in=[SecondFactor.ONCE_PER_COMPUTER, SecondFactor.EVERY_LOG_IN]),
                name="accounts_account_second_factor_once_upgraded",
            ),
            models.CheckConstraint(
                condition=Q(status=AccountStatus.SUSPENDED, suspended_by__in=SuspendedBy.values)
                | (~Q(status=AccountStatus.SUSPENDED) & Q(suspended_by="")),
                name="accounts_account_suspended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=False) | ~Q(suspended_by=SuspendedBy.PARENT),
                name="accounts_account_suspended_by_parent_below_one",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=OPEN_STATUSES, closing_at=None, closed_at=None, purged_at=None
                )
                | Q(
                    status=AccountStatus.PENDING_CLOSURE,
                    closing_at__isnull=False,
                    closed_at=None,
                    purged_at=None,
                )
                | Q(status=AccountStatus.CLOSED, closing_at__isnull=False, closed_at__isnull=False),
                name="accounts_account_closed_step_by_step",
            ),
            models.UniqueConstraint(
                fields=["organization", "form_key"],
                condition=~Q(form_key=""),
                name="accounts_account_one_of_each_form",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "name_key", "id"],
                condition=Q(parent=None),
                name="accounts_account_by_name",
            ),
            models.Index(
                fields=["organization", "created_at", "id"],
                condition=Q(parent=None),
                name="accounts_account_by_created",
            ),
            # Counts, too, which then read nothing but the index.
            models.Index(
                fields=["organization", "status", "name_key", "id"],
                condition=Q(parent=None),
                name="accounts_account_by_status",
            ),
            models.Index(
                fields=["organization", "owner_key", "id"],
                condition=Q(parent=None),
                name="accounts_account_by_owner",
            ),
            # What filters leave where it is little.
            models.Index(
                fields=["organization", "type"],
                condition=Q(parent=None),
                name="accounts_account_by_type",
            ),
            models.Index(
                fields=["organization", "last_active_at"],
                condition=Q(parent=None),
                name="accounts_account_by_activity",
            ),
            models.Index(
                fields=["organization", "id"],
                condition=Q(parent=None, is_hipaa=True),
                name="accounts_account_hipaa",
            ),
            # Subaccounts, which stand below one account.
            models.Index(
                fields=["parent", "name_key", "id"],
                condition=Q(parent__isnull=False),
                name="accounts_sub_by_name",
            ),
            models.Index(
                fields=["parent", "created_at", "id"],
                condition=Q(parent__isnull=False),
                name="accounts_sub_by_created",
            ),
            # Jobs that finish closing and purge.
            models.Index(
                fields=["closing_at"],
                condition=Q(closing_at__isnull=False, purged_at=None),
                name="accounts_account_to_purge",
            ),
            # Support staff search across organizations.
            models.Index(fields=["name_key"], name="accounts_search_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def is_subaccount(self) -> bool:
        return self.parent_id is not None

    def get_absolute_url(self) -> str:
        return reverse("accounts:detail", args=[self.sid])


def is_independent() -> Q:
    """Roles on accounts whose holder is in another organization than the account, or in none."""
    elsewhere = ~Q(holder_organization=F("organization"))
    return Q(ended_at=None, account__isnull=False) & elsewhere


class RoleAssignmentQuerySet(PeriodQuerySet[RowT]):
    def on_organization(self) -> Self:
        return self.filter(account=None)

    def on_accounts(self) -> Self:
        return self.filter(account__isnull=False)

    def granted(self) -> Self:
        """Roles that were given on accounts, which owning one is not: what a limit counts."""
        return self.on_accounts().exclude(role=AccountRole.OWNER)

    def independent(self) -> Self:
        return self.in_force().filter(is_independent())

    def holding(self, role: str) -> Self:
        """Rows of people who have this role on the same account in force."""
        same = RoleAssignment.objects.in_force().filter(
            account=OuterRef("account"), holder=OuterRef("holder"), role=role
        )
        return self.filter(Exists(same))

    def first_of_each(self, *columns: str) -> Self:
        """Of the open rows that share these columns the first, as one index finds it."""
        same = {column: OuterRef(column) for column in columns}
        earlier = self.filter(**same, pk__lt=OuterRef("pk")).order_by()
        return self.filter(~Exists(earlier))

    def with_membership(self) -> Self:
        """Say of each holder whether they are a managed user of the organization in scope."""
        stays = Membership.objects.open().filter(user_id=OuterRef("holder_id")).values("pk")
        # Not Exists, which PostgreSQL answers for everybody at once by reading every stay.
        return self.annotate(holder_is_managed=IsNull(Subquery(stays[:1]), False))


class RoleAssignment(Period):
    """A role that somebody holds for a time, on the organization or on one of its accounts.

    `holder_organization`, `email` and `name_key` are copies about the holder: the organization
    of their open stay, which may be another one, and how the lists show them.
    """

    person_column = "holder_id"
    searched_by = ("name_key", "email")
    searched_by_beginning = ("name_key", "email")
    searched_by_sid = {"US": "holder__sid", "AC": "account__sid", "IY": "sid"}

    sid = SidField("IY")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    role = KeyField(max_length=20)
    holder_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+"
    )
    email = KeyField(max_length=ADDRESS_LENGTH)
    name_key = KeyField(max_length=255)

    objects = TenantManager.from_queryset(RoleAssignmentQuerySet)()
    unscoped = models.Manager.from_queryset(RoleAssignmentQuerySet)()

    class Meta(Period.Meta):
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["holder"],
                condition=Q(ended_at=None, account=None),
                name="accounts_roleassignment_one_organization_role",
            ),
            models.UniqueConstraint(
                fields=["account", "holder", "role"],
                condition=Q(ended_at=None, account__isnull=False),
                name="accounts_roleassignment_each_account_role_once",
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(ended_at=None, account=None, role=Role.OWNER),
                name="accounts_roleassignment_one_organization_owner",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(ended_at=None, account__isnull=False, role=AccountRole.OWNER),
                name="accounts_roleassignment_one_account_owner",
            ),
            models.CheckConstraint(
                condition=Q(account=None, role__in=Role.values)
                | Q(account__isnull=False, role__in=AccountRole.values),
                name="accounts_roleassignment_role_fits_scope",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="accounts_roleassignment_email_lower"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "holder", "id"],
                condition=Q(ended_at=None),
                name="accounts_role_by_holder",
            ),
            models.Index(
                fields=["organization", "name_key", "id"],
                condition=Q(ended_at=None),
                name="accounts_role_open_by_name",
            ),
            # What filters leave where it is little; where it is much, the list is looked through.
            models.Index(fields=["organization", "role"], name="accounts_role_by_role"),
            models.Index(fields=["organization", "source"], name="accounts_role_by_source"),
            models.Index(
                fields=["organization"], condition=has_an_end(), name="accounts_role_with_an_end"
            ),
            # What is on one account, and what one person has had there.
            models.Index(
                fields=["organization", "account", "holder"],
                condition=Q(account__isnull=False),
                name="accounts_role_of_pair",
            ),
            # What one person has, wherever it is, the newest first.
            models.Index(
                fields=["holder", "id"], condition=Q(ended_at=None), name="accounts_role_of_holder"
            ),
            # The users of one account.
            models.Index(
                fields=["account", "name_key", "id"],
                condition=Q(ended_at=None, account__isnull=False),
                name="accounts_role_users_by_name",
            ),
            models.Index(
                fields=["account", "began_at", "id"],
                condition=Q(ended_at=None, account__isnull=False),
                name="accounts_role_users_by_began",
            ),
            # Independent users of an organization, and independent accounts seen from another.
            models.Index(
                fields=["organization", "holder", "id"],
                condition=is_independent(),
                name="accounts_role_independent",
            ),
            models.Index(
                fields=["organization", "name_key", "id"],
                condition=is_independent(),
                name="accounts_role_indep_by_name",
            ),
            models.Index(
                fields=["organization", "began_at", "id"],
                condition=is_independent(),
                name="accounts_role_indep_by_began",
            ),
            models.Index(
                fields=["holder_organization", "account", "id"],
                condition=is_independent(),
                name="accounts_role_elsewhere",
            ),
            models.Index(
                fields=["holder_organization", "began_at", "id"],
                condition=is_independent(),
                name="accounts_role_elsewhere_began",
            ),
            # The job that ends what has a planned end.
            models.Index(
                fields=["ends_at"],
                condition=Q(ended_at=None, ends_at__isnull=False),
                name="accounts_role_to_end",
            ),
            models.Index(fields=["organization", "name_key", "id"], name="accounts_role_by_name"),
            models.Index(fields=["organization", "began_at", "id"], name="accounts_role_by_began"),
            models.Index(fields=["organization", "email", "id"], name="accounts_role_by_email"),
            # Support staff search across organizations.
            models.Index(fields=["name_key"], name="accounts_role_search_name"),
            models.Index(fields=["email"], name="accounts_role_search_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_label()}"

    @classmethod
    def begin(
        cls,
        holder: User,
        *,
        role: str,
        home: Organization | None,
        source: Source,
        account: Account | None = None,
        by_id: int | None = None,
        reason: str = "",
        ends_at: datetime | None = None,
    ) -> "RoleAssignment":
        """Give somebody a role, with the copies about them filled in.

        `home` is the organization of their open stay; a role without an account is one in it.
        """
        assignment = cls.new(
            holder,
            role=role,
            home=home,
            source=source,
            account=account,
            by_id=by_id,
            reason=reason,
            ends_at=ends_at,
        )
        assignment.save(force_insert=True)
        return assignment

    @classmethod
    def new(
        cls,
        holder: User,
        *,
        role: str,
        home: Organization | None,
        source: Source,
        account: Account | None = None,
        by_id: int | None = None,
        reason: str = "",
        ends_at: datetime | None = None,
    ) -> "RoleAssignment":
        """The same, not written yet."""
        return cls(
            organization=account.organization if account else home,
            holder=holder,
            account=account,
            role=role,
            holder_organization=home,
            email=holder.email,
            name_key=text.sort_key(holder.get_full_name()),
            source=source,
            by_id=by_id,
            reason=reason,
            ends_at=ends_at,
        )

    def get_end(self) -> datetime | None:
        """When it ended or will: a planned end holds even if it was written down later."""
        return min((at for at in (self.ended_at, self.ends_at) if at), default=None)

    def is_over(self) -> bool:
        end = self.get_end()
        return self.ended_at is not None or (end is not None and end <= clock.now())

    def is_by_holder(self) -> bool:
        """Whether whoever holds it gave it to themselves, as who signs up does."""
        return self.by_id == self.holder_id or (self.by is None and self.source == Source.SIGN_UP)

    def get_role_label(self) -> str:
        return str((AccountRole if self.account_id else Role)(self.role).label)
