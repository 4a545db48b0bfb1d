"""Tables of invitations: drafts, and batches on their way."""

from datetime import datetime

from django.db.models import QuerySet

from adminctr.core.tenancy import every_tenant, tenant
from invitations import batches
from invitations.batch_models import Cause, InvitationBatch, InvitationBatchRow, RowState
from invitations.models import Invitation
from invitations.operations import draft_batch, send_batch, take_batch_step
from organizations import policy
from organizations.models import Organization, Role
from tests.conftest import acting
from tests.users.people import prove
from users.models import User


def addresses(number: int, domain: str = "acme.test") -> str:
    return "\n".join(f"new{place:03}@{domain}" for place in range(number))


def draft(
    organization: Organization, table: str, who: User, *, role: Role = Role.STANDARD
) -> InvitationBatch:
    read = batches.read_batch(table.encode())
    return draft_batch(organization, rows=read.rows, role=role, actor=acting(who))


def sent(organization: Organization, table: str, who: User) -> InvitationBatch:
    """A table that was confirmed as it was shown."""
    return confirm(draft(organization, table, who), who)


def confirm(
    batch: InvitationBatch, who: User, *, starts_at: datetime | None = None
) -> InvitationBatch:
    """Send what is shown of it now."""
    return send_batch(
        batch, expected=shown(batch), starts_at=starts_at, is_proven=True, actor=acting(who)
    )


def shown(batch: InvitationBatch) -> str:
    with tenant(batch.organization):
        return batches.digest_of_good(batch)


def step(batch: InvitationBatch) -> InvitationBatch:
    """Take the next step as a worker does; returns the batch as it is then."""
    claimed = fresh(batch)
    if not batch.holder:
        assert claimed.claim()
        batch.holder = claimed.holder
    take_batch_step(claimed, actor=policy.actor_for(claimed.by, via="bulk"))
    return fresh(batch)


def fresh(batch: InvitationBatch) -> InvitationBatch:
    with every_tenant():
        return InvitationBatch.objects.select_related("organization", "by").get(pk=batch.pk)


def invited_by(batch: InvitationBatch) -> QuerySet[Invitation]:
    """What the rows of a batch have become."""
    emails = [row.email for row in rows_of(batch)]
    return Invitation.unscoped.filter(email__in=emails)


def rows_of(batch: InvitationBatch) -> list[InvitationBatchRow]:
    return list(InvitationBatchRow.unscoped.filter(batch=batch).order_by("position"))


def states_of(batch: InvitationBatch) -> list[RowState]:
    return [RowState(row.state) for row in rows_of(batch)]


def causes_of(batch: InvitationBatch) -> dict[str, str]:
    return {row.email: row.cause for row in rows_of(batch)}


def batch_of(organization: Organization) -> InvitationBatch:
    """A draft of the Owner's with one row that is good and one that is not."""
    mine = InvitationBatch.unscoped.drafts().filter(organization=organization)
    if found := mine.select_related("organization").first():
        return found
    domain = f"many-{organization.pk}.example"
    prove(organization, domain)
    assert organization.owner
    return draft(organization, f"many@{domain}\nnobody", organization.owner)


def more_rows_of(organization: Organization, number: int) -> None:
    """More rows of the draft, every other of which cannot be sent; past the operations."""
    batch = batch_of(organization)
    last = InvitationBatchRow.unscoped.filter(batch=batch).count()
    InvitationBatchRow.unscoped.bulk_create(
        InvitationBatchRow(
            organization=organization,
            batch=batch,
            position=place,
            line=place,
            email=f"row{place}@elsewhere.example",
            role="Standard User",
            state=RowState.LEFT_OUT if place % 2 else RowState.WAITING,
            cause=Cause.DOMAIN if place % 2 else "",
            message="Your organization has not verified it." if place % 2 else "",
        )
        for place in range(last + 1, last + 1 + number)
    )
