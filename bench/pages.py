"""Lines 1 to 10: pages beside Django admin, beside the least page, and beside themselves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from adminctr.core.columns import starts_with
from bench import plans, table
from bench.measure import Case, Taken, interleaved
from bench.results import Findings, Result
from bench.stage import HELLO_AUTH, Query, Stage, queries_of
from organizations.models import Membership

LIST_BUDGET = 6
SEARCH_BUDGET = 8
DETAIL_BUDGET = 10
_ADMIN = "/bench/admin/organizations/membership/"
_PAGE = 50
_COLLECTOR = "console of somebody with 10,000 roles"
_HELLO, _FIRST = "hello-auth", "own first page"
_LISTS = {
    "users": "users:list",
    "pending users": "users:pending",
    "accounts": "accounts:list",
    "independent accounts": "accounts:independent",
    "pending accounts": "accounts:pending",
    "independent users": "users:independent",
    "role assignments": "accounts:access",
    "activity": "audit:list",
}
_SIX_LETTERS = 6
_NARROWED = ("role=administrator", "status=suspended", "sort=-name", "sort=since", "sort=-since")
# The accounts, whose filters each leave much or little, by every order but the usual one.
_ACCOUNTS_NARROWED = (
    "status=suspended", "status=closed", "type=full", "hipaa=yes", "activity=none", "sort=owner",
    "sort=-created",
)  # fmt: skip
_MILLION = 1_000_000
# Django admin against our pages, by the size of the organization or by the engine.
_TIMES_ADMIN = {10_000: 4, 100_000: 6, _MILLION: 10}
_TIMES_ADMIN_LAST_PAGE = {"sqlite": 20, "postgresql": 100}


@dataclass(frozen=True, slots=True)
class Pages:
    """What every line of this module works with."""

    stage: Stage
    size: int
    rounds: int
    findings: Findings

    @property
    def is_full(self) -> bool:
        """Whether ratios that only a very large organization can show are to be expected."""
        return self.size >= _MILLION

    def measure(self, cases: Mapping[str, Case]) -> dict[str, Taken]:
        hello = {_HELLO: self.stage.hello.visiting(HELLO_AUTH)}
        return interleaved({**hello, **cases}, self.rounds)

    def add(
        self, line: int, name: str, against: str, took: Mapping[str, Taken], **goal: Any
    ) -> None:
        """Compare two of the cases that took turns; the yardstick is the least page."""
        flat = goal.pop("flat", True)
        self.findings.results.append(
            Result(
                line,
                name,
                against,
                took[name].median,
                took[against].median,
                by_yardstick=took[name].least / took[_HELLO].least if flat else None,
                **goal,
            )
        )

    def check(self, name: str, call: Callable[[], Any], budget: int, *, plan: bool = True) -> None:
        """The queries of one page: how many, and how each is answered."""
        queries = min((queries_of(call) for _ in range(2)), key=len)
        if len(queries) > budget:
            self.findings.faults.append(f"{name}: {len(queries)} queries, {budget} are allowed")
        self.findings.notes.append(f"{name}: {len(queries)} queries")
        if plan:
            self.findings.faults += [f"{name}: {fault}" for fault in plans.faults_of(queries)]


def lines_1_and_2(pages: Pages) -> None:
    """The lists beside Django admin and beside the least page."""
    owner = pages.stage.owner
    cases: dict[str, Case] = {name: owner.visiting(reverse(url)) for name, url in _LISTS.items()}
    took = pages.measure({**cases, "tuned Django admin": owner.visiting(_ADMIN)})
    least = _TIMES_ADMIN.get(pages.size, 1)
    pages.add(1, "users", "tuned Django admin", took, at_least=least, flat=False)
    for name, call in cases.items():
        pages.add(2, name, _HELLO, took, at_most=6)
        pages.check(name, call, LIST_BUDGET)


def line_3(pages: Pages) -> None:
    """What the database does for the list of users, beside the one query that it cannot spare."""
    queries = queries_of(pages.stage.owner.visiting(reverse("users:list")))
    took = pages.measure(
        {
            "database time of users": lambda: [query.run() for query in queries],
            "raw page query": _raw_page(pages.stage.large.pk).run,
        }
    )
    pages.add(3, "database time of users", "raw page query", took, at_most=4)


def line_4(pages: Pages) -> None:
    """Deep in the list, and backwards."""
    owner, middle = pages.stage.owner, pages.stage.member_at(0.5).sid
    last = pages.stage.member_at(1 - (_PAGE / pages.size)).sid
    url = reverse("users:list")
    took = pages.measure(
        {
            _FIRST: owner.visiting(url),
            "middle page": owner.visiting(f"{url}?after={middle}"),
            "page before the middle": owner.visiting(f"{url}?before={middle}"),
            "last page": owner.visiting(f"{url}?after={last}"),
            "admin's last page": owner.visiting(f"{_ADMIN}?p={pages.size // _PAGE}"),
        }
    )
    for name in ("middle page", "page before the middle", "last page"):
        pages.add(4, name, _FIRST, took, at_most=1.25)
    least = _TIMES_ADMIN_LAST_PAGE[connection.vendor] if pages.is_full else 1
    pages.add(4, "last page", "admin's last page", took, at_least=least, flat=False)


def line_5(pages: Pages) -> None:
    """Searches by the beginning of an address, and what the ORM's own way would cost."""
    email = pages.stage.member_at(0.5).email
    owner, url = pages.stage.owner, reverse("users:list")
    found = {"1 letter": email[:1], "6 letters": email[:_SIX_LETTERS]}
    cases = {name: owner.visiting(_search(url, text)) for name, text in found.items()}
    stays = Membership.unscoped.filter(organization=pages.stage.large, ended_at=None)
    took = pages.measure(
        {
            _FIRST: owner.visiting(url),
            **cases,
            "range of the index": _read(stays.filter(starts_with("email", found["6 letters"]))),
            "istartswith": _read(stays.filter(email__istartswith=found["6 letters"])),
        }
    )
    for name, call in cases.items():
        pages.add(5, name, _FIRST, took, at_most=1.25)
        pages.check(f"users by {name}", call, SEARCH_BUDGET, plan=False)
    least = 100 if pages.is_full else 1
    pages.add(5, "range of the index", "istartswith", took, at_least=least, flat=False)


