"""Organizations and the stays of people in them."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Lower, StrIndex, Substr
from django.urls import reverse

from adminctr.core import clock, text
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import ComputedField, KeyField
from adminctr.core.periods import Period, PeriodQuerySet
from adminctr.core.sids import SidField
from adminctr.core.tenancy import Person, TenantManager, TenantModel, person

NAME_LENGTH = 64
QUERY_LENGTH = 1000
VIEW_NAME_LENGTH = 60
PERSON_NAME_LENGTH = 511  # first and last name with a blank between
# Where those stand who never did, in the order of the last sign-in: no column of it is empty.
NEVER_SIGNED_IN = datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULT_NAME_ENDING = "'s organization"


def default_name(founder: str) -> str:
    """What an organization is called until somebody names it."""
    return f"{founder[: NAME_LENGTH - len(_DEFAULT_NAME_ENDING)]}{_DEFAULT_NAME_ENDING}"


def default_domain_limit() -> int:
    limit: int = settings.DOMAINS_PER_ORGANIZATION
    return limit


def default_account_limit() -> int:
    limit: int = settings.ACCOUNTS_PER_ORGANIZATION
    return limit


class DomainSetting(models.TextChoices):
    """What becomes of who signs up with an address of a verified domain; by the API's names."""

    RESTRICTED = "INVITATION_ONLY", "Restricted"
    AUTO_ENROLLMENT = "AUTO_MEMBERSHIP", "Auto-enrollment"
    BLOCKED = "NO_MEMBERSHIP", "Blocked"


class SecondFactor(models.TextChoices):
    """How often a second factor is asked for: by an account, of a person, in an organization."""

    DISABLED = "disabled", "Disabled"
    ONCE_PER_COMPUTER = "once_per_computer", "Once per computer"
    EVERY_LOG_IN = "every_log_in", "Every log-in"


class Role(models.TextChoices):
    """The roles in an organization; roles on accounts are others (accounts.models)."""

    OWNER = "owner", "Owner"
    ADMINISTRATOR = "administrator", "Administrator"
    STANDARD = "standard", "Standard User (Account Creation)"

    @property
    def short_label(self) -> str:
        """As people write it into a table."""
        return self.label.partition(" (")[0]


# What may be given by invitation or by a change of role; the Owner changes by transfer alone.
GRANTABLE_ROLES = (Role.ADMINISTRATOR, Role.STANDARD)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def create(self, **values: Any) -> "Organization":
        """A new organization, with the key of its name."""
        return super().create(name_key=text.sort_key(values["name"]), **values)

    def living(self) -> Self:
        return self.filter(ended_at=None)

    def tally(self, **more: int | Combinable) -> None:
        """Add to their counters, or take from them, in the transaction that writes the rows."""
        self.update(**{counter: F(counter) + number for counter, number in more.items()})


