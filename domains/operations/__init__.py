"""Claiming a domain, proving it, keeping the proof under watch, sharing it, giving it up."""

from domains.operations.checking import check_domain, look_for_colleague, settle_check
from domains.operations.claiming import (
    HIGHEST_DOMAIN_LIMIT,
    add_domain,
    remove_domain,
    set_domain_limit,
)
from domains.operations.classifying import classify_domain, forget_classification
from domains.operations.sharing import approve_sharing, follow_setting_again, withdraw_sharing
from domains.operations.watching import keep_domains, settle_recheck

__all__ = [
    "HIGHEST_DOMAIN_LIMIT",
    "add_domain",
    "approve_sharing",
    "check_domain",
    "classify_domain",
    "follow_setting_again",
    "forget_classification",
    "keep_domains",
    "look_for_colleague",
    "remove_domain",
    "set_domain_limit",
    "settle_check",
    "settle_recheck",
    "withdraw_sharing",
]
