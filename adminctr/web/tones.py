"""Which colour a state is shown in; the words stand beside it always."""

from accounts.models import AccountStatus

ACCOUNT_STATUS = {
    AccountStatus.ACTIVE: "success",
    AccountStatus.SUSPENDED: "warning",
    AccountStatus.PENDING_CLOSURE: "warning",
    AccountStatus.CLOSED: "neutral",
}
