"""Another organization's object does not exist: its address answers as a random one does."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.urls import resolve, reverse

from accounts import queries
from accounts.models import Account, RoleAssignment
from accounts.views.frames import AccountPage
from adminctr.core.sids import make_sid
from audit.models import AuditEvent
from domains.operations import add_domain
from organizations.models import Membership, Organization
from tests.conftest import acting
from tests.imports.runs import switched_on
from tests.pages.addresses import (
    BESIDES,
    PREFIXES,
    STAFF_SUBJECTS,
    SUBJECTS,
    path_to,
    routes,
    sids_of,
)
from tests.pages.effects import assert_no_effect, comparable
from tests.users.people import invited, member, organization_of
from users.models import User

LISTS = [
    "account:activity",
    "account:new",
    "account:pending-users",
    "account:subaccounts",
    "account:users",
    "accounts:access",
    "accounts:activity",
    "accounts:independent",
    "accounts:list",
    "accounts:new",
    "accounts:pending",
    "accounts:pending-users",
    "accounts:subaccounts",
    "accounts:users",
    "audit:list",
    "console:home",
    "domains:list",
    "organizations:overview",
    "organizations:ownership",
    "organizations:settings",
    "profile:browsers",
    "profile:sessions",
    "profile:show",
    "users:independent",
    "users:list",
    "users:pending",
    "users:require-of-all",
]
FORM = "application/x-www-form-urlencoded"
HOSTILE = [
    "US{}",
    "us{}",
    "AC{}",
    "{}",
    " US{}",
    "US{} ",
    "US{}%00",
    "US{}\x00",
    "US{}\n",
    "US{}/../",
    "%2e%2e%2f",
    "..%2f..%2fetc",
    "1",
    "0",
    "-1",
    "9" * 400,
    "1 or 1=1",
    "' OR '1'='1",
    "\uff11\uff12",
    "US" + "\u0661" * 32,
    "US" + "A" * 32,
    "US" + "f" * 31,
    "US" + "f" * 33,
    "x" * 10_000,
    "{{7*7}}",
    "<script>",
    "None",
    "null",
    "*",
]

QUERIES = [
    "org={org}",
    "organization={org}&organization_id=1&organization__sid={org}",
    "ordering=organization__owner__password&o=-1&sort=password",
    "user__password__startswith=p&_connector=OR",
    "page=-1&page_size=1000000&limit=1000000&PAGE_SIZE=1",
    "after={user}",
    "before={account}",
    "after={account_elsewhere}",
    "after={domain}",
    "before={invitation}",
    "before={invited}",
    "after={request}",
    "before={role}",
    "after=%00",
    "after=99999999999999999999",
    "before=-1",
    "after=1%20or%201=1",
    "after[]=x&after[pk]=1",
    "q=globex",
    "%00=%00",
    "after=" + "x" * 5000,
]


@pytest.fixture(scope="module")
def foreign(once) -> dict[str, str]:
    """One thing of each kind that is Globex's."""
    return once(things_of_globex)


def things_of_globex() -> dict[str, str]:
    switched_on(Organization.objects.get(name="Acme"))  # whose people look for them
    globex = Organization.objects.get(name="Globex")
    member(globex, "gus@globex.example")
    invited(globex, "new@globex.example")
    add_domain(globex, name="globex-labs.example", actor=acting(globex.owner))
    return sids_of(globex)


def headers_of(response) -> dict[str, str]:
    return {name: value for name, value in response.items() if name != "X-Request-ID"}


def test_every_address_with_a_sid_says_what_it_names() -> None:
    named = {name: inside for name, inside in routes().items() if "sid" in inside}
    staffs = {name: {"sid"} for name in STAFF_SUBJECTS}
    pages = {name: {*parts, *BESIDES.get(name, ())} for name, parts in SUBJECTS.items()}
    assert named == pages | staffs
    known = {
        *map(frozenset, named.values()),
        frozenset(),
        frozenset({"app_label"}),
        frozenset({"level"}),
        frozenset({"setting"}),
        frozenset({"token"}),
        frozenset({"uidb36", "key"}),
    }
    assert {frozenset(inside) for inside in routes().values()} <= known


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_a_foreign_object_answers_as_an_unknown_one(name, foreign, sign_in, ana) -> None:
    unknown = {kind: make_sid(prefix) for kind, prefix in PREFIXES.items()}
    view = resolve(path_to(name, foreign)).func.view_class
    client = sign_in(ana)
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        with assert_no_effect():
            theirs, nobodys = (
                client.generic(method, path_to(name, sids), "role=standard", FORM)
                for sids in (foreign, unknown)
            )
        offers = getattr(view, "get" if method == "HEAD" else method.lower(), None)
        # Whether an account is there is asked before what may be done with it.
        is_answered = bool(offers) or issubclass(view, AccountPage)
        expected = 404 if is_answered and method.lower() in view.http_method_names else 405
        assert (theirs.status_code, nobodys.status_code) == (expected, expected), method
        assert comparable(theirs.content) == comparable(nobodys.content)
        assert headers_of(theirs) == headers_of(nobodys)


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_the_same_addresses_work_for_whom_they_belong_to(
    name, foreign, sign_in, eve, settings
) -> None:
    settings.DNS_LIFETIME = timedelta(milliseconds=10)
    client = sign_in(eve)
    path = path_to(name, foreign)
    statuses = {client.get(path).status_code, client.post(path, {"role": "x"}).status_code}
    assert 404 not in statuses
    assert statuses & {200, 303}


