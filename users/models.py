"""People. A user is global and points at nothing of ours; organizations point at users."""

from collections.abc import Collection, Iterator
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower, StrIndex, Substr
from django.utils.module_loading import import_string

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH, DELETED_DOMAIN
from adminctr.core.columns import ComputedField, KeyField
from adminctr.core.sids import SidField
from adminctr.core.tenancy import TenantManager, TenantModel
from adminctr.core.tokens import make_token
from users.factor_models import FACTOR_NAME_LENGTH as FACTOR_NAME_LENGTH
from users.factor_models import Factor as Factor
from users.factor_models import FactorKind as FactorKind
from users.factor_models import PhoneCode as PhoneCode
from users.factor_models import RememberedBrowser as RememberedBrowser
from users.leaving_models import OBSTACLE_LENGTH as OBSTACLE_LENGTH
from users.leaving_models import Departed as Departed
from users.leaving_models import Departure as Departure
from users.leaving_models import Offboarding as Offboarding
from users.leaving_models import WayOut as WayOut

DELETED_NAME = "Deleted user"  # how lists and history name whoever is gone


def _domain_of(column: str) -> Substr:
    """What follows the @ of an address."""
    return Substr(column, StrIndex(column, Value("@")) + 1)


class UserStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"
    SUSPENDED = "suspended", "Suspended"


class WayIn(models.TextChoices):
    """The ways in; every one of them asks `users.admission.decide`."""

    SIGN_UP = "sign_up", "signs up"
    INVITATION = "invitation", "is invited to this organization"
    SCIM = "scim", "is provisioned by SCIM"
    IMPORT = "import", "is imported"
    SSO = "sso", "signs in with SSO for the first time"
    EMAIL_CHANGE = "email_change", "becomes the new address of somebody elsewhere"
    ACCOUNT_ACCESS = "account_access", "is invited to an account of this organization"
    ACCOUNT_ADDED = "account_added", "owns an account that is to be added"


class Outcome(models.TextChoices):
    """What comes of an address on its way in, seen from one organization."""

    JOINS = "joins", "Becomes a managed user of this organization"
    OUTSIDE = "outside", "Comes in, but not into this organization"
    REFUSED = "refused", "Is refused"
    ELSEWHERE = "elsewhere", "Is decided by another organization"


class Appearance(models.TextChoices):
    AUTO = "auto", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractBaseUser, PermissionsMixin):
    """A person whose address is proven. A deleted one stays, stripped of name and address.

    `is_factor_due` says that a second factor must be enrolled before anything else, as after
    somebody has reset what there was; enrolling one clears it. `log_outs` counts how often all
    their sessions were ended: what was on its way to one by then, a half-way log-in, a mailed link
    or a session about to be saved, is dead. `last_active_at` is when one of their sessions was last
    used.
    """

    sid = SidField("US")
    email = KeyField(max_length=ADDRESS_LENGTH, unique=True)
    domain = ComputedField(
        expression=_domain_of("email"),
        output_field=KeyField(max_length=ADDRESS_LENGTH),
        db_persist=True,
    )
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=UserStatus, default=UserStatus.ACTIVE)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    appearance = models.CharField(
        max_length=5, choices=Appearance, default=Appearance.AUTO, db_default=Appearance.AUTO
    )
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    has_shortcuts = models.BooleanField(default=True, db_default=True)
    is_factor_due = models.BooleanField(default=False, db_default=False)
    log_outs = models.PositiveIntegerField(default=0, db_default=0)
    last_active_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = BaseUserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="users_user_email_lower"
            ),
            models.CheckConstraint(
                condition=Q(status__in=UserStatus.values), name="users_user_known_status"
            ),
            models.CheckConstraint(
                condition=Q(appearance__in=Appearance.values), name="users_user_known_appearance"
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False), name="users_user_nobody_is_above_the_rule_book"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None)
                | Q(
                    status=UserStatus.INACTIVE,
                    first_name="",
                    last_name="",
                    email__endswith=f"@{DELETED_DOMAIN}",
                ),
                name="users_user_nothing_left_of_a_deleted_one",
            ),
        ]
        indexes = [
            # Whom an organization may import.
            models.Index(fields=["domain", "id"], name="users_user_by_domain"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django and allauth ask; the home of the answer is `status`."""
        return self.status == UserStatus.ACTIVE

    def get_session_auth_hash(self) -> str:
        """What a session is bound to: the password, and that nobody has ended it since."""
        return self._counted(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same, signed with each former SECRET_KEY."""
        yield from map(self._counted, super().get_session_auth_fallback_hash())

    def _counted(self, signature: str) -> str:
        return f"{signature}:{self.log_outs}"

    def get_full_name(self) -> str:
        if self.deleted_at is not None:
            return DELETED_NAME
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def of_domains(self, names: Collection[str]) -> Self:
        """Whose link still works and whose address is of one of these domains."""
        own = self.alias(domain=_domain_of("email"))
        return own.filter(domain__in=names, expires_at__gt=clock.now())


class SignUp(models.Model):
    """An open sign-up: an address that is not proven yet. Used or expired ones are deleted."""

    sid = SidField("NF")
    email = KeyField(max_length=ADDRESS_LENGTH, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    objects = models.Manager.from_queryset(SignUpQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="users_signup_email_lower"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def is_expired(self) -> bool:
        return self.expires_at <= clock.now()

    def token(self) -> str:
        """What the mailed link carries; never stored."""
        return make_token("sign-up", self.sid)


class EmailChange(models.Model):
    """An address that somebody wants for their login and has not proven yet; one at a time."""

    sid = SidField("NF")
    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    email = KeyField(max_length=ADDRESS_LENGTH)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="users_emailchange_email_lower"
            ),
            models.CheckConstraint(
                condition=~Q(email="") & ~Q(token_hash=""), name="users_emailchange_has_a_link"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def is_expired(self) -> bool:
        return self.expires_at <= clock.now()

    def token(self) -> str:
        """What the mailed link carries; never stored."""
        return make_token("email-change", self.sid)


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self) -> Self:
        return self.filter(expire_date__gt=clock.now())

    def over(self) -> Self:
        return self.filter(expire_date__lte=clock.now())


class Session(AbstractBaseSession):
    """A browser's session; for somebody who is signed in also who, where from and since when.

    A guarded one has looked at a HIPAA account and ends soon after its last use.
    """

    sid = SidField("SE")
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)
    is_guarded = models.BooleanField(default=False, db_default=False)

    objects = BaseSessionManager.from_queryset(SessionQuerySet)()

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                condition=Q(expire_date__gte=F("began_at")),
                name="users_session_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return self.sid

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return store


class Expectation(TenantModel):
    """What administrators expect to come of an address; a change of policy must not break it."""

    sid = SidField("EX")
    email = KeyField(max_length=ADDRESS_LENGTH)
    way_in = KeyField(max_length=20, choices=WayIn)
    outcome = KeyField(max_length=20, choices=Outcome)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email", "way_in"],
                name="users_expectation_one_per_address_and_way_in",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="users_expectation_email_lower"
            ),
            models.CheckConstraint(
                condition=Q(way_in__in=WayIn.values), name="users_expectation_known_way_in"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="users_expectation_known_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.get_way_in_display()}: {self.get_outcome_display()}"
