"""Whoever has left an organization is shown to it as it knew them, whatever they are called now."""

import json
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import names
from accounts.models import AccountRole, RoleAssignment
from accounts.names import Known
from accounts.operations import remove_access
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.periods import Source
from adminctr.core.tenancy import TenantModel, every_tenant, tenant
from audit.presenters import line
from bulk.models import BulkRow
from imports.models import ImportList
from imports.operations import start_import
from invitations.models import Invitation
from invitations.operations import accept_invitation_as_newcomer
from organizations import stays
from organizations.models import Membership, Organization, Role, SavedView
from tests.accounts.made import give, leave_room, opened, outsider
from tests.bulk.runs import some_accounts, start
from tests.conftest import acting
from tests.imports.crowd import logins
from tests.imports.runs import IN_LABS, digest_of, prepared, started, switched_on
from tests.pages.addresses import path_to, routes
from tests.users.people import invited, newcomer
from tests.users.test_offboarding import events, fresh, planned, say
from users import jobs
from users.bulk_actions import _remove
from users.models import DELETED_NAME, Expectation, Offboarding, User, WayIn, WayOut
from users.offboarding import Choices
from users.operations import cancel_offboarding, change_name, save_expectation

ADDRESS, NAME = "secret-new@newjob.example", "Afterleaving"


def moved_on(user: User) -> User:
    """The same person with another name and address, as they take them after leaving."""
    User.objects.filter(pk=user.pk).update(email=ADDRESS)
    EmailAddress.objects.filter(user=user).update(email=ADDRESS)
    user.refresh_from_db()
    change_name(user, first_name="Newname", last_name=NAME, actor=acting(user))
    user.refresh_from_db()
    return user


