"""The audit trail: chained rows that nobody can change, and details that can be erased.

No foreign keys to what an event describes, so history outlives it. The chained row holds a
digest of its details; erasing the details leaves the chain whole.
"""

from django.db import models

from adminctr.core.columns import KeyField
from adminctr.core.tenancy import RowT, TenantRequired, current_scope


class ChainManager(models.Manager[RowT]):
    """The events of the organizations in scope; raises TenantRequired when none is."""

    def get_queryset(self) -> models.QuerySet[RowT]:
        scope = current_scope()
        if scope is None or scope.user_id is not None:
            raise TenantRequired("The audit trail was read outside a tenant scope")
        queryset = super().get_queryset()
        return queryset if scope.everything else queryset.filter(chain__in=scope.organization_sids)


class AuditEvent(models.Model):
    """One thing that happened. `chain` is an organization's SID, or `system`."""

    chain = KeyField(max_length=34)
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    action = KeyField(max_length=60)
    via = models.CharField(max_length=10)
    actor_sid = KeyField(max_length=34, blank=True)
    subject_sid = KeyField(max_length=34, blank=True)
    details_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = ChainManager()
    unscoped = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "sequence"], name="audit_auditevent_one_per_place_in_chain"
            ),
        ]
        indexes = [
            models.Index(
                fields=["chain", "subject_sid", "sequence"], name="audit_event_by_subject"
            ),
            models.Index(fields=["chain", "actor_sid", "sequence"], name="audit_event_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.sequence} {self.action}"


class AuditDetails(models.Model):
    """Names, addresses and values of one event, salted so that erased ones cannot be guessed."""

    event = models.OneToOneField(
        AuditEvent, models.PROTECT, primary_key=True, related_name="details"
    )
    salt = models.CharField(max_length=32)
    data = models.JSONField()

    def __str__(self) -> str:
        return f"Details of event {self.event_id}"


class ChainHead(models.Model):
    """The last place of one chain; locked while events are appended."""

    chain = KeyField(max_length=34, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.chain} at {self.sequence}"
