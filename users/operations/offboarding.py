"""How an administrator removes or deletes somebody, at once or on a day."""

from datetime import datetime
from typing import Any

from accounts import conditions, grants
from accounts import mail as account_mail
from accounts.models import Account, RoleAssignment
from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, operation
from adminctr.core.plans import DONE_HEADINGS, OUTDATED, Plan, Thing
from adminctr.core.runs import require_starter
from adminctr.core.sids import is_sid
from organizations import members, policy, stays
from organizations.models import Membership, Organization, lock_all
from users import deleting, keeping, mail, offboarding, settling, standing
from users.belongings import Belongings
from users.models import Offboarding, User, WayOut
from users.offboarding import ACTIONS, Choices


@operation(its_organization)
def offboard_user(
    stay: Membership,
    *,
    how: WayOut,
    choices: Choices,
    digest: str,
    reason: str = "",
    actor: Actor,
) -> Offboarding:
    """Remove or delete somebody, as the plan with this digest says.

    Raises NotAllowed, or RuleViolation: not_a_member, plan_blocked, plan_outdated.
    """
    by_id = _person_of(actor)
    current, others, actor = _locked(stay, how, actor)
    plan = offboarding.plan(current, how, choices)
    plan.require(digest)

    address = current.user.email
    _settle_accounts_and_stay(current, choices, actor)
    Belongings(current).scheduled_batches().cancel()
    settling.settle_work(
        Belongings(current),
        to_id=by_id,
        keeps_invitations=choices.keeps_invitations,
        keeps_views=choices.keeps_views,
        actor=actor,
    )
    if how is WayOut.DELETE:
        deleting.delete(current.user, others)
    told = _note_down(current, how, choices, plan, reason, by_id)
    mail.send_offboarded.enqueue(told.pk, address)
    settling.record(
        told,
        "user.deleted" if how is WayOut.DELETE else "user.removed",
        actor,
        subject=address,
        stated=reason,
    )
    return told


@operation(its_organization)
def remove_user(stay: Membership, *, owner: User | None, actor: Actor) -> Offboarding:
    """Remove somebody whose accounts, if there are any, go to `owner`; the rest goes on.

    Raises NotAllowed, or RuleViolation: not_a_member, plan_blocked.
    """
    policy.require_locked(actor, ACTIONS[WayOut.REMOVE], stay)
    choices = Choices(owner=owner.sid if owner else "")
    plan = offboarding.plan(stay, WayOut.REMOVE, choices)
    return offboard_user(stay, how=WayOut.REMOVE, choices=choices, digest=plan.digest, actor=actor)


@operation(its_organization)
def schedule_offboarding(
    stay: Membership,
    *,
    how: WayOut,
    choices: Choices,
    due_at: datetime,
    digest: str,
    reason: str = "",
    actor: Actor,
) -> Offboarding:
    """Let a worker do it on a day; what was planned for this person before is called off.

    Raises NotAllowed, or RuleViolation: day_in_the_past, not_a_member, plan_blocked,
    plan_outdated.
    """
    if due_at <= clock.now():
        raise RuleViolation(
            "day_in_the_past",
            "Choose a later day: this one has already begun or passed.",
            field="on",
        )
    by_id = _person_of(actor)
    current, _, actor = _locked(stay, how, actor)
    offboarding.plan(current, how, choices).require(digest)

    Offboarding.objects.filter(user=current.user).call_off()
    planned = Offboarding.objects.create(
        organization=stay.organization,
        user=current.user,
        how=how,
        choices=choices.stored(),
        reason=reason,
        by_id=by_id,
        due_at=due_at,
    )
    settling.record(planned, "user.offboarding_scheduled", actor, day=due_at.date().isoformat())
    return planned


@operation(its_organization)
def cancel_offboarding(planned: Offboarding, *, actor: Actor) -> Offboarding:
    """Call it off, which whoever is to leave may not.

    Raises NotAllowed, or RuleViolation: offboarding_over.
    """
    actor = policy.require_locked(actor, ACTIONS[WayOut(planned.how)], planned)
    if actor.user_id == planned.user_id:
        raise NotAllowed(policy.NOT_TO_ONESELF)
    current = Offboarding.objects.waiting().filter(pk=planned.pk).select_related("user").first()
    if current is None:
        raise RuleViolation("offboarding_over", "This has already been done or cancelled.")

    current.organization, current.cancelled_at = planned.organization, clock.now()
    current.save(update_fields=["cancelled_at"])
    settling.record(current, "user.offboarding_cancelled", actor)
    return current


