"""Figures as they are the moment after signing up."""

from overview.figures import Figures

BARE = Figures(
    has_default_name=True,
    verified_domains=(),
    waiting_domains=(),
    failing_domains=(),
    uncertain_domains=(),
    missing_domains=(),
    members=1,
    administrators=1,
    never_signed_in=0,
    without_factor=0,
    pending=0,
    expired=0,
    undelivered=0,
    accounts=1,
    closed_accounts=0,
    pending_accounts=0,
    account_limit=10,
    suspended_accounts=0,
    leaving=0,
    kept_from_leaving=0,
)