def test_asking_for_a_foreign_object_is_in_ones_own_trail(foreign, acme, globex, sign_in, ana):
    theirs = AuditEvent.unscoped.filter(chain=globex.sid).count()
    sign_in(ana).get(path_to("accounts:detail", foreign))
    event = AuditEvent.unscoped.filter(chain=acme.sid).latest("sequence")
    assert event.action == "account:view.refused"
    assert foreign["account"] not in str(event.details.data)
    assert AuditEvent.unscoped.filter(chain=globex.sid).count() == theirs


@pytest.mark.parametrize("who", ["ana", "eve", "ida"])
def test_no_list_shows_a_row_of_another_organization(
    who, foreign, acme, globex, request, sign_in
) -> None:
    person = request.getfixturevalue(who)
    strangers = [one for one in (acme, globex) if one.owner != person]
    secrets = [secret for one in strangers for secret in secrets_of(one, besides=person)]
    client, mine = sign_in(person), sids_of(organization_of(person))
    for name in LISTS:
        body = client.get(path_to(name, mine)).content.decode()
        found = [secret for secret in secrets if secret in body]
        assert found == [], name


def secrets_of(organization: Organization, *, besides: User) -> list[str]:
    """What belongs to an organization and its people, but those who have to do with somebody."""
    home = organization_of(besides)
    known = {
        *RoleAssignment.unscoped.filter(organization=home).values_list("email", flat=True),
        *queries.roles_elsewhere(home).values_list("account__owner__email", flat=True),
    }
    theirs = Membership.unscoped.open().filter(organization=organization)
    addresses = set(theirs.values_list("email", flat=True)) - known
    own = Account.unscoped.filter(organization=home).values_list("sid", flat=True)
    sids = set(sids_of(organization).values()) - {besides.sid, *own}
    return [*sids, organization.sid, *addresses]


def but_for_the_notice(body: bytes) -> bytes:
    """A list says what it did not understand; nothing else may differ."""
    notice = rb'<div class="notice notice--warning">.*?</div>\s*</div>'
    return b" ".join(re.sub(notice, b"", comparable(body), flags=re.S).split())


@pytest.mark.parametrize("name", LISTS)
def test_a_query_string_opens_no_door(name, sids, foreign, globex, sign_in, ana) -> None:
    client = sign_in(ana)
    path = path_to(name, sids)
    plain = but_for_the_notice(client.get(path).content)
    for query in QUERIES:
        response = client.get(f"{path}?{query.format(org=globex.sid, **foreign)}")
        assert response.status_code == 200, query
        assert but_for_the_notice(response.content) == plain, query
        assert len(response.context.get("rows") or []) <= settings.PAGE_SIZE


@pytest.mark.parametrize(
    "name",
    [
        "account:detail",
        "account:user",
        "accounts:detail",
        "accounts:user",
        "accounts:invited-revoke",
        "accounts:relinquish",
        "domains:remove",
        "users:detail",
        "users:expectation-forget",
        "users:independent-remove",
    ],
)
def test_a_malformed_sid_is_unknown(name, sids, sign_in, ana) -> None:
    """The last one in the address, where it names several."""
    kind = list(SUBJECTS[name].values())[-1]
    valid = make_sid(PREFIXES[kind])
    path = path_to(name, sids | {kind: valid})
    client = sign_in(ana)
    for text in HOSTILE:
        hostile = path.replace(valid, quote(text.replace("{}", valid[2:])))
        for response in (client.get(hostile), client.post(hostile)):
            if response.status_code == 301:
                response = client.get(response["Location"])
            assert response.status_code in {400, 404, 405}, text


@pytest.mark.parametrize(
    ("name", "kind", "others"),
    [
        ("users:pending-detail", "invitation", ["invited", "request"]),
        ("users:pending-resend", "invitation", ["invited", "request"]),
        ("users:pending-revoke", "invitation", ["invited", "request"]),
        ("accounts:pending-detail", "request", ["invited", "invitation"]),
        ("accounts:pending-resend", "request", ["invited", "invitation"]),
        ("accounts:pending-cancel", "request", ["invited", "invitation"]),
        ("accounts:invited", "invited", ["invitation", "request"]),
        ("accounts:invited-resend", "invited", ["invitation", "request"]),
        ("accounts:invited-revoke", "invited", ["invitation", "request"]),
        ("accounts:independent-detail", "account_elsewhere", ["account"]),
        ("accounts:relinquish", "account_elsewhere", ["account"]),
        ("accounts:detail", "account", ["account_elsewhere"]),
        ("users:independent-detail", "independent", ["user"]),
        ("users:detail", "user", ["independent"]),
    ],
)
def test_a_page_is_about_its_own_kind_of_thing(name, kind, others, sids, ana, sign_in) -> None:
    """One's own thing of another kind has its own pages, and is unknown to this one."""
    client = sign_in(ana)
    with assert_no_effect():
        for other in others:
            path = path_to(name, sids | {kind: sids[other]})
            assert {client.get(path).status_code, client.post(path).status_code} <= {404, 405}, path


def test_a_role_of_somebody_else_is_not_taken_away_by_its_address(sids, ana, sign_in) -> None:
    client = sign_in(ana)
    managed = RoleAssignment.unscoped.get(account__sid=sids["account"], holder__sid=sids["user"])
    with assert_no_effect():
        for sid in (sids["user"], sids["independent"]):
            path = reverse("users:independent-remove", args=[sid, managed.sid])
            assert client.post(path).status_code == 404, path
