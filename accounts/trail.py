"""How the trail tells of accounts: every event about one carries its SID and its name."""

from typing import Any

from accounts.models import Account
from adminctr.core.actor import Actor
from audit import log
from organizations.models import Organization


def note(account: Account, action: str, actor: Actor, **details: Any) -> None:
    """Called inside operations; the account's organization is read with it."""
    note_in(account.organization, account, action, actor, **details)


def note_in(
    organization: Organization, account: Account, action: str, actor: Actor, **details: Any
) -> None:
    """The same in the chain of an organization that is concerned besides its own."""
    log.record(
        action,
        organization,
        actor=actor,
        subject_sid=account.sid,
        subject=account.name,
        **details,
    )
