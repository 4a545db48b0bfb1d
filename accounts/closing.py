"""What closing an account would do."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts import grants
from accounts.models import Account, RoleAssignment, SuspendedBy
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from invitations.models import Invitation, Kind

# Of more people or invitations than these a plan says how many there are, and not which.
MOST_LISTED = 1_000


def plan(account: Account, *, by_support: bool) -> Plan:
    """Read in the scope of the account's organization; the operation reads it again."""
    ending = Account.objects.with_subaccounts(account).standing()
    keys = list(ending.values_list("pk", flat=True))
    effects = [
        *_blockers(account, by_support=by_support),
        _people(keys),
        _subaccounts(account),
        *_invitations(keys),
        *_for_good(),
        *_what_stays(),
    ]
    return Plan(account.sid, "close_account", tuple(one for one in effects if one is not None))


def purged_from(closing_at: datetime) -> datetime:
    """From when the data of an account that was closed then may be deleted."""
    kept: timedelta = settings.ACCOUNT_KEPT_AFTER_CLOSING
    return closing_at + kept


def _blockers(account: Account, *, by_support: bool) -> Iterator[Effect]:
    """Closing ends in deleting, so nothing goes that support keeps, above or below it."""
    if not account.is_open():
        yield Effect(Weight.BLOCKER, "closed", "This account is closed already.")
    family = Q(pk=account.pk) | Q(pk=account.parent_id) | Q(parent=account)
    kept = Account.objects.standing().filter(family, suspended_by=SuspendedBy.SUPPORT)
    if by_support or (one := kept.order_by("pk").first()) is None:
        return
    which = "this account" if one.pk == account.pk else f"“{one.name}”"
    yield Effect(
        Weight.BLOCKER,
        "suspended_by_support",
        f"Support has suspended {which} and keeps it as it is. Ask support to reactivate it first.",
    )


def _people(keys: list[int]) -> Effect:
    """Everybody with a role on it or below it; where they are not too many, with their roles."""
    held = RoleAssignment.objects.in_force().filter(account__in=keys)
    number = held.values("holder").distinct().count()
    text = f"{several(number, 'user loses', 'users lose')} access to it."
    things = _with_their_roles(held) if number <= MOST_LISTED else ()
    return Effect(Weight.LOSES, "users_lose_access", text, things, count=number)


def _with_their_roles(held: QuerySet[RoleAssignment]) -> tuple[Thing, ...]:
    roles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in held.select_related("holder").order_by("name_key", "pk"):
        roles[one.holder.sid, one.email].add(one.role)
    return tuple(Thing(sid, email, grants.role_words(had)) for (sid, email), had in roles.items())


def _subaccounts(account: Account) -> Effect | None:
    below = Account.objects.below(account).standing()
    things = tuple(Thing(one.sid, one.name, one.get_status_display()) for one in below)
    if not things:
        return None
    number = several(len(things), "subaccount is", "subaccounts are")
    return Effect(Weight.CHANGES, "subaccounts_close", f"{number} closed with it.", things)


def _invitations(keys: list[int]) -> Iterator[Effect]:
    """Those that give access stop working; those to the organization offer none here any more."""
    waiting = Invitation.objects.open().filter(account__in=keys)
    joins = Q(kind=Kind.JOIN)
    number = waiting.aggregate(
        stopping=Count("pk", filter=~joins), joining=Count("pk", filter=joins)
    )
    if number["stopping"]:
        yield _stopping(waiting.exclude(joins), number["stopping"])
    if number["joining"]:
        words = several(
            number["joining"],
            "invitation to join no longer offers",
            "invitations to join no longer offer",
        )
        yield Effect(Weight.CHANGES, "offers_end", f"{words} access.", count=number["joining"])


def _stopping(waiting: QuerySet[Invitation], number: int) -> Effect:
    listed = waiting.select_related("account").order_by("pk") if number <= MOST_LISTED else ()
    things = tuple(Thing(one.sid, one.email, cast(Account, one.account).name) for one in listed)
    text = f"{several(number, 'invitation stops', 'invitations stop')} working."
    return Effect(Weight.CHANGES, "invitations_end", text, things, count=number)


def _for_good() -> Iterator[Effect]:
    days = settings.ACCOUNT_KEPT_AFTER_CLOSING.days
    yield Effect(Weight.CHANGES, "stops", "API requests, calls and messages stop at once.")
    yield Effect(
        Weight.IRREVERSIBLE, "never_reopens", "Nobody can open it again, not even support."
    )
    yield Effect(Weight.IRREVERSIBLE, "purged", f"Its data is deleted after {days} days.")


def _what_stays() -> Iterator[Effect]:
    yield Effect(
        Weight.SURVIVES, "logins", "Everybody keeps their login and their roles on other accounts."
    )
    yield Effect(
        Weight.SURVIVES, "history", "Who had access when, and the activity, can still be looked up."
    )
    yield Effect(Weight.SURVIVES, "room", "It no longer counts towards the account limit.")
