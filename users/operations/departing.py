"""How the people of a lost domain are removed, and how they come back once it is proven again."""

from collections.abc import Iterable

from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from adminctr.core.runs import RunState
from audit import log
from domains import claims
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action
from users import leaving, returning, standing
from users.models import Departed, Departure, User

# How many people one transaction does: few enough that others wait for it a moment only.
PEOPLE_OF_A_STEP = 20


@operation(itself)
def bring_people_back(organization: Organization, *, domain_name: str, actor: Actor) -> Departure:
    """Let those come back who were removed with this domain, in steps that a worker takes.

    Raises NotAllowed, or RuleViolation: domain_not_verified, departure_under_way, nobody_away.
    """
    actor = policy.require_locked(actor, Action.USER_BRING_BACK, organization)
    if actor.user_id is None:
        raise NotAllowed(policy.MEMBERS_ALONE, action=Action.USER_BRING_BACK)
    if refused := return_refusal(organization, domain_name):
        raise refused

    run = Departure.objects.create(
        organization=organization, domain_name=domain_name, is_return=True, by_id=actor.user_id
    )
    run.enqueue()
    _record("domain.return_started", run, actor)
    return run


def return_refusal(organization: Organization, domain_name: str) -> RuleViolation | None:
    """Why the people of a domain cannot be brought back now; read in the organization's scope."""
    if not _is_verified(organization, domain_name):
        return RuleViolation(
            "domain_not_verified", "Verify this domain first. Then its people can come back."
        )
    under_way = Departure.objects.unfinished().filter(domain_name=domain_name).first()
    if under_way is not None:
        doing = "brought back" if under_way.is_return else "removed"
        return RuleViolation(
            "departure_under_way",
            f"Its people are being {doing} at this moment. Wait until this is done.",
        )
    if not Departed.objects.away().filter(domain_name=domain_name).exists():
        return RuleViolation("nobody_away", "Nobody who was removed with this domain is away.")
    return None


@operation(its_organization)
def take_departure_step(run: Departure, *, actor: Actor) -> None:
    """Remove the next people of a domain, or bring them back; the last step ends the run.

    Nobody else is removed once the domain is proven again. A return stops where the domain is in
    doubt again, or where whoever started it may no longer do it. Called by a job. Raises
    NotAllowed.
    """
    if not (actor.user_id == run.by_id if run.is_return else actor.trusted):
        raise NotAllowed("Only the system, or the person who started this, can continue it.")
    run.organization.lock()
    if run.is_return:
        _bring_next_back(run, actor)
    else:
        _remove_next(run, actor)


def _remove_next(run: Departure, actor: Actor) -> None:
    """Who is removed is not due any more, so each step begins with the first who is."""
    organization, due = run.organization, leaving.due_to_leave(run)
    owner = organization.owner
    if owner is not None and not claims.is_held_by(organization, run.domain_name):
        people = _locked(due.values_list("user", flat=True)[:PEOPLE_OF_A_STEP])
        # Read again, since a stay past its planned end may be ended from another organization.
        leavers = list(due.filter(user__in=people))
        for stay in leavers:
            stay.organization, stay.user = organization, people[stay.user_id]
            leaving.remove(stay, run, owner=owner, actor=actor)
        standing.log_out_all([stay.user_id for stay in leavers])
        run.advance(run.cursor, done=run.done + len(leavers))
        if due.exists():
            return
    run.finish()
    _record("domain.people_removed", run, actor)


def _bring_next_back(run: Departure, actor: Actor) -> None:
    """Who cannot come back stays away, so the cursor tells who was asked about."""
    current = policy.still_may(actor, Action.USER_BRING_BACK, run.organization)
    if current is None or not _is_verified(run.organization, run.domain_name):
        run.finish(RunState.FAILED)
        _record("domain.return_stopped", run, Actor.system("people who come back"))
        return

    away = Departed.objects.away().filter(domain_name=run.domain_name)
    waiting = away.filter(pk__gt=run.cursor.get("departed", 0)).order_by("pk")
    rows = list(waiting[:PEOPLE_OF_A_STEP])
    people = _locked([row.user_id for row in rows])
    back: list[int] = []
    for row in rows:
        row.organization, person = run.organization, people[row.user_id]
        obstacle = returning.obstacle_of(row, person)
        if obstacle:
            Departed.objects.filter(pk=row.pk).update(obstacle=obstacle)
        else:
            returning.bring_back(row, person, current)
            back.append(person.pk)
    standing.log_out_all(back)
    cursor = {"departed": rows[-1].pk} if rows else run.cursor
    run.advance(cursor, done=run.done + len(back), refused=run.refused + len(rows) - len(back))
    if not waiting.filter(pk__gt=cursor.get("departed", 0)).exists():
        run.finish()
        _record("domain.people_brought_back", run, current)


def _locked(people: Iterable[int]) -> dict[int, User]:
    """These people as they are now; no key is locked, since stays and roles point at them."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=list(people))
    return {one.pk: one for one in rows.order_by("pk")}


def _is_verified(organization: Organization, domain_name: str) -> bool:
    claim = claims.claim_of(organization, domain_name)
    return claim is not None and claim.is_verified()


def _record(action: str, run: Departure, actor: Actor) -> None:
    log.record(
        action,
        run.organization,
        actor=actor,
        subject_sid=run.sid,
        subject=readable_domain(run.domain_name),
        done=run.done,
        refused=run.refused,
    )
