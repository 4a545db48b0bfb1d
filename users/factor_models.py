"""Second factors: what somebody proves at a log-in besides their password.

users.models imports this, so users stand here by the name of their model.
"""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from adminctr.core import clock
from adminctr.core.columns import KeyField
from adminctr.core.sids import SidField

FACTOR_NAME_LENGTH = 60
PHONE_LENGTH = 16  # E.164: a plus sign and up to 15 digits


class FactorKind(models.TextChoices):
    APP = "app", "Authenticator app"
    PASSKEY = "passkey", "Passkey"
    PHONE = "phone", "Phone number"
    RECOVERY_CODES = "recovery_codes", "Recovery codes"


class FactorQuerySet(models.QuerySet["Factor"]):
    def real(self) -> Self:
        """Those that a person has: recovery codes only stand in for them."""
        return self.exclude(kind=FactorKind.RECOVERY_CODES)

    def of_kind(self, kind: FactorKind) -> Self:
        return self.filter(kind=kind)


class Factor(models.Model):
    """One second factor of a person.

    `secret` is encrypted (users.secrets): the seed of an app, the public key of a passkey, the
    hashes of recovery codes that are left; empty for a phone, whose `number` is in E.164.
    `counter` is what has been used up: the time step of an app's last code, the signature count of
    a passkey.
    """

    sid = SidField("FA")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = KeyField(max_length=20, choices=FactorKind)
    name = models.CharField(max_length=FACTOR_NAME_LENGTH, blank=True)
    number = KeyField(max_length=PHONE_LENGTH, blank=True, default="")
    credential_id = KeyField(max_length=1400, blank=True, default="")
    secret = models.TextField(blank=True)
    counter = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True)

    objects = models.Manager.from_queryset(FactorQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=~Q(kind=FactorKind.PASSKEY),
                name="users_factor_one_of_each_kind_but_passkeys",
            ),
            models.UniqueConstraint(
                fields=["credential_id"],
                condition=~Q(credential_id=""),
                name="users_factor_each_passkey_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=FactorKind.values), name="users_factor_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind=FactorKind.PHONE, number__startswith="+", secret="")
                | (~Q(kind=FactorKind.PHONE) & Q(number="") & ~Q(secret="")),
                name="users_factor_number_or_secret",
            ),
            models.CheckConstraint(
                condition=Q(kind=FactorKind.PASSKEY) ^ Q(credential_id=""),
                name="users_factor_passkeys_have_an_id",
            ),
        ]
        indexes = [models.Index(fields=["user", "kind"], name="users_factor_of_user")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.user_id}"

    def label(self) -> str:
        """Which one it is, as its person is told."""
        kind = self.get_kind_display()
        return f"{kind} “{self.name}”" if self.name else kind


class PhoneCode(models.Model):
    """The one code that was sent to somebody's phone and not used yet; `number` is in E.164.

    The number need not be theirs before they have typed the code.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    number = KeyField(max_length=PHONE_LENGTH)
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("sent_at")),
                name="users_phonecode_ends_after_it_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(number__startswith="+"), name="users_phonecode_international_number"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def is_expired(self) -> bool:
        return self.expires_at <= clock.now()


class RememberedBrowserQuerySet(models.QuerySet["RememberedBrowser"]):
    def live(self) -> Self:
        return self.filter(expires_at__gt=clock.now())

    def over(self) -> Self:
        return self.filter(expires_at__lte=clock.now())


class RememberedBrowser(models.Model):
    """A browser in which somebody is asked for a second factor only once in a while.

    Its cookie carries a random token, of which only the hash is kept.
    """

    sid = SidField("RB")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    objects = models.Manager.from_queryset(RememberedBrowserQuerySet)()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("created_at")),
                name="users_rememberedbrowser_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return self.sid
