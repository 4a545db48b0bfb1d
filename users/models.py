"""People. A user is global and points at nothing of ours; organizations point at users."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from adminctr.core import clock
from adminctr.core.addresses import ADDRESS_LENGTH
from adminctr.core.columns import KeyField
from adminctr.core.sids import SidField
from adminctr.core.tokens import make_token


class UserStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    INACTIVE = "inactive", "Inactive"
    SUSPENDED = "suspended", "Suspended"


class User(AbstractBaseUser, PermissionsMixin):
    """A person whose address is proven. A deleted one stays, stripped of name and address."""

    sid = SidField("US")
    email = KeyField(max_length=ADDRESS_LENGTH, unique=True)
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=UserStatus, default=UserStatus.ACTIVE)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

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
