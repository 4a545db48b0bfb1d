"""An operator appoints support staff at the shell, and dismisses them there."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed
from audit.models import AuditEvent
from organizations import policy
from organizations.policy import STAFF_GRANTS, StaffGroup
from tests.pages.effects import assert_no_effect
from tests.users.people import remembered_browser_of
from users.models import RememberedBrowser
from users.operations import appoint_staff, dismiss_staff


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


@pytest.mark.parametrize("group", StaffGroup)
def test_an_operator_appoints(group, cy) -> None:
    assert run("appoint_staff", "CY@acme.example", group.value) == (
        f"cy@acme.example is in the group {group.value} now.\n"
    )
    assert policy.staff_actor(cy).staff == STAFF_GRANTS[group]
    event = AuditEvent.unscoped.filter(chain="system").latest("sequence")
    assert (event.action, event.via, event.subject_sid) == (
        "user.appointed_staff",
        "command",
        cy.sid,
    )
    assert event.details.data["group"] == group.value


def test_another_appointment_takes_the_place_of_the_first(sue) -> None:
    run("appoint_staff", sue.email, "Support readers")
    assert policy.staff_actor(sue).staff == STAFF_GRANTS[StaffGroup.READERS]


def test_an_operator_dismisses(sue) -> None:
    assert "is no longer support staff" in run("dismiss_staff", sue.email)
    sue.refresh_from_db()
    assert not sue.is_staff
    assert not sue.groups.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["appoint_staff", "nobody@acme.example", "Support leads"], "Nobody has a login"),
        (["appoint_staff", "no address", "Support leads"], "Enter an address"),
        (["appoint_staff", "cy@acme.example", "Support gods"], "invalid choice"),
        (["dismiss_staff", "cy@acme.example"], "not support staff"),
        (["dismiss_staff", "nobody@acme.example"], "Nobody has a login"),
    ],
)
def test_a_refusal_is_told_without_a_trace(words, said, db) -> None:
    with assert_no_effect(), pytest.raises(CommandError, match=said):
        run(*words)


def test_nobody_but_an_operator_appoints_or_dismisses(sue, cy) -> None:
    lead = policy.staff_actor(sue)
    with assert_no_effect(), pytest.raises(NotAllowed):
        appoint_staff(cy, group=StaffGroup.LEADS, actor=lead)
    with assert_no_effect(), pytest.raises(NotAllowed):
        dismiss_staff(sue, actor=lead)
    with pytest.raises(NotAllowed):
        appoint_staff(cy, group=StaffGroup.LEADS, actor=Actor.somebody(lead.origin))


def test_an_operator_logs_everybody_out(cy, sue, sign_in) -> None:
    clients = [sign_in(cy), sign_in(sue)]
    remembered_browser_of(cy)
    assert run("end_sessions", "Restored the backup of Monday").endswith(" sessions ended.\n")
    assert [client.get("/console/").status_code for client in clients] == [302, 302]
    event = AuditEvent.unscoped.filter(chain="system").latest("sequence")
    assert event.action == "session.all_ended"
    assert event.details.data["stated_reason"] == "Restored the backup of Monday"
    assert not RememberedBrowser.objects.exists()
    assert sign_in(cy).get("/console/").status_code == 200
