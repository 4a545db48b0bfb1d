"""How what others do about somebody begins, and what a change of their name or way in has to write.

Called inside operations only; what is written, with the person locked, and their organization
before them.
"""

from collections.abc import Iterable

from django.db.models import F

from adminctr.core.actor import Actor
from adminctr.core.tenancy import person
from organizations import members, policy, stays
from organizations.models import Membership
from organizations.policy import Action
from users import oneself
from users.models import EmailChange, RememberedBrowser, Session, User, UserStatus


def locked_stay(stay: Membership, action: Action, actor: Actor) -> tuple[Membership, Actor]:
    """Allow, lock, and allow once more: the stay with its person, and who acts, as of now.

    Raises NotAllowed, or RuleViolation: not_a_member.
    """
    actor = policy.require_locked(actor, action, stay)
    current = Membership.objects.in_force().filter(pk=stay.pk).first()
    if current is None:
        raise members.not_a_member()
    policy.require(actor, action, current)
    current.organization, current.user = stay.organization, oneself.locked(stay.user)
    return current, actor


def set_name(user: User, *, first_name: str, last_name: str) -> None:
    user.first_name, user.last_name = first_name, last_name
    user.save(update_fields=["first_name", "last_name"])
    stays.copy_person(user)


def set_status(user: User, status: UserStatus) -> None:
    """A log-in that is on its way ends too, whichever way the status goes."""
    user.status = status
    log_out_for_good(user, "status")
    with person(user):
        Membership.objects.open().update(status=status)


def log_out(user: User, *changed: str) -> int:
    """End every session, and what is on its way to one; how many sessions there were.

    `changed` are the fields in which the person was changed, to be written with it.
    """
    oneself.count_log_out(user, *changed)
    ended, _ = Session.objects.filter(user=user).delete()
    return ended


def log_out_all(people: Iterable[int]) -> int:
    """The same for many by their keys, who are locked here, the oldest login first."""
    rows = User.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
    keys = list(rows.values_list("pk", flat=True))
    User.objects.filter(pk__in=keys).update(log_outs=F("log_outs") + 1)
    ended, _ = Session.objects.filter(user__in=keys).delete()
    return ended


def log_out_for_good(user: User, *changed: str) -> None:
    """The same, with all that would make the next log-in easier, and the address they wanted."""
    log_out(user, *changed)
    RememberedBrowser.objects.filter(user=user).delete()
    EmailChange.objects.filter(user=user).delete()
