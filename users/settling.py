"""What becomes of what somebody began for the organization, whichever way they leave it.

Called inside operations only, in the organization's scope, with its lock held.
"""

from collections.abc import Iterable
from itertools import chain, count

from adminctr.core.actor import Actor
from invitations.standing import withdraw
from organizations.models import SavedView
from users.belongings import Belongings


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
    belongings.own_views().delete()
    if keeps_views:
        _hand_over(belongings.shared_views(), to_id)
    else:
        belongings.shared_views().delete()


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
