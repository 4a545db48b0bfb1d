"""Which colour a state is shown in; the words stand beside it always."""

from accounts.models import AccountStatus
from adminctr.core.plans import Weight
from adminctr.core.runs import RunState
from invitations.batch_models import Phase, RowState
from users.models import UserStatus

ACCOUNT_STATUS = {
    AccountStatus.ACTIVE: "success",
    AccountStatus.SUSPENDED: "warning",
    AccountStatus.PENDING_CLOSURE: "warning",
    AccountStatus.CLOSED: "neutral",
}

RUN = {
    RunState.PENDING: "neutral",
    RunState.RUNNING: "neutral",
    RunState.FINISHED: "success",
    RunState.FAILED: "danger",
}

USER_STATUS = {
    UserStatus.ACTIVE: "success",
    UserStatus.INACTIVE: "neutral",
    UserStatus.SUSPENDED: "danger",
}

WEIGHT = {
    Weight.BLOCKER: "danger",
    Weight.LOSES: "warning",
    Weight.CHANGES: "info",
    Weight.IRREVERSIBLE: "danger",
    Weight.SURVIVES: "success",
}

INVITATION_BATCH = {
    Phase.DRAFT: "neutral",
    Phase.SCHEDULED: "new",
    Phase.SENDING: "neutral",
    Phase.SENT: "success",
    Phase.STOPPED: "danger",
    Phase.CANCELLED: "neutral",
}

INVITATION_ROW = {
    RowState.WAITING: "neutral",
    RowState.LEFT_OUT: "warning",
    RowState.DONE: "success",
    RowState.REFUSED: "danger",
}
