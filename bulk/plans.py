"""What one action would do to all that was chosen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import Effect, Plan, Thing, Weight
from bulk import actions
from bulk.actions import BulkAction, Kind, Parameters
from bulk.models import BulkRun
from organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Staying:
    """Rows that would stay as they are, all for one reason."""

    reason: RuleViolation
    rows: list[Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was chosen, apart by what would become of it.

    `parameters` is None while something that the action asks for is missing; `is_cut` says that
    more was chosen than can be read.
    """

    organization: Organization
    kind: Kind
    bulk: BulkAction
    rows: tuple[Any, ...]
    parameters: Parameters | None
    changing: tuple[Any, ...]
    staying: tuple[Staying, ...]
    besides: tuple[Effect, ...]
    is_cut: bool

    @property
    def plan(self) -> Plan:
        effects = (*self._blockers(), *self._effects())
        return Plan(self.organization.sid, f"bulk_{self.bulk.name.replace('-', '_')}", effects)

    @property
    def is_incomplete(self) -> bool:
        """Whether what the action asks for must be filled in before anything can be said."""
        return bool(self.rows) and self.parameters is None

    def words(self) -> str:
        """Verb, object and number."""
        return self.bulk.said_of(self.kind.of(len(self.changing)), self.parameters or {})

    def _blockers(self) -> Iterator[Effect]:
        most, many = settings.BULK_ROWS_AT_A_TIME, self.kind.many
        if self.is_cut:
            text = f"These are more than {most:,} {many}. Narrow the list and do it in parts."
            yield Effect(Weight.BLOCKER, "too_many", text)
        elif not self.rows:
            text = "Nothing is chosen, or you chose it too long ago. Choose again."
            yield Effect(Weight.BLOCKER, "nothing_chosen", text)
        elif self.parameters is None:
            yield Effect(Weight.BLOCKER, "incomplete", "First fill in what is asked for above.")
        elif not self.changing:
            text = f"Nothing would change: all of these {many} stay as they are."
            yield Effect(Weight.BLOCKER, "nothing_changes", text)

    def _effects(self) -> Iterator[Effect]:
        if self.parameters is None:
            return
        if self.changing:
            yield self._changes(self.parameters)
            yield from self.besides
        for one_reason in self.staying:
            yield self._stays(one_reason)

    def _changes(self, parameters: Parameters) -> Effect:
        text = self.bulk.outcome_of(len(self.changing), parameters)
        things = tuple(
            Thing(row.sid, row.name, self.bulk.note(row, parameters)) for row in self.changing
        )
        return Effect(Weight.CHANGES, self.bulk.name.replace("-", "_"), text, things)

    def _stays(self, staying: Staying) -> Effect:
        number = len(staying.rows)
        unchanged = "is unchanged" if number == 1 else "are unchanged"
        text = f"{self.kind.of(number)} {unchanged}: {staying.reason.message}"
        things = tuple(Thing(row.sid, row.name) for row in staying.rows)
        return Effect(Weight.SURVIVES, staying.reason.code, text, things)


def judge(
    organization: Organization,
    kind: Kind,
    bulk: BulkAction,
    *,
    chosen: Sequence[str],
    parameters: Parameters | None,
    actor: Actor,
    is_cut: bool = False,
) -> Judgement:
    """Read in the scope of the organization; the operation judges again under its lock."""
    is_cut = is_cut or len(chosen) > settings.BULK_ROWS_AT_A_TIME
    rows = () if is_cut else in_order(kind, chosen)
    settled = parameters or {}
    changing, staying = _apart(rows, bulk, settled, actor)
    besides = tuple(bulk.besides(changing, settled)) if changing else ()
    return Judgement(organization, kind, bulk, rows, parameters, changing, staying, besides, is_cut)


def in_order(kind: Kind, sids: Sequence[str]) -> tuple[Any, ...]:
    """Those that there are, each once, in the order in which they were chosen."""
    found = {row.sid: row for row in kind.find(sids)} if sids else {}
    return tuple(found[sid] for sid in dict.fromkeys(sids) if sid in found)


def words_of(run: BulkRun) -> str:
    """What a run does to how many, as in "Suspend 3 accounts"."""
    kind, bulk = actions.named(run.action)
    return bulk.said_of(kind.of(run.total), run.parameters)


def _apart(
    rows: Sequence[Any], bulk: BulkAction, parameters: Parameters, actor: Actor
) -> tuple[tuple[Any, ...], tuple[Staying, ...]]:
    """Those that would change, and the others by their reasons."""
    changing, staying = [], dict[str, Staying]()
    for row in rows:
        try:
            bulk.check(row, parameters, actor)
            changing.append(row)
        except RuleViolation as refused:
            staying.setdefault(refused.message, Staying(refused, [])).rows.append(row)
    return tuple(changing), tuple(staying.values())
