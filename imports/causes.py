"""Why somebody is not imported: a closed list, and the words for all of whom one cause is true."""

from django.db import models


class Cause(models.TextChoices):
    """By the codes of the rules that refuse."""

    LOGIN_GONE = "login_gone", "No login any more"
    LOGIN_NOT_ACTIVE = "login_not_active", "Login not active"
    ADDRESS_ELSEWHERE = "address_elsewhere", "Address of another domain"
    DOMAIN_NOT_VERIFIED = "domain_not_verified", "Domain not verified"
    DOMAIN_SHARED = "domain_shared", "Domain shared"
    DOMAIN_COMMON = "domain_common", "Mail service"
    DOMAIN_BLOCKED = "domain_blocked", "Domain setting Blocked"
    ALREADY_MEMBER = "already_member", "Managed user already"
    ELSEWHERE = "already_in_an_organization", "In another organization"
    MERGE_NEEDED = "merge_needed", "Owns a larger organization"
    ACCOUNT_LIMIT = "account_limit", "No room for the accounts"
    MOVED = "moved", "Changed meanwhile"
    STOPPED = "stopped", "Import stopped"


WORDS: dict[Cause, str] = {
    Cause.LOGIN_GONE: "This login no longer exists.",
    Cause.LOGIN_NOT_ACTIVE: "This login is deactivated or suspended. Its own organization, or "
    "support, can change that.",
    Cause.ADDRESS_ELSEWHERE: "The login has an address of another domain now. Make a new list.",
    Cause.DOMAIN_NOT_VERIFIED: "The domain is no longer verified. Verify it under Domains, then "
    "import again.",
    Cause.DOMAIN_SHARED: "Several organizations hold the domain, or did. Invite the person.",
    Cause.DOMAIN_COMMON: "Anybody can have an address of this domain. Invite another address.",
    Cause.DOMAIN_BLOCKED: "The domain setting is Blocked. Change it, or invite the person.",
    Cause.ALREADY_MEMBER: "The person is a managed user of your organization already.",
    Cause.ELSEWHERE: "The person belongs to another organization, and a person can be in one only. "
    "They can leave it first.",
    Cause.MERGE_NEEDED: "The person owns an organization with other people or a verified domain. "
    "They can hand its ownership over and leave it first.",
    Cause.ACCOUNT_LIMIT: "Your organization has no room for the accounts of this person. Close "
    "some that are not needed, or ask support to raise the limit.",
    Cause.MOVED: "What importing this person would do has changed since the list was made. Import "
    "them again.",
    Cause.STOPPED: "The import was stopped before it came to this person.",
}