def line_6(pages: Pages) -> None:
    """Searches inside names, beside Django admin's and in a tiny organization."""
    owner, small = pages.stage.owner, pages.stage.owner_of_small
    url = reverse("users:list")
    rare = pages.stage.member_at(0.5).last_name.lower()[1:]
    texts = {"rare": rare, "none": "zzqqxx", "common": "ann", "2 characters": "an"}
    cases = {name: owner.visiting(_search(url, text)) for name, text in texts.items()}
    took = pages.measure(
        {
            _FIRST: owner.visiting(url),
            **cases,
            "common, in a tiny organization": small.visiting(_search(url, "ann")),
            "admin, rare": owner.visiting(f"{_ADMIN}?q={rare}"),
            "admin, common": owner.visiting(f"{_ADMIN}?q=ann"),
        }
    )
    full = pages.is_full
    # Their hits are more in a larger world, up to a bound.
    pages.add(6, "rare", "admin, rare", took, at_least=100 if full else 1, flat=False)
    pages.add(6, "common", "admin, common", took, at_least=25 if full else 1, flat=False)
    pages.add(6, "none", _FIRST, took, at_most=1)
    pages.add(6, "2 characters", _FIRST, took)
    pages.add(6, "common, in a tiny organization", _FIRST, took, at_most=1)
    for name, call in cases.items():
        pages.check(f"users, {name}", call, SEARCH_BUDGET, plan=False)


