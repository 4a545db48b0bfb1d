"""Every address of the product, found by walking the URL resolver, and what to put into it."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Account
from domains.models import Domain
from invitations.models import Invitation
from organizations.models import Membership, Organization
from tests.users.people import email_change_of, pending_sign_up, session_of
from users.models import EmailChange

# What the SID in an address names; a new address with a SID must be entered here.
SUBJECTS = {
    "accounts:detail": "account",
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
PREFIXES = {
    "account": "AC", "own_account": "AC", "domain": "DN", "user": "US", "invitation": "NF",
    "session": "SE",
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
        "email_change": email_change_of(organization.owner).sid,
    }


def path_to(name: str, sids: dict[str, str]) -> str:
    """The address of a page about one of these things."""
    inside = routes()[name]
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


def _routes(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, set[str]]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _routes(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", set(entry.pattern.regex.groupindex)
