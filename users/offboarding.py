"""What an administrator's removing or deleting somebody would do: choices, and the plan of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.db.models import QuerySet

from accounts import conditions
from accounts.models import Account
from adminctr.core.clock import day
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from adminctr.core.runs import Run
from bulk.models import BulkRun
from imports.models import ImportRun
from invitations.batch_models import InvitationBatch
from organizations.models import Membership
from organizations.policy import Action
from users.belongings import MOST_LISTED, Belongings
from users.models import Departure, Offboarding, User, UserStatus, WayOut

ACTIONS = {WayOut.REMOVE: Action.USER_REMOVE, WayOut.DELETE: Action.USER_DELETE}

_UNDER_WAY = "Something that they started is still running. Wait until it is finished."
_RUNS: dict[type[Run], str] = {
    BulkRun: "Bulk action",
    Departure: "Removal of people with their domain",
    ImportRun: "Import",
    InvitationBatch: "Table of invitations",
}
# Else whoever support has locked out could come back under the same address.
_SUSPENDED = "Support has suspended this login. Remove the person, or ask support to lift it first."
YOURS = "your name"
_STAFF = (
    "This person is support staff. An operator of this installation must take away their staff "
    "rights first."
)


@dataclass(frozen=True, slots=True)
class _Fate:
    """What becomes of one thing and of several, and what became of them once it is done."""

    one: str
    many: str
    done: str


_STOPS = _Fate(" stops working.", " stop working.", " stopped working.")
_CANCELLED = _Fate(" is cancelled.", " are cancelled.", ": cancelled.")
_FORGOTTEN = _Fate(" is deleted.", " are deleted.", ": deleted.")


@dataclass(frozen=True, slots=True)
class Choices:
    """What is to become of what hangs on somebody.

    `owner` is the User SID of who gets their accounts, `owners` of who gets one of them, by Account
    SID: the person's own means that they keep it. Invitations that they sent and views that they
    share go on under the name of whoever acts, or end.
    """

    owner: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    keeps_invitations: bool = True
    keeps_views: bool = True

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "owners": dict(self.owners),
            "keeps_invitations": self.keeps_invitations,
            "keeps_views": self.keeps_views,
        }

    def owner_of(self, account: Account, leaver: User) -> str:
        """The User SID of who is to own an account; empty where nobody is chosen.

        What somebody keeps is named account by account, so that nothing which comes later, before
        a day that was planned, leaves with them unseen.
        """
        owner = "" if self.owner == leaver.sid else self.owner
        return self.owners.get(account.sid, owner)


def accounts_by_owner(stay: Membership, choices: Choices) -> dict[str, list[Account]]:
    """What somebody owns, by the User SID of who is to own it; under "" what nobody is to."""
    found = defaultdict[str, list[Account]](list)
    for account in Belongings(stay).accounts().select_related("organization"):
        found[choices.owner_of(account, stay.user)].append(account)
    return found


def plan(stay: Membership, how: WayOut, choices: Choices, *, under: str = YOURS) -> Plan:
    """Read in the scope of the organization; the operation reads it again.

    `under` is whose name stands on what goes on, as it is said to whoever reads the plan.
    """
    belongings = Belongings(stay)
    effects = [
        *_blockers(belongings, how),
        *_accounts(belongings, how, choices),
        *_access(belongings),
        *_work(belongings, choices, _goes_on(under)),
        *_for_good(how),
        *_what_stays(how),
        *_elsewhere(belongings, how),
    ]
    return Plan(stay.user.sid, f"{how}_user", tuple(effects))


def effects_of_removing(stays: Sequence[Membership], owner: str) -> Iterator[Effect]:
    """What `plan` says of removing each of these, in numbers over all of them.

    `owner` is the User SID of who gets their accounts.
    """
    belongings = Belongings(stays[0], tuple(stays[1:]))
    told = (
        _given(owner, _things_of(belongings.accounts())),
        *_access(belongings),
        *_work(belongings, Choices(), _goes_on(YOURS)),
        *_what_stays(WayOut.REMOVE),
        *_elsewhere(belongings, WayOut.REMOVE),
    )
    for effect in told:
        yield replace(effect, objects=())


def people_at_work(stays: Sequence[Membership]) -> frozenset[int | None]:
    """Those of these people who cannot leave before what they started is finished."""
    runs = Belongings(stays[0], tuple(stays[1:])).runs_under_way()
    return frozenset(one.by_id for one in runs)


def under_way() -> RuleViolation:
    return RuleViolation("under_way", _UNDER_WAY)


def _blockers(belongings: Belongings, how: WayOut) -> Iterator[Effect]:
    running = tuple(Thing(str(one), _RUNS[type(one)]) for one in belongings.runs_under_way())
    if running:
        yield Effect(Weight.BLOCKER, "under_way", _UNDER_WAY, running)
    person = belongings.stay.user
    if how is WayOut.DELETE and person.is_staff:
        yield Effect(Weight.BLOCKER, "support_staff", _STAFF)
    if how is WayOut.DELETE and person.status == UserStatus.SUSPENDED:
        yield Effect(Weight.BLOCKER, "suspended", _SUSPENDED)


def _accounts(belongings: Belongings, how: WayOut, choices: Choices) -> Iterator[Effect]:
    stay = belongings.stay
    for sid, accounts in sorted(accounts_by_owner(stay, choices).items()):
        things = _things_of(accounts)
        if not sid:
            text = f"{several(len(things), 'account needs', 'accounts need')} a new owner."
            yield Effect(Weight.BLOCKER, "owner_missing", text, things)
        elif sid == stay.user.sid:
            yield _kept(how, things)
        else:
            yield _given(sid, things)


def _things_of(accounts: Iterable[Account]) -> tuple[Thing, ...]:
    return tuple(Thing(one.sid, one.name) for one in accounts)


def _kept(how: WayOut, things: tuple[Thing, ...]) -> Effect:
    if how is WayOut.DELETE:
        text = "Somebody who is deleted cannot keep an account. Choose another owner."
        return Effect(Weight.BLOCKER, "owner_leaves", text, things)
    text = (
        f"{several(len(things), 'account leaves', 'accounts leave')} with them, into an "
        "organization of their own. This organization loses every right over it; people who have "
        "roles on it keep them."
    )
    done = (
        f"{several(len(things), 'account', 'accounts')} left with them, into an organization of "
        "their own. This organization lost every right over it; people who had roles on it kept "
        "them."
    )
    return Effect(Weight.LOSES, "accounts_kept", text, things, done=done)


def _given(sid: str, things: tuple[Thing, ...]) -> Effect:
    try:
        owner = conditions.fit_owner(sid)
    except RuleViolation as refused:
        return Effect(Weight.BLOCKER, f"owner_unfit_{sid}", refused.message, things)
    whom = f"{owner.get_full_name()} ({owner.email}){_who_leaves_too(owner)}"
    text = f"{several(len(things), 'account goes', 'accounts go')} to {whom}."
    done = f"{several(len(things), 'account was', 'accounts were')} given to {owner.sid}."
    return Effect(Weight.CHANGES, f"accounts_given_{sid}", text, things, done=done)


def _who_leaves_too(owner: User) -> str:
    planned = Offboarding.objects.waiting().filter(user=owner).first()
    return f", who is to leave on {day(planned.due_at)}" if planned else ""


def _access(belongings: Belongings) -> Iterator[Effect]:
    yield Effect(
        Weight.LOSES,
        "membership",
        "They lose their membership in this organization.",
        done="They lost their membership in this organization.",
    )
    yield from _roles(belongings)
    if number := belongings.offers().count():
        text = several(number, "invitation to an account stops", "invitations to accounts stop")
        done = several(number, "invitation to an account", "invitations to accounts")
        yield Effect(
            Weight.LOSES,
            "offers",
            f"{text} working.",
            count=number,
            done=f"{done} stopped working.",
        )
    yield Effect(
        Weight.CHANGES,
        "sessions",
        "They are logged out everywhere at once.",
        done="They were logged out everywhere.",
    )


def _roles(belongings: Belongings) -> Iterator[Effect]:
    held = belongings.roles()
    listed = held.select_related("account").order_by("account__name_key", "pk")[:MOST_LISTED]
    things = tuple(
        Thing(one.account.sid, one.account.name, one.get_role_label())
        for one in listed
        if one.account
    )
    if number := held.count():
        text = f"{several(number, 'role ends', 'roles end')} on its accounts."
        done = f"{several(number, 'role', 'roles')} on its accounts ended."
        yield Effect(Weight.LOSES, "roles", text, things, count=number, done=done)


def _goes_on(under: str) -> _Fate:
    on = f"on. From now on {under} is shown there."
    done = ": since then under the name of the person who confirmed this."
    return _Fate(f" goes {on}", f" go {on}", done)


def _work(belongings: Belongings, choices: Choices, goes_on: _Fate) -> Iterator[Effect]:
    """What they began for the organization, and others rely on."""
    sent, views = belongings.sent_invitations(), belongings.shared_views()
    yield from _what_becomes(
        sent,
        "invitations",
        tuple(Thing(one.sid, one.email) for one in sent[:MOST_LISTED]),
        goes_on if choices.keeps_invitations else _STOPS,
        ("invitation that they sent", "invitations that they sent"),
    )
    yield from _what_becomes(
        views,
        "views",
        tuple(Thing(one.sid, one.name) for one in views[:MOST_LISTED]),
        goes_on if choices.keeps_views else _FORGOTTEN,
        ("view that they share", "views that they share"),
    )
    yield from _what_becomes(
        belongings.expectations(),
        "expectations",
        (),
        goes_on,
        ("expectation of theirs", "expectations of theirs"),
    )
    yield from _departures(belongings)
    batches = belongings.scheduled_batches()
    yield from _what_becomes(
        batches,
        "batches",
        tuple(Thing(one.sid, _RUNS[InvitationBatch]) for one in batches[:MOST_LISTED]),
        _CANCELLED,
        ("scheduled table of invitations", "scheduled tables of invitations"),
    )


def _departures(belongings: Belongings) -> Iterator[Effect]:
    """Of others, whose accounts would come to somebody who is gone by then."""
    planned = belongings.departures_to_them()
    if number := planned.count():
        until = "until somebody else is chosen as the new owner"
        yield Effect(
            Weight.CHANGES,
            "departures",
            f"{several(number, 'planned departure', 'planned departures')} cannot happen {until}.",
            tuple(
                Thing(one.sid, one.user.get_full_name(), day(one.due_at))
                for one in planned.select_related("user")[:MOST_LISTED]
            ),
            count=number,
            done=f"{several(number, 'planned departure', 'planned departures')} stopped {until}.",
        )


def _what_becomes(
    rows: QuerySet[Any],
    key: str,
    things: tuple[Thing, ...],
    fate: _Fate,
    words: tuple[str, str],
) -> Iterator[Effect]:
    """What becomes of rows, before it is done and after."""
    if number := rows.count():
        which, text = several(number, *words), fate.one if number == 1 else fate.many
        yield Effect(
            Weight.CHANGES,
            key,
            f"{which}{text}",
            things,
            count=number,
            done=f"{which}{fate.done}",
        )


def _for_good(how: WayOut) -> Iterator[Effect]:
    if how is WayOut.DELETE:
        yield Effect(
            Weight.IRREVERSIBLE,
            "login",
            "Their login, name and address are permanently deleted.",
            done="Their login, name and address were permanently deleted.",
        )
        yield Effect(
            Weight.IRREVERSIBLE,
            "address",
            "Anyone who signs up with this address again gets nothing of what they had, not even "
            "waiting invitations.",
        )


def _what_stays(how: WayOut) -> Iterator[Effect]:
    yield Effect(
        Weight.SURVIVES, "history", "What they had and did, and when, stays in the activity."
    )
    if how is WayOut.REMOVE:
        yield Effect(
            Weight.SURVIVES,
            "login",
            "They keep their login, and can be invited again at any time.",
            done="They kept their login, and can be invited again at any time.",
        )


def _elsewhere(belongings: Belongings, how: WayOut) -> Iterator[Effect]:
    """What others gave them ends with their login alone."""
    number = belongings.roles_elsewhere().count()
    if not number:
        return
    if how is WayOut.DELETE:
        weight, one, many, past = Weight.LOSES, "role ends", "roles end", "ended"
    else:
        weight, one, many, past = Weight.SURVIVES, "role stays", "roles stay", "stayed"
    where = "on accounts of other organizations"
    yield Effect(
        weight,
        "roles_elsewhere",
        f"{several(number, one, many)} {where}.",
        count=number,
        done=f"{several(number, 'role', 'roles')} {where} {past}.",
    )
