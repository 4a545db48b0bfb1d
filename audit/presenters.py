"""Events as sentences. The actor's name comes first, the text here follows it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from adminctr.core.actor import STAFF
from adminctr.web.display import day, moment
from audit.models import AuditEvent
from organizations.policy import WORDS, Action

_NO_MARKS = str.maketrans("", "", "“”")

# One of the things that a sentence tells between brackets, each by its name.
_ASIDE = re.compile(r"(?:(?<=\()|, )[^(){},:]+: “?\{(\w+)\}”?")

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
    "account.taken_along": "let the account “{subject}” leave with its owner {owner}",
    "account.transferred": "made {after} the owner of the account “{subject}” in place of {before}",
    "account.upgraded": "upgraded the account “{subject}”",
    "account.user_invited": "invited {subject} to the account “{account}” as {role}",
    "bulk.finished": "finished a bulk action: {what} (done: {done}, refused: {refused})",
    "bulk.started": "started a bulk action: {what}",
    "bulk.stopped": (
        "stopped a bulk action: {what} (done: {done}, refused: {refused}); the person who "
        "started it may no longer do it"
    ),
    "checklist.hidden": "hid the list of what is still to be set up ({steps})",
    "domain.added": "added the domain {subject}",
    "domain.alone": "noted that no other organization still holds {subject}",
    "domain.became_uncertain": "found the verification record of {subject} missing for days: "
    "{reason}",
    "domain.check_failed": "checked the domain {subject}: {reason}",
    "domain.classification_forgotten": (
        "let the lists decide again on {subject}, which counted as {kind}"
    ),
    "domain.classified": "said that {subject} is {kind}",
    "domain.lost": "marked {subject} as lost, since its verification record did not come back: "
    "{reason}",
    "domain.people_brought_back": (
        "finished bringing back the people of {subject} (back: {done}, still away: {refused})"
    ),
    "domain.people_removed": "finished removing the people of {subject} (removed: {done})",
    "domain.removed": "removed the domain {subject} (invitations revoked: {revoked_invitations})",
    "domain.return_started": "began to bring back the people of {subject}",
    "domain.return_stopped": (
        "stopped bringing back the people of {subject} (back: {done}, still away: {refused}); the "
        "domain is in doubt again, or the person who started it may no longer do it"
    ),
    "domain.returned": "found the verification record of {subject} again",
    "domain.setting_followed": "let the domain setting apply to {subject} again",
    "domain.shared": "noted that another organization holds {subject} as well",
    "domain.sharing_approved": "let {subject} be verified although others may hold it",
    "domain.sharing_withdrawn": "withdrew the approval to share {subject} with others",
    "domain.verified": "verified the domain {subject}",
    "domain.went_missing": "did not find the verification record of {subject}: {reason}",
    "expectation.forgotten": "removed the expectation for {subject}, who {way_in}",
    "expectation.saved": "saved an expectation for {subject}, who {way_in}: {outcome}",
    "import.discarded": "discarded an import of users of {domains} (people: {people})",
    "import.finished": (
        "finished importing users of {domains} (imported: {imported}, not imported: {not_imported})"
    ),
    "import.prepared": (
        "prepared an import of users of {domains} (people: {people}, file: “{file}”)"
    ),
    "import.started": "started importing users of {domains} (people: {people})",
    "import.stopped": ("stopped importing users of {domains} (imported: {imported}): {stopped}"),
    "invitations.batch_cancelled": "cancelled a table of invitations (rows: {rows})",
    "invitations.batch_checked": "checked a table of invitations again (rows: {rows})",
    "invitations.batch_drafted": "uploaded a table of invitations (rows: {rows})",
    "invitations.batch_finished": (
        "finished sending a table of invitations (sent: {done}, refused: {refused})"
    ),
    "invitations.batch_row_corrected": "corrected line {line} of a table of invitations",
    "invitations.batch_row_left_out": "left line {line} out of a table of invitations",
    "invitations.batch_rows_dropped": "left rows out of a table of invitations (rows: {rows})",
    "invitations.batch_scheduled": "planned to send a table of invitations (rows: {rows})",
    "invitations.batch_started": "began to send a table of invitations (rows: {rows})",
    "invitations.batch_stopped": (
        "stopped sending a table of invitations (sent: {done}, refused: {refused}); the person "
        "who started it may no longer invite people"
    ),
    "organization.absorbed": "let the organization “{subject}” be absorbed by “{into}”",
    "organization.baa_recorded": (
        "changed the day from which the Business Associate Agreement holds: {before}, now {after}"
    ),
    "organization.domain_limit_set": "set the domain limit from {before} to {after}",
    "organization.domain_setting_changed": ("changed the domain setting from {before} to {after}"),
    "organization.import_switched": "switched the import of users {state}",
    "organization.limit_set": "set the account limit from {before} to {after}",
    "organization.list_exported": "exported the list of {listed} (“{which}”)",
    "organization.renamed": "renamed the organization from “{before}” to “{after}”",
    "organization.second_factor_required": (
        "changed the two-factor requirement for everyone from {before} to {after} (sessions "
        "ended: {count})"
    ),
    "organization.transferred": "made {after} the Owner in place of {before}",
    "session.all_ended": "logged everybody out (sessions ended: {count})",
    "sign_up.started": "asked for a sign-up link for {subject}",
    "system.populated": (
        "filled the database for measuring: {organizations} organizations, {users} users, "
        "{accounts} accounts"
    ),
    "user.appointed_staff": "made {subject} support staff: {group}",
    "user.brought_back": (
        "brought {subject} back as {role} with the domain {domain} (accounts: {accounts}, roles on "
        "accounts: {roles}, password: {password})"
    ),
    "user.browser_forgotten": "had a remembered browser forgotten ({from_ip})",
    "user.browser_remembered": "had a browser remembered after a second factor",
    "user.browsers_forgotten": "had every remembered browser forgotten ({count})",
    "user.deactivated": "deactivated the login of {subject}",
    "user.deleted": "deleted {subject}",
    "user.dismissed_staff": "took away the staff rights of {subject}",
    "user.email_change_cancelled": "gave up changing the address to {wanted}",
    "user.email_change_started": "wants to change the address of {subject} to {wanted}",
    "user.email_changed": "changed the address from {before} to {after}",
    "user.imported": "imported {subject} as Standard User (accounts: {accounts})",
    "user.invitation_declined": "declined the invitation as {role}",
    "user.invitation_resent": "sent the invitation of {subject} again",
    "user.invitation_revoked": "revoked the invitation of {subject}",
    "user.invited": "invited {subject} as {role}",
    "user.joined": "joined {how} as {role}",
    "user.log_in_failed": "tried to log in as {subject} with a wrong password",
    "user.log_in_refused": "could not log in: suspended or logged out at that moment",
    "user.logged_in": "logged in",
    "user.logged_out": "logged out",
    "user.name_changed": "changed the name from “{before}” to “{after}”",
    "user.offboarding_cancelled": "cancelled the planned departure of {subject}, to {how} them",
    "user.offboarding_scheduled": "planned the departure of {subject} on {day}, to {how} them",
    "user.offboarding_stopped": (
        "did not carry out the planned departure of {subject}, to {how} them: {why}"
    ),
    "user.other_sessions_ended": "logged out everywhere else (sessions ended: {count})",
    "user.password_changed": "set a new password",
    "user.password_guessed": "was logged out after too many wrong passwords",
    "user.password_reset": "reset the password of {subject}",
    "user.password_reset_requested": "asked for a link to reset the password of {subject}",
    "user.password_wrong": "gave a wrong password when asked again",
    "user.phone_changed": "changed the phone number from {before} to {after}",
    "user.phone_code_sent": "asked for a code to the phone number {number}",
    "user.preferences_changed": "changed their preferences",
    "user.reactivated": "reactivated the login of {subject}",
    "user.recovery_codes_made": "generated recovery codes",
    "user.removed": "removed {subject} from the organization",
    "user.removed_with_domain": (
        "removed {subject} ({role}), since the domain {domain} was lost (accounts that passed to "
        "{owner}: {accounts}, roles on accounts that ended: {roles})"
    ),
    "user.renamed": "changed the name of {subject} from “{before}” to “{after}”",
    "user.role_changed": "changed the role of {subject} from {before} to {after}",
    "user.second_factor_added": "added a second factor: {factor}",
    "user.second_factor_guessed": "used up the tries for their second factor",
    "user.second_factor_proven": "proved a second factor: {factor}",
    "user.second_factor_removed": "removed a second factor: {factor}",
    "user.second_factor_renamed": "renamed a second factor from {before} to {after}",
    "user.second_factor_required": (
        "changed the two-factor requirement of {subject} from {before} to {after}"
    ),
    "user.second_factor_reset": "reset the 2FA of {subject}",
    "user.second_factor_wrong": "gave a wrong answer when asked for a second factor: {factor}",
    "user.session_ended": "logged out of a session from {from_ip}",
    "user.sessions_ended": "ended the sessions of {subject} (sessions ended: {count})",
    "user.signed_up": "signed up",
    "user.suspended": "suspended the login of {subject}",
    "user.suspension_lifted": "lifted the suspension of {subject}",
    "view.forgotten": "deleted the view “{subject}” of a list",
    "view.saved": "saved the view “{subject}” of a list, for {shared}",
}

# Nothing records these any more, and the trail keeps them.
_FORMER = {"organization.roles_exported": "exported the role assignments ({which})"}


# What somebody tried, where the name of the operation does not say it in plain English.
ATTEMPTS = {
    "cancel_batch": "cancel a table of invitations",
    "cancel_offboarding": "cancel a planned departure",
    "carry_out_offboarding": "carry out a planned departure",
    "check_batch": "check a table of invitations again",
    "correct_row": "correct a line of a table of invitations",
    "draft_batch": "upload a table of invitations",
    "drop_bad_rows": "leave rows out of a table of invitations",
    "enrol_app": "set up an authenticator app",
    "leave_out_row": "leave a line out of a table of invitations",
    "offboard_user": "remove or delete a user",
    "put_phone": "set a phone number",
    "schedule_offboarding": "plan a departure",
    "send_batch": "send a table of invitations",
    "set_hipaa": "enable or disable HIPAA for an account",
    "set_roles": "change roles on an account",
    "settle_check": "check a domain",
    "start_bulk_run": "start a bulk action",
}

# Details that are days, told as pages write them.
DAYS = {
    "organization.baa_recorded": ("before", "after"),
    "user.offboarding_scheduled": ("day",),
}


def details_of(event: AuditEvent) -> dict[str, Any] | None:
    """What was noted beside an event; None once it was erased."""
    details = getattr(event, "details", None)
    return details.data if details else None


def detail(event: AuditEvent, name: str) -> str:
    """One of the details, empty when it was not noted or is erased."""
    return str((details_of(event) or {}).get(name, ""))


def actor_of(event: AuditEvent) -> str:
    return detail(event, "actor") or "Somebody"


def sentence(action: str, details: dict[str, Any] | None) -> str:
    """What happened, in words; an erased event keeps its kind and its time."""
    if details is None:
        return f"{action} (the details were erased)"
    if action.endswith(".refused"):
        what = _attempt(action.removesuffix(".refused"))
        given = f" (“{_unmarked(details['given'])}”)" if "given" in details else ""
        reason = _unmarked(details["reason"])  # written for whoever was refused
        return f"tried to {what}{given} and was refused: “{reason}”"
    # What people type stands between marks that none of it can hold, so it cannot pass for the
    # sentence.
    told = details | {name: _day(details[name]) for name in DAYS.get(action, ()) if name in details}
    unmarked = {name: _unmarked(value) for name, value in told.items()}
    values = defaultdict(lambda: "…", unmarked)
    words = {**_FORMER, **SENTENCES}.get(action, action)
    return _without_nothing(words, details).format_map(values)


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
        "ip": detail(event, "ip") if with_ip and event.via != STAFF else "",
        "reason": detail(event, "stated_reason"),
        "refused": event.action.endswith(".refused"),
        "sequence": event.sequence,
    }


def _without_nothing(words: str, details: Mapping[str, Any]) -> str:
    """A sentence whose brackets leave out what was noted as nothing, such as a file's lack."""
    is_nothing = {name for name, value in details.items() if value in (None, "")}
    kept = _ASIDE.sub(lambda aside: "" if aside[1] in is_nothing else aside[0], words)
    return kept.replace("(, ", "(").replace(" ()", "")


def _unmarked(value: object) -> str:
    return str(value).translate(_NO_MARKS)


def _attempt(name: str) -> str:
    """What was tried: a page by the words of its action, an operation by its own or its name."""
    words = WORDS[Action(name)] if name in Action else ATTEMPTS.get(name, name.replace("_", " "))
    return words[0].lower() + words[1:]


def _day(noted: object) -> str:
    """A day as pages write it; anything else that was noted in its place, as it is."""
    try:
        return day(date.fromisoformat(str(noted)))
    except ValueError:
        return str(noted)
