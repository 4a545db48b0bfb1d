"""Whatever is changed in the trail behind its triggers is noticed and named; erasing is not one."""

from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import chain, triggers
from audit.models import AuditDetails, AuditEvent, ChainHead
from organizations.models import Organization

breaks = pytest.mark.breaks_invariants

CHANGES = [
    ("chain", "'other'", "events are missing"),
    ("sequence", "sequence + 1000", "events are missing"),
    ("at", "'2020-01-01 00:00:00+00:00'", "was changed"),
    ("action", "'nothing.happened'", "was changed"),
    ("via", "'api'", "was changed"),
    ("actor_sid", "'US00000000000000000000000000000000'", "was changed"),
    ("subject_sid", "''", "was changed"),
    ("details_digest", f"'{'0' * 64}'", "was changed"),
    ("previous_hash", f"'{'0' * 64}'", "does not follow the event before it"),
    ("hash", f"'{'0' * 64}'", "was changed"),
]


@pytest.fixture
def trail(acme: Organization) -> Any:
    """Acme's chain with its triggers lifted."""
    triggers.lift(connection)
    return AuditEvent.unscoped.filter(chain=acme.sid).order_by("sequence")


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def faults_of(organization: Organization) -> list[tuple[int, str]]:
    head = ChainHead.objects.get(chain=organization.sid)
    return [(fault.sequence, fault.message) for fault in chain.verify(head)]


def test_an_untouched_chain_holds(acme: Organization) -> None:
    assert faults_of(acme) == []
    assert list(chain.verify_all()) == []


@breaks
@pytest.mark.parametrize(("column", "value", "message"), CHANGES)
def test_a_changed_column_is_named(
    acme: Organization, trail: Any, column: str, value: str, message: str
) -> None:
    event = trail[4]
    execute(f"UPDATE audit_auditevent SET {column} = {value} WHERE id = %s", event.pk)
    faults = faults_of(acme)
    assert message in {found for _, found in faults}
    assert min(sequence for sequence, _ in faults) == event.sequence


def test_every_column_of_an_event_is_tried() -> None:
    columns = {field.column for field in AuditEvent._meta.concrete_fields}
    assert columns - {"id"} == {column for column, _, _ in CHANGES}


@breaks
def test_an_event_that_was_rewritten_with_its_hash_breaks_the_next(
    acme: Organization, trail: Any
) -> None:
    """Somebody who can compute hashes must rewrite everything after, the head included."""
    event = trail[4]
    event.action = "nothing.happened"
    event.hash = chain.hash_of(event)
    event.save()
    assert faults_of(acme) == [(6, "does not follow the event before it")]


@breaks
def test_an_event_that_was_taken_out_is_missed(acme: Organization, trail: Any) -> None:
    taken = trail[4].pk
    execute("DELETE FROM audit_auditdetails WHERE event_id = %s", taken)
    execute("DELETE FROM audit_auditevent WHERE id = %s", taken)
    assert faults_of(acme)[0] == (5, "events are missing")


@breaks
@pytest.mark.parametrize("how_many", [1, 3])
def test_the_newest_events_are_missed(acme: Organization, trail: Any, how_many: int) -> None:
    last = trail.count()
    for event in list(trail)[-how_many:]:
        execute("DELETE FROM audit_auditdetails WHERE event_id = %s", event.pk)
        execute("DELETE FROM audit_auditevent WHERE id = %s", event.pk)
    assert faults_of(acme) == [(last, "the newest events are missing")]


@breaks
def test_all_events_of_a_chain_are_missed(acme: Organization, trail: Any) -> None:
    execute(
        "DELETE FROM audit_auditdetails WHERE event_id IN "
        "(SELECT id FROM audit_auditevent WHERE chain = %s)",
        acme.sid,
    )
    execute("DELETE FROM audit_auditevent WHERE chain = %s", acme.sid)
    assert [message for _, message in faults_of(acme)] == ["the newest events are missing"]


@breaks
def test_an_event_that_was_slipped_in_is_noticed(acme: Organization, trail: Any) -> None:
    last = trail.last()
    forged = AuditEvent(
        chain=acme.sid,
        sequence=last.sequence + 1,
        at=last.at,
        action="user.invited",
        via="page",
        details_digest="0" * 64,
        previous_hash=last.hash,
    )
    forged.hash = chain.hash_of(forged)
    forged.save()
    assert faults_of(acme) == [(last.sequence, "the newest events are missing")]


@breaks
def test_two_events_that_changed_places_are_noticed(acme: Organization, trail: Any) -> None:
    first, second = trail[4], trail[5]
    for pk, place in ((first.pk, 9000), (second.pk, 5), (first.pk, 6)):
        execute("UPDATE audit_auditevent SET sequence = %s WHERE id = %s", place, pk)
    assert {sequence for sequence, _ in faults_of(acme)} >= {5, 6}


