"""Whose rows a query may see: nothing until a scope is open.

Three scopes: `tenant(*organizations)`, `person(user)` for the rows about one user wherever
they stand, and `every_tenant()` for staff, jobs and data that span organizations. The default
manager of every tenant-owned model obeys the scope and raises when none is open. Queries that
start from a global model and forward foreign keys are not filtered (docs/architecture.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from django.db import models

RowT = TypeVar("RowT", bound=models.Model, covariant=True)


class Tenant(Protocol):
    """What a scope needs of an organization."""

    pk: Any
    sid: str


class Person(Protocol):
    """What a scope needs of a user."""

    pk: Any
    email: str


class TenantRequired(RuntimeError):
    """A tenant-owned model was queried with no fitting scope open."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The organizations whose rows are visible, or the one person, or everything."""

    organization_ids: frozenset[int] = frozenset()
    organization_sids: frozenset[str] = frozenset()
    user_id: int | None = None
    email: str = ""
    everything: bool = False


_scope: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)


def current_scope() -> Scope | None:
    return _scope.get()


@contextmanager
def tenant(*organizations: Tenant) -> Iterator[None]:
    """See the rows of these organizations, and of no other."""
    with _entered(
        Scope(
            organization_ids=frozenset(organization.pk for organization in organizations),
            organization_sids=frozenset(organization.sid for organization in organizations),
        )
    ):
        yield


@contextmanager
def person(user: Person) -> Iterator[None]:
    """See the rows about this person, in whatever organization they stand."""
    with _entered(Scope(user_id=user.pk, email=user.email)):
        yield


@contextmanager
def every_tenant() -> Iterator[None]:
    """See everything. Every use is listed in tests/architecture/test_tenancy.py."""
    with _entered(Scope(everything=True)):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


class TenantManager(models.Manager[RowT]):
    """The default manager: the rows of the open scope, or TenantRequired."""

    def get_queryset(self) -> models.QuerySet[RowT]:
        queryset = super().get_queryset()
        scope = _scope.get()
        if scope is None:
            raise TenantRequired(f"{self.model.__name__} was queried outside a tenant scope")
        if scope.everything:
            return queryset
        if scope.user_id is None:
            return queryset.filter(organization_id__in=scope.organization_ids)
        return queryset.filter(**self._about_person(scope))

    def _about_person(self, scope: Scope) -> dict[str, Any]:
        column = getattr(self.model, "person_column", None)
        if column is None:
            raise TenantRequired(f"{self.model.__name__} has no rows about a person")
        return {column: scope.email if column == "email" else scope.user_id}


class TenantModel(models.Model):
    """A row that one organization owns.

    `person_column` names the column that tells whom a row is about, where it is about somebody:
    the user's key, or `email` for somebody who may have no sign-in yet.
    """

    person_column: ClassVar[str | None] = None

    organization = models.ForeignKey("organizations.Organization", models.PROTECT, related_name="+")

    objects = TenantManager()
    unscoped = models.Manager()

    class Meta:
        abstract = True
