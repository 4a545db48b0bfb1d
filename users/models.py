"""People. A user is global and points at nothing of ours; organizations point at users."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.module_loading import import_string

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.sids import SidField
from adminctr.core.tokens import make_token


class UserStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"
    SUSPENDED = "suspended", "Suspended"


class Appearance(models.TextChoices):
    AUTO = "auto", "As the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractBaseUser, PermissionsMixin):
    """A person whose address is proven. A deleted one stays, stripped of name and address."""

    sid = SidField("US")
    email = KeyField(max_length=ADDRESS_LENGTH, unique=True)
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
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """What Django and allauth ask; the home of the answer is `status`."""
        return self.status == UserStatus.ACTIVE

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_short_name(self) -> str:
        return self.first_name or self.email


class SignUp(models.Model):
    """An open sign-up: an address that is not proven yet. Used or expired ones are deleted."""

    sid = SidField("NF")
    email = KeyField(max_length=ADDRESS_LENGTH, unique=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

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
