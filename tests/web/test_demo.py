"""The second company of the demo, which `manage.py demo` builds and no other test sees."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from adminctr.core.runs import RunState
from adminctr.web import invariants
from imports.causes import Cause
from imports.models import ImportList, ImportRow
from invitations.batch_models import InvitationBatch, InvitationBatchRow, RowState
from organizations.models import Membership, Organization, SavedView, SecondFactor
from users.models import Factor, FactorKind, Offboarding, User, UserStatus, WayOut

OWNER = "mara@tidewater.example"


PASSWORD = "harbour lantern plum"


@pytest.fixture(autouse=True)
def told(db: None, settings: Any, tmp_path: Path) -> str:
    """What the command says in a demo of an earlier release, where only Acme was built."""
    settings.RUN_DIR = tmp_path
    (tmp_path / "demo_password").write_text(PASSWORD)
    return _demo()


def _demo() -> str:
    told = StringIO()
    call_command("demo", stdout=told)
    return told.getvalue()


def test_it_keeps_what_must_be_true_of_the_whole_database() -> None:
    assert invariants.faults() == []


def test_it_is_built_once_and_says_each_time_how_to_log_in(told: str) -> None:
    people = User.objects.count()

    assert _demo() == told
    assert User.objects.count() == people
    assert OWNER in told
    assert PASSWORD in told
    assert User.objects.get(email=OWNER).check_password(PASSWORD)


def test_where_its_password_is_not_known_nothing_is_built_and_none_is_made_up(
    settings: Any, tmp_path: Path
) -> None:
    settings.RUN_DIR = tmp_path / "of another machine"

    assert "(not kept here)" in _demo()
    assert not settings.RUN_DIR.exists()


def test_nobody_needs_a_second_factor_to_look_around_as_the_owner() -> None:
    mara = Membership.unscoped.select_related("user", "organization").get(email=OWNER)

    assert not mara.has_second_factor
    assert not mara.user.is_factor_due
    assert mara.organization.second_factor == SecondFactor.DISABLED


def test_its_people_are_in_every_state_that_a_person_can_be_in() -> None:
    kinds = set(Factor.objects.values_list("kind", flat=True))

    assert {FactorKind.APP, FactorKind.PHONE, FactorKind.RECOVERY_CODES} <= kinds
    assert _stay("quentin").status == UserStatus.INACTIVE
    assert not _stay("runa").user.has_usable_password()
    assert _stay("sami").second_factor == SecondFactor.EVERY_LOG_IN
    assert _stay("tove").user.is_factor_due


def test_one_is_to_leave_one_was_removed_and_one_was_deleted() -> None:
    offboarding = Offboarding.unscoped.order_by("pk")

    assert [(one.how, bool(one.done_at), bool(one.sheet)) for one in offboarding] == [
        (WayOut.REMOVE, False, False),
        (WayOut.REMOVE, True, True),
        (WayOut.DELETE, True, True),
    ]


def test_an_import_is_finished_where_two_could_not_come_and_another_is_a_draft() -> None:
    assert sorted(ImportRow.unscoped.values_list("cause", flat=True)) == [
        "",
        "",
        Cause.LOGIN_NOT_ACTIVE,
        Cause.MERGE_NEEDED,
    ]
    assert ImportList.unscoped.drafts().count() == 1


def test_tables_of_invitations_are_drafted_planned_and_sent() -> None:
    batches = InvitationBatch.unscoped.order_by("pk")
    rows = InvitationBatchRow.unscoped.all()

    assert [(one.state, one.confirmed_at is not None) for one in batches] == [
        (RunState.PENDING, False),
        (RunState.PENDING, True),
        (RunState.FINISHED, True),
    ]
    assert {one.state for one in rows} == set(RowState)


def test_views_are_shared_and_private() -> None:
    tidewater = Organization.objects.get(name="Tidewater")
    views = SavedView.unscoped.filter(organization=tidewater)

    assert {one.is_shared for one in views} == {True, False}


def _stay(name: str) -> Membership:
    rows = Membership.unscoped.select_related("user")
    return rows.get(email=f"{name}@tidewater.example")
