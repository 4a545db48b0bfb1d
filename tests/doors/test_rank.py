"""Every door obeys the same rules of rank: page, many at once, staff site and command.

What may be done depends on who it is done to. An operator alone helps an Owner.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import StringIO
from itertools import product
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import AccountRole
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.tenancy import tenant
from adminctr.web.demo_accounts import let_in
from bulk import actions, plans
from bulk.operations import start_bulk_run
from organizations.models import Membership, Organization, Role, SecondFactor
from organizations.policy import STAFF_GRANTS, Action, StaffGroup, refusal, staff_actor
from tests.conftest import acting
from tests.pages.addresses import account_of
from tests.users.people import app_of, founder, invited, member, session_of, stay_of
from tests.users.test_offboarding import confirm
from tests.world import PASSWORD
from users.models import Factor, Session, User, UserStatus
from users.operations import appoint_staff, deactivate_user

OPERATOR = Actor.operator("test")
PAGE, BULK, STAFF, COMMAND = "page", "bulk", "staff", "command"


@dataclass(frozen=True)
class Verb:
    """What each door calls it, and what is filled in; empty where the door does not offer it."""

    page: str = ""
    bulk: str = ""
    staff: str = ""
    command: str = ""
    filled: dict[str, str] = field(default_factory=dict)
    before: str = UserStatus.ACTIVE

    def doors(self) -> list[str]:
        return [door for door in (PAGE, BULK, STAFF, COMMAND) if getattr(self, door)]


VERBS = {
    "rename": Verb("rename", filled={"first_name": "Another", "last_name": "Name"}),
    "change role": Verb("change-role", bulk="change-role"),
    "reset password": Verb("reset-password", staff="reset-password", command="reset_password"),
    "reset 2fa": Verb(
        "reset-2fa", bulk="reset-2fa", staff="reset-2fa", command="reset_second_factor"
    ),
    "require 2fa": Verb(
        "require-2fa", bulk="require-2fa", filled={"level": SecondFactor.EVERY_LOG_IN}
    ),
    "end sessions": Verb("end-sessions", bulk="end-sessions", staff="end-sessions"),
    "deactivate": Verb("deactivate", bulk="deactivate", staff="deactivate"),
    "reactivate": Verb(
        "reactivate", bulk="reactivate-users", staff="reactivate", before=UserStatus.INACTIVE
    ),
    "remove": Verb("leave", bulk="remove", filled={"owner": "ben@acme.example"}),
    "delete": Verb("leave", filled={"owner": "ben@acme.example"}),
}
SUBJECTS = (
    "the Owner",
    "oneself",
    "an administrator",
    "a standard user",
    "an independent user",
    "a pending user",
    "another organization's",
    "somebody of support",
)
# What gets at what somebody logs in with, which only an operator does to support staff.
OF_A_SIGN_IN = {
    "reset password", "reset 2fa", "end sessions", "deactivate", "reactivate", "delete"
}  # fmt: skip
# To whom each door does what it offers. Support act in every organization, and so by the ranks of
# whichever it is: the last two of these are Owners elsewhere.
DONE_TO = {
    PAGE: {"an administrator", "a standard user", "somebody of support"},
    BULK: {"an administrator", "a standard user", "somebody of support"},
    STAFF: {"an administrator", "a standard user"},
    COMMAND: set(SUBJECTS) - {"a pending user"},
}
STAFF_KEEP_TO_THEMSELVES = (
    Action.USER_DEACTIVATE,
    Action.USER_DELETE,
    Action.USER_END_SESSIONS,
    Action.USER_RESET_2FA,
    Action.USER_RESET_PASSWORD,
)
CASES = [
    (verb, door, subject)
    for verb, subject in product(VERBS, SUBJECTS)
    for door in VERBS[verb].doors()
]


def test_every_bulk_action_is_tried() -> None:
    assert {verb.bulk for verb in VERBS.values() if verb.bulk} == set(
        actions.kind_named("users").actions
    )


@pytest.fixture
def people(acme: Organization, ana: User, ben: User, cy: User, eve: User) -> dict[str, User]:
    """Who stands for what; nobody has a login for a pending one."""
    outsider = founder("host@contractor.example")
    let_in(account_of(ana), outsider, roles=[AccountRole.SUPPORT], by=acting(ana))
    return {
        "the Owner": ana,
        "oneself": ben,
        "an administrator": member(acme, "kim@acme.example", Role.ADMINISTRATOR),
        "a standard user": cy,
        "an independent user": outsider,
        "another organization's": eve,
        "somebody of support": supporter(acme),
    }


def supporter(organization: Organization) -> User:
    """A member who is support staff besides."""
    user = member(organization, "support@acme.example")
    appoint_staff(user, group=StaffGroup.LEADS, actor=OPERATOR)
    return user


def state_of(user: User) -> tuple[object, ...]:
    """Everything that one of the verbs would change."""
    current = User.objects.get(pk=user.pk)
    stays = Membership.unscoped.open().filter(user=user)
    return (
        current.get_full_name(),
        current.password,
        current.status,
        *stays.values_list("organization", "role", "status", "second_factor"),
        Factor.objects.filter(user=user).count(),
        Session.objects.filter(user=user).count(),
    )


@pytest.fixture
def doors(sign_in, ben: User, sue: User, acme: Organization, work) -> dict[str, Callable[..., str]]:
    page_client, staff_client = sign_in(ben), sign_in(sue)

    def page(verb: Verb, sid: str, email: str, filled: dict[str, str]) -> str:
        if verb.page == "leave":
            return _through_its_plan(page_client, sid, email, filled)
        url = reverse(f"users:{verb.page}", args=[sid])
        return str(page_client.post(url, filled | {"password": PASSWORD}).status_code)

    def bulk(verb: Verb, sid: str, email: str, filled: dict[str, str]) -> str:
        kind, action = actions.named(verb.bulk)
        actor = acting(ben)
        with tenant(acme):
            judged = plans.judge(acme, kind, action, chosen=[sid], parameters=filled, actor=actor)
        try:
            start_bulk_run(
                acme,
                action=verb.bulk,
                chosen=[sid],
                parameters=filled,
                digest=judged.plan.digest,
                actor=actor,
            )
        except RuleViolation as refused:
            return refused.code
        work()
        return "started"

    def staff(verb: Verb, sid: str, email: str, filled: dict[str, str]) -> str:
        url = reverse(f"staff:users_user_{verb.staff}", args=[sid])
        return str(
            staff_client.post(url, {"reason": "Ticket 12", "password": PASSWORD}).status_code
        )

    def command(verb: Verb, sid: str, email: str, filled: dict[str, str]) -> str:
        try:
            call_command(verb.command, email, "Ticket 12", stdout=StringIO())
        except CommandError as refused:
            return str(refused)
        return "done"

    return {PAGE: page, BULK: bulk, STAFF: staff, COMMAND: command}


REFUSALS = {
    PAGE: {"403", "404"},
    BULK: {"plan_blocked"},
    STAFF: {"403", "404"},
    COMMAND: {"Nobody has a login with this address."},
}


@pytest.mark.parametrize(("name", "door", "subject"), CASES)
def test_every_door_obeys_the_same_rules_of_rank(
    name: str, door: str, subject: str, people, doors, acme, sue
) -> None:
    verb = VERBS[name]
    if subject == "a pending user":
        waiting = invited(acme, "waits@acme.example")
        said = doors[door](verb, waiting.sid, waiting.email, _filled(name, None))
        assert said in REFUSALS[door]
        return

    user = sue if (door, subject) == (STAFF, "oneself") else people[subject]
    app_of(user)
    session_of(user)
    if verb.before == UserStatus.INACTIVE:
        _deactivate_somehow(user)
    before = state_of(user)
    said = doors[door](verb, user.sid, user.email, _filled(name, stay_of(user)))
    if is_done(name, door, subject):
        assert state_of(user) != before, said
    else:
        assert state_of(user) == before
        assert said in REFUSALS[door]


def is_done(name: str, door: str, subject: str) -> bool:
    if subject == "somebody of support" and name in OF_A_SIGN_IN and door != COMMAND:
        return False
    return subject in DONE_TO[door]


@pytest.mark.parametrize("action", [*STAFF_KEEP_TO_THEMSELVES])
def test_who_is_refused_reads_who_can_do_it(action: Action, acme: Organization, ben, sue) -> None:
    stay = stay_of(supporter(acme))
    actors = [acting(ben)]
    if action in STAFF_GRANTS[StaffGroup.LEADS]:
        actors.append(replace(staff_actor(sue), reason="Ticket 12"))
    for actor in actors:
        refused = refusal(actor, action, stay)
        assert refused is not None
        assert "An operator of this installation can" in refused.words
    assert refusal(OPERATOR, action, stay) is None


def _filled(name: str, stay: Membership | None) -> dict[str, str]:
    """What the verb asks for: something else than what is."""
    if VERBS[name].page == "leave":
        return VERBS[name].filled | {"how": name}
    if name != "change role":
        return dict(VERBS[name].filled)
    is_administrator = stay is not None and stay.role == Role.ADMINISTRATOR
    return {"role": Role.STANDARD if is_administrator else Role.ADMINISTRATOR}


def _through_its_plan(client: Client, sid: str, email: str, filled: dict[str, str]) -> str:
    """Choose, read what happens, tick every box and confirm."""
    where = f"{reverse('users:leave', args=[sid])}?{urlencode({'asked': '1'} | filled)}"
    answer = client.get(where)
    if answer.status_code != 200:
        return str(answer.status_code)
    return str(confirm(client, where, typed=email).status_code)


def _deactivate_somehow(user: User) -> None:
    """Nobody does it to everybody; whoever acts is left active."""
    if user.email not in {"ben@acme.example", "sue@support.example"}:
        deactivate_user(stay_of(user), actor=OPERATOR)