@pytest.fixture
def gone(acme, ana, ben, sids) -> User:
    """Ben, who gave and began all that there is in Acme, and has another name and address now.

    Shared views went to another name when he left.
    """
    say(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    models = [one for one in apps.get_models() if issubclass(one, TenantModel)]
    for model in [one for one in models if one is not SavedView]:
        people = {field.name for field in model._meta.fields if field.related_model is User}
        for column in people & {"by", "invited_by"}:
            model.unscoped.filter(organization=acme).update(**{column: ben})
    return moved_on(ben)


def text_of(answer: HttpResponse) -> str:
    whole = answer.streaming_content if answer.streaming else [answer.content]
    return b"".join(whole).decode(errors="replace")


def pages(client: Client, sids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every page of the Admin Center and every file of it, with what stands there."""
    for name in sorted(routes()):
        if name.startswith(("staff:", "profile:", "second-factor:", "account_")):
            continue
        path = path_to(name, sids)
        yield name, text_of(client.get(path))
        if name.endswith(("-export", "-sheet")):
            yield name, text_of(client.post(path))


def test_no_page_shows_what_somebody_is_called_since_they_left(gone, ana, sids, sign_in) -> None:
    shown = dict(pages(sign_in(ana), sids))
    assert [name for name, body in shown.items() if ADDRESS in body or NAME in body] == []
    by_name = [name for name, body in shown.items() if "Ben Okafor" in body]
    assert set(by_name) >= {
        "accounts:access",
        "accounts:access-export",
        "accounts:pending",
        "accounts:pending-detail",
        "bulk:run",
        "imports:list",
        "imports:run",
        "invitations:batch",
        "invitations:many",
        "users:access",
        "users:detail",
        "users:independent-detail",
        "users:leaving",
        "users:offboarding",
        "users:pending",
        "users:pending-detail",
    }


def test_the_list_and_the_sheet_name_them_as_they_left(acme, ben, cy, sign_in) -> None:
    told = say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    moved_on(cy)
    client = sign_in(ben)
    for page in (reverse("users:leaving"), reverse("users:offboarding", args=[told.sid])):
        body = text_of(client.get(page))
        assert "Cy Lindqvist" in body
        assert "cy@acme.example" in body
    assert "Cy Lindqvist left" in text_of(client.get(reverse("users:detail", args=[cy.sid])))


def known_here(organization: Organization, person: User) -> Known:
    with tenant(organization):
        return names.known_as(person)


def test_whoever_still_has_a_role_is_named_as_they_are(acme, ana, ben, cy) -> None:
    leave_room(acme, 2)
    account = opened(ana, "Hers")
    give(account, cy, AccountRole.DEVELOPER)
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    moved_on(cy)
    assert known_here(acme, cy) == Known("Cy Lindqvist", "cy@acme.example")
    RoleAssignment.begin(
        cy, role=AccountRole.DEVELOPER, home=None, source="direct", account=account
    )
    assert known_here(acme, cy) == Known(f"Newname {NAME}", ADDRESS)


def test_whoever_came_back_and_left_again_is_named_as_they_left_at_last(acme, ana, ben, cy) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    Membership.unscoped.create(
        organization=acme,
        user=cy,
        email="later@acme.example",
        name="Cy Later",
        role="standard",
        status="active",
        source=Source.DIRECT,
        began_at=clock.now(),
        ended_at=clock.now() + timedelta(minutes=1),
    )
    assert known_here(acme, cy) == Known("Cy Later", "later@acme.example")


def test_whoever_left_before_names_were_kept_is_named_by_the_address(acme, ben, cy) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    Membership.unscoped.filter(user=cy).update(name="")
    moved_on(cy)
    assert str(known_here(acme, cy)) == "cy@acme.example"


def test_who_only_had_a_role_is_known_by_the_address_they_had(acme, ana) -> None:
    leave_room(acme, 2)
    account = opened(ana, "Hers")
    out = outsider(account, "out@elsewhere.example")
    remove_access(account, holder=out, actor=acting(ana))
    moved_on(out)
    assert known_here(acme, out) == Known("out@elsewhere.example", "out@elsewhere.example")


def test_who_never_had_to_do_with_it_is_known_by_the_sid(acme, globex, eve, sue) -> None:
    assert known_here(acme, eve) == Known(eve.sid, eve.sid)
    assert known_here(acme, sue).address == sue.email  # support staff act under their names
    assert known_here(globex, eve) == Known(eve.get_full_name(), eve.email)


def test_many_people_cost_no_more_questions_than_one(acme, ben, cy, eve, count_queries) -> None:
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    people = list(User.objects.all())

    def ask(who: list[User]) -> int:
        with tenant(acme):
            return count_queries(lambda: names.known(who))

    assert ask([cy]) == ask(people)
    assert ask([]) == 0


def test_a_plan_that_came_to_nothing_tells_no_new_name(acme, ana, ben, cy, deliver) -> None:
    told = planned(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    say(cy, WayOut.REMOVE, Choices(owner=ben.sid), ben)
    moved_on(cy)
    past = clock.now() - timedelta(hours=1)
    Offboarding.unscoped.filter(pk=told.pk).update(cancelled_at=None, done_at=None, due_at=past)
    jobs.carry_out_offboardings.enqueue()
    mails = deliver()
    assert fresh(told).obstacle
    assert mails
    told_in = [one.subject + one.body for one in mails]
    assert [one for one in told_in if NAME in one or ADDRESS in one] == []
    cancel_offboarding(fresh(told), actor=acting(ana))
    for action in ("user.offboarding_stopped", "user.offboarding_cancelled"):
        [event] = events(acme, action)
        assert "cy@acme.example" in line(event)
        assert ADDRESS not in line(event)


# Deleted people, wherever others are told of


def everywhere(*words: str) -> set[tuple[str, str]]:
    """In which columns of which tables one of these words stands; the trail keeps them."""
    found = set()
    for model in apps.get_models():
        if model._meta.app_label in {"audit", "django_tasks_database"}:
            continue
        for row in model._base_manager.values():
            for column, value in row.items():
                if any(word in json.dumps(value, default=str) for word in words):
                    found.add((model._meta.label, column))
    return found


@pytest.fixture
def emil(acme, ana, ben, cy) -> Offboarding:
    """Somebody was removed, and Cy got what they owned."""
    person = User.objects.get(email="emil@acme.example")
    leave_room(acme, 4)
    opened(person, "Emil's")
    return say(person, WayOut.REMOVE, Choices(owner=cy.sid), ben)


def test_a_sheet_names_who_got_the_accounts_as_long_as_they_are_there(
    acme, ben, cy, emil, sign_in
) -> None:
    page, export = (
        reverse(name, args=[emil.sid]) for name in ("users:offboarding", "users:offboarding-sheet")
    )
    client = sign_in(ben)
    for answer in (client.get(page), client.post(export)):
        assert "accounts were given to Cy Lindqvist (cy@acme.example)." in text_of(answer)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    for answer in (client.get(page), client.post(export)):
        assert f"accounts were given to {DELETED_NAME} ({cy.sid})." in text_of(answer)
    assert everywhere("cy@acme.example", "Lindqvist") == set()


def test_a_sheet_keeps_no_address_of_the_invited(acme, ana, ben, sign_in) -> None:
    invitation = invited(acme, "new@acme.example")
    Invitation.unscoped.filter(pk=invitation.pk).update(invited_by=ben)
    told = say(ben, WayOut.REMOVE, Choices(owner=ana.sid), ana)
    page = reverse("users:offboarding", args=[told.sid])
    assert "new@acme.example" in text_of(sign_in(ana).get(page))
    assert "new@acme.example" not in json.dumps(told.sheet)
    person = accept_invitation_as_newcomer(
        fresh_invitation(invitation), newcomer=newcomer(), actor=Actor.stranger("new@acme.example")
    ).user
    say(person, WayOut.DELETE, Choices(owner=ana.sid), ana)
    assert "new@acme.example" not in text_of(sign_in(ana).get(page))


def fresh_invitation(invitation: Invitation) -> Invitation:
    rows = Invitation.unscoped.select_related("organization", "account")
    return rows.get(pk=invitation.pk)


def test_a_run_that_gave_to_them_names_them_no_more(acme, ana, ben, cy, work, sign_in) -> None:
    run = start("change-owner", some_accounts(acme, 2), ana, {"owner": cy.email})
    work()
    page, export = (reverse(f"bulk:{name}", args=[run.sid]) for name in ("run", "run-export"))
    client = sign_in(ana)
    for answer in (client.get(page), client.post(export)):
        assert "Now owned by Cy Lindqvist (cy@acme.example)" in text_of(answer)
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    for answer in (client.get(page), client.post(export)):
        assert f"Now owned by {DELETED_NAME} ({cy.sid})" in text_of(answer)
    assert everywhere("cy@acme.example", "Lindqvist") == set()


def test_removing_many_tells_who_got_their_accounts(acme, ben, cy, work) -> None:
    emil = User.objects.get(email="emil@acme.example")
    with tenant(acme):
        said = _remove(emil.sid, {"owner": cy.email}, acting(ben))
    assert said == f"Removed; their accounts went to {cy.sid}"


def test_nothing_is_expected_of_their_address_any_more(acme, globex, ana, ben, cy, eve) -> None:
    for organization, owner in ((acme, ana), (globex, eve)):
        save_expectation(organization, email=cy.email, way_in=WayIn.SIGN_UP, actor=acting(owner))
    say(cy, WayOut.DELETE, Choices(owner=ben.sid), ben)
    left = Expectation.unscoped.filter(email="cy@acme.example")
    assert [one.organization for one in left] == [globex]  # there it is an address, and nobody


def examples_of(listing: ImportList) -> list[list[str]]:
    groups = ImportList.unscoped.get(pk=listing.pk).groups
    return [one for group in groups.values() for one in group["examples"]]


def test_a_list_that_was_not_started_forgets_whom_it_shows(acme, globex, ana, ben, eve) -> None:
    switched_on(acme, IN_LABS)
    person, other = logins(IN_LABS, 2)
    listing = prepared(acme, [IN_LABS], ana)
    with tenant(globex):
        stays.begin_stay(globex, person, role=Role.STANDARD, source=Source.DIRECT)
    say(person, WayOut.DELETE, Choices(owner=eve.sid), eve)
    person.refresh_from_db()
    assert examples_of(listing) == [
        [person.sid, person.email, DELETED_NAME],
        [other.sid, other.email, other.get_full_name()],
    ]


def test_an_import_keeps_no_examples_once_it_is_started(acme, ana, sign_in) -> None:
    switched_on(acme, IN_LABS)
    [person] = logins(IN_LABS, 1)
    listing = prepared(acme, [IN_LABS], ana)
    page = reverse("imports:list-start", args=[listing.sid])
    assert person.email in text_of(sign_in(ana).get(page))
    start_import(listing, digest=digest_of(listing), actor=acting(ana))
    assert examples_of(listing) == []
    assert person.email not in text_of(sign_in(ana).get(page))


# What was written before


def migrated(app: str, name: str) -> None:
    with every_tenant():
        import_module(f"{app}.migrations.{name}").strip(apps, None)


def test_old_sheets_get_sids_in_place_of_names(emil, cy) -> None:
    new = emil.sheet
    old = json.loads(json.dumps(new).replace(cy.sid, "Cy given to Lindqvist (cy@acme.example)"))
    invitation = ["NF" + "0" * 32, "new@acme.example", ""]
    old.append({"heading": "What changed", "text": "1 view", "things": [invitation]})
    Offboarding.unscoped.filter(pk=emil.pk).update(sheet=old)
    migrated("users", "0012_sheets_keep_sids")
    kept = Offboarding.unscoped.get(pk=emil.pk).sheet
    assert kept[:-1] == new
    assert kept[-1]["things"] == [[invitation[0], "", ""]]


def test_old_messages_get_sids_in_place_of_addresses(acme, ana, cy, work) -> None:
    run = start("change-owner", some_accounts(acme, 1), ana, {"owner": cy.email})
    work()
    rows = BulkRow.unscoped.filter(run=run)
    rows.update(message=f"Now owned by {cy.email}")
    migrated("bulk", "0002_messages_keep_sids")
    assert [one.message for one in rows] == [f"Now owned by {cy.sid}"]


def test_old_started_lists_lose_their_examples(acme, ana) -> None:
    switched_on(acme, IN_LABS)
    logins(IN_LABS, 1)
    draft, run = prepared(acme, [IN_LABS], ana), started(acme, [IN_LABS], ana)
    ImportList.unscoped.filter(pk=run.listing_id).update(groups=draft.groups)
    migrated("imports", "0004_started_lists_without_examples")
    assert examples_of(run.listing) == []
    assert examples_of(draft)
