"""Organizations and the stays of people in them."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse

from adminctr.core import clock, text
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.periods import Period, PeriodQuerySet
from adminctr.core.sids import SidField
from adminctr.core.tenancy import Person, TenantManager, person

NAME_LENGTH = 64
_DEFAULT_NAME_ENDING = "'s organization"


def default_name(founder: str) -> str:
    """What an organization is called until somebody names it."""
    return f"{founder[: NAME_LENGTH - len(_DEFAULT_NAME_ENDING)]}{_DEFAULT_NAME_ENDING}"


def default_account_limit() -> int:
    limit: int = settings.ACCOUNTS_PER_ORGANIZATION
    return limit


class Role(models.TextChoices):
    """The roles in an organization; roles on accounts are others (accounts.models)."""

    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    STANDARD = "standard", "Standard User (Account Creation)"


# What may be given by invitation or by a change of role; the Owner changes by transfer alone.
GRANTABLE_ROLES = (Role.ADMINISTRATOR, Role.STANDARD)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def create(self, **values: Any) -> "Organization":
        """A new organization, with the key of its name."""
        return super().create(name_key=text.sort_key(values["name"]), **values)

    def living(self) -> Self:
        return self.filter(ended_at=None)


class Organization(models.Model):
    """A company: it owns accounts, domains and stays, and has exactly one Owner while it lives.

    `name_key` is what its name is searched by, written with the name. `managed_users` to
    `pending_accounts` count what the lists of that name show; whatever adds to such a list or
    takes from it keeps them by `tally`, and check_invariants compares them. `baa_effective_on` is
    the day from which a Business Associate Agreement holds, None without one.
    """

    sid = SidField("OR")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = KeyField(max_length=255, db_default="")
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    account_limit = models.PositiveIntegerField(default=default_account_limit)
    managed_users = models.PositiveIntegerField(default=0, db_default=0)
    pending_users = models.PositiveIntegerField(default=0, db_default=0)
    managed_accounts = models.PositiveIntegerField(default=0, db_default=0)
    pending_accounts = models.PositiveIntegerField(default=0, db_default=0)
    baa_effective_on = models.DateField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(OrganizationQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False, ended_at=None)
                | Q(owner=None, ended_at__isnull=False),
                name="organizations_organization_owned_while_it_lives",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="organizations_organization_has_a_name"
            ),
        ]
        indexes = [models.Index(fields=["name_key"], name="organizations_by_name")]

    def __str__(self) -> str:
        return self.name

    def has_default_name(self) -> bool:
        return self.name.endswith(_DEFAULT_NAME_ENDING)

    def lock(self) -> None:
        """Wait for whoever else changes this organization, and read it as it is then."""
        # Rows that merely point here may be written meanwhile, so no key is locked.
        self.refresh_from_db(from_queryset=Organization.objects.select_for_update(no_key=True))

    def tally(self, **more: int) -> None:
        """Add to its counters, or take from them, in the transaction that writes the rows."""
        changes = {counter: F(counter) + number for counter, number in more.items()}
        Organization.objects.filter(pk=self.pk).update(**changes)


class MembershipQuerySet(PeriodQuerySet["Membership"]):
    def managed(self) -> Self:
        """The people of the Managed tab, by name."""
        return self.open().order_by("name_key", "id")


class Membership(Period):
    """One stay of a person in an organization.

    `email` to `last_sign_in_at` are copies of what the Users lists sort and filter by, written
    by the operations that change them and compared by check_invariants. `hidden_steps` names, by
    spaces, what was still to be set up when this person hid the list of it.
    """

    person_column = "user_id"
    searched_by = ("name_key", "email")
    searched_by_beginning = ("name_key", "surname_key", "email")
    searched_by_sid = {"US": "user__sid"}

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    email = KeyField(max_length=ADDRESS_LENGTH)
    name_key = KeyField(max_length=255)
    surname_key = KeyField(max_length=255, blank=True)
    role = KeyField(max_length=20, choices=Role)
    status = KeyField(max_length=10)
    last_sign_in_at = models.DateTimeField(null=True)
    hidden_steps = KeyField(max_length=200, blank=True, db_default="", default="")

    objects = TenantManager.from_queryset(MembershipQuerySet)()
    unscoped = models.Manager.from_queryset(MembershipQuerySet)()

    class Meta(Period.Meta):
        constraints = [
            *Period.Meta.constraints,
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at=None),
                name="organizations_membership_one_organization_per_person",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="organizations_membership_email_lower"
            ),
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(ended_at=None, role=Role.OWNER),
                name="organizations_membership_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="organizations_membership_known_role"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "name_key", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_name",
            ),
            models.Index(
                fields=["organization", "role", "name_key", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_role",
            ),
            models.Index(
                fields=["organization", "status", "role"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_status",
            ),
            models.Index(
                fields=["organization", "began_at", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_began",
            ),
            models.Index(
                fields=["organization", "email", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_email",
            ),
            models.Index(
                fields=["organization", "surname_key", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_surname",
            ),
            # Support staff search across organizations.
            models.Index(fields=["name_key"], name="organizations_search_name"),
            models.Index(fields=["surname_key"], name="organizations_search_surname"),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_role_display()}"

    def get_absolute_url(self) -> str:
        return reverse("users:detail", args=[self.user.sid])


def stay_of(user: Person) -> Membership | None:
    """The stay of a person that is in force, wherever it is, with its organization."""
    with person(user):
        return Membership.objects.in_force().select_related("organization").first()


def lock_all(*organizations: Organization) -> None:
    """Lock several organizations, the oldest first, so that two who do it never wait in a ring."""
    for organization in sorted(organizations, key=lambda one: one.pk):
        organization.lock()
