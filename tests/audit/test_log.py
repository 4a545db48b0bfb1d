"""What is recorded is bounded, chained in order, and never more than an attacker may fill."""

import pytest
import time_machine

from adminctr.core.actor import Actor, Origin
from adminctr.core.errors import NotAllowed
from adminctr.core.operations import itself, no_organization, operation, record_refusal
from audit import chain, log
from audit.models import AuditEvent, ChainHead
from organizations.models import Organization
from tests.conftest import acting
from users.models import User

NOON = "2027-03-01T12:00:00+00:00"
HERE = Origin(ip="10.0.0.9", user_agent="Browser/1", request_id="abc")


@operation(itself)
def note(organization: Organization, *, actor: Actor, **details: object) -> None:
    log.record("test.noted", organization, actor=actor, **details)


@operation(no_organization)
def note_everywhere(organizations: list[Organization | None], *, actor: Actor) -> None:
    for organization in organizations:
        log.record("test.noted", organization, actor=actor, subject_sid="XX")


def newest(name: str) -> AuditEvent:
    events = AuditEvent.unscoped.filter(chain=name).select_related("details")
    return events.latest("sequence")


def places(name: str) -> list[int]:
    events = AuditEvent.unscoped.filter(chain=name).order_by("sequence")
    return list(events.values_list("sequence", flat=True))


def test_an_event_says_who_did_it_from_where(acme: Organization, ana: User) -> None:
    note(acme, actor=Actor(label="ana@acme.example", via="page", sid=ana.sid, origin=HERE))
    event = newest(acme.sid)
    assert (event.via, event.actor_sid) == ("page", ana.sid)
    assert event.details.data == {
        "actor": "ana@acme.example",
        "ip": "10.0.0.9",
        "user_agent": "Browser/1",
        "request_id": "abc",
    }


def test_names_and_addresses_stand_in_the_details_alone(acme: Organization, ana: User) -> None:
    note(acme, actor=acting(ana), subject="secret@acme.example")
    event = newest(acme.sid)
    chained = {str(getattr(event, field.attname)) for field in event._meta.concrete_fields}
    assert not any("secret" in value or "ana@" in value for value in chained)


def test_a_long_text_is_cut(acme: Organization, ana: User) -> None:
    actor = Actor(label="x" * 5000, via="page", origin=Origin(user_agent="y" * 5000))
    note(acme, actor=actor, subject="z" * 5000, count=7)
    data = newest(acme.sid).details.data
    assert [len(data[name]) for name in ("actor", "user_agent", "subject")] == [500, 500, 500]
    assert data["count"] == 7


@pytest.mark.parametrize("text", ["a\nb\r\n2027 ana logged in", "<script>", "日本", "\u202e", "😀"])
def test_any_text_is_kept_as_it_is_and_the_chain_holds(
    acme: Organization, ana: User, text: str
) -> None:
    note(acme, actor=acting(ana), subject=text)
    assert newest(acme.sid).details.data["subject"] == text
    assert list(chain.verify(ChainHead.objects.get(chain=acme.sid))) == []


def test_an_event_about_two_organizations_is_in_both_chains(
    acme: Organization, globex: Organization, ana: User
) -> None:
    before = places(acme.sid), places(globex.sid), places("system")
    note_everywhere([globex, acme, None, globex], actor=acting(ana))
    after = places(acme.sid), places(globex.sid), places("system")
    assert [len(now) - len(then) for now, then in zip(after, before, strict=True)] == [1, 2, 1]
    assert all(chain_now == list(range(1, len(chain_now) + 1)) for chain_now in after)
    assert list(chain.verify_all()) == []


def test_the_events_of_one_operation_keep_their_order(acme: Organization, ana: User) -> None:
    @operation(itself)
    def many(organization: Organization, *, actor: Actor) -> None:
        for number in range(5):
            log.record("test.noted", organization, actor=actor, number=number)

    many(acme, actor=acting(ana))
    events = AuditEvent.unscoped.filter(chain=acme.sid).select_related("details")
    newest_five = events.order_by("-sequence")[:5]
    assert [event.details.data["number"] for event in newest_five] == [4, 3, 2, 1, 0]


def test_a_first_event_begins_a_chain(ana: User) -> None:
    class Young:
        pk, sid = 0, "OR" + "f" * 32

    note_everywhere([Young()], actor=acting(ana))
    event = newest(Young.sid)
    assert (event.sequence, event.previous_hash) == (1, "")


def refuse(actor: Actor, times: int) -> None:
    for _ in range(times):
        record_refusal("anything", actor, NotAllowed("No."))


def refusals(name: str) -> int:
    return AuditEvent.unscoped.filter(chain=name, action="anything.refused").count()


def test_refusals_of_one_actor_in_one_minute_are_bounded(acme: Organization, ana: User) -> None:
    most = log.REFUSALS_PER_MINUTE.times
    with time_machine.travel(NOON, tick=False) as clock:
        refuse(acting(ana), most + 10)
        assert refusals(acme.sid) == most
        clock.shift(60)
        refuse(acting(ana), 1)
        assert refusals(acme.sid) == most + 1


def test_one_who_is_refused_often_silences_nobody_else(
    acme: Organization, ana: User, ben: User
) -> None:
    with time_machine.travel(NOON, tick=False):
        refuse(acting(ana), log.REFUSALS_PER_MINUTE.times + 1)
        before = refusals(acme.sid)
        refuse(acting(ben), 1)
        assert refusals(acme.sid) == before + 1


def test_strangers_are_counted_by_address_and_ip(db: None) -> None:
    most = log.REFUSALS_PER_MINUTE.times
    with time_machine.travel(NOON, tick=False):
        refuse(Actor.stranger("x@evil.example", origin=HERE), most + 5)
        refuse(Actor.stranger("x@evil.example", origin=Origin(ip="10.0.0.10")), 1)
        assert refusals("system") == most + 1


def test_successes_are_never_left_out(acme: Organization, ana: User) -> None:
    with time_machine.travel(NOON, tick=False):
        refuse(acting(ana), log.REFUSALS_PER_MINUTE.times + 1)
        before = len(places(acme.sid))
        note(acme, actor=acting(ana))
        assert len(places(acme.sid)) == before + 1