class Organization(models.Model):
    """A company: it owns accounts, domains and stays, and has exactly one Owner while it lives.

    `name_key` is what its name is searched by, written with the name. `managed_users` to
    `pending_accounts` count what the lists of that name show; whatever adds to such a list or
    takes from it keeps them by `tally`, and check_invariants compares them. `baa_effective_on` is
    the day from which a Business Associate Agreement holds, None without one. `domain_deadline` is
    when the first of its uncertain domains will be lost: the copy that every page reads to warn.
    `second_factor` is asked of everybody in it; `has_import` is switched on by support staff.
    """

    sid = SidField("OR")
    name = models.CharField(max_length=NAME_LENGTH)
    name_key = KeyField(max_length=255, db_default="")
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    account_limit = models.PositiveIntegerField(default=default_account_limit)
    domain_limit = models.PositiveIntegerField(default=default_domain_limit, db_default=100)
    domain_setting = models.CharField(
        max_length=20,
        choices=DomainSetting,
        default=DomainSetting.RESTRICTED,
        db_default=DomainSetting.RESTRICTED,
    )
    domain_deadline = models.DateTimeField(null=True)
    second_factor = models.CharField(
        max_length=20,
        choices=SecondFactor,
        default=SecondFactor.DISABLED,
        db_default=SecondFactor.DISABLED,
    )
    has_import = models.BooleanField(default=False, db_default=False)
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
            models.CheckConstraint(
                condition=Q(domain_setting__in=DomainSetting.values),
                name="organizations_organization_known_domain_setting",
            ),
            models.CheckConstraint(
                condition=Q(second_factor__in=SecondFactor.values),
                name="organizations_organization_known_second_factor",
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
        """The same for this one."""
        Organization.objects.filter(pk=self.pk).tally(**more)


class MembershipQuerySet(PeriodQuerySet["Membership"]):
    def managed(self) -> Self:
        """The people of the Managed tab, by name."""
        return self.open().order_by("name_key", "id")


class Membership(Period):
    """One stay of a person in an organization.

    `email` to `last_sign_in_at` are copies of what the Users lists sort and filter by, written
    by the operations that change them and compared by check_invariants; so is
    `has_second_factor`. `second_factor` is asked of this person while they stay. `hidden_steps`
    names, by spaces, what was still to be set up when this person hid the list of it. `name` is
    written when it ends: the name that they had then.
    """

    person_column = "user_id"
    searched_by = ("name_key", "email")
    searched_by_beginning = ("name_key", "surname_key", "email")
    searched_by_sid = {"US": "user__sid"}

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    email = KeyField(max_length=ADDRESS_LENGTH)
    domain = ComputedField(
        expression=Substr("email", StrIndex("email", Value("@")) + 1),
        output_field=models.CharField(max_length=ADDRESS_LENGTH),
        db_persist=True,
    )
    name_key = KeyField(max_length=255)
    surname_key = KeyField(max_length=255, blank=True)
    role = KeyField(max_length=20, choices=Role)
    status = KeyField(max_length=10)
    last_sign_in_at = models.DateTimeField(null=True)
    signed_in_key = ComputedField(
        expression=Coalesce("last_sign_in_at", Value(NEVER_SIGNED_IN)),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    second_factor = models.CharField(
        max_length=20,
        choices=SecondFactor,
        default=SecondFactor.DISABLED,
        db_default=SecondFactor.DISABLED,
    )
    has_second_factor = models.BooleanField(default=False, db_default=False)
    hidden_steps = KeyField(max_length=200, blank=True, db_default="", default="")
    name = models.CharField(max_length=PERSON_NAME_LENGTH, blank=True, db_default="", default="")

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
            models.CheckConstraint(
                condition=Q(second_factor__in=SecondFactor.values),
                name="organizations_membership_known_second_factor",
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
            models.Index(
                fields=["organization", "domain", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_domain",
            ),
            models.Index(
                fields=["organization", "signed_in_key", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_sign_in",
            ),
            # What filters leave where it is little.
            models.Index(
                fields=["organization", "has_second_factor"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_factor",
            ),
            models.Index(
                fields=["organization", "source", "began_at", "id"],
                condition=Q(ended_at=None),
                name="organizations_stay_by_source",
            ),
            # Support staff search across organizations.
            models.Index(fields=["name_key"], name="organizations_search_name"),
            models.Index(fields=["surname_key"], name="organizations_search_surname"),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_role_display()}"

    def get_absolute_url(self) -> str:
        return reverse("users:detail", args=[self.user.sid])


class SavedView(TenantModel):
    """What somebody narrows and orders a list by, under a name; shared ones everybody sees.

    `listed` is the name of the list's address, `query` what follows the question mark.
    """

    sid = SidField("SV")
    listed = KeyField(max_length=60)
    name = models.CharField(max_length=VIEW_NAME_LENGTH)
    query = models.CharField(max_length=QUERY_LENGTH, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "listed", "name", "by"],  # the order of the list
                name="organizations_savedview_each_name_once",
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="organizations_savedview_has_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def stay_of(user: Person) -> Membership | None:
    """The stay of a person that is in force, wherever it is, with its organization."""
    with person(user):
        return Membership.objects.in_force().select_related("organization").first()


def stays_of(users: Collection[Person]) -> dict[int, Membership]:
    """The same for several people, read at once, by the keys of the people."""
    keys = [user.pk for user in users]
    rows = Membership.unscoped.in_force().filter(user__in=keys).select_related("organization")
    return {stay.user_id: stay for stay in rows}


def lock_by_key(keys: Collection[int]) -> dict[int, Organization]:
    """Lock very many organizations, the oldest first, and read them as they are then."""
    rows = Organization.objects.select_for_update(no_key=True).filter(pk__in=keys)
    return {one.pk: one for one in rows.order_by("pk")}


def lock_all(*organizations: Organization) -> None:
    """Lock several organizations, the oldest first, so that two who do it never wait in a ring."""
    for organization in sorted(organizations, key=lambda one: one.pk):
        organization.lock()
