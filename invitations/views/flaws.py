"""The rows of a draft that cannot be sent, by cause: where the fault stands and what to do."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from adminctr.core.addresses import domain_of, readable_domain
from adminctr.core.plans import several
from invitations import batches
from invitations.batch_models import Cause, InvitationBatch, InvitationBatchRow

_MOST_OF_A_GROUP = 5

_COLUMN_OF = {
    Cause.ROLE: batches.ROLE,
    Cause.ACCOUNT: batches.ACCOUNT,
    Cause.ACCOUNT_STOPPED: batches.ACCOUNT,
    Cause.ACCOUNT_ROLES: batches.ACCOUNT_ROLES,
}
_REMEDIES = {
    Cause.ADDRESS: "Correct the addresses, or leave these rows out.",
    Cause.TWICE: "Leave the second row out.",
    Cause.DIFFERS: "Decide which of the two is right, and leave the other out.",
    Cause.ROLE: "Use Administrator or Standard User.",
    Cause.ACCOUNT: "Copy the SID from the account.",
    Cause.ACCOUNT_STOPPED: "Reactivate the account, or leave these rows out.",
    Cause.ACCOUNT_ROLES: "Use roles that accounts have, separated by commas.",
    Cause.DOMAIN: "Verify {found}, or leave these rows out.",
    Cause.DOMAIN_COMMON: "Ask for addresses of a domain that you have verified.",
    Cause.DOMAIN_ELSEWHERE: "Ask for other addresses of these people.",
    Cause.NO_MEMBER: "Give these rows an organization role, so that they join.",
    Cause.MEMBER: "Leave them out: they are members already.",
    Cause.ELSEWHERE: "They leave their organization first, or you invite another address.",
    Cause.INVITED: "Resend the invitations that wait, or leave these rows out.",
    Cause.HAS_ACCESS: "Change their roles on the account, or leave these rows out.",
    Cause.TOO_OFTEN: "Wait until tomorrow, or leave these rows out.",
}


def groups_of(batch: InvitationBatch) -> list[dict[str, Any]]:
    """By cause, with the first rows of each and what to do."""
    found: dict[Cause, list[InvitationBatchRow]] = {}
    left_out = InvitationBatchRow.objects.filter(batch=batch).left_out()
    for row in left_out.order_by("position", "pk"):
        found.setdefault(Cause(row.cause), []).append(row)
    return [_group(cause, rows, batch) for cause, rows in found.items()]


def url_of(row: InvitationBatchRow, batch: InvitationBatch) -> str:
    """Where one row is corrected."""
    return reverse("invitations:batch-row", args=[batch.sid, row.position])


def _group(
    cause: Cause, rows: Sequence[InvitationBatchRow], batch: InvitationBatch
) -> dict[str, Any]:
    column = _COLUMN_OF.get(cause, batches.EMAIL)
    return {
        "text": f"{several(len(rows), 'row', 'rows')}: {cause.label}",
        "remedy": _REMEDIES[cause].format(found=_domains(rows)),
        "rows": [
            {
                "line": row.line,
                "url": url_of(row, batch),
                "column": column,
                "found": _value_in(row, column),
            }
            for row in rows[:_MOST_OF_A_GROUP]
        ],
        "more": max(0, len(rows) - _MOST_OF_A_GROUP),
        "url": f"?cause={cause.value}",
    }


def _domains(rows: Iterable[InvitationBatchRow]) -> str:
    """The domains of some rows, the first of them where there are many."""
    names: Sequence[str] = list(
        dict.fromkeys(readable_domain(domain_of(row.email.strip().lower())) for row in rows)
    )
    if len(names) > _MOST_OF_A_GROUP:
        return f"{', '.join(names[:_MOST_OF_A_GROUP])} and {len(names) - _MOST_OF_A_GROUP} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _value_in(row: InvitationBatchRow, column: str) -> str:
    return str(getattr(row, column.replace(" ", "_"))) or "nothing"
