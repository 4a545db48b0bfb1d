"""Events as sentences. The actor's name comes first, the text here follows it."""

from collections import defaultdict
from typing import Any

from adminctr.core.actor import STAFF
from adminctr.web.display import moment
from audit.models import AuditEvent
from organizations.policy import WORDS, Action

_NO_MARKS = str.maketrans("", "", "“”")

SENTENCES = {
    "account.access_accepted": "accepted access to the account “{subject}” as {role}",
    "account.access_relinquished": (
        "relinquished the access of “{by}” to the account “{subject}” (roles: {roles}; {holders})"
    ),
    "account.access_removed": (
        "took the access to the account “{subject}” away from {holder} ({before})"
    ),
    "account.add_requested": "asked {subject} to let the account “{account}” be added",
    "account.added": "let the account “{subject}” be added",
    "account.closed": "finished closing the account “{subject}”",
    "account.closing": (
        "closed the account “{subject}” (subaccounts: {subaccounts}, invitations revoked: "
        "{revoked_invitations})"
    ),
    "account.configured": (
        "changed the settings of the account “{subject}” from “{before}” to “{after}”"
    ),
    "account.created": "created the account “{subject}” for {owner}",
    "account.hipaa_disabled": "disabled HIPAA for the account “{subject}”",
    "account.hipaa_enabled": "enabled HIPAA for the account “{subject}”",
    "account.purged": "deleted what the closed account held of its own (“{subject}” until then)",
    "account.reactivated": (
        "reactivated the account “{subject}” (subaccounts with it: {subaccounts})"
    ),
    "account.role_ended": (
        "ended the role {role} of {holder} on the account “{subject}”, as planned"
    ),
    "account.roles_set": (
        "changed the roles of {holder} on the account “{subject}” from {before} to {after}"
    ),
    "account.subaccount_created": "created the subaccount “{subject}” below “{below}”",
    "account.suspended": "suspended the account “{subject}” (subaccounts with it: {subaccounts})",
    "account.transferred": "made {after} the owner of the account “{subject}” in place of {before}",
    "account.upgraded": "upgraded the account “{subject}”",
    "account.user_invited": "invited {subject} to the account “{account}” as {role}",
    "bulk.finished": "finished a bulk action: {what} (done: {done}, refused: {refused})",
    "bulk.started": "started a bulk action: {what}",
    "bulk.stopped": (
        "stopped a bulk action: {what} (done: {done}, refused: {refused}); whoever started it may "
        "no longer do it"
    ),
    "checklist.hidden": "hid the list of what is still to be set up ({steps})",
    "domain.added": "added the domain {subject}",
    "domain.check_failed": "checked the domain {subject}: {reason}",
    "domain.removed": "removed the domain {subject}",
    "domain.verified": "verified the domain {subject}",
    "organization.absorbed": "let the organization “{subject}” be absorbed by “{into}”",
    "organization.baa_recorded": (
        "changed the day from which the Business Associate Agreement holds: {before}, now {after}"
    ),
    "organization.limit_set": "set the account limit from {before} to {after}",
    "organization.list_exported": "exported the list of {listed} (“{which}”)",
    "organization.renamed": "renamed the organization from “{before}” to “{after}”",
    "organization.transferred": "made {after} the Owner in place of {before}",
    "session.all_ended": "logged everybody out (sessions ended: {count})",
    "sign_up.started": "asked for a sign-up link for {subject}",
    "system.populated": (
        "filled the database for measuring: {organizations} organizations, {users} users, "
        "{accounts} accounts"
    ),
    "user.appointed_staff": "made {subject} support staff: {group}",
    "user.dismissed_staff": "took the staff rights of {subject}",
    "user.email_change_cancelled": "gave up changing the address to {wanted}",
    "user.email_change_started": "wants to change the address of {subject} to {wanted}",
    "user.email_changed": "changed the address from {before} to {after}",
    "user.invitation_declined": "declined the invitation as {role}",
    "user.invitation_resent": "sent the invitation of {subject} again",
    "user.invitation_revoked": "revoked the invitation of {subject}",
    "user.invited": "invited {subject} as {role}",
    "user.joined": "joined by invitation as {role}",
    "user.log_in_failed": "tried to log in as {subject} with a wrong password",
    "user.log_in_refused": "could not log in: the login was suspended at that moment",
    "user.logged_in": "logged in",
    "user.logged_out": "logged out",
    "user.name_changed": "changed the name from “{before}” to “{after}”",
    "user.other_sessions_ended": "logged out everywhere else (sessions ended: {count})",
    "user.password_changed": "set a new password",
    "user.password_reset_requested": "asked for a link to reset the password of {subject}",
    "user.password_wrong": "gave a wrong password when asked again",
    "user.preferences_changed": "changed their preferences",
    "user.role_changed": "changed the role of {subject} from {before} to {after}",
    "user.session_ended": "logged out of a session from {from_ip}",
    "user.signed_up": "signed up",
    "user.suspended": "suspended the login of {subject}",
    "user.suspension_lifted": "lifted the suspension of {subject}",
}

# Nothing records these any more, and the trail keeps them.
_FORMER = {"organization.roles_exported": "exported the role assignments ({which})"}


def details_of(event: AuditEvent) -> dict[str, Any] | None:
    """What was noted beside an event; None once it was erased."""
    details = getattr(event, "details", None)
    return details.data if details else None


def told(event: AuditEvent, name: str) -> str:
    """One of the details, empty when it was not noted or is erased."""
    return str((details_of(event) or {}).get(name, ""))


def actor_of(event: AuditEvent) -> str:
    return told(event, "actor") or "Somebody"


def sentence(action: str, details: dict[str, Any] | None) -> str:
    """What happened, in words; an erased event keeps its kind and its time."""
    if details is None:
        return f"{action} (the details were erased)"
    if action.endswith(".refused"):
        what = _attempt(action.removesuffix(".refused"))
        given = f" (“{_unmarked(details['given'])}”)" if "given" in details else ""
        reason = _unmarked(details["reason"])  # written for whoever was refused
        return f"was refused: {what}{given}. Told why: “{reason}”"
    # What people type stands between marks that none of it can hold, so it cannot pass for the
    # sentence.
    unmarked = {name: _unmarked(value) for name, value in details.items()}
    values = defaultdict(lambda: "…", unmarked)
    return {**_FORMER, **SENTENCES}.get(action, action).format_map(values)


def line(event: AuditEvent) -> str:
    """Who did what, in one line."""
    return f"{actor_of(event)} {sentence(event.action, details_of(event))}"


def as_row(event: AuditEvent, *, with_ip: bool = True) -> dict[str, Any]:
    """An event as components/activity.html shows it; of support nobody learns from where."""
    return {
        "at": moment(event.at),
        "actor": actor_of(event),
        "sentence": sentence(event.action, details_of(event)),
        "via": event.via,
        "ip": told(event, "ip") if with_ip and event.via != STAFF else "",
        "reason": told(event, "stated_reason"),
        "refused": event.action.endswith(".refused"),
        "sequence": event.sequence,
    }


def _unmarked(value: object) -> str:
    return str(value).translate(_NO_MARKS)


def _attempt(name: str) -> str:
    """What was tried: an operation by its name, a page by the words of its action."""
    words = WORDS[Action(name)] if name in Action else name.replace("_", " ")
    return words[0].lower() + words[1:]
