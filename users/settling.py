"""What becomes of what somebody began for the organization, whichever way they leave it.

Called inside operations only, in the organization's scope, with its lock held.
"""

from collections.abc import Iterable
from itertools import chain, count

from accounts import names
from adminctr.core.actor import Actor
from audit import log
from invitations.standing import withdraw
from organizations.models import SavedView
from users import mail
from users.belongings import Belongings
from users.models import OBSTACLE_LENGTH, Offboarding, WayOut

_SUCCESSOR_GONE = "Somebody who was to get accounts has left. Choose another new owner."


def settle_work(
    belongings: Belongings,
    *,
    to_id: int,
    keeps_invitations: bool = True,
    keeps_views: bool = True,
    actor: Actor,
) -> None:
    """What others rely on goes on under the name of `to_id`, or ends; the rest is forgotten."""
    if keeps_invitations:
        belongings.sent_invitations().update(invited_by=to_id)
    else:
        withdraw(belongings.sent_invitations(), actor)
    belongings.expectations().update(by=to_id)
    for planned in belongings.departures_to_them().select_related("user", "organization"):
        stop(planned, _SUCCESSOR_GONE)
    belongings.own_views().delete()
    if keeps_views:
        _hand_over(belongings.shared_views(), to_id)
    else:
        belongings.shared_views().delete()


def stop(planned: Offboarding, why: str) -> None:
    """Note why a departure cannot happen as planned, and tell whoever planned it."""
    planned.obstacle = why[:OBSTACLE_LENGTH]
    planned.save(update_fields=["obstacle"])
    mail.send_offboarding_stopped.enqueue(planned.pk)
    record(planned, "user.offboarding_stopped", Actor.system("offboarding"), why=planned.obstacle)


def record(
    told: Offboarding, action: str, actor: Actor, *, subject: str = "", **details: str
) -> None:
    """Record an event about somebody who leaves, with the sheet of it."""
    log.record(
        action,
        told.organization,
        actor=actor,
        subject_sid=told.user.sid,
        subject=subject or names.known_as(told.user).address,
        how=WayOut(told.how).label.lower(),
        sheet=told.sid,
        **details,
    )


def _hand_over(views: Iterable[SavedView], to_id: int) -> None:
    """Nobody has two views of one list with the same name."""
    theirs = SavedView.objects.filter(by=to_id)
    taken = set(theirs.values_list("listed", "name"))
    for view in views:
        names = chain([view.name], (f"{view.name[:50]} ({number})" for number in count(2)))
        view.name = next(name for name in names if (view.listed, name) not in taken)
        view.by_id = to_id
        view.save(update_fields=["by", "name"])
        taken.add((view.listed, view.name))
