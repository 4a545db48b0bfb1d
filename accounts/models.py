"""Accounts, and who has which role where and since when."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.db.models.lookups import IsNull
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.periods import Period, PeriodQuerySet, Source, has_an_end
from adminctr.core.sids import SidField
from adminctr.core.tenancy import RowT, TenantManager, TenantModel
from organizations.models import NAME_LENGTH, Membership, Organization, Role


class AccountStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    PENDING_CLOSURE = "pending_closure", "Closing"
    CLOSED = "closed", "Closed"


class AccountType(models.TextChoices):
    TRIAL = "trial", "Trial"
    FULL = "full", "Full"


class AccountRole(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    DEVELOPER = "developer", "Developer"
    BILLING_MANAGER = "billing_manager", "Billing Manager"
    SUPPORT = "support", "Support"


class AccountQuerySet(models.QuerySet[RowT]):
    def counted(self) -> Self:
        """What the organization's limit counts: main accounts that are not closed."""
        return self.filter(parent=None).exclude(status=AccountStatus.CLOSED)

    def managed(self) -> Self:
        """The accounts of the Managed tab, by name."""
        return self.filter(parent=None).order_by("name_key", "id")


class Account(TenantModel):
    searched_by = ("name_key",)
    searched_by_beginning = ("name_key",)
    searched_by_sid = {"AC": "sid", "US": "owner__sid"}

    sid = SidField("AC")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = KeyField(max_length=255)
    status = models.CharField(max_length=20, choices=AccountStatus, default=AccountStatus.ACTIVE)
    type = models.CharField(max_length=10, choices=AccountType, default=AccountType.TRIAL)
    created_at = models.DateTimeField(default=clock.now)

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
            # Support staff search across organizations.
            models.Index(fields=["name_key"], name="accounts_search_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:detail", args=[self.sid])


class RoleAssignmentQuerySet(PeriodQuerySet[RowT]):
    def on_organization(self) -> Self:
        return self.filter(account=None)

    def on_accounts(self) -> Self:
        return self.filter(account__isnull=False)

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
                fields=["organization", "account"],
                condition=Q(account__isnull=False),
                name="accounts_role_on_accounts",
            ),
            models.Index(
                fields=["organization"], condition=has_an_end(), name="accounts_role_with_an_end"
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
        stay: Membership,
        *,
        role: str,
        account: Account | None = None,
        source: Source,
        by_id: int | None = None,
    ) -> "RoleAssignment":
        """Give a member a role, with the copies about them filled in."""
        assignment: RoleAssignment = cls.objects.create(
            organization=account.organization if account else stay.organization,
            holder=stay.user,
            account=account,
            role=role,
            holder_organization=stay.organization,
            email=stay.email,
            name_key=stay.name_key,
            source=source,
            by_id=by_id,
        )
        return assignment

    def get_end(self) -> datetime | None:
        """When it ended or will: a planned end holds even if it was written down later."""
        return min((at for at in (self.ended_at, self.ends_at) if at), default=None)

    def is_over(self) -> bool:
        end = self.get_end()
        return self.ended_at is not None or (end is not None and end <= clock.now())

    def get_role_label(self) -> str:
        return str((AccountRole if self.account_id else Role)(self.role).label)
