"""What the table of events refuses whoever writes, even with its triggers lifted."""

import pytest

from audit.models import AuditEvent
from tests.architecture.constraints import Violations, constraints_of, refused_by

CONSTRAINTS = constraints_of("audit")


def put_into_a_taken_place() -> None:
    event = AuditEvent.unscoped.filter(chain="system").earliest("sequence")
    event.pk = None
    event.save(force_insert=True)


VIOLATIONS: Violations = {"audit_auditevent_one_per_place_in_chain": put_into_a_taken_place}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_database_refuses(db: None, name: str) -> None:
    with refused_by(CONSTRAINTS[name]):
        VIOLATIONS[name]()
