"""Every address of the product, found by walking the URL resolver, and what to put into it."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Account, RoleAssignment
from domains.models import Domain
from invitations.models import Invitation
from organizations.models import Membership, Organization
from tests.bulk.runs import run_of
from tests.users.people import email_change_of, pending_sign_up, session_of
from users.models import EmailChange

# What the SID in an address names; a new address with a SID must be entered here.
SUBJECTS = {
    "accounts:detail": "account",
    "bulk:run": "bulk_run",
    "bulk:run-export": "bulk_run",
    "console:account": "own_account",
    "domains:check": "domain",
    "domains:detail": "domain",
    "domains:remove": "domain",
    "profile:session-end": "session",
    "users:change-role": "user",
    "users:detail": "user",
    "users:pending-detail": "invitation",
    "users:pending-resend": "invitation",
    "users:pending-revoke": "invitation",
}
# The same on the staff site.
STAFF_SUBJECTS = {
    "staff:accounts_account_detail": "account",
    "staff:accounts_account_disable-hipaa": "account",
    "staff:accounts_account_enable-hipaa": "account",
    "staff:accounts_account_owner": "account",
    "staff:accounts_account_reactivate": "account",
    "staff:accounts_account_suspend": "account",
    "staff:accounts_account_upgrade": "account",
    "staff:accounts_roleassignment_detail": "role",
    "staff:domains_domain_detail": "domain",
    "staff:invitations_invitation_detail": "invitation",
    "staff:organizations_organization_account-limit": "organization",
    "staff:organizations_organization_detail": "organization",
    "staff:organizations_organization_ownership": "organization",
    "staff:organizations_organization_record-baa": "organization",
    "staff:organizations_organization_rename": "organization",
    "staff:users_user_detail": "user",
    "staff:users_user_lift-suspension": "user",
    "staff:users_user_suspend": "user",
}
PREFIXES = {
    "account": "AC", "own_account": "AC", "domain": "DN", "user": "US", "invitation": "NF",
    "session": "SE", "bulk_run": "BK",
}  # fmt: skip
NEW_PERSON = "zoe@fresh.example"


def routes() -> dict[str, set[str]]:
    """The names of all addresses with the names of what stands in them."""
    return dict(_routes(get_resolver()))


def sids_of(organization: Organization) -> dict[str, str]:
    """The newest of each kind that belongs to this organization, or to its Owner."""
    assert organization.owner
    stays = Membership.unscoped.open().filter(organization=organization)
    accounts = Account.unscoped.filter(organization=organization)
    return {
        "account": accounts.latest("pk").sid,
        "own_account": accounts.filter(owner=organization.owner).latest("pk").sid,
        "domain": Domain.unscoped.filter(organization=organization).latest("pk").sid,
        "user": stays.select_related("user").latest("pk").user.sid,
        "invitation": Invitation.unscoped.open().filter(organization=organization).latest("pk").sid,
        "session": session_of(organization.owner).sid,
        "bulk_run": run_of(organization).sid,
        "email_change": email_change_of(organization.owner).sid,
    }


def path_to(name: str, sids: dict[str, str]) -> str:
    """The address of a page about one of these things."""
    inside = routes()[name]
    if name in STAFF_SUBJECTS:
        return reverse(name, args=[_everything(sids)[STAFF_SUBJECTS[name]]])
    if name == "staff:app_list":
        return reverse(name, args=["users"])
    if inside == {"sid"}:
        return reverse(name, args=[sids[SUBJECTS[name]]])
    if name == "users:sign-up-finish":
        return reverse(name, args=[pending_sign_up(NEW_PERSON).token()])
    if name == "profile:email-confirm":
        return reverse(name, args=[EmailChange.objects.get(sid=sids["email_change"]).token()])
    if name == "invitations:show":
        return reverse(name, args=[Invitation.unscoped.get(sid=sids["invitation"]).token()])
    if name == "account_reset_password_from_key":
        return reverse(name, kwargs={"uidb36": sids["user"], "key": "made-up"})
    return reverse(name)


def _everything(sids: dict[str, str]) -> dict[str, str]:
    """What the console has no address of, beside what it has."""
    account = Account.unscoped.select_related("organization").get(sid=sids["account"])
    role = RoleAssignment.unscoped.filter(account=account).latest("pk")
    return sids | {"organization": account.organization.sid, "role": role.sid}


def _routes(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, set[str]]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _routes(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", set(entry.pattern.regex.groupindex)
