"""What changes accounts, and who may do what on them."""

from accounts.operations.governing import (
    configure_account,
    hipaa_refusal,
    record_baa,
    set_hipaa,
    transfer_account,
)
from accounts.operations.lifecycle import (
    close_account,
    finish_closing,
    purge_account,
    reactivate_account,
    reactivation_refusal,
    suspend_account,
)
from accounts.operations.opening import (
    create_account,
    create_subaccount,
    set_account_limit,
    upgrade_account,
)
from accounts.operations.roles import (
    Relinquishment,
    end_overdue_roles,
    relinquish_access,
    remove_access,
    set_roles,
)

__all__ = [
    "Relinquishment",
    "close_account",
    "configure_account",
    "create_account",
    "create_subaccount",
    "end_overdue_roles",
    "finish_closing",
    "hipaa_refusal",
    "purge_account",
    "reactivate_account",
    "reactivation_refusal",
    "record_baa",
    "relinquish_access",
    "remove_access",
    "set_account_limit",
    "set_hipaa",
    "set_roles",
    "suspend_account",
    "transfer_account",
    "upgrade_account",
]
