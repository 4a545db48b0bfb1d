"""Another organization's object does not exist: its address answers as a random one does."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.urls import resolve

from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from audit.models import AuditEvent
from domains.operations import add_domain
from organizations.models import Organization
from tests.conftest import acting
from tests.pages.addresses import PREFIXES, STAFF_SUBJECTS, SUBJECTS, path_to, routes, sids_of
from tests.pages.effects import assert_no_effect, comparable
from tests.users.people import invited, member

LISTS = [
    "accounts:access",
    "accounts:list",
    "audit:list",
    "console:home",
    "domains:list",
    "organizations:overview",
    "organizations:ownership",
    "organizations:settings",
    "profile:sessions",
    "profile:show",
    "users:list",
    "users:pending",
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
    "after={domain}",
    "before={invitation}",
    "after=%00",
    "after=99999999999999999999",
    "before=-1",
    "after=1%20or%201=1",
    "after[]=x&after[pk]=1",
    "q=globex",
    "%00=%00",
    "after=" + "x" * 5000,
]


@pytest.fixture
def foreign(globex, eve) -> dict[str, str]:
    """One thing of each kind that is Globex's."""
    member(globex, "gus@globex.example")
    invited(globex, "new@globex.example")
    add_domain(globex, name="globex-labs.example", actor=acting(eve))
    return sids_of(globex)


def headers_of(response) -> dict[str, str]:
    return {name: value for name, value in response.items() if name != "X-Request-ID"}


def test_every_address_with_a_sid_says_what_it_names() -> None:
    named = {name: inside for name, inside in routes().items() if "sid" in inside}
    staffs = {name: {"sid"} for name in STAFF_SUBJECTS}
    assert named == {name: set(parts) for name, parts in SUBJECTS.items()} | staffs
    known = {
        *map(frozenset, named.values()),
        frozenset(),
        frozenset({"app_label"}),
        frozenset({"token"}),
        frozenset({"uidb36", "key"}),
    }
    assert {frozenset(inside) for inside in routes().values()} <= known


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_a_foreign_object_answers_as_an_unknown_one(name, method, foreign, sign_in, ana) -> None:
    unknown = {kind: make_sid(prefix) for kind, prefix in PREFIXES.items()}
    client = sign_in(ana)
    with assert_no_effect():
        answers = [
            client.generic(method, path_to(name, sids), "role=standard", FORM)
            for sids in (foreign, unknown)
        ]
    theirs, nobodys = answers
    view = resolve(path_to(name, foreign)).func.view_class
    offers = getattr(view, "get" if method == "HEAD" else method.lower(), None)
    expected = 404 if offers and method.lower() in view.http_method_names else 405
    assert (theirs.status_code, nobodys.status_code) == (expected, expected)
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
    secrets = [secret for one in strangers for secret in secrets_of(one)]
    client = sign_in(person)
    for name in LISTS:
        body = client.get(path_to(name, {})).content.decode()
        found = [secret for secret in secrets if secret in body]
        assert found == [], name


def secrets_of(organization: Organization) -> list[str]:
    with tenant(organization):
        domain = "acme" if organization.name == "Acme" else "globex"
        return [*sids_of(organization).values(), organization.sid, f"@{domain}.example"]


def but_for_the_notice(body: bytes) -> bytes:
    """A list says what it did not understand; nothing else may differ."""
    notice = rb'<div class="notice notice--warning">.*?</div>\s*</div>'
    return b" ".join(re.sub(notice, b"", comparable(body), flags=re.S).split())


@pytest.mark.parametrize("name", LISTS)
def test_a_query_string_opens_no_door(name, foreign, globex, sign_in, ana) -> None:
    client = sign_in(ana)
    path = path_to(name, {})
    plain = but_for_the_notice(client.get(path).content)
    for query in QUERIES:
        response = client.get(f"{path}?{query.format(org=globex.sid, **foreign)}")
        assert response.status_code == 200, query
        assert but_for_the_notice(response.content) == plain, query
        assert len(response.context.get("rows") or []) <= settings.PAGE_SIZE


@pytest.mark.parametrize("name", ["users:detail", "accounts:detail", "domains:remove"])
def test_a_malformed_sid_is_unknown(name, sign_in, ana) -> None:
    path = path_to(name, {SUBJECTS[name]: make_sid(PREFIXES[SUBJECTS[name]])})
    valid = next(part for part in path.split("/") if len(part) == 34)
    client = sign_in(ana)
    for text in HOSTILE:
        hostile = path.replace(valid, quote(text.replace("{}", valid[2:])))
        for response in (client.get(hostile), client.post(hostile)):
            if response.status_code == 301:
                response = client.get(response["Location"])
            assert response.status_code in {400, 404, 405}, text
