"""How state changes: one function, one transaction, its own scope, one audit trail.

The body of an operation always reads allow, lock, check, write, enqueue, record. Events go to
the journal when the outermost operation is about to commit, so the chain's head is locked last
and shortly; a refusal is rolled back and then recorded in a transaction of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Protocol

from django.db import IntegrityError, connection, transaction

from adminctr.core import metrics
from adminctr.core.actor import SYSTEM, Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import Tenant, tenant


@dataclass(frozen=True, slots=True)
class Event:
    """One entry for the audit trail, before it is chained."""

    action: str
    actor: Actor
    chain: str
    subject_sid: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class Journal(Protocol):
    """Where events are written; the audit app provides it."""

    def append(self, events: list[Event]) -> None: ...

    def append_refusal(self, event: Event) -> None: ...


class Decorator(Protocol):
    """Leaves the signature of what it decorates as it is."""

    def __call__[S, **P, R](
        self, function: Callable[Concatenate[S, P], R], /
    ) -> Callable[Concatenate[S, P], R]: ...


class HasOrganization(Protocol):
    @property
    def organization(self) -> Any: ...


class OperationRequired(RuntimeError):
    """Something that must happen inside an operation, or outside any, was called elsewhere."""


_UNIQUE_VIOLATION = "23505"  # PostgreSQL's code; SQLite has its words alone

# What a refusal may repeat of what was asked for; anything else might be a secret.
_TOLD = ("email", "name", "to")

_pending: ContextVar[list[Event] | None] = ContextVar("pending_events", default=None)
_journal: Journal | None = None


def use_journal(journal: Journal) -> None:
    """Called once, by the audit app when it is ready."""
    global _journal
    _journal = journal


def note(event: Event) -> None:
    """Hand an event to the outermost operation; raises OperationRequired when there is none."""
    pending = _pending.get()
    if pending is None:
        raise OperationRequired("Events are recorded inside an operation")
    pending.append(event)


def itself(organization: Tenant) -> tuple[Tenant, ...]:
    """Scope of an operation on an organization."""
    return (organization,)


def its_organization(subject: HasOrganization) -> tuple[Tenant, ...]:
    """Scope of an operation on a row that an organization owns."""
    return (subject.organization,)


def no_organization(subject: object) -> tuple[Tenant, ...]:
    """Scope of an operation that stands outside every organization, or opens its own."""
    return ()


def operation(scope: Callable[[Any], tuple[Tenant, ...]]) -> Decorator:
    """Run in one transaction inside the organizations that `scope` names for the subject."""

    def decorate[S, **P, R](
        function: Callable[Concatenate[S, P], R],
    ) -> Callable[Concatenate[S, P], R]:
        @wraps(function)
        def inside(subject: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            organizations = scope(subject)
            if (pending := _pending.get()) is not None:
                with _forgotten_if_refused(pending), tenant(*organizations), transaction.atomic():
                    return function(subject, *args, **kwargs)
            try:
                with _events(), tenant(*organizations):
                    return function(subject, *args, **kwargs)
            except (RuleViolation, NotAllowed) as refused:
                actor = kwargs.get("actor")
                if isinstance(actor, Actor):
                    given = {name: kwargs[name] for name in _TOLD if name in kwargs}
                    record_refusal(function.__name__, actor, refused, organizations, given)
                raise

        inside.is_operation = True  # type: ignore[attr-defined]
        return inside

    return decorate


def check[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Allow, then ask the outside world; never while a transaction is open.

    Raises OperationRequired inside one: a lock must not wait for a network.
    """

    @wraps(function)
    def outside(*args: P.args, **kwargs: P.kwargs) -> R:
        refuse_inside_transaction(function.__name__)
        return function(*args, **kwargs)

    outside.is_check = True  # type: ignore[attr-defined]
    return outside


def refuse_inside_transaction(what: str) -> None:
    open_blocks = [
        block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)
    ]
    if open_blocks or _pending.get() is not None:
        raise OperationRequired(f"{what} asks the outside world and a transaction is open")


@contextmanager
def or_refuse(violation: RuleViolation) -> Iterator[None]:
    """Turn the refusal of a second row like the first into the rule that it stands for.

    Any other refusal by the database is a fault of ours and stays one.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as conflict:
        if not _is_duplicate(conflict):
            raise
        raise violation from conflict


def record_refusal(
    operation_name: str,
    actor: Actor,
    refused: RuleViolation | NotAllowed,
    organizations: tuple[Tenant, ...] = (),
    given: Mapping[str, object] | None = None,
) -> None:
    """Write a refusal into the actor's own chain, or the subject's for somebody who has none."""
    journal = _require_journal()
    concerned = organizations[0].sid if organizations else SYSTEM
    metrics.REFUSALS.labels(getattr(refused, "code", "not_allowed")).inc()
    details: dict[str, Any] = {"operation": operation_name, "reason": str(refused)}
    if given:
        details["given"] = ", ".join(str(value) for value in given.values())
    if isinstance(refused, RuleViolation):
        details["code"] = refused.code
    event = Event(
        action=f"{operation_name}.refused",
        actor=actor,
        chain=actor.organization_sid or concerned,
        details=details,
    )
    with transaction.atomic():
        journal.append_refusal(event)


def _is_duplicate(conflict: IntegrityError) -> bool:
    state = getattr(conflict.__cause__, "sqlstate", None)
    return state == _UNIQUE_VIOLATION or str(conflict).startswith("UNIQUE constraint failed")


@contextmanager
def _events() -> Iterator[None]:
    pending: list[Event] = []
    token = _pending.set(pending)
    try:
        with transaction.atomic(durable=True):
            yield
            if pending:
                _require_journal().append(pending)
    finally:
        _pending.reset(token)


@contextmanager
def _forgotten_if_refused(pending: list[Event]) -> Iterator[None]:
    """What is rolled back to here never happened, even if the outer operation goes on."""
    before = len(pending)
    try:
        yield
    except BaseException:
        del pending[before:]
        raise


def _require_journal() -> Journal:
    if _journal is None:
        raise OperationRequired("No journal: is the audit app installed?")
    return _journal