@breaks
def test_a_head_that_was_moved_is_noticed(acme: Organization, trail: Any) -> None:
    execute("UPDATE audit_chainhead SET sequence = sequence + 1 WHERE chain = %s", acme.sid)
    assert len(faults_of(acme)) == 1


@breaks
def test_events_without_a_head_are_noticed(acme: Organization, trail: Any) -> None:
    execute("DELETE FROM audit_chainhead WHERE chain = %s", acme.sid)
    faults = list(chain.verify_all())
    assert [(fault.chain, fault.message) for fault in faults] == [
        (acme.sid, "the head of the chain is missing")
    ]


def test_erased_details_leave_the_chain_whole(acme: Organization) -> None:
    events = AuditEvent.unscoped.filter(chain=acme.sid).order_by("sequence")
    AuditDetails.objects.filter(event__in=list(events[:5])).delete()
    assert faults_of(acme) == []


@breaks
@pytest.mark.parametrize(
    ("column", "value"), [("data", '{"actor": "somebody else"}'), ("salt", "0" * 32)]
)
def test_changed_details_are_noticed(
    acme: Organization, trail: Any, column: str, value: str
) -> None:
    event = trail[4]
    execute(f"UPDATE audit_auditdetails SET {column} = %s WHERE event_id = %s", value, event.pk)
    assert faults_of(acme) == [(event.sequence, "its details were changed")]


@breaks
def test_details_that_were_exchanged_are_noticed(acme: Organization, trail: Any) -> None:
    one, other = trail[4].details, trail[5].details
    one.salt, one.data = other.salt, other.data
    one.save()
    assert faults_of(acme) == [(5, "its details were changed")]


@breaks
def test_details_that_were_put_back_other_than_they_were_are_noticed(
    acme: Organization, trail: Any
) -> None:
    event = trail[4]
    AuditDetails.objects.filter(event=event).delete()
    AuditDetails.objects.create(event=event, salt="0" * 32, data={"actor": "nobody"})
    assert faults_of(acme) == [(event.sequence, "its details were changed")]


@breaks
def test_one_broken_chain_says_nothing_about_another(
    acme: Organization, globex: Organization, trail: Any
) -> None:
    execute("UPDATE audit_auditevent SET action = 'x' WHERE chain = %s", acme.sid)
    assert faults_of(acme)
    assert faults_of(globex) == []


def test_an_erased_name_cannot_be_guessed_from_its_digest() -> None:
    data = {"subject": "cy@acme.example"}
    assert chain.digest_of_details("a", data) != chain.digest_of_details("b", data)
    assert chain.digest_of_details("a", data) == chain.digest_of_details("a", dict(data))


@pytest.mark.parametrize("zone", ["+05:30", "-11:00"])
def test_a_hash_does_not_depend_on_the_zone_of_the_reader(acme: Organization, zone: str) -> None:
    event = AuditEvent.unscoped.filter(chain=acme.sid).earliest("sequence")
    event.at = event.at.astimezone(datetime.fromisoformat(f"2027-01-01T00:00:00{zone}").tzinfo)
    assert chain.hash_of(event) == event.hash


class TestTheCommand:
    def run(self, **options: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        try:
            call_command("verify_audit", stdout=out, stderr=err, **options)
        except CommandError as failed:
            return str(failed), err.getvalue()
        return out.getvalue(), err.getvalue()

    def test_it_says_what_holds(self, acme: Organization) -> None:
        AuditDetails.objects.filter(event__chain=acme.sid, event__sequence__lte=2).delete()
        chains, events = ChainHead.objects.count(), AuditEvent.unscoped.count()
        assert self.run() == (
            f"{chains} chains hold: {events} events, 2 with erased details.\n",
            "",
        )

    def test_it_verifies_one_chain_alone(self, acme: Organization, globex: Organization) -> None:
        AuditDetails.objects.filter(event__chain=acme.sid).delete()
        events = AuditEvent.unscoped.filter(chain=globex.sid).count()
        assert self.run(chain=globex.sid)[0] == (
            f"1 chains hold: {events} events, 0 with erased details.\n"
        )

    def test_it_does_not_praise_a_chain_that_is_not_there(self, db: None) -> None:
        assert self.run(chain="OR" + "0" * 32)[0].startswith("There is no chain named OR000")

    @breaks
    def test_it_names_the_place_and_fails(
        self, acme: Organization, globex: Organization, trail: Any
    ) -> None:
        execute("UPDATE audit_auditevent SET action = 'x' WHERE id = %s", trail[4].pk)
        said, faults = self.run()
        assert said == "The audit trail does not hold."
        assert faults == f"{acme.sid} event 5: was changed\n"
        assert "chains hold" in self.run(chain=globex.sid)[0]

    @breaks
    def test_it_notices_events_without_a_head(self, acme: Organization, trail: Any) -> None:
        execute("DELETE FROM audit_chainhead WHERE chain = %s", acme.sid)
        for options in ({}, {"chain": acme.sid}):
            said, faults = self.run(**options)
            assert said == "The audit trail does not hold."
            assert "the head of the chain is missing" in faults
