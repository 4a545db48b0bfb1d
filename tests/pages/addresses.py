"""Every address of the product, found by walking the URL resolver, and what to put into it."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import queries
from accounts.models import Account, AccountRole, RoleAssignment
from accounts.operations import set_roles
from adminctr.core.actor import Actor
from adminctr.core.addresses import domain_of
from adminctr.core.tenancy import tenant
from adminctr.web.demo_accounts import let_in
from domains import record_links
from domains.models import Domain, MailDomain
from domains.operations import add_domain, classify_domain
from invitations.models import Invitation
from invitations.operations import add_existing_account, invite_to_account
from organizations.models import DomainSetting, Membership, Organization, SecondFactor
from tests.bulk.runs import run_of, run_of_users
from tests.conftest import acting
from tests.imports.runs import list_of
from tests.imports.runs import run_of as import_run_of
from tests.invitations.tables import batch_of
from tests.users.people import (
    app_of,
    email_change_of,
    expectation_of,
    founder,
    invited,
    lose,
    offboarding_of,
    passkey_of,
    pending_sign_up,
    prove,
    remembered_browser_of,
    session_of,
    view_of,
)
from users.models import EmailChange, User

# The pages about one account, which are mounted at two doors.
ABOUT_AN_ACCOUNT = {
    "activity": {},
    "change-owner": {},
    "close": {},
    "close-plan": {},
    "detail": {},
    "disable-hipaa": {},
    "enable-hipaa": {},
    "invite": {},
    "invited": {"invitation": "invited"},
    "invited-resend": {"invitation": "invited"},
    "invited-revoke": {"invitation": "invited"},
    "look-up": {},
    "my-access": {},
    "new-subaccount": {},
    "pending-users": {},
    "reactivate": {},
    "remove-access": {"user": "user"},
    "roles": {"user": "user"},
    "subaccounts": {},
    "suspend": {},
    "user": {"user": "user"},
    "users": {},
}
# What the SIDs in an address name; a new address with a SID must be entered here.
SUBJECTS: dict[str, dict[str, str]] = (
    {
        "bulk:run": {"sid": "bulk_run"},
        "bulk:run-export": {"sid": "bulk_run"},
        "accounts:independent-detail": {"sid": "account_elsewhere"},
        "accounts:pending-cancel": {"sid": "request"},
        "accounts:pending-detail": {"sid": "request"},
        "accounts:pending-resend": {"sid": "request"},
        "accounts:relinquish": {"sid": "account_elsewhere"},
        "imports:list-discard": {"sid": "import_list"},
        "imports:list-download": {"sid": "import_list"},
        "imports:list-notice": {"sid": "import_list"},
        "imports:list-review": {"sid": "import_list"},
        "imports:list-start": {"sid": "import_list"},
        "imports:list-start-plan": {"sid": "import_list"},
        "imports:run": {"sid": "import_run"},
        "imports:run-export": {"sid": "import_run"},
        "invitations:batch": {"sid": "batch"},
        "invitations:batch-cancel": {"sid": "batch"},
        "invitations:batch-check": {"sid": "batch"},
        "invitations:batch-export": {"sid": "batch"},
        "invitations:batch-leave-out": {"sid": "batch"},
        "invitations:batch-row": {"sid": "batch"},
        "invitations:batch-row-leave-out": {"sid": "batch"},
        "invitations:batch-send": {"sid": "batch"},
        "domains:check": {"sid": "domain"},
        "domains:checks": {"sid": "domain"},
        "domains:deadline": {"sid": "domain"},
        "domains:detail": {"sid": "domain"},
        "domains:file": {"sid": "domain"},
        "domains:follow-setting": {"sid": "domain"},
        "domains:follow-setting-plan": {"sid": "domain"},
        "domains:remove": {"sid": "domain"},
        "domains:remove-plan": {"sid": "domain"},
        "profile:browser-forget": {"sid": "remembered"},
        "profile:passkey-rename": {"sid": "passkey"},
        "profile:second-factor-remove": {"sid": "factor"},
        "profile:session-end": {"sid": "session"},
        "bulk-users:run": {"sid": "bulk_run_of_users"},
        "bulk-users:run-export": {"sid": "bulk_run_of_users"},
        "organizations:view-forget": {"sid": "view"},
        "users:bring-back": {"sid": "domain"},
        "users:access-end": {"sid": "user", "account": "account"},
        "users:change-role": {"sid": "user"},
        "users:departed": {"sid": "domain"},
        "users:detail": {"sid": "user"},
        "users:expectation-forget": {"sid": "expectation"},
        "users:independent-detail": {"sid": "independent"},
        "users:independent-remove": {"sid": "independent", "role": "role"},
        "users:pending-detail": {"sid": "invitation"},
        "users:pending-resend": {"sid": "invitation"},
        "users:pending-revoke": {"sid": "invitation"},
        "users:offboarding": {"sid": "offboarding"},
        "users:offboarding-cancel": {"sid": "offboarding"},
        "users:offboarding-sheet": {"sid": "offboarding"},
    }
    | {
        f"users:{name}": {"sid": "user"}
        for name in (
            "access",
            "access-give",
            "activity",
            "activity-by",
            "deactivate",
            "end-sessions",
            "leave",
            "leave-plan",
            "reactivate",
            "rename",
            "require-2fa",
            "reset-2fa",
            "reset-password",
            "sign-in",
        )
    }
    | {
        f"{door}:{name}": {"sid": "account", **besides}
        for door in ("accounts", "account")
        for name, besides in ABOUT_AN_ACCOUNT.items()
    }
)
# What stands in an address beside them.
BESIDES = {
    "invitations:batch-row": {"position": 1},
    "invitations:batch-row-leave-out": {"position": 1},
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
    "staff:domains_domain_withdraw-sharing": "domain",
    "staff:domains_maildomain_detail": "mail_domain",
    "staff:domains_maildomain_forget": "mail_domain",
    "staff:domains_maildomain_turn": "mail_domain",
    "staff:invitations_invitation_detail": "invitation",
    "staff:organizations_organization_account-limit": "organization",
    "staff:organizations_organization_approve-sharing": "organization",
    "staff:organizations_organization_detail": "organization",
    "staff:organizations_organization_domain-limit": "organization",
    "staff:organizations_organization_import": "organization",
    "staff:organizations_organization_ownership": "organization",
    "staff:organizations_organization_record-baa": "organization",
    "staff:organizations_organization_rename": "organization",
    "staff:users_user_deactivate": "user",
    "staff:users_user_detail": "user",
    "staff:users_user_end-sessions": "user",
    "staff:users_user_lift-suspension": "user",
    "staff:users_user_reactivate": "user",
    "staff:users_user_reset-2fa": "user",
    "staff:users_user_reset-password": "user",
    "staff:users_user_suspend": "user",
}
PREFIXES = {
    "account": "AC", "account_elsewhere": "AC", "domain": "DN", "expectation": "EX",
    "factor": "FA", "passkey": "FA", "independent": "US",
    "batch": "IB",
    "invitation": "NF", "invited": "NF", "request": "NF", "role": "IY", "session": "SE",
    "remembered": "RB",
    "import_run": "IM", "import_list": "IL",
    "offboarding": "OB", "user": "US", "bulk_run": "BK", "bulk_run_of_users": "BK", "view": "SV",
}  # fmt: skip
NEW_PERSON = "zoe@fresh.example"


def routes() -> dict[str, set[str]]:
    """The names of all addresses with the names of what stands in them."""
    return dict(_routes(get_resolver()))


def sids_of(organization: Organization) -> dict[str, str]:
    """One of each kind that belongs to this organization, or to its Owner; made where none is.

    The account is the Owner's; the user has a role on it, and somebody is invited to it.
    """
    assert organization.owner
    with tenant(organization):
        account = account_of(organization.owner)
        role = _role_of_somebody_independent(account)
        user = Membership.objects.open().select_related("user").latest("pk").user
        _give_a_role(account, user)
        return {
            "account": account.sid,
            "account_elsewhere": _account_elsewhere(organization).sid,
            "domain": _domain_of(organization).sid,
            "user": user.sid,
            "independent": role.holder.sid,
            "role": role.sid,
            "invitation": _invited(organization).sid,
            "invited": _invited_to(account).sid,
            "request": _request_by(organization).sid,
            "bulk_run": run_of(organization).sid,
            "bulk_run_of_users": run_of_users(organization).sid,
            "view": view_of(organization).sid,
            "batch": batch_of(organization).sid,
            "import_run": import_run_of(organization).sid,
            "import_list": list_of(organization).sid,
            "session": session_of(organization.owner).sid,
            "factor": app_of(organization.owner).sid,
            "passkey": passkey_of(organization.owner).sid,
            "remembered": remembered_browser_of(organization.owner).sid,
            "email_change": email_change_of(organization.owner).sid,
            "expectation": expectation_of(organization).sid,
            "offboarding": offboarding_of(organization).sid,
        }


def path_to(name: str, sids: dict[str, str]) -> str:
    """The address of a page about these things."""
    if name in STAFF_SUBJECTS:
        return reverse(name, args=[_with_those_of_staff(sids)[STAFF_SUBJECTS[name]]])
    if name == "staff:app_list":
        return reverse(name, args=["users"])
    if name in SUBJECTS:
        return path_with(name, {part: sids[kind] for part, kind in SUBJECTS[name].items()})
    if name in {"users:domain-setting", "users:domain-setting-plan"}:
        return reverse(name, args=[DomainSetting.BLOCKED])
    if name in {"users:require-of-all-level", "users:require-of-all-plan"}:
        return reverse(name, args=[SecondFactor.EVERY_LOG_IN])
    if name == "users:sign-up-finish":
        return reverse(name, args=[pending_sign_up(NEW_PERSON).token()])
    if name == "profile:email-confirm":
        return reverse(name, args=[EmailChange.objects.get(sid=sids["email_change"]).token()])
    if name in {"invitations:show", "invitations:decline"}:
        return reverse(name, args=[Invitation.unscoped.get(sid=sids["invitation"]).token()])
    if name == "domains:record":
        return record_links.path_for(Domain.unscoped.get(sid=sids["domain"]))
    if name == "account_reset_password_from_key":
        return reverse(name, kwargs={"uidb36": sids["user"], "key": "made-up"})
    return reverse(name)


def path_with(name: str, parts: dict[str, str]) -> str:
    """The address of a page that has these SIDs in it."""
    return reverse(name, kwargs=parts | BESIDES.get(name, {}))


def account_of(owner: User) -> Account:
    """The newest main account that somebody owns and that is open."""
    owned = Account.unscoped.counted().filter(owner=owner)
    return owned.select_related("owner", "organization").latest("pk")


def newest_domain_of(organization: Organization) -> Domain | None:
    """But for those by which people are imported and invited by the table."""
    others = [f"{purpose}-{organization.pk}.example" for purpose in ("importable", "many")]
    domains = Domain.unscoped.filter(organization=organization)
    return domains.exclude(name__in=others).order_by("-pk").first()


def _domain_of(organization: Organization) -> Domain:
    name = f"domain-{organization.pk}.example"
    newest = newest_domain_of(organization)
    return newest or add_domain(organization, name=name, actor=acting(organization.owner))


def _give_a_role(account: Account, user: User) -> None:
    if not RoleAssignment.objects.in_force().filter(account=account, holder=user).exists():
        roles = [AccountRole.DEVELOPER]
        set_roles(account, holder=user, roles=roles, actor=acting(account.owner))


def _invited(organization: Organization) -> Invitation:
    newest = Invitation.objects.pending().first()
    if newest is None:
        domain = f"joiners-{organization.pk}.example"
        prove(organization, domain)
        newest = invited(organization, f"new@{domain}")
    return newest


def _invited_to(account: Account) -> Invitation:
    waiting = Invitation.objects.pending_access(account)
    address = f"guest-of-{account.organization_id}@contractor.example"
    return waiting.first() or invite_to_account(
        account, email=address, roles=[AccountRole.SUPPORT], actor=acting(account.owner)
    )


def _request_by(organization: Organization) -> Invitation:
    """An account that somebody outside is asked to bring in."""
    if waiting := Invitation.objects.pending_accounts().first():
        return waiting
    domain = f"annex-{organization.pk}.example"
    theirs = account_of(founder(f"asked@{domain}"))
    prove(organization, domain)
    return add_existing_account(organization, sid=theirs.sid, actor=acting(organization.owner))


def _role_of_somebody_independent(account: Account) -> RoleAssignment:
    held = RoleAssignment.objects.independent().select_related("holder")
    if not held.exists():
        host = _host_of(account.organization)
        let_in(account, host, roles=[AccountRole.SUPPORT], by=acting(account.owner))
    return held.latest("pk")


def _account_elsewhere(organization: Organization) -> Account:
    """An account of somebody else's on which the Owner has a role."""
    held = queries.roles_elsewhere(organization).select_related("account")
    if not held.exists():
        owner, host = organization.owner, _host_of(organization)
        domain = domain_of(owner.email)
        is_held = Domain.objects.verified().filter(name=domain).exists()
        lose(domain)  # since whoever holds it decides where its people have access
        let_in(account_of(host), owner, roles=[AccountRole.SUPPORT], by=acting(host))
        if is_held:
            prove(organization, domain)
    return held.latest("pk").account


def _host_of(organization: Organization) -> User:
    """Somebody outside with whom this organization has to do, and no other."""
    address = f"host@hosts-{organization.pk}.example"
    return User.objects.filter(email=address).first() or founder(address)


def _with_those_of_staff(sids: dict[str, str]) -> dict[str, str]:
    """What the console has no address of, beside what it has."""
    account = Account.unscoped.select_related("organization").get(sid=sids["account"])
    said = MailDomain.objects.first() or classify_domain(
        "mail-for-all.example", is_common=True, actor=Actor.operator("test")
    )
    return sids | {"organization": account.organization.sid, "mail_domain": said.sid}


def _routes(
    resolver: URLResolver, space: str = "", above: frozenset[str] = frozenset()
) -> Iterator[tuple[str, set[str]]]:
    for entry in resolver.url_patterns:
        inside = above | set(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _routes(entry, inner, inside)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", set(inside)
