"""Many processes that start at the same moment, each with a database connection of its own."""

import json
import os
import select
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from itertools import count

from django.db import connection, connections

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.tenancy import tenant
from adminctr.web import invariants
from domains.models import Domain
from domains.operations import add_domain, approve_sharing, settle_check
from domains.probes import Finding, Outcome
from invitations.operations import accept_invitation_as_newcomer, invite_user
from organizations.models import Membership, Organization, Role
from tests.conftest import acting
from users.models import SignUp, User
from users.newcomers import NewPerson
from users.operations import sign_up, start_sign_up
from users.passwords import PasswordHash, hash_password

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
RACERS = 20
LONGEST_RACE_SECONDS = 60
_numbers = count(1)

Call = Callable[[], object]


def race(*calls: Call) -> list[str]:
    """Run each call in a process of its own, all at once; what became of each, in order.

    `ok`, the code of a RuleViolation, `NotAllowed`, or the text of any other error.
    """
    connections.close_all()
    gate, open_gate = os.pipe()
    racers = [_fork(call, gate, open_gate) for call in calls]
    os.close(gate)
    deadline = time.monotonic() + LONGEST_RACE_SECONDS
    try:
        for _, answers in racers:
            _read(answers, 1, deadline)
        os.close(open_gate)
        return [json.loads(_read_all(answers, deadline)) for _, answers in racers]
    finally:
        for pid, answers in racers:
            os.close(answers)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def rounds(run: Callable[[], None]) -> None:
    """Run one race so often, each time with people of its own, and look for damage at the end."""
    for _ in range(ROUNDS):
        run()
    assert invariants.faults() == []


def tally(outcomes: list[str]) -> Counter[str]:
    return Counter(outcomes)


def _fork(call: Call, gate: int, open_gate: int) -> tuple[int, int]:
    answers, answer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of xdist only wait
        pid = os.fork()
    if pid:
        os.close(answer)
        return pid, answers
    try:
        os.close(open_gate)
        os.close(answers)
        connections.close_all()
        connection.ensure_connection()
        os.write(answer, b".")
        os.read(gate, 1)
        os.write(answer, json.dumps(_outcome(call)).encode())
        connections.close_all()
    finally:
        os._exit(0)


def _outcome(call: Call) -> str:
    try:
        call()
    except RuleViolation as refused:
        return refused.code
    except NotAllowed:
        return "NotAllowed"
    except BaseException:
        return traceback.format_exc()[-3000:]
    return "ok"


def _read(source: int, most: int, deadline: float) -> bytes:
    ready, _, _ = select.select([source], [], [], max(0, deadline - time.monotonic()))
    assert ready, "A racer has not answered in time"
    return os.read(source, most)


def _read_all(source: int, deadline: float) -> bytes:
    parts = []
    while part := _read(source, 65536, deadline):
        parts.append(part)
    return b"".join(parts)


# People and organizations that no other round knows


def fresh(name: str) -> str:
    return f"{name}{next(_numbers)}"


def newcomer(name: str = "Nell") -> NewPerson:
    return NewPerson(name, "Fresh", PASSWORD)


def found(email: str) -> Organization:
    """An organization of one person, who signed up."""
    actor = Actor.stranger(email)
    start_sign_up(email, actor=actor)
    owner = sign_up(SignUp.objects.get(email=email), newcomer=newcomer(), actor=actor)
    return Organization.objects.get(owner=owner)


def owner_of(organization: Organization) -> Actor:
    return acting(organization.owner)


def verify(organization: Organization, name: str, *, beside_others: bool = False) -> Domain:
    """A proven domain; support has approved it where others hold it too."""
    if beside_others:
        domain = approve_sharing(organization, name=name, actor=Actor.operator("race"))
    else:
        domain = add_domain(organization, name=name, actor=owner_of(organization))
    return prove(domain)


def prove(domain: Domain) -> Domain:
    """A look that has found the proof."""
    actor = owner_of(domain.organization)
    return settle_check(domain, finding=right_answer(domain), actor=actor)


def right_answer(domain: Domain) -> Finding:
    return Finding(Outcome.FOUND, (domain.record_value.encode(),))


def company() -> tuple[Organization, str]:
    """An organization with a proven domain."""
    name = f"{fresh('company')}.example"
    organization = found(f"owner@{fresh('founder')}.example")
    verify(organization, name)
    return organization, name


def bring_in(organization: Organization, email: str, role: Role) -> User:
    invitation = invite_user(organization, email=email, role=role, actor=owner_of(organization))
    stay = accept_invitation_as_newcomer(
        invitation, newcomer=newcomer(), actor=Actor.stranger(email)
    )
    return stay.user


def stay_of(organization: Organization, user: User) -> Membership:
    with tenant(organization):
        return Membership.objects.open().select_related("organization", "user").get(user=user)


PASSWORD: PasswordHash = hash_password("correct horse battery staple")
