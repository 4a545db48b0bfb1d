"""Which colour a state is shown in; the words stand beside it always."""

from accounts.models import AccountStatus
from adminctr.core.plans import Weight

ACCOUNT_STATUS = {
    AccountStatus.ACTIVE: "success",
    AccountStatus.SUSPENDED: "warning",
    AccountStatus.PENDING_CLOSURE: "warning",
    AccountStatus.CLOSED: "neutral",
}

WEIGHT = {
    Weight.BLOCKER: "danger",
    Weight.LOSES: "warning",
    Weight.CHANGES: "info",
    Weight.IRREVERSIBLE: "danger",
    Weight.SURVIVES: "success",
}
