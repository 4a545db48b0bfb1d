"""Many users at once: one plan that tells them apart, then each by its ordinary operation."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.operations import create_account
from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.periods import Source
from adminctr.core.plans import Weight
from adminctr.core.tenancy import tenant
from bulk import actions, plans
from bulk.models import BulkRun
from bulk.operations import start_bulk_run
from invitations.operations import invite_user
from organizations.models import (
    GRANTABLE_ROLES,
    Membership,
    Organization,
    Role,
    SavedView,
    SecondFactor,
)
from organizations.operations import change_role
from tests.bulk.runs import rows_of
from tests.conftest import acting
from tests.invitations import tables
from tests.pages.effects import follow
from tests.users.people import app_of, member, rename, session_of, stay_of
from tests.world import PASSWORD
from users import offboarding
from users.models import Offboarding, User, UserStatus, WayOut
from users.offboarding import Choices
from users.operations import deactivate_user


@pytest.fixture
def three(acme: Organization) -> list[User]:
    return [member(acme, f"{name}@acme.example") for name in ("kim", "lou", "max")]


@pytest.fixture
def leavers(acme: Organization) -> list[User]:
    """Two Administrators, and what each leaves behind."""
    people = [member(acme, f"{name}@acme.example", Role.ADMINISTRATOR) for name in ("nia", "ole")]
    for one in people:
        _leave_behind(acme, one)
    return people


def judged(acme: Organization, name: str, who: User, chosen: Sequence[User], **filled: str):
    kind, action = actions.named(name)
    sids = [one.sid for one in chosen]
    with tenant(acme):
        return plans.judge(acme, kind, action, chosen=sids, parameters=filled, actor=acting(who))


def start(acme: Organization, name: str, who: User, chosen: Sequence[User], **filled: str):
    return start_bulk_run(
        acme,
        action=name,
        chosen=[one.sid for one in chosen],
        parameters=filled,
        digest=judged(acme, name, who, chosen, **filled).plan.digest,
        actor=acting(who),
    )


def _leave_behind(acme: Organization, leaver: User) -> None:
    """An account, a shared view, an invitation and a table of them that waits for its day."""
    create_account(acme, name=f"Lab of {leaver.email}", owner=leaver, actor=acting(leaver))
    SavedView.unscoped.create(
        organization=acme, listed="users:list", name="Mine", by=leaver, is_shared=True
    )
    invite_user(acme, email=f"by.{leaver.email}", role=Role.STANDARD, actor=acting(leaver))
    draft = tables.draft(acme, f"for.{leaver.email}", leaver)
    tables.confirm(draft, leaver, starts_at=clock.now() + timedelta(days=1))


def _asked_by(name: str) -> str:
    """The one parameter of an action."""
    _, action = actions.named(name)
    [parameter] = action.parameters
    return parameter.name


def statuses(people: Sequence[User]) -> list[str]:
    return [stay_of(one).status for one in people]


def test_a_name_and_an_address_are_kept_as_far_as_they_fit(acme, ben) -> None:
    """Together they may be longer than a row has room for, which PostgreSQL refuses."""
    person = member(acme, f"{'k' * 64}@acme.example")
    rename(person, "N" * 140)
    assert rows_of(start(acme, "deactivate", ben, [person]))[0][0] == f"{'N' * 140} ({'k' * 58}"


def test_a_plan_tells_who_changes_and_who_stays_and_why(acme, ana, ben, three) -> None:
    deactivate_user(stay_of(three[0]), actor=acting(ana))
    plan = judged(acme, "deactivate", ben, [*three, ana, ben]).plan
    changes = next(one for one in plan.by_weight(Weight.CHANGES))
    assert changes.text == "2 users are deactivated."
    stays = [one.text for one in plan.by_weight(Weight.SURVIVES)]
    assert any("This cannot be done to the Owner" in text for text in stays)
    assert any("to yourself" in text for text in stays)
    assert any("deactivated already" in text for text in stays)


def test_each_is_deactivated_and_reactivated(acme, ben, three, work) -> None:
    start(acme, "deactivate", ben, three)
    work()
    assert statuses(three) == [UserStatus.INACTIVE] * 3
    start(acme, "reactivate-users", ben, three)
    work()
    assert statuses(three) == [UserStatus.ACTIVE] * 3


def test_each_gets_the_role_that_was_chosen(acme, ben, three, work) -> None:
    run = start(acme, "change-role", ben, three, role=Role.ADMINISTRATOR)
    work()
    assert [stay_of(one).role for one in three] == [Role.ADMINISTRATOR] * 3
    assert {message for _, _, message in rows_of(run)} == {"Administrator now"}


@pytest.mark.parametrize(
    ("name", "chosen", "text", "label"),
    [
        ("change-role", Role.ADMINISTRATOR, "3 users become Administrator.",
         "Make 3 users Administrator"),
        ("require-2fa", SecondFactor.EVERY_LOG_IN,
         "3 users must use a second factor at every log-in.", "Require 2FA of 3 users"),
        ("require-2fa", SecondFactor.ONCE_PER_COMPUTER,
         "3 users must use a second factor once per computer.", "Require 2FA of 3 users"),
    ],
)  # fmt: skip
def test_what_is_confirmed_tells_what_was_chosen(
    name, chosen, text, label, acme, ben, three
) -> None:
    judgement = judged(acme, name, ben, three, **{_asked_by(name): chosen})
    changes = next(one for one in judgement.plan.by_weight(Weight.CHANGES))
    assert (changes.text, judgement.words()) == (text, label)


def test_each_role_that_changes_is_told_before_and_after(acme, ben, three) -> None:
    plan = judged(acme, "change-role", ben, three[:1], role=Role.ADMINISTRATOR).plan
    [changes] = plan.by_weight(Weight.CHANGES)
    assert [one.note for one in changes.objects] == ["Standard User → Administrator"]


@pytest.mark.parametrize(
    ("name", "values"),
    [("change-role", GRANTABLE_ROLES), ("require-2fa", SecondFactor)],
)
def test_one_choice_is_not_taken_for_another(name, values, acme, ana, three, ben) -> None:
    everybody = [*three, ben]
    asked = _asked_by(name)
    plans_of = [judged(acme, name, ana, everybody, **{asked: one}).plan for one in values]
    assert len({plan.digest for plan in plans_of}) == len(values)


def test_another_request_while_one_is_under_way_is_a_run_of_its_own(acme, ben, three, work) -> None:
    first = start(acme, "require-2fa", ben, three, level=SecondFactor.ONCE_PER_COMPUTER)
    second = start(acme, "require-2fa", ben, three, level=SecondFactor.EVERY_LOG_IN)
    assert first != second
    work()
    assert {stay_of(one).second_factor for one in three} == {SecondFactor.EVERY_LOG_IN}


def test_each_is_asked_as_was_chosen(acme, ben, three, work) -> None:
    start(acme, "require-2fa", ben, three, level=SecondFactor.EVERY_LOG_IN)
    work()
    levels = {stay_of(one).second_factor for one in three}
    assert levels == {SecondFactor.EVERY_LOG_IN}


def test_a_reset_is_for_those_who_have_something_to_reset(acme, ben, three, work) -> None:
    app_of(three[0])
    plan = judged(acme, "reset-2fa", ben, three).plan
    changes = next(one for one in plan.by_weight(Weight.CHANGES))
    assert changes.text == "1 user loses every second factor."
    start(acme, "reset-2fa", ben, three)
    work()
    three[0].refresh_from_db()
    assert three[0].is_factor_due


def test_who_is_not_logged_in_is_told_beside_their_row(acme, ben, three, work) -> None:
    session_of(three[0])
    run = start(acme, "end-sessions", ben, three)
    work()
    told = [message for _, _, message in rows_of(run)]
    assert told == ["Sessions ended: 1", *["This person is not logged in anywhere."] * 2]


@pytest.mark.parametrize("filled", [{"role": "owner"}, {"role": ""}, {"role": "wizard"}])
def test_nothing_else_can_be_chosen(acme, ben, three, filled) -> None:
    with pytest.raises(RuleViolation) as refused:
        start_bulk_run(
            acme,
            action="change-role",
            chosen=[one.sid for one in three],
            parameters=filled,
            digest="",
            actor=acting(ben),
        )
    assert refused.value.code == "not_offered"
    assert not BulkRun.unscoped.filter(action="change-role").exists()


def test_whoever_became_an_owner_or_left_meanwhile_is_refused(acme, ana, ben, three, work) -> None:
    run = start(acme, "deactivate", ben, [three[0], three[1]])
    change_role(stay_of(ben), role=Role.STANDARD, actor=acting(ana))
    work()
    assert statuses(three) == [UserStatus.ACTIVE] * 3
    assert {state for _, state, _ in rows_of(run)} == {"refused"}


def test_the_bar_of_the_list_leads_to_the_plan(acme, ben, three, sign_in) -> None:
    client = sign_in(ben)
    html = client.get("/admin-center/users/").content.decode()
    assert f'name="chosen" value="{three[0].sid}"' in html
    form = {"action": "deactivate", "chosen": [one.sid for one in three]}
    answer = client.post("/admin-center/users/bulk/", form)
    assert answer["Location"].startswith("/admin-center/users/bulk/deactivate/?selection=")
    assert "Deactivate 3 users" in follow(client, answer).content.decode()


def test_all_that_fit_the_filters_are_chosen_at_once(acme, ben, three, sign_in) -> None:
    deactivate_user(stay_of(three[2]), actor=acting(ben))
    client = sign_in(ben)
    listed = client.get("/admin-center/users/?status=inactive").context["bar"]["all"]
    answer = client.post("/admin-center/users/bulk/", {"action": "reactivate-users", "all": listed})
    assert "Reactivate 1 user" in follow(client, answer).content.decode()


@pytest.fixture
def imported(three: list[User]) -> list[User]:
    people = three[:2]
    Membership.unscoped.filter(user__in=people).update(source=Source.IMPORT)
    return people


def test_all_who_were_imported_are_chosen_at_once(acme, ben, imported, sign_in) -> None:
    client = sign_in(ben)
    listed = client.get("/admin-center/users/imported/").context["bar"]["all"]
    answer = client.post("/admin-center/users/bulk/", {"action": "deactivate", "all": listed})
    page = follow(client, answer)
    assert "Deactivate 2 users" in page.content.decode()
    assert all(one.email in page.content.decode() for one in imported)


def test_of_the_imported_those_who_fit_the_filters_are_chosen(
    acme, ben, three, imported, sign_in
) -> None:
    for one in (imported[0], three[2]):
        deactivate_user(stay_of(one), actor=acting(ben))
    client = sign_in(ben)
    address = "/admin-center/users/imported/?status=inactive&sort=since"
    listed = client.get(address).context["bar"]["all"]
    answer = client.post("/admin-center/users/bulk/", {"action": "reactivate-users", "all": listed})
    assert "Reactivate 1 user" in follow(client, answer).content.decode()


def test_the_list_of_the_imported_leads_to_the_plan_and_back(ben, imported, sign_in) -> None:
    client = sign_in(ben)
    page = client.get("/admin-center/users/imported/")
    assert f'name="chosen" value="{imported[0].sid}"' in page.content.decode()
    form = {"listed": page.context["bar"]["all"], "action": "deactivate"}
    answer = client.post("/admin-center/users/bulk/", form | {"chosen": [imported[0].sid]})
    assert "Deactivate 1 user" in follow(client, answer).content.decode()
    back = client.get(client.post("/admin-center/users/bulk/", form)["Location"])
    assert {row["email"] for row in back.context["rows"]} == {one.email for one in imported}


def test_a_role_is_chosen_from_a_list(acme, ben, three, sign_in) -> None:
    client = sign_in(ben)
    form = {"action": "change-role", "chosen": [three[0].sid]}
    page = follow(client, client.post("/admin-center/users/bulk/", form)).content.decode()
    assert 'type="radio"' in page
    assert "Standard User (Account Creation)" in page


def test_each_is_removed_and_one_colleague_gets_what_they_own(acme, ben, three, work) -> None:
    account = create_account(acme, name="Lab", owner=three[0], actor=acting(ben))
    run = start(acme, "remove", ben, three[:2], owner=ben.email)
    work()
    assert {state for _, state, _ in rows_of(run)} == {"done"}
    account.refresh_from_db()
    assert account.owner_id == ben.pk
    open_stays = Membership.unscoped.open().filter(user__in=three)
    assert [stay.user_id for stay in open_stays] == [three[2].pk]


def test_who_gets_the_accounts_is_not_removed_with_the_others(acme, ben, three) -> None:
    plan = judged(acme, "remove", ben, three, owner=three[0].sid).plan
    changes = next(one for one in plan.by_weight(Weight.CHANGES))
    assert changes.text == "2 users are removed."


def test_the_plan_tells_of_many_what_the_page_of_one_tells(acme, ana, leavers) -> None:
    with tenant(acme):
        alone = offboarding.plan(stay_of(leavers[0]), WayOut.REMOVE, Choices(owner=ana.sid))
    together = judged(acme, "remove", ana, leavers, owner=ana.sid).plan
    assert {
        "views",
        "batches",
        "invitations",
        f"accounts_given_{ana.sid}",
    } <= alone.summary().keys()
    missing = {effect.key for effect in alone.effects} - {effect.key for effect in together.effects}
    assert missing == set()
    told = [effect.text for effect in together.effects]
    assert "2 scheduled tables of invitations are cancelled." in told
    assert any(text.startswith("2 views that they share go on.") for text in told)
    assert any(text.startswith("2 invitations that they sent go on.") for text in told)
    assert any(text.startswith("2 accounts go to Ana") for text in told)


def test_a_planned_departure_to_any_of_them_is_told(acme, ana, ben, cy, three) -> None:
    Offboarding.unscoped.create(
        organization=acme,
        user=cy,
        how=WayOut.REMOVE,
        choices=Choices(owner=three[1].sid).stored(),
        by=ana,
        due_at=clock.now() + timedelta(days=1),
    )
    told = [one.text for one in judged(acme, "remove", ben, three, owner=ana.sid).plan.effects]
    assert any(text.startswith("1 planned departure cannot happen") for text in told)


def test_whose_work_is_under_way_is_not_removed_with_the_others(acme, ben, three) -> None:
    busy = three[1]
    BulkRun.unscoped.create(organization=acme, action="suspend", digest="x", by=busy, total=1)
    judgement = judged(acme, "remove", ben, three, owner=ben.sid)
    assert [row.sid for row in judgement.changing] == [three[0].sid, three[2].sid]
    [staying] = judgement.staying
    assert (staying.reason.code, [row.sid for row in staying.rows]) == ("under_way", [busy.sid])


def test_a_plan_of_many_removals_asks_no_more_than_one_of_few(acme, ana, leavers) -> None:
    asked = []
    for chosen in (leavers[:1], leavers):
        with CaptureQueriesContext(connection) as captured:
            assert judged(acme, "remove", ana, chosen, owner=ana.sid).plan.digest
        asked.append(len(captured))
    assert asked[0] == asked[1]


# Who borrows a session


SENSITIVE = {"change-role", "require-2fa", "reset-2fa", "deactivate", "remove"}
FILLED = {"owner": "ben@acme.example", "level": "every_log_in", "role": "administrator"}


def test_what_is_sensitive_for_one_is_so_for_many() -> None:
    declared = actions.kind_named("users").actions.values()
    assert {one.name for one in declared if one.is_sensitive(FILLED)} == SENSITIVE


def test_only_making_administrators_is_sensitive_in_a_change_of_roles(ben, three, sign_in) -> None:
    client = sign_in(ben)
    form = {"action": "change-role", "chosen": [three[0].sid]}
    url = client.post("/admin-center/users/bulk/", form)["Location"]
    for role, asks in (("administrator", True), ("standard", False)):
        page = client.get(f"{url}&role={role}").content.decode()
        assert ('name="password"' in page) == asks


@pytest.mark.parametrize("name", sorted(SENSITIVE))
def test_what_is_sensitive_asks_for_the_password(name: str, acme, ben, three, sign_in) -> None:
    app_of(three[0])
    client = sign_in(ben)
    form = {"action": name, "chosen": [three[0].sid]}
    url = client.post("/admin-center/users/bulk/", form)["Location"]
    url += f"&{urlencode(FILLED)}"
    page = client.get(url)
    assert 'name="password"' in page.content.decode()
    typed = {"plan": page.context["plan"]["token"], "read": "on"}
    for password in ({}, {"password": "wrong words"}):
        answer = client.post(url, typed | password)
        assert 'id="id_password_error"' in answer.content.decode()
        assert not BulkRun.unscoped.filter(action=name).exists()
    assert client.post(url, typed | {"password": PASSWORD}).status_code == 303
    assert BulkRun.unscoped.filter(action=name).exists()


def test_the_page_of_one_user_asks_before_2fa_is_required_or_not(ben, three, sign_in) -> None:
    client = sign_in(ben)
    url = f"/admin-center/users/{three[0].sid}/require-2fa/"
    answer = client.post(url, {"level": SecondFactor.EVERY_LOG_IN})
    assert 'id="id_password_error"' in answer.content.decode()
    assert stay_of(three[0]).second_factor == SecondFactor.DISABLED