@operation(its_organization)
def carry_out_offboarding(planned: Offboarding, *, actor: Actor) -> None:
    """Do what was planned for this day, or say why not; called by a job. Raises NotAllowed."""
    require_starter(actor, planned.by_id)
    organization, how = planned.organization, WayOut(planned.how)
    others = deleting.inviting(planned.user.email) if how is WayOut.DELETE else []
    lock_all(organization, *(one for one in others if one.pk != organization.pk))
    current = Offboarding.objects.due().filter(pk=planned.pk).select_related("user", "by").first()
    if current is None:
        return
    current.organization = organization
    try:
        _carry_out(current, how, actor)
    except (RuleViolation, NotAllowed) as refused:
        settling.stop(current, str(refused))


def _carry_out(planned: Offboarding, how: WayOut, actor: Actor) -> None:
    """Raises NotAllowed, or RuleViolation: not_a_member, came_back, plan_blocked."""
    acting = policy.still_may(actor, ACTIONS[how], planned.organization)
    if acting is None:
        raise NotAllowed("The person who planned this may no longer do it.")
    stay = Membership.objects.in_force().select_related("user").filter(user=planned.user).first()
    if stay is None:
        raise members.not_a_member()
    if stay.began_at > planned.created_at:
        raise RuleViolation("came_back", "This person has left and come back since.")
    stay.organization = planned.organization
    choices = Choices.read(planned.choices)
    digest = offboarding.plan(stay, how, choices).digest
    offboard_user(
        stay, how=how, choices=choices, digest=digest, reason=planned.reason, actor=acting
    )


def _locked(
    stay: Membership, how: WayOut, actor: Actor
) -> tuple[Membership, list[Organization], Actor]:
    """Allow, lock, and allow once more: the stay with its person, and who acts, as of now.

    Whoever is to be deleted may be invited by others, whose counters change: they are locked too.
    """
    action = ACTIONS[how]
    policy.require(actor, action, stay)
    others = deleting.inviting(stay.user.email) if how is WayOut.DELETE else []
    lock_all(stay.organization, *(one for one in others if one.pk != stay.organization_id))
    current, actor = standing.locked_stay(stay, action, actor)
    if how is WayOut.DELETE and set(deleting.inviting(current.user.email)) - set(others):
        raise RuleViolation("plan_outdated", OUTDATED)
    return current, others, actor


def _settle_accounts_and_stay(stay: Membership, choices: Choices, actor: Actor) -> None:
    """Every account gets its new owner before the former one has nothing left."""
    person, kept = stay.user, list[Account]()
    for sid, accounts in offboarding.accounts_by_owner(stay, choices).items():
        if sid == person.sid:
            kept = accounts
        else:
            _give(accounts, conditions.fit_owner(sid), person, actor)
    Belongings(stay).offers().revoke()
    stays.end_stay(stay)
    if kept:
        keeping.take_along(kept, person, stay.organization, actor=actor)
    RoleAssignment.objects.on_accounts().filter(holder=person).end()
    standing.log_out_for_good(person)


def _give(accounts: list[Account], owner: User, former: User, actor: Actor) -> None:
    grants.hand_over(accounts, former=former, to=owner, actor=actor)
    for account in accounts:
        account_mail.send_account_received.enqueue(account.pk, former.pk, owner.pk)


def _note_down(
    stay: Membership, how: WayOut, choices: Choices, plan: Plan, reason: str, by_id: int
) -> Offboarding:
    """The sheet of what became of each thing, on the row that was planned where there is one."""
    now = clock.now()
    waiting = Offboarding.objects.waiting().filter(user=stay.user, how=how, obstacle="")
    planned = waiting.filter(due_at__lte=now).first() or Offboarding(
        organization=stay.organization, user=stay.user, how=how, by_id=by_id, due_at=now
    )
    Offboarding.objects.filter(user=stay.user).exclude(pk=planned.pk).call_off()
    planned.choices, planned.reason = choices.stored(), reason
    planned.done_at, planned.sheet = now, _sheet_of(plan)
    planned.organization = stay.organization
    planned.save()
    return planned


def _sheet_of(plan: Plan) -> list[dict[str, Any]]:
    """People and invitations stand in it by their SIDs, so that nothing is left of the deleted."""
    return [
        {
            "heading": heading,
            "text": effect.told(),
            "things": [
                [thing.sid, "" if _is_about_somebody(thing) else thing.name, thing.note]
                for thing in effect.objects
            ],
        }
        for weight, heading in DONE_HEADINGS.items()
        for effect in plan.by_weight(weight)
    ]


def _is_about_somebody(thing: Thing) -> bool:
    return is_sid(thing.sid, "NF") or is_sid(thing.sid, "OB")


def _person_of(actor: Actor) -> int:
    """Raises NotAllowed: what hangs on somebody goes on under the name of a member."""
    if actor.user_id is None or actor.staff is not None:
        raise NotAllowed(policy.MEMBERS_ALONE)
    return actor.user_id
