"""An operation is one transaction in its own scope with one trail; a refusal leaves only itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from adminctr.core import operations
from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import (
    Event,
    OperationRequired,
    check,
    itself,
    no_organization,
    operation,
    or_refuse,
    record_refusal,
)
from adminctr.core.tenancy import current_scope, every_tenant, tenant
from adminctr.core.text import sort_key
from audit import log
from audit.models import AuditEvent, ChainHead
from organizations.models import Membership, Organization
from tests.conftest import acting
from users.models import User

TOO_SHORT = RuleViolation("name_short", "Choose a longer name.", field="name")


@operation(itself)
def rename(organization: Organization, *, name: str, actor: Actor) -> Organization:
    organization.name, organization.name_key = name, sort_key(name)
    organization.save(update_fields=["name", "name_key"])
    log.record("test.renamed", organization, actor=actor, subject=name)
    if len(name) < 3:
        raise TOO_SHORT
    if name == "Forbidden":
        raise NotAllowed("This name is taken.")
    if name == "Broken":
        raise LookupError(name)
    return organization


@operation(no_organization)
def rename_both(
    pair: tuple[Organization, Organization], *, names: tuple[str, str], actor: Actor
) -> None:
    """Rename two; a name that is too short for the second is put up with."""
    first, second = pair
    log.record("test.began", first, actor=actor)
    rename(first, name=names[0], actor=actor)
    try:
        rename(second, name=names[1], actor=actor)
    except RuleViolation:
        log.record("test.gone_on", first, actor=actor)


@check
def ask_outside(organization: Organization, *, actor: Actor) -> str:
    return "answer"


@operation(itself)
def asks_inside(organization: Organization, *, actor: Actor) -> None:
    ask_outside(organization, actor=actor)


def events_of(chain: str) -> list[str]:
    events = AuditEvent.unscoped.filter(chain=chain).order_by("sequence")
    return list(events.values_list("action", flat=True))


def newest(chain: str) -> AuditEvent:
    events = AuditEvent.unscoped.filter(chain=chain).select_related("details")
    found = events.order_by("-sequence").first()
    assert found
    return found


def name_of(organization: Organization) -> str:
    return Organization.objects.get(pk=organization.pk).name


class FailingJournal:
    """A journal whose disk is full."""

    def append(self, events: list[Event]) -> None:
        raise OSError("no space left")

    def append_refusal(self, event: Event) -> None:
        raise OSError("no space left")


@pytest.fixture
def full_disk() -> Iterator[None]:
    operations.use_journal(FailingJournal())
    yield
    operations.use_journal(log)


def test_a_change_and_its_event_are_written_together(acme: Organization, ana: User) -> None:
    before = events_of(acme.sid)
    rename(acme, name="Acme Two", actor=acting(ana))
    assert name_of(acme) == "Acme Two"
    assert events_of(acme.sid) == [*before, "test.renamed"]
    assert newest(acme.sid).details.data["subject"] == "Acme Two"


def test_nothing_is_written_when_the_journal_fails(
    acme: Organization, ana: User, full_disk: None
) -> None:
    actor, before = acting(ana), events_of(acme.sid)
    with pytest.raises(OSError, match="no space"):
        rename(acme, name="Acme Two", actor=actor)
    assert name_of(acme) == "Acme"
    assert events_of(acme.sid) == before


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [("X", RuleViolation, "name_short"), ("Forbidden", NotAllowed, None)],
)
def test_a_refusal_is_rolled_back_and_recorded(
    acme: Organization, ana: User, name: str, error: type[Exception], code: str | None
) -> None:
    before = events_of(acme.sid)
    with pytest.raises(error) as refused:
        rename(acme, name=name, actor=acting(ana))
    assert name_of(acme) == "Acme"
    assert events_of(acme.sid) == [*before, "rename.refused"]
    details = newest(acme.sid).details.data
    assert details["reason"] == str(refused.value)
    assert details["operation"] == "rename"
    assert details.get("code") == code
    assert newest(acme.sid).actor_sid == ana.sid


def test_a_fault_is_rolled_back_and_is_no_refusal(acme: Organization, ana: User) -> None:
    before = events_of(acme.sid)
    with pytest.raises(LookupError):
        rename(acme, name="Broken", actor=acting(ana))
    assert name_of(acme) == "Acme"
    assert events_of(acme.sid) == before


def test_a_refusal_stands_in_the_own_chain_of_who_was_refused(
    acme: Organization, globex: Organization, eve: User
) -> None:
    in_acme, in_globex = events_of(acme.sid), events_of(globex.sid)
    with pytest.raises(NotAllowed):
        rename(acme, name="Forbidden", actor=acting(eve))
    assert events_of(acme.sid) == in_acme
    assert events_of(globex.sid) == [*in_globex, "rename.refused"]


def test_a_stranger_is_refused_in_the_chain_of_what_they_wanted(acme: Organization) -> None:
    with pytest.raises(NotAllowed):
        rename(acme, name="Forbidden", actor=Actor.stranger("mallory@evil.example"))
    assert newest(acme.sid).action == "rename.refused"
    assert newest(acme.sid).details.data["actor"] == "mallory@evil.example"


def test_a_refusal_that_concerns_no_organization_stands_in_the_system_chain(db: None) -> None:
    stranger = Actor.stranger("mallory@evil.example", origin=Origin(ip="10.0.0.9"))
    record_refusal("anything", stranger, NotAllowed("No."))
    event = newest("system")
    assert (event.action, event.details.data["ip"]) == ("anything.refused", "10.0.0.9")


def test_nested_operations_hand_their_events_to_the_outermost(
    acme: Organization, globex: Organization, ana: User
) -> None:
    before, elsewhere = events_of(acme.sid), events_of(globex.sid)
    rename_both((acme, globex), names=("New", "Newer"), actor=acting(ana))
    assert events_of(acme.sid) == [*before, "test.began", "test.renamed"]
    assert events_of(globex.sid) == [*elsewhere, "test.renamed"]


def test_a_nested_refusal_undoes_everything_and_is_recorded_once(
    acme: Organization, globex: Organization, ana: User
) -> None:
    @operation(no_organization)
    def outer(subject: Organization, *, actor: Actor) -> None:
        rename(subject, name="Fine", actor=actor)
        rename(globex, name="X", actor=actor)

    before, elsewhere = events_of(acme.sid), events_of(globex.sid)
    with pytest.raises(RuleViolation):
        outer(acme, actor=acting(ana))
    assert (name_of(acme), name_of(globex)) == ("Acme", "Globex")
    assert events_of(acme.sid) == [*before, "outer.refused"]
    assert events_of(globex.sid) == elsewhere


def test_what_was_rolled_back_inside_leaves_no_event_when_the_outermost_goes_on(
    acme: Organization, globex: Organization, ana: User
) -> None:
    before, elsewhere = events_of(acme.sid), events_of(globex.sid)
    rename_both((acme, globex), names=("New", "X"), actor=acting(ana))
    assert name_of(globex) == "Globex"
    assert events_of(acme.sid) == [*before, "test.began", "test.renamed", "test.gone_on"]
    assert events_of(globex.sid) == elsewhere


def test_an_operation_sees_its_own_organization_whatever_is_around(
    acme: Organization, globex: Organization, eve: User
) -> None:
    @operation(itself)
    def look(organization: Organization, *, actor: Actor) -> set[int]:
        return set(Membership.objects.values_list("organization_id", flat=True))

    with every_tenant():
        assert look(globex, actor=acting(eve)) == {globex.pk}
    with tenant(acme):
        assert look(globex, actor=acting(eve)) == {globex.pk}
    assert current_scope() is None


def test_a_nested_operation_sees_its_own_organization_and_then_the_outer_its_own(
    acme: Organization, globex: Organization, ana: User
) -> None:
    @operation(itself)
    def look(organization: Organization, *, actor: Actor) -> set[int]:
        return set(Membership.objects.values_list("organization_id", flat=True))

    @operation(itself)
    def look_twice(organization: Organization, *, actor: Actor) -> list[set[int]]:
        inner = look(globex, actor=actor)
        return [inner, set(Membership.objects.values_list("organization_id", flat=True))]

    assert look_twice(acme, actor=acting(ana)) == [{globex.pk}, {acme.pk}]


def test_an_operation_does_not_run_in_a_transaction_of_somebody_else(
    acme: Organization, ana: User
) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        rename(acme, name="Acme Two", actor=acting(ana))


def test_an_event_outside_an_operation_is_refused(acme: Organization, ana: User) -> None:
    before = events_of(acme.sid)
    with pytest.raises(OperationRequired):
        log.record("test.renamed", acme, actor=acting(ana))
    assert events_of(acme.sid) == before


def test_after_an_operation_its_events_are_gone(acme: Organization, ana: User) -> None:
    with pytest.raises(LookupError):
        rename(acme, name="Broken", actor=acting(ana))
    rename(acme, name="Acme Two", actor=acting(ana))
    with pytest.raises(OperationRequired):
        log.record("test.renamed", acme, actor=acting(ana))
    assert events_of(acme.sid).count("test.renamed") == 1


def test_a_check_asks_outside_where_nothing_is_open(acme: Organization, ana: User) -> None:
    assert ask_outside(acme, actor=acting(ana)) == "answer"


def test_a_check_is_refused_inside_a_transaction(acme: Organization, ana: User) -> None:
    with transaction.atomic(), pytest.raises(OperationRequired, match="outside world"):
        ask_outside(acme, actor=acting(ana))


def test_a_check_is_refused_inside_an_operation(acme: Organization, ana: User) -> None:
    with pytest.raises(OperationRequired, match="outside world"):
        asks_inside(acme, actor=acting(ana))


def take_over(taken: Organization, by: Organization) -> None:
    """Write a change that stands and then one that is a duplicate: nobody owns two."""
    Organization.objects.filter(pk=by.pk).update(name="Acme Two")
    Organization.objects.filter(pk=by.pk).update(owner=taken.owner)


def test_a_second_row_like_the_first_becomes_the_rule_it_stands_for(
    acme: Organization, globex: Organization
) -> None:
    with pytest.raises(RuleViolation) as refused, or_refuse(TOO_SHORT):
        take_over(globex, acme)
    assert refused.value is TOO_SHORT
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert name_of(acme) == "Acme"


NO_DUPLICATES: dict[str, dict[str, Any]] = {
    "a check": {"name": ""},
    "a value that must be there": {"account_limit": None},
}


@pytest.mark.parametrize("values", NO_DUPLICATES.values(), ids=NO_DUPLICATES.keys())
def test_any_other_refusal_by_the_database_is_a_fault_of_ours(
    acme: Organization, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), or_refuse(TOO_SHORT):
        Organization.objects.filter(pk=acme.pk).update(**values)
    assert name_of(acme) == "Acme"


def test_or_refuse_lets_other_faults_through(db: None) -> None:
    with pytest.raises(LookupError), or_refuse(TOO_SHORT):
        raise LookupError


def test_an_operation_keeps_its_name_and_says_what_it_is() -> None:
    assert rename.__name__ == "rename"
    assert rename.is_operation
    assert ask_outside.is_check


def test_each_organization_has_a_chain_of_its_own(
    acme: Organization, globex: Organization, ana: User
) -> None:
    heads = dict(ChainHead.objects.values_list("chain", "sequence"))
    rename_both((acme, globex), names=("New", "Newer"), actor=acting(ana))
    moved: dict[str, Any] = dict(ChainHead.objects.values_list("chain", "sequence"))
    assert moved[acme.sid] == heads[acme.sid] + 2
    assert moved[globex.sid] == heads[globex.sid] + 1


def test_an_actor_is_not_changed_by_a_new_role(ana: User) -> None:
    owner = acting(ana)
    demoted = owner.with_role("standard")
    assert (owner.role, demoted.role) == ("owner", "standard")
    assert replace(demoted, role="owner") == owner


@pytest.mark.parametrize("actor", [Actor.system("tidy"), Actor.operator("demo")])
def test_the_system_and_operators_are_trusted_and_named(actor: Actor) -> None:
    assert actor.trusted
    assert actor.sid == "system"
    assert "(" in actor.label


def test_a_stranger_is_not_trusted() -> None:
    stranger = Actor.stranger("mallory@evil.example")
    assert not stranger.trusted
    assert stranger.sid == ""
