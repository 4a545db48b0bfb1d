"""The people and pages of a populated database, for the process that measures on it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Account, AccountRole, RoleAssignment
from adminctr.core import text
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import every_tenant
from bench.middleware import OF_STARTPROJECT
from organizations.models import Membership, Organization, Role
from organizations.policy import StaffGroup
from users import sessions
from users.models import FactorKind, User, UserStatus
from users.operations import appoint_staff
from users.passwords import hash_password

_BACKEND = "users.sign_in.PasswordBackend"
HELLO_AUTH = "/bench/hello-auth/"
_MANY_ROLES = 10_000


class Browser:
    """A browser without a network, signed in with a second factor; every answer must be a page."""

    def __init__(self, user: User) -> None:
        self._client = Client(headers={"x-forwarded-for": "192.0.2.7"})
        self._client.force_login(user, backend=_BACKEND)
        session = self._client.session
        sessions.note_second_factor(session, FactorKind.APP)
        session.save()

    def visit(self, url: str) -> None:
        response = self._client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")

    def visiting(self, url: str) -> Callable[[], Any]:
        return lambda: self.visit(url)


@dataclass(frozen=True, slots=True)
class Query:
    sql: str
    parameters: Any

    def run(self) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.parameters)
            rows: list[Any] = cursor.fetchall()
            return rows

    def plan(self) -> str:
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = Query(f"{explain} {self.sql}", self.parameters).run()
        return "\n".join(str(row[-1]) for row in rows)


def queries_of(call: Callable[[], Any]) -> list[Query]:
    """What is asked of the database meanwhile."""
    found: list[Query] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        found.append(Query(sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        call()
    return found


class Stage:
    """Who and what the lines of the bench are about; found once and kept."""

    def __init__(self) -> None:
        with every_tenant():
            first, *_, last = Organization.objects.order_by("pk")[:3]
        self.large, self.small = first, last

    @cached_property
    def owner(self) -> Browser:
        return Browser(self._owner_of(self.large))

    @cached_property
    def owner_of_small(self) -> Browser:
        return Browser(self._owner_of(self.small))

    @cached_property
    def hello(self) -> Browser:
        """The owner again, past nothing but what `startproject` puts before a page."""
        browser = Browser(self._owner_of(self.large))
        with override_settings(MIDDLEWARE=OF_STARTPROJECT):
            browser.visit(HELLO_AUTH)  # the chain is built with the first visit, and kept
        return browser

    @cached_property
    def staff(self) -> Browser:
        user = self._owner_of(self.small)
        appoint_staff(user, group=StaffGroup.READERS, actor=Actor.operator("bench"))
        return Browser(user)

    @cached_property
    def administrators(self) -> list[User]:
        """Everybody who can administer the large organization, in the order of joining."""
        with every_tenant():
            stays = Membership.objects.open().filter(
                organization=self.large, role=Role.ADMINISTRATOR, status=UserStatus.ACTIVE
            )
            return [stay.user for stay in stays.select_related("user").order_by("pk")]

    def let_in(self, count: int, password: str) -> list[str]:
        """Give so many administrators a password; returns their addresses."""
        people = self.administrators[:count]
        hashed = hash_password(password)
        User.objects.filter(pk__in=[one.pk for one in people]).update(password=hashed)
        return [one.email for one in people]

    def member_at(self, share: float) -> User:
        """Who stands so far down the list of users: 0.5 is the middle."""
        with every_tenant():
            stays = Membership.objects.managed().filter(organization=self.large)
            place = max(0, int((stays.count() - 1) * share))
            return stays.select_related("user")[place].user

    def account_url(self, page: str = "detail") -> str:
        with every_tenant():
            account = Account.objects.managed().filter(organization=self.large).first()
        return reverse(f"accounts:{page}", args=[account.sid]) if account else ""

    @cached_property
    def collector(self) -> Browser:
        """Somebody with very many roles, given past the operations, which allow far fewer."""
        person = self.member_at(0.5)
        with every_tenant():
            accounts = Account.objects.counted().filter(organization=self.large)
            held = RoleAssignment.objects.open().filter(holder=person, role=AccountRole.SUPPORT)
            others = accounts.exclude(owner=person).exclude(pk__in=held.values("account"))
            RoleAssignment.objects.bulk_create(
                RoleAssignment(
                    organization=self.large,
                    holder=person,
                    account=account,
                    role=AccountRole.SUPPORT,
                    holder_organization=self.large,
                    email=person.email,
                    name_key=text.sort_key(person.get_full_name()),
                    source=Source.IMPORT,
                )
                for account in others.order_by("pk")[:_MANY_ROLES]
            )
        return Browser(person)

    def _owner_of(self, organization: Organization) -> User:
        return User.objects.get(pk=cast(int, organization.owner_id))