def line_7(pages: Pages) -> None:
    """Filters and orders, and searches of the other lists, beside the first page."""
    owner, users = pages.stage.owner, reverse("users:list")
    texts = {"pending users": "invited77", "accounts": "777", "role assignments": "4242@"}
    narrowed = {f"?{query}": f"{users}?{query}" for query in _NARROWED}
    searched = {
        f"{name}: {text}": _search(reverse(_LISTS[name]), text) for name, text in texts.items()
    }
    accounts = reverse("accounts:list")
    narrowed |= {f"accounts ?{query}": f"{accounts}?{query}" for query in _ACCOUNTS_NARROWED}
    took = pages.measure(
        {_FIRST: owner.visiting(users)}
        | {name: owner.visiting(url) for name, url in (narrowed | searched).items()}
    )
    for name, url in (narrowed | searched).items():
        pages.add(7, name, _FIRST, took, at_most=1.25)
        pages.check(name, owner.visiting(url), SEARCH_BUDGET, plan=name in narrowed)


def line_8(pages: Pages) -> None:
    """The organizations of the whole installation, as support staff see them."""
    url = reverse("staff:organizations_organization_changelist")
    took = pages.measure(
        {
            _FIRST: pages.stage.owner.visiting(reverse("users:list")),
            "all organizations": pages.stage.staff.visiting(url),
        }
    )
    pages.add(8, "all organizations", _FIRST, took, at_most=1.25)


def line_9(pages: Pages) -> None:
    """One thing of a large organization."""
    owner = pages.stage.owner
    user, busy = pages.stage.member_at(0.5), pages.stage.administrators[0]
    cases = {
        "user": owner.visiting(reverse("users:detail", args=[user.sid])),
        "user with many accounts": owner.visiting(reverse("users:detail", args=[busy.sid])),
        "account": owner.visiting(pages.stage.account_url()),
        "users of an account": owner.visiting(pages.stage.account_url("users")),
        "subaccounts of an account": owner.visiting(pages.stage.account_url("subaccounts")),
        "plan of closing an account": owner.visiting(pages.stage.account_url("close")),
        _COLLECTOR: pages.stage.collector.visiting(reverse("console:home")),
        "overview": owner.visiting(reverse("organizations:overview")),
    }
    took = pages.measure(dict(cases))
    for name, call in cases.items():
        # Their rows are their own, and there are more of them in a larger world.
        flat = name != "user with many accounts"
        pages.add(9, name, _HELLO, took, at_most=5, flat=flat)
        pages.check(name, call, DETAIL_BUDGET, plan=False)


def line_10(pages: Pages) -> None:
    """The rows of the list of users: our markup beside the fastest way to write them."""
    rows = table.rows(pages.stage.large, _PAGE)
    took = pages.measure(
        {
            "50 rows by the template": partial(table.by_template, rows),
            "50 rows by format strings": partial(table.by_format_strings, rows),
        }
    )
    pages.add(10, "50 rows by the template", "50 rows by format strings", took, at_most=3)


LINES: dict[int, Callable[[Pages], None]] = {
    1: lines_1_and_2,
    3: line_3,
    4: line_4,
    5: line_5,
    6: line_6,
    7: line_7,
    8: line_8,
    9: line_9,
    10: line_10,
}


def _search(url: str, text: str) -> str:
    return f"{url}?{urlencode({'search': text})}"


def _read(stays: QuerySet[Membership]) -> Case:
    return lambda: list(stays.order_by("email", "id").values_list("email", "id")[: _PAGE + 1])


def _raw_page(organization_id: int) -> Query:
    return Query(
        "SELECT m.id, m.email, m.role, m.status, m.last_sign_in_at, u.sid, u.first_name, "
        "u.last_name FROM organizations_membership m JOIN users_user u ON u.id = m.user_id "
        "WHERE m.organization_id = %s AND m.ended_at IS NULL ORDER BY m.name_key, m.id LIMIT %s",
        (organization_id, _PAGE + 1),
    )
